"""Checks of the two lists: organization, window, each end of it alone, filters, no usage twice."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from functools import partial

from civis_usage.contract_tests.collect.evidence import Evidence
from civis_usage.contract_tests.collect.interaction import Interaction
from civis_usage.contract_tests.collect.record import Record, excerpt
from civis_usage.contract_tests.collect.window import DAY, Window, format_timestamp
from civis_usage.contract_tests.results import Basis, Check, Finding, Outcome, outcome

from .comparison import (
    Listing,
    Predicate,
    compare_records,
    expected,
    missing_records,
    name_of,
    plain,
    readable,
    restated,
    shown,
    unconfirmed_records,
    unexpected_records,
    without_evidence,
)

__all__ = ["CHECKS"]

DATES = {"start_date", "end_date"}


def _examined(lists: Sequence[Listing]) -> str:
    records = sum(len(each.records) for each in lists)
    orgs = {each.response.org for each in lists}
    return f"{records} records in {len(lists)} windows of {_count(len(orgs), 'organization')}"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'s' * (number != 1)}"


def organization(operation: str, evidence: Evidence) -> Outcome:
    """Judge the organization of every record in the lists of one."""
    lists = [each for each in evidence.lists(operation) if isinstance(each.org, int)]
    if not evidence.shows_usage(operation) and not any(each.records for each in lists):
        return without_evidence(evidence, operation, "the lists are empty")
    findings = []
    for each in lists:
        findings += unexpected_records(each.records, partial(_is_of, each.org), each)
    if len(evidence.organizations) > 1:
        findings += _shared(plain(evidence, operation))
    return outcome(_examined([Listing.of(each) for each in lists]), findings)


def _is_of(org: int | None, record: Record) -> bool:
    return record.org in (org, None)


def _shared(lists: list[Listing]) -> Iterator[Finding]:
    """Yield a finding where two organizations' lists show the same usage, each as its own."""
    owners: dict[object, int] = {}
    for each in lists:
        org = each.response.params["org_id"]
        for record in each.records:
            usage = tuple(sorted((name, str(value)) for name, value in record.data.items() if name != "organizationId"))
            owner = owners.setdefault(usage, org)
            if owner != org:
                text = f"organizations {owner} and {org} both list one usage"
                example, name = excerpt(record.data), name_of(record.data)
                wanted, came = f"in the list of one of {owner} and {org}", "in both"
                yield Finding(text, "organizationId", each.request, example, record=name, expected=wanted, actual=came)
                return


def window(operation: str, evidence: Evidence) -> Outcome:
    """Judge the lists between two dates by their windows and by each other."""
    lists = plain(evidence, operation)
    if not any(each.records for each in lists):
        return without_evidence(evidence, operation, f"no usage in {len(lists)} windows")
    findings = []
    for each in lists:

        def belongs(record: Record, within: Window = each.window) -> bool | None:
            return within.contains(record.timestamp)

        others = [other for other in lists if other is not each and other.response.org == each.response.org]
        findings += unexpected_records(each.records, belongs, each.response)
        findings += missing_records(each.records, belongs, others, each.response)
    return outcome(_examined(lists), findings)


def start_only(operation: str, evidence: Evidence) -> Outcome:
    """Judge the list with a start alone."""
    candidates = _with_dates(evidence, operation, {"start_date"})
    for each in candidates:
        if _is_refused(each):
            return outcome(f"{each.status}: a start alone is refused")
    lists = [each for each in candidates if each in evidence.lists(operation)]
    if not lists:
        reason = "too few runs to begin a list between two of them"
        return without_evidence(evidence, operation, reason, candidates)
    findings = []
    for each in lists:
        findings += compare_records(each.records, expected(each), plain(evidence, operation, each.org), each)
    return outcome(f"{len(lists[0].records)} records from {lists[0].window}", findings)


