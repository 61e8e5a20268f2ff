"""Explains fields that are wrong by their shape: missing, null, of another type, more than once in an object."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial

from civis_usage.contract_tests.collect.evidence import Evidence
from civis_usage.schemas import OPERATIONS

from .explanation import SUMMARY, Explanation, Unexplained

__all__ = ["repeated_names", "wrong_shapes"]


def wrong_shapes(evidence: Evidence, waiting: Sequence[Unexplained]) -> Iterator[Explanation]:
    """Explain what is said of a field that is wrong by its shape."""
    for operation in OPERATIONS:
        mine = [each for each in waiting if each.operation == operation]
        shapes = [each for each in mine if each.result.check.id.endswith(("-shape", "-nulls")) and each.finding.field]
        for field in dict.fromkeys(each.finding.field for each in shapes):
            first = next((each for each in mine if each.finding.field == field), None)
            if first is not None and field is not None:
                message = first.finding.message
                sentence = message if operation in message else f"{message} of {operation}"
                yield Explanation(operation, sentence, field, partial(_comes_of, operation, field))


def repeated_names(evidence: Evidence, waiting: Sequence[Unexplained]) -> Iterator[Explanation]:
    """Explain what is said of a field that stands more than once in an object: its value depends on the reader."""
    for each in [each for each in waiting if each.rule == "-names-once"]:
        field, found = each.finding.field, each.finding.request
        operation = next((other.operation for other in evidence.interactions if other.request == found), each.operation)
        if field is not None:
            yield Explanation(operation, each.finding.message, field, partial(_comes_of, operation, field))


def _comes_of(operation: str, field: str, each: Unexplained) -> bool:
    """Return whether a finding comes of a field that is wrong: it is about the field, or cannot hold without it."""
    depends = each.operation in (operation, "any") or (
        operation == "list_llm" and each.operation in ("get_llm", SUMMARY)
    )
    if each.finding.field == field:
        return depends
    sums = field == "credits" and each.operation == SUMMARY and each.is_relation
    instants = field == "runCreatedAt" and each.is_relation and each.operation != SUMMARY
    tasks = field == "task" and each.is_relation and "task=" in (each.finding.request or "")
    return depends and (sums or instants or tasks or (field == "id" and each.is_relation))
