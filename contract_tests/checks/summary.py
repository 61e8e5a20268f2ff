"""Checks of the summary: it is the sum of its list, whatever the window, and names its organization."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from functools import partial
from itertools import accumulate, combinations

from civis_usage.contract_tests.collect.evidence import Evidence
from civis_usage.contract_tests.collect.interaction import Interaction
from civis_usage.contract_tests.collect.window import DAY, EARLIEST, Window, default_windows, starts_of_month
from civis_usage.contract_tests.results import Check, Finding, Outcome, no_data, outcome

from .comparison import on_the_first_day, plain, shown, without_evidence
from .sums import (
    OPERATION,
    closed_summaries,
    compare_total,
    covering,
    credits_of,
    disagreement,
    sum_of,
    tolerance,
    total_of,
)

__all__ = ["CHECKS"]

LONG = 400
"""Days from which a window is long."""
LAG = 2 * 3600
"""Seconds in which a new run may be in a list, and not yet in a summary."""


def _is_of_month(interaction: Interaction, at: int) -> bool:
    """Return whether the month was the same at a response and at an instant, in every time zone."""
    return starts_of_month(interaction.at) == starts_of_month(at)


def sums(evidence: Evidence) -> Outcome:
    """Judge the summaries of windows by the lists that cover them, for every organization."""
    candidates = [each for each in closed_summaries(evidence) if not each.has_offsets and covering(evidence, each)]
    short = [each for each in candidates if each.window and each.window.days < LONG]
    return _judge_sums(evidence, short or candidates)


def _judge_sums(evidence: Evidence, candidates: Sequence[Interaction]) -> Outcome:
    findings, examined, unusable = [], [], []
    for each in candidates:
        for listing in covering(evidence, each):
            least, most, addends = sum_of(listing, each.window or listing.window)
            if each in evidence.summaries:
                findings += compare_total(evidence, each, least, most, addends, listing.response)
                examined.append(f"{credits_of(each):.2f} credits of {addends} records")
            elif each.status in (403, 404):
                if each.org in evidence.organizations[:1] and least > 0:
                    findings.append(_hidden(each, addends))
            else:
                unusable.append(each)
    if not examined and not findings:
        return without_evidence(evidence, "list_llm", "no usage to add up", unusable)
    return outcome(", ".join(dict.fromkeys(examined)), findings)


def _hidden(summary: Interaction, records: int) -> Finding:
    text = f"{summary.request} answered {summary.status}, though the list shows {records} records"
    return Finding(text, request=summary.request, expected="200", actual=f"{summary.status}")


def start_only(evidence: Evidence) -> Outcome:
    """Judge the summary with a start alone by the list that begins at the same instant."""
    candidates = [
        each for each in evidence.of(OPERATION) if set(each.params) == {"org_id", "start_date"} and each.window
    ]
    for each in candidates:
        if 400 <= (each.status or 0) < 500 and each.unavailable is None:
            return outcome(f"{each.status}: a start alone is refused")
    reason = "too few runs to begin a summary between two of them"
    return _against_lists(evidence, candidates, reason)


def default_window(evidence: Evidence) -> Outcome:
    """Judge the summary without dates by the list without, or if that is very long, by the summaries of its bounds."""
    candidates = [each for each in evidence.of(OPERATION) if set(each.params) == {"org_id"}]
    lists = [each for each in evidence.lists("list_llm") if set(each.params) == {"org_id"}]
    first = [each for each in candidates if each.org in evidence.organizations[:1]]
    if first and not any(each.org == first[0].org for each in lists):
        bounded = _between(evidence, first)
        if bounded is not None:
            return bounded
    return on_the_first_day(evidence, _against_lists(evidence, candidates, "no usage to add up"))


def _between(evidence: Evidence, candidates: Sequence[Interaction]) -> Outcome | None:
    """Judge the default summary by those of what every time zone counts to this month, and of what any does."""
    starts = [zone.start or 0 for zone in default_windows(evidence.now)]
    wide = Window(min(starts), evidence.now + 2 * DAY)
    narrow = Window.or_none(max(starts), evidence.now - DAY)
    by_window = {each.window: each for each in evidence.summaries if each.org == candidates[0].org}
    summaries = [each for each in candidates if each in evidence.summaries and _is_of_month(each, evidence.now)]
    if not summaries or wide not in by_window or (narrow is not None and narrow not in by_window):
        return None
    least = credits_of(by_window[narrow]) if narrow is not None else 0.0
    most = credits_of(by_window[wide])
    lists = plain(evidence, "list_llm", candidates[0].org)
    density = max((len(each.records) / each.window.days for each in lists), default=0.0)
    slack = tolerance(evidence, most, int(density * 31))
    findings = []
    for each in summaries:
        if not least - slack <= credits_of(each) <= most + slack:
            text = f"{credits_of(each):.6f} credits, but this month has at least {least:.6f} and at most {most:.6f}"
            other = by_window[narrow] if narrow is not None and credits_of(each) < least else by_window[wide]
            findings.append(disagreement(text, each, other, f"{least:.6f} to {most:.6f}"))
    return outcome(f"{least:.2f} ≤ {credits_of(summaries[0]):.2f} ≤ {most:.2f} credits", findings)


def _against_lists(evidence: Evidence, candidates: Sequence[Interaction], reason: str) -> Outcome:
    """Judge summaries by the lists with the same parameters."""
    findings, examined, unusable, hidden = [], [], [], []
    for each in candidates:
        same = [other for other in evidence.lists("list_llm") if dict(other.params) == dict(each.params)]
        lists = [other for other in same if each.window != Window(None, None) or _is_of_month(other, each.at)]
        totals = [total_of(other.records) for other in lists]
        if not lists and same:
            return Outcome("the month turned", inconclusive="the month turned between the requests", skipped=True)
        if not lists:
            unusable += [other for other in evidence.of("list_llm") if dict(other.params) == dict(each.params)]
        elif each in evidence.summaries:
            addends = len(lists[0].records)
            for other in lists:
                least, most = _open_totals(evidence, each, other)
                findings += compare_total(evidence, each, least, most, len(other.records), other)
            if addends or findings:
                examined.append(f"{credits_of(each):.2f} credits of {addends} records")
        elif each.status in (403, 404):
            hidden.append(f"{each.request} answered {each.status}")
            if each.org in evidence.organizations[:1] and max(least for least, _ in totals) > 0:
                findings.append(_hidden(each, len(lists[0].records)))
        else:
            unusable.append(each)
    if examined or findings:
        return outcome(", ".join(dict.fromkeys(examined)) or "no summary", findings)
    if unusable or not candidates:
        return without_evidence(evidence, "list_llm", reason, unusable)
    return no_data(next(iter(hidden), reason))


def _open_totals(evidence: Evidence, summary: Interaction, listing: Interaction) -> tuple[float, float]:
    """Return the least and the most that a summary up to now may show by a list: either may lack the newest runs."""
    settled = min(summary.at, listing.at) - LAG
    known = (record for each in evidence.lists("list_llm") for record in each.records if record.org == listing.org)
    new = {record.identity: record for record in known if (record.timestamp or 0) > settled}
    least, most = total_of([record for record in listing.records if (record.timestamp or 0) <= settled])
    return least, most + total_of(list(new.values()))[1]


def end_only(evidence: Evidence) -> Outcome:
    """Judge the summary with an end alone by the sums of the list that ends there: the start may default to any day."""
    candidates = [each for each in evidence.of(OPERATION) if set(each.params) == {"org_id", "end_date"} and each.window]
    for each in candidates:
        if 400 <= (each.status or 0) < 500 and each.unavailable is None:
            return outcome(f"{each.status}: the start defaults to a later day")
    summaries = [each for each in candidates if each in evidence.summaries]
    if not summaries:
        reason = "too few runs to end a summary between two of them"
        return without_evidence(evidence, "list_llm", reason, candidates)
    findings: list[Finding] = []
    unusable: list[Interaction] = []
    for each in summaries:
        if credits_of(each) == 0:
            findings += _listed_until(evidence, each)
            continue
        end = (each.window or Window(None, None)).end
        whole = [
            other
            for other in evidence.summaries
            if other.org == each.org and other.window and other.window.end == end and other.window.start is not None
            and other.window.start <= min(EARLIEST, evidence.earliest)
        ]  # fmt: skip
        if whole:
            most = credits_of(whole[0])
            findings += compare_total(evidence, each, min(0.0, most), max(0.0, most), 0, whole[0])
        elif evidence.starts_open:
            totals = _suffix_sums(evidence, each)
            near = min(totals, key=lambda total: abs(total - credits_of(each)), default=0.0)
            if math.inf not in totals:
                findings += compare_total(evidence, each, near, near, len(totals))
        else:
            unusable.append(each)
    if unusable:
        return Outcome("nothing", inconclusive="the summary of the whole time was not returned")
    if not findings and all(credits_of(each) == 0 for each in summaries):
        return outcome("0 credits: the start defaults to a later day, or the older runs were free")
    return outcome(f"{credits_of(summaries[0]):.2f} credits for {summaries[0].window}", findings)


def _listed_until(evidence: Evidence, summary: Interaction) -> Iterator[Finding]:
    """Yield a finding for a summary of nothing whose usage a list with an end alone shows, the same end or a later one.

    Wherever windows with an end alone begin, that of an earlier end begins no later.
    """
    window = summary.window or Window(None, None)
    for each in evidence.lists("list_llm"):
        ends = each.window.end if each.window is not None and set(each.params) == {"org_id", "end_date"} else None
        if each.org == summary.org and ends is not None and window.end is not None and ends >= window.end:
            records = [record for record in each.records if window.contains(record.timestamp)]
            yield from compare_total(evidence, summary, *total_of(records), len(records), each)


def _suffix_sums(evidence: Evidence, summary: Interaction) -> list[float]:
    """Return what the newest runs before a summary's end cost, from one to all, by the lists before it, and by all."""
    end_only = {"org_id", "end_date"}
    lists = [
        each
        for each in evidence.lists("list_llm")
        if each.org == summary.org
        and ((each.window is not None and each.window.is_closed) or set(each.params) == end_only)
    ]
    sums: list[float] = []
    for some in ([each for each in lists if each.number < summary.number], lists):
        unique = {record.identity: record for each in some for record in each.records}
        inside = [
            (record.timestamp or 0, record.credits if record.has_credits else math.inf)
            for record in unique.values()
            if summary.window and summary.window.contains(record.timestamp)
        ]
        sums += accumulate(spent for _, spent in sorted(inside, reverse=True))
    return sums