def end_only(operation: str, evidence: Evidence) -> Outcome:
    """Judge the list with an end alone: nobody knows where it begins, but then it goes on to its end."""
    candidates = _with_dates(evidence, operation, {"end_date"})
    for each in candidates:
        if _is_refused(each):
            return outcome(f"{each.status}: the start defaults to a later day")
    lists = [each for each in candidates if each in evidence.lists(operation)]
    if not lists:
        return without_evidence(evidence, operation, "no usage", candidates)
    if not any(each.records for each in lists):
        what = "nothing so old, or the start defaults to a later day"
        return outcome(f"no records for {lists[0].window}: {what}")
    findings = []
    for each in lists:
        got, belongs, others = each.records, expected(each), plain(evidence, operation, each.org)
        findings += unexpected_records(got, belongs, each)
        findings += missing_records(got, _since_first(got, belongs), others, each)
        findings += unconfirmed_records([record for record in got if belongs(record)], others, each)
    return outcome(f"{len(lists[0].records)} records for {lists[0].window}", findings)


def _with_dates(evidence: Evidence, operation: str, dates: set[str]) -> list[Interaction]:
    """Return the requests for an organization with exactly these dates."""
    return [
        each
        for each in evidence.of(operation)
        if set(each.params) & DATES == dates and isinstance(each.org, int) and each.window is not None
    ]


def _is_refused(interaction: Interaction) -> bool:
    return 400 <= (interaction.status or 0) < 500 and interaction.unavailable is None


def _since_first(got: Sequence[Record], belongs: Predicate) -> Predicate:
    """Return the predicate for an unknown start: only records after the first one returned are required."""
    since = Window(min((record.timestamp for record in got if record.timestamp is not None), default=None), None)
    return lambda record: belongs(record) if since.contains(record.timestamp) else None


def once(operation: str, evidence: Evidence) -> Outcome:
    """Look for records that are listed twice; a matching usage has no id, so the whole record counts."""
    lists = [Listing.of(each) for each in evidence.closed_lists(operation)]
    if not any(each.records for each in lists):
        return without_evidence(evidence, operation, "the lists are empty")
    return outcome(_examined(lists), [finding for each in lists for finding in _duplicates(each, operation)])


def _duplicates(listing: Listing, operation: str) -> Iterator[Finding]:
    def identity(record: Record) -> object:
        return record.data.get("id", record.key) if operation == "list_llm" else record.key

    counts = Counter(usage for record in listing.records if isinstance(usage := identity(record), int | float | tuple))
    repeated = [usage for usage, count in counts.items() if count > 1]
    if repeated:
        record = next(record for record in listing.records if identity(record) == repeated[0])
        text = f"{len(repeated)} of {len(counts)} usages are listed more than once"
        record_name, times = name_of(record.data), f"{counts[repeated[0]]} times"
        yield Finding(
            text, None, listing.request, excerpt(record.data), record=record_name, expected="once", actual=times
        )


def one_run(operation: str, evidence: Evidence) -> Outcome:
    """Look for a run that has two jobs, users, organizations or creation times, in whatever lists."""
    return _each_record(operation, evidence, _contradictions(operation, evidence))


def run_end(operation: str, evidence: Evidence) -> Outcome:
    """Look for runs that were created, or ended, later than a day from now."""
    return _each_record(operation, evidence, _future_runs(operation, evidence))


def _each_record(operation: str, evidence: Evidence, findings: Iterator[Finding]) -> Outcome:
    lists = [Listing.of(each) for each in evidence.lists(operation)]
    if not any(each.records for each in lists):
        return without_evidence(evidence, operation, "the lists are empty")
    return outcome(_examined(lists), findings)


