"""Checks of the API's own spec: it describes each operation as the contract does. Only with ``--with-drift``."""

from __future__ import annotations

from collections.abc import Container, Iterator
from functools import partial

from civis_usage.contract_tests.collect.evidence import Evidence
from civis_usage.contract_tests.collect.interaction import SPEC
from civis_usage.contract_tests.collect.record import excerpt
from civis_usage.contract_tests.drift.compare import Difference, Severity, compare
from civis_usage.contract_tests.drift.errors import SpecUnavailable
from civis_usage.contract_tests.drift.spec import contract, read_answer
from civis_usage.contract_tests.results import Check, Finding, Outcome, outcome
from civis_usage.schemas import OPERATIONS, load

from .comparison import why_unusable

__all__ = ["CHECKS", "spec_notes"]


def _differences(evidence: Evidence) -> tuple[Difference, ...] | str:
    """Return how the API's spec differs from the contract, or why nobody knows."""
    for each in evidence.of(SPEC):
        if each.unavailable:
            return why_unusable(each)
        try:
            return compare(contract(), read_answer(evidence.base_url, each.status or 0, each.body))
        except SpecUnavailable as reason:
            return str(reason)
    return evidence.stopped or "the API's spec was not requested"


def described(operation: str, evidence: Evidence) -> Outcome:
    """Judge the differences of one operation that break its users."""
    found = _differences(evidence)
    if isinstance(found, str):
        return Outcome("nothing", inconclusive=found)
    mine = [each for each in found if each.operation == operation]
    breaking = [each for each in mine if each.severity is Severity.BREAKING]
    documented = load(OPERATIONS[operation].body)["properties"]
    request = next(evidence.of(SPEC)).request
    return outcome(
        f"{len(breaking)} breaking of {len(mine)} differences, wording included",
        [_broken(each, documented, request) for each in breaking],
    )


def _broken(each: Difference, documented: Container[str], request: str) -> Finding:
    field = each.name if each.name in documented else None
    return Finding(each.sentence, field, request, expected=_said(each.contract), actual=_said(each.spec))


def _said(value: object) -> str:
    return "nothing" if value is None else excerpt(value)


def spec_notes(evidence: Evidence) -> Iterator[str]:
    """Yield what the spec announces and adds; nothing where it was not requested."""
    found = _differences(evidence) if any(evidence.of(SPEC)) else ()
    for each in found if not isinstance(found, str) else ():
        if each.severity in (Severity.DEPRECATED, Severity.COMPATIBLE):
            yield f"the API's spec, {each.severity}: {each.operation}, {each.sentence}"


CHECKS = tuple(
    Check(
        f"{name.replace('_', '-')}-drift",
        name,
        "The API's own spec describes the operation as the contract does, or in a compatible way.",
        partial(described, name),
    )
    for name in OPERATIONS
)