def nothing(evidence: Evidence) -> Outcome:
    """Judge the summary of a day before anybody's usage; 404 is right as well, since nothing is documented of it."""
    dawn = min(evidence.earliest, EARLIEST)
    candidates = [
        each for each in evidence.of(OPERATION) if each.window and each.window.end and each.window.end <= dawn - DAY
        and each.window.start is not None
    ]  # fmt: skip
    for each in candidates:
        if each.status == 404:
            return outcome("404 for a day without usage")
        if each in evidence.summaries:
            credits = credits_of(each)  # noqa: A001 - the field's name
            text = f"{credits} credits in {each.window}"
            finding = Finding(text, "credits", each.request, expected="0", actual=f"{credits}")
            return outcome(f"{credits} credits", [finding] if credits else [])
    if candidates:
        return without_evidence(evidence, "list_llm", "", candidates)
    return Outcome("nothing", inconclusive=evidence.stopped or "not requested")


def long(evidence: Evidence) -> Outcome:
    """Judge the summary of the longest window by its list, and where windows join, the whole by its parts."""
    closed = [each for each in closed_summaries(evidence) if not each.has_offsets]
    covered = sorted((each for each in closed if covering(evidence, each)), key=_days)
    joined = list(_joined(evidence))
    longest = [each for each in covered if _days(each) == _days(covered[-1])]
    is_long = covered and _days(covered[-1]) >= LONG
    judged = _judge_sums(evidence, longest if is_long or not joined else [])
    if not joined:
        return judged
    findings = [finding for each in joined for finding in _compare_parts(evidence, *each)]
    examined = [f"{_in_parts(first, second)} = {credits_of(whole):.2f} credits" for whole, first, second in joined]
    return outcome(", ".join(examined), [*judged.findings, *findings])


