"""Explains the lists of one operation that are not consistent with their parameters, or with each other."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial

from civis_usage.contract_tests.collect.evidence import Evidence

from . import bounds, instants, records
from .explanation import LISTS, Explanation, Unexplained
from .listed import Listed

__all__ = ["inconsistent_lists"]

Sentence = tuple[str, str | None]
"""A cause in one sentence, and the field that it concerns."""
DIAGNOSES: tuple[Callable[[Listed], Sentence | None], ...] = (
    records.not_reproducible,
    records.all_alike,
    records.of_other_organizations,
    records.of_other_tasks,
    records.truncated,
    instants.odd_instants,
    bounds.moved,
    bounds.other_default,
    records.repeated,
    records.one_id_for_several,
    records.altered,
    records.forgotten,
    records.missing,
)
"""From what explains the most to what only counts."""


def inconsistent_lists(evidence: Evidence, waiting: Sequence[Unexplained]) -> Iterator[Explanation]:
    """Explain the relations that lists break, each operation's by its own lists."""
    for operation in LISTS:
        explains = partial(_relates, operation)
        if any(map(explains, waiting)):
            listed = Listed(evidence, operation)
            found = next(filter(None, (diagnose(listed) for diagnose in DIAGNOSES)), None)
            found = found or _default_window(operation, waiting)
            if found is not None:
                sentence, field = found
                yield Explanation(operation, sentence, field, partial(_explains, operation, field))


def _default_window(operation: str, waiting: Sequence[Unexplained]) -> Sentence | None:
    """Return what the check of the default window says, which looks at what is too new for the others."""
    for each in waiting:
        if each.operation == operation and each.result.check.id.endswith("-default-window"):
            window = f"the default window of {operation} is not the current month up to the end of today"
            return f"{window}: {each.finding.message}", None
    return None


def _explains(operation: str, field: str | None, each: Unexplained) -> bool:
    """Return whether a finding comes of a wrong list; of wrong ids, also that they are not found."""
    is_of_ids = field == "id" and operation == "list_llm" and each.operation == "get_llm" and each.is_shape
    return _relates(operation, each) or is_of_ids


def _relates(operation: str, each: Unexplained) -> bool:
    """Return whether a finding may come of a wrong list: its sums and its single records are compared with it."""
    is_compared = operation == "list_llm" and (each.is_sum or (each.operation == "get_llm" and each.is_relation))
    return is_compared or (each.operation == operation and each.is_relation)
