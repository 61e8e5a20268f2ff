"""Explains summaries that do not add up, by what the lists say of other windows and organizations."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence

from civis_usage.contract_tests.collect.evidence import Evidence
from civis_usage.contract_tests.collect.interaction import Interaction
from civis_usage.contract_tests.collect.record import Record
from civis_usage.contract_tests.collect.window import Window

from . import moves
from .explanation import SUMMARY, Explanation, Unexplained, plain_sentence
from .features import DATES, feature, has_offset, share

__all__ = ["wrong_sums"]

Estimate = Callable[[Interaction], float]
"""Returns the credits that a summary would show."""
NOTICEABLE = 0.05
"""Credits that a sum must have for it to say anything."""


def wrong_sums(evidence: Evidence, waiting: Sequence[Unexplained]) -> Iterator[Explanation]:
    """Explain the summaries that do not add up."""
    mine = [each for each in waiting if _is_sum(each)]
    if mine:
        yield Explanation(SUMMARY, _sentence(evidence, mine), "credits", _is_sum)


def _is_sum(each: Unexplained) -> bool:
    other = each.result.check.id.endswith(("-organization", "-nothing"))
    return each.operation == SUMMARY and each.is_relation and not other


def _sentence(evidence: Evidence, mine: Sequence[Unexplained]) -> str:
    if _is_not_reproducible(evidence) or not all(each.finding.is_reproducible for each in mine):
        return f"credits of {SUMMARY} are not reproducible: the same request gives other credits when it is sent again"
    requests = {each.finding.request for each in mine}
    odd = [each for each in evidence.summaries if each.request in requests]
    others = [each for each in evidence.summaries if each not in odd and each.params.get("org_id")]
    if not odd:
        return plain_sentence(mine[0])
    where = share(odd, others)
    moved = _moved(evidence, odd)
    found = _narrowest(mine, odd)
    if all(map(has_offset, odd)):
        zone = f"{SUMMARY} ignores the UTC offset of start_date and end_date (the time zone)"
        return f"{zone}, or {moved.removeprefix(SUMMARY).strip()}" if moved else zone
    if moved and moved.endswith("org_id"):
        return moved + where
    if feature(odd, others) == " when only org_id is given" or not any(DATES & set(each.params) for each in odd):
        return f"the default window of {SUMMARY} is not the current month up to the end of today: {found}{_hint(mine)}"
    if moved:
        return moved + where
    hint = _hint(mine)
    return f"list_llm and its summary disagree{where}: {SUMMARY} shows {found}{hint}"


def _narrowest(mine: Sequence[Unexplained], odd: Sequence[Interaction]) -> str:
    """Return what is said of the smallest window that disagrees, and which it is."""
    closed = [each for each in odd if each.window and each.window.is_closed]
    if not closed:
        return mine[0].finding.message
    smallest = min(closed, key=lambda each: each.window.days if each.window else 0.0)
    said = next(each.finding.message for each in mine if each.finding.request == smallest.request)
    return f"{said}, from {smallest.window}"


def _hint(mine: Sequence[Unexplained]) -> str:
    """Return what sums are likely of that are all too large, all too small, or both."""
    pairs = [(_first_number(each.finding.actual), _first_number(each.finding.expected)) for each in mine]
    known = [shown > wanted for shown, wanted in pairs if shown is not None and wanted is not None]
    if not known:
        return ""
    if all(known):
        return " (usage of another organization, or outside of its window?)"
    if not any(known):
        return " (usage is left out, or its window is cut?)"
    return " (usage of another organization, or of another window?)"


def _first_number(text: str | None) -> float | None:
    found = re.match(r"-?\d+(\.\d+)?", text or "")
    return float(found[0]) if found else None


def _is_not_reproducible(evidence: Evidence) -> bool:
    by_query: dict[object, set[float]] = defaultdict(set)
    for each in evidence.summaries:
        by_query[each.query].add(float(each.json["credits"]))
    return any(max(values) - min(values) > 0.02 + max(values) * 1e-4 for values in by_query.values())


def _moved(evidence: Evidence, odd: Sequence[Interaction]) -> str | None:
    """Return what explains all odd summaries: ``org_id`` is ignored, or the ends of the windows are moved."""
    records = _records(evidence)
    trials: list[tuple[Estimate, str]] = [(_of_everybody(evidence, records), "{} ignores org_id")]
    ways = [*moves.ignoring()]
    if len({each.query for each in odd}) > 1:  # an amount that explains one number alone may be chance
        ways += [*moves.ending(evidence.now), *moves.moving()]
    trials += [(_within(evidence, records, ends), words) for ends, words in ways]
    for estimate, words in trials:
        totals = [(estimate(each), float(each.json["credits"])) for each in odd]
        if all(map(_is_close, totals)) and any(abs(total) > NOTICEABLE for total, _ in totals):
            return words.format(SUMMARY)
    return None


def _is_close(pair: tuple[float, float]) -> bool:
    estimated, shown = pair
    return abs(estimated - shown) <= 0.02 + abs(estimated) * 1e-4


def _records(evidence: Evidence) -> list[Record]:
    known: dict[object, Record] = {}
    for each in evidence.lists("list_llm"):
        for record in each.records:
            known.setdefault(record.identity, record)
    return [record for record in known.values() if record.timestamp is not None]


def _of_everybody(evidence: Evidence, records: Sequence[Record]) -> Estimate:
    def estimate(each: Interaction) -> float:
        window = _window(evidence, each)
        return sum(record.credits for record in records if _is_within(record, window.start, window.end))

    return estimate


def _within(evidence: Evidence, records: Sequence[Record], ends: moves.Ends) -> Estimate:
    def estimate(each: Interaction) -> float:
        window, org = _window(evidence, each), each.params.get("org_id")
        start, end = ends(window.start, window.end)
        return sum(record.credits for record in records if record.org == org and _is_within(record, start, end))

    return estimate


def _is_within(record: Record, start: int | None, end: int | None) -> bool:
    at = record.timestamp or 0
    return (start is None or at >= start) and (end is None or at <= end)


def _window(evidence: Evidence, each: Interaction) -> Window:
    """Return the window of a summary: the default one, in any time zone, where it names none."""
    window = each.window or Window(None, None)
    if window == Window(None, None):
        return Window(evidence.default_windows[0].start, evidence.default_windows[-1].end)
    return window
