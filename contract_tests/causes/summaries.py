"""Explains summaries that do not add up, by what the lists say of other windows and organizations."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from functools import partial
from math import nan
from typing import NamedTuple

from civis_usage.contract_tests.collect.evidence import Evidence
from civis_usage.contract_tests.collect.interaction import Interaction
from civis_usage.contract_tests.collect.record import Record
from civis_usage.contract_tests.collect.window import Window

from . import moves
from .explanation import SUMMARY, Explanation, Unexplained, plain_sentence
from .features import DATES, enumerated, feature, has_offset, share

__all__ = ["wrong_sums"]

Estimate = Callable[[Interaction], float]
"""Returns the credits that a summary would show."""
NOTICEABLE = 0.05
"""Credits that a sum must have for it to say anything."""


class _Trial(NamedTuple):
    """What may be wrong with summaries: what they would show, and the words for it."""

    estimate: Estimate
    words: str
    """``{}`` stands for the operation."""
    is_move: bool = False
    """Whether the ends of its window are moved by an amount, of which several may explain the same."""
    doubt: str = ""
    """What else may be wrong, for the end of the sentence."""


def wrong_sums(evidence: Evidence, waiting: Sequence[Unexplained]) -> Iterator[Explanation]:
    """Explain the summaries that do not add up."""
    mine = [each for each in waiting if each.is_sum]
    if not mine:
        return
    requests = {each.finding.request for each in mine}
    odd = [each for each in evidence.summaries if each.request in requests]
    if _is_not_reproducible(evidence) or not all(each.finding.is_reproducible for each in mine):
        odd = _unlike_lists(evidence)
        trial = _first(_ignoring(evidence), odd)
        sentence = _sometimes(evidence, mine, odd, trial)
    elif odd:
        trial = _first(_trials(evidence, odd), odd)
        sentence = _sentence(evidence, mine, odd, trial)
    else:
        trial, sentence = None, plain_sentence(mine[0])
    yield Explanation(SUMMARY, sentence, "credits", partial(_comes_of, evidence, trial))


def _comes_of(evidence: Evidence, trial: _Trial | None, each: Unexplained) -> bool:
    """Return whether a finding comes of wrong sums: credits where there is no usage, if what explains the sums does."""
    if each.operation != SUMMARY or not each.result.check.id.endswith("-nothing"):
        return each.is_sum
    shown = [found for found in evidence.summaries if found.request == each.finding.request]
    return trial is not None and any(_is_close(trial, found) for found in shown)


def _sometimes(
    evidence: Evidence, mine: Sequence[Unexplained], odd: Sequence[Interaction], trial: _Trial | None
) -> str:
    """Return what is wrong with summaries that are not reproducible."""
    if trial is None:
        what = "the same request gives other credits when it is sent again"
        return f"credits of {SUMMARY} are not reproducible: {what}{_hint(mine)}"
    rate = max(2, round(len(evidence.summaries) / len(odd)))
    return trial.words.format(f"one response of {SUMMARY} in {rate}")


def _sentence(evidence: Evidence, mine: Sequence[Unexplained], odd: Sequence[Interaction], trial: _Trial | None) -> str:
    others = [each for each in evidence.summaries if each not in odd and each.params.get("org_id")]
    where = share(odd, others)
    moved, doubt = (trial.words.format(SUMMARY), trial.doubt) if trial else ("", "")
    found = _narrowest(mine, odd)
    without_offset = _Trial(_within(evidence, _records(evidence), moves.without_offset()), "")
    if all(map(has_offset, odd)) and _explains(without_offset, odd):
        zone = f"{SUMMARY} ignores the UTC offset of start_date and end_date (the time zone)"
        return f"{zone}, or {moved.removeprefix(SUMMARY).strip()}{doubt}" if moved else zone
    if moved.endswith("org_id"):
        return moved + where
    if feature(odd, others) == " when only org_id is given" or not any(DATES & set(each.params) for each in odd):
        return f"the default window of {SUMMARY} is not the current month up to the end of today: {found}{_hint(mine)}"
    if moved:
        return moved + where + doubt
    return f"list_llm and its summary disagree{where}: {SUMMARY} shows {found}{_hint(mine)}"


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


def _unlike_lists(evidence: Evidence) -> list[Interaction]:
    """Return the summaries of a named window that are not the sum of the listed records."""
    as_listed = _Trial(_within(evidence, _records(evidence), _as_named), "")
    return [each for each in evidence.summaries if DATES & set(each.params) and not _is_close(as_listed, each)]


def _as_named(start: int | None, end: int | None) -> tuple[int | None, int | None]:
    return start, end


def _ignoring(evidence: Evidence) -> Iterator[_Trial]:
    """Yield which filters summaries may ignore."""
    records = _records(evidence)
    yield _Trial(_of_everybody(evidence, records), "{} ignores org_id")
    for ends, words in moves.ignoring():
        yield _Trial(_within(evidence, records, ends), words)


def _trials(evidence: Evidence, odd: Sequence[Interaction]) -> Iterator[_Trial]:
    """Yield what may explain summaries: a filter is ignored, or the ends of the windows are moved."""
    yield from _ignoring(evidence)
    if len({each.query for each in odd}) > 1:  # an amount that explains one number alone may be chance
        records = _records(evidence)
        for ends, words in (*moves.ending(evidence.now), *moves.moving()):
            yield _Trial(_within(evidence, records, ends), words, is_move=True)
    for names in (("start_date",), ("end_date",), ("start_date", "end_date")):
        yield _Trial(_of_another(evidence, names), f"{{}} ignores {enumerated(names)}", doubt=" (a cache?)")


def _first(trials: Iterable[_Trial], odd: Sequence[Interaction]) -> _Trial | None:
    """Return the first trial that explains all odd summaries; in doubt where other moves do so too."""
    explaining = (trial for trial in trials if _explains(trial, odd))
    first = next(explaining, None)
    if first is not None and first.is_move and any(other.is_move for other in explaining):
        return first._replace(doubt=" (or its window is moved in another way?)")
    return first


def _explains(trial: _Trial, odd: Sequence[Interaction]) -> bool:
    return all(_is_close(trial, each) for each in odd) and any(abs(trial.estimate(each)) > NOTICEABLE for each in odd)


def _is_close(trial: _Trial, summary: Interaction) -> bool:
    estimated, shown = trial.estimate(summary), float(summary.json["credits"])
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


def _of_another(evidence: Evidence, names: Collection[str]) -> Estimate:
    """Return how to find the credits of the first request that differs from a later one in ``names`` alone.

    Only where the listed records say that the two should differ.
    """
    listed = _Trial(_within(evidence, _records(evidence), _as_named), "")

    def rest(each: Interaction) -> dict[str, object]:
        return {name: value for name, value in each.params.items() if name not in names}

    def estimate(each: Interaction) -> float:
        first = next(found for found in evidence.summaries if rest(found) == rest(each))
        differs = first.query != each.query and abs(listed.estimate(first) - listed.estimate(each)) > NOTICEABLE
        shown = float(first.json["credits"])
        return shown if differs and shown > NOTICEABLE else nan

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