def _days(interaction: Interaction) -> float:
    return interaction.window.days if interaction.window else 0.0


def _in_parts(first: Interaction, second: Interaction) -> str:
    return f"{credits_of(first):.2f} + {credits_of(second):.2f}"


def _compare_parts(
    evidence: Evidence, whole: Interaction, first: Interaction, second: Interaction
) -> Iterator[Finding]:
    """Yield a finding if the summary of a window is not the sum of those of its two parts."""
    total, parts = credits_of(whole), (credits_of(first), credits_of(second))
    lists = plain(evidence, "list_llm", whole.org)
    density = max((len(each.records) / each.window.days for each in lists), default=0.0)
    if abs(total - sum(parts)) <= 3 * tolerance(evidence, abs(total), int(density * _days(whole))):
        return
    middle = second.window.params.get("start_date") if second.window else None
    yield Finding(
        f"{total:.6f} credits, but the parts until and from {middle} are {parts[0]:.6f} and {parts[1]:.6f}",
        "credits",
        whole.request,
        expected=f"{sum(parts):.6f} (the sum of the parts)",
        actual=f"{total:.6f}",
        contradiction=(whole, first, second),
        shows_less=whole if total < sum(parts) else min(first, second, key=lambda each: each.number),
    )


def _joined(evidence: Evidence) -> Iterator[tuple[Interaction, Interaction, Interaction]]:
    """Yield the summaries of a window and of the two parts that it is cut into."""
    closed = [each for each in closed_summaries(evidence) if not each.has_offsets and each in evidence.summaries]
    for first in closed:
        for second in closed:
            if first.window and second.window and first.window.end == second.window.start and first.org == second.org:
                whole = Window(first.window.start, second.window.end)
                for each in closed:
                    if each.window == whole and each.org == first.org:
                        yield each, first, second