def _contradictions(operation: str, evidence: Evidence) -> Iterator[Finding]:
    """Yield the first contradiction of each field: the values that a run has, and the lists that show them."""
    seen: dict[tuple[str, int], tuple[int, Interaction]] = {}
    found: set[str] = set()
    known: set[tuple[object, ...]] = set()
    for each in evidence.lists(operation):
        for record in each.records:
            run, *ids = map(record.data.get, ("runId", "jobId", "userId", "organizationId"))
            values = (run, *(id_ if isinstance(id_, int) else None for id_ in ids), record.timestamp)
            if not isinstance(run, int) or values in known:
                continue
            known.add(values)
            for name, value in zip(("jobId", "userId", "organizationId", "runCreatedAt"), values[1:], strict=True):
                if name in found or not isinstance(value, int):
                    continue
                other, first = seen.setdefault((name, run), (value, each))
                if abs(value - other) > (name == "runCreatedAt"):  # a fraction of a second may be rounded
                    found.add(name)
                    one, two = (format_timestamp(at) if name == "runCreatedAt" else str(at) for at in (other, value))
                    places = f"{readable(first.request)} and {readable(each.request)}"
                    text = f"{name} of run {run} differs: {one} and {two} in {places}"
                    both = (first,) if first is each else (first, each)
                    example, record_name = excerpt(record.data), name_of(record.data)
                    yield Finding(
                        text, name, each.request, example, record=record_name, expected=one, actual=two,
                        contradiction=both,
                    )  # fmt: skip


def _future_runs(operation: str, evidence: Evidence) -> Iterator[Finding]:
    latest = evidence.now + DAY
    for each in evidence.lists(operation):
        late = [record for record in each.records if (_end(record) or 0) > latest]
        if late:
            field = "runTime" if (late[0].timestamp or 0) <= latest else "runCreatedAt"
            text = (
                f"{len(late)} of {len(each.records)} runs end (runCreatedAt and runTime together) later than a day "
                f"from now, {format_timestamp(evidence.now)}"
            )
            wanted, ended = f"no end after {format_timestamp(latest)}", int(_end(late[0]) or 0)
            yield Finding(
                text, field, each.request, excerpt(late[0].data), record=name_of(late[0].data), expected=wanted,
                actual=f"{shown(late[0].data, 'runCreatedAt')}, and {ended - (late[0].timestamp or 0)} seconds",
            )  # fmt: skip
            return


def _end(record: Record) -> float | None:
    """Return when a run ended, in seconds since the epoch; ``None`` where that cannot be read."""
    seconds = record.data.get("runTime")
    if record.timestamp is None:
        return None
    return record.timestamp + (seconds if isinstance(seconds, int | float) else 0)


def repeat(evidence: Evidence) -> Outcome:
    """Judge lists that were requested again, also with their dates in other offsets."""
    lists = restated(evidence, "list_llm")
    if not lists:
        reason = "no window with usage to ask about"
        return without_evidence(evidence, "list_llm", reason, _offset_candidates(evidence, "list_llm"))
    findings = []
    for each in lists:
        others = [other for other in plain(evidence, "list_llm", each.org) if other.response is not each]
        findings += compare_records(each.records, expected(each), others, each)
    return outcome(f"{' and '.join(str(len(each.records)) for each in lists)} records in {lists[0].window}", findings)


def _offset_candidates(evidence: Evidence, operation: str) -> list[Interaction]:
    return [each for each in _with_dates(evidence, operation, DATES) if each.has_offsets]


def without_organization(evidence: Evidence) -> Outcome:
    """Judge the list without an organization by those with one."""
    candidates = [
        each for each in evidence.of("list_llm") if set(each.params) == DATES and each.window and each.window.is_closed
    ]
    lists = [each for each in candidates if each in evidence.lists("list_llm")]
    if not lists:
        return without_evidence(evidence, "list_llm", "no window with usage to ask about", candidates)
    findings = [finding for each in lists for finding in _by_organization(evidence, each)]
    shown = Counter(record.org for record in lists[-1].records)
    orgs = _count(len(shown), "organization")
    return outcome(f"{len(lists[-1].records)} records of {orgs} in {lists[-1].window}", findings)


def _by_organization(evidence: Evidence, interaction: Interaction) -> Iterator[Finding]:
    belongs = expected(interaction)
    yield from unexpected_records(interaction.records, belongs, interaction)
    for org in evidence.organizations:
        mine = [record for record in interaction.records if record.org == org]
        if mine:
            others = plain(evidence, interaction.operation, org)
            yield from missing_records(mine, belongs, others, interaction)
            yield from unconfirmed_records([r for r in mine if belongs(r)], others, interaction)


