"""Explains single records that are not what the lists show: of another instant, or another one each time."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

from civis_usage.contract_tests.collect.evidence import Evidence
from civis_usage.contract_tests.collect.interaction import Interaction
from civis_usage.contract_tests.collect.record import Record, record_id

from .explanation import Explanation, Unexplained
from .features import duration

__all__ = ["differing_singles"]

OPERATION = "get_llm"


def differing_singles(evidence: Evidence, waiting: Sequence[Unexplained]) -> Iterator[Explanation]:
    """Explain usages that differ by id from the lists, where one thing explains them all."""
    mine = [each for each in waiting if _is_of_singles(each)]
    if mine:
        found = _not_reproducible(evidence) or _moved(evidence)
        if found:
            yield Explanation(OPERATION, *found, _is_of_singles)


def _is_of_singles(each: Unexplained) -> bool:
    return each.operation == OPERATION and each.is_relation


def _not_reproducible(evidence: Evidence) -> tuple[str, str | None] | None:
    """Look for one id with several answers."""
    by_query: dict[object, list[Interaction]] = defaultdict(list)
    for each in evidence.of(OPERATION):
        if each.status == 200 and each.records:
            by_query[each.query].append(each)
    for first, *others in by_query.values():
        for other in others:
            if fields := first.records[0].differences(other.records[0]):
                what = f"{fields[0]} differs when the same request is sent again"
                return f"{OPERATION} is not reproducible: {what}", fields[0]
    return None


def _moved(evidence: Evidence) -> tuple[str, str | None] | None:
    """Look for an amount by which all creation times differ from the lists'."""
    listed = {record_id(record): record for each in evidence.lists("list_llm") for record in each.records}
    pairs = [
        (each.records[0], listed[each.params["id"]])
        for each in evidence.of(OPERATION)
        if each.status == 200 and each.records and each.params.get("id") in listed
    ]
    shifts = {_shift(single, known) for single, known in pairs}
    if len(pairs) < 2 or len(shifts) != 1 or not (shift := shifts.pop()):
        return None
    way = "earlier" if shift < 0 else "later"
    off = f"{duration(abs(shift))} {way} than in list_llm, in each of {len(pairs)} records (a time zone?)"
    return f"runCreatedAt of {OPERATION} is off: {off}", "runCreatedAt"


def _shift(single: Record, listed: Record) -> int | None:
    if single.timestamp is None or listed.timestamp is None:
        return None
    return single.timestamp - listed.timestamp