def repeat(evidence: Evidence) -> Outcome:
    """Judge summaries that were requested again, also with their dates in other offsets and a little wider."""
    summaries = [
        each
        for each in evidence.summaries
        if each.window and each.window.is_closed and (each.window.end or 0) <= evidence.settled_until
    ]
    pairs = [(a, b) for a, b in combinations(summaries, 2) if a.org == b.org and _must_be_equal(evidence, a, b)]
    offset = [each for each in evidence.of(OPERATION) if each.has_offsets]
    if not pairs:
        covered = [each for each in offset if covering(evidence, each)]
        reason = "no window with usage"
        return _judge_sums(evidence, covered) if covered else without_evidence(evidence, "list_llm", reason, offset)
    findings = list(_judge_sums(evidence, [each for each in offset if covering(evidence, each)]).findings)
    for first, second in pairs:
        difference = abs(credits_of(first) - credits_of(second))
        # each of the two may err, and a parallel sum never twice alike
        if difference and difference > 2 * tolerance(evidence, credits_of(first), _addends(evidence, first)):
            how = "when requested again" if first.request == second.request else "with other offsets"
            text = f"{credits_of(first)!r} credits at first, {credits_of(second)!r} {how}"
            findings.append(disagreement(text, second, first, f"{credits_of(first):.6f}"))
    return outcome(f"{len(pairs) + 1} identical responses", findings)


def _addends(evidence: Evidence, summary: Interaction) -> int:
    """Return how many amounts a summary adds up, by the lists that cover its window; 0 where none does."""
    window = summary.window or Window(None, None)
    return max((sum_of(each, window)[2] for each in covering(evidence, summary)), default=0)


def _must_be_equal(evidence: Evidence, first: Interaction, second: Interaction) -> bool:
    """Return whether two summaries are of the same records: by one query, or by a list that covers both windows."""
    if first.request == second.request:
        return True
    if first.has_offsets == second.has_offsets or first.window is None or second.window is None:
        return False
    for each in plain(evidence, "list_llm", first.org):
        if each.window.encloses(first.window) and each.window.encloses(second.window):
            inside = [(first.window.contains(r.timestamp), second.window.contains(r.timestamp)) for r in each.records]
            return all(a is b and a is not None for a, b in inside) and any(a for a, _ in inside)
    return False


def organization(evidence: Evidence) -> Outcome:
    """Look at the organization in every summary of this run."""
    found = [each for each in evidence.of(OPERATION) if each.status == 200 and isinstance(each.json, dict)]
    findings = [
        Finding(
            f"organizationId of {OPERATION} is {shown(each.json, 'organizationId')} instead of {each.org}",
            "organizationId",
            each.request,
            expected=str(each.org),
            actual=shown(each.json, "organizationId"),
        )
        for each in found
        if each.json.get("organizationId") not in (None, each.org)
    ]
    if not found:
        return without_evidence(evidence, "list_llm", "no summary was returned", evidence.of(OPERATION))
    return outcome(f"{len(found)} summaries", findings[:3])


_check = partial(Check, operation=OPERATION)
_NAME = OPERATION.replace("_", "-")
CHECKS = (
    _check(f"{_NAME}-sum", rule="A summary's credits are the sum of the credits in its list.", judge=sums),
    _check(
        f"{_NAME}-start-only",
        rule="With start_date alone, a summary covers everything since then.",
        judge=start_only,
    ),
    _check(
        f"{_NAME}-default-window",
        rule="Without dates, a summary covers the current month up to the end of the current day.",
        judge=default_window,
    ),
    _check(f"{_NAME}-end-only", rule="With end_date alone, a summary includes nothing later.", judge=end_only),
    _check(f"{_NAME}-nothing", rule="The summary of a window without usage has 0 credits, not null.", judge=nothing),
    _check(
        f"{_NAME}-long",
        rule="A summary of a year or more is the sum of its list or, if that is long, of the summaries of its parts.",
        judge=long,
    ),
    _check(
        f"{_NAME}-repeat",
        rule="Repeating a request for a past window returns the same, also if its bounds move without crossing a run.",
        judge=repeat,
    ),
    _check(f"{_NAME}-organization", rule="A summary names the organization in its path.", judge=organization),
)