def task(name: str, evidence: Evidence) -> Outcome:
    """Judge the list of a task by the lists without: it is exactly their part with that task."""
    candidates = [each for each in _with_dates(evidence, "list_matching", DATES) if each.params.get("task") == name]
    lists = [each for each in candidates if each in evidence.lists("list_matching")]
    if not lists:
        return without_evidence(evidence, "list_matching", "no matching usage to filter", candidates)
    findings, examined = [], []
    for each in lists:
        others = plain(evidence, "list_matching", each.org)
        findings += compare_records(each.records, expected(each), others, each)
        examined.append(f"{len(each.records)} records")
    return outcome(", ".join(examined), findings)


def task_without_organization(evidence: Evidence) -> Outcome:
    """Judge the list of a task without an organization."""
    candidates = [each for each in evidence.of("list_matching") if set(each.params) == DATES | {"task"}]
    lists = [each for each in candidates if each in evidence.lists("list_matching")]
    if not lists:
        return without_evidence(evidence, "list_matching", "no matching usage to filter", candidates)
    findings = [finding for each in lists for finding in _by_organization(evidence, each)]
    return outcome(f"{len(lists[0].records)} records", findings)


def without_dates(evidence: Evidence) -> Outcome:
    """Judge the list without dates: the documentation promises no default window, nor that there is none."""
    candidates = [each for each in evidence.interactions if set(each.params) == {"org_id", "task"} and each.is_valid]
    lists = [each for each in candidates if each in evidence.lists("list_matching")]
    if not lists:
        return without_evidence(evidence, "list_matching", "no matching usage", candidates)
    findings = []
    for each in lists:
        got, others = each.records, plain(evidence, "list_matching", each.org)
        findings += unexpected_records(got, expected(each), each)
        moments = [record.timestamp for record in got if record.timestamp is not None]
        if moments and (hull := Window.or_none(min(moments), max(moments))):
            findings += missing_records(got, expected(each, hull), others, each)
        findings += unconfirmed_records(got, others, each)
    return outcome(f"{len(lists[0].records)} records", findings)


def _of_both(
    suffix: str, rule: str, judge: Callable[[str, Evidence], Outcome], basis: Basis = Basis.DOCUMENTED
) -> Iterator[Check]:
    for operation in ("list_llm", "list_matching"):
        name = operation.replace("_", "-")
        yield Check(f"{name}-{suffix}", operation, rule, partial(judge, operation), basis)


CHECKS = (
    *_of_both("organization", "A list for an organization holds that organization's usage and no other.", organization),
    *_of_both("window", "A list holds exactly the usage of runs created from start_date to end_date.", window),
    *_of_both("start-only", "With start_date alone, a list begins there and goes on to the present.", start_only),
    *_of_both("end-only", "With end_date alone, a list holds nothing later.", end_only),
    *_of_both(
        "one-run", "A run has one job, user, organization and creation time, in every list.", one_run, Basis.RECORDED
    ),
    *_of_both("run-end", "A run was created and ended no later than a day from now.", run_end, Basis.RECORDED),
    *_of_both("once", "A list shows each usage once.", once),
    Check(
        "list-llm-repeat",
        "list_llm",
        "The same question about a closed window has the same answer, wherever between two runs its ends stand.",
        repeat,
    ),
    Check(
        "list-llm-without-organization",
        "list_llm",
        "Without org_id, a list keeps to its window, and shows of an organization what that organization's list shows.",
        without_organization,
    ),
    Check(
        "list-matching-task-idr",
        "list_matching",
        "With task=IDR, a list is exactly the IDR part of the list without.",
        partial(task, "IDR"),
    ),
    Check(
        "list-matching-task-cdm",
        "list_matching",
        "With task=CDM, a list is exactly the CDM part of the list without.",
        partial(task, "CDM"),
    ),
    Check(
        "list-matching-without-organization",
        "list_matching",
        "Without org_id, a list keeps to its window and task, and shows of an organization what that one's list shows.",
        task_without_organization,
    ),
    Check(
        "list-matching-without-dates",
        "list_matching",
        "Without dates, a list is given, and org_id and task filter it.",
        without_dates,
    ),
)
