"""Checks of the API's own spec: it describes each operation as the contract does. Asked with ``--with-drift`` only."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from civis_usage.contract_tests.drift.compare import Difference, Severity, compare
from civis_usage.contract_tests.drift.errors import SpecUnavailable
from civis_usage.contract_tests.drift.spec import PATH, contract, read_answer
from civis_usage.contract_tests.registry import kept
from civis_usage.contract_tests.results import Check, Evidence, Finding, Outcome
from civis_usage.contract_tests.witness import NotJudged, Witness
from civis_usage.schemas import OPERATIONS, load

__all__ = ["drift_checks", "drift_notes"]


def drift_checks() -> tuple[Check, ...]:
    """Give a check for each operation; they share one request."""
    return tuple(
        Check(
            f"{name.replace('_', '-')}-drift",
            "The API's own spec describes the operation as the contract does, or compatibly.",
            Evidence.DOCUMENTED,
            name,
            partial(_ask, name),
        )
        for name in OPERATIONS
    )


def drift_notes(witness: Witness) -> Iterator[str]:
    """Say what the spec announces and adds; nothing where it was not asked for."""
    known = witness.drift if isinstance(witness.drift, tuple) else ()
    for each in known:
        if each.severity in (Severity.DEPRECATED, Severity.COMPATIBLE):
            yield f"the API's spec, {each.severity}: {each.operation}, {each.sentence}"


def _ask(operation: str, witness: Witness) -> Outcome:
    found = [each for each in _differences(witness) if each.operation == operation]
    breaking = [each for each in found if each.severity is Severity.BREAKING]
    documented = load(OPERATIONS[operation].body)["properties"]
    return kept(
        f"{len(breaking)} breaking of {len(found)} differences, wording included",
        [Finding(each.sentence, each.name if each.name in documented else None, PATH) for each in breaking],
    )


def _differences(witness: Witness) -> tuple[Difference, ...]:
    """Ask for the spec, once in a run, and compare it."""
    if witness.drift is None:
        try:
            witness.drift = _compared(witness)
        except (NotJudged, SpecUnavailable) as reason:
            witness.drift = NotJudged(str(reason))
    if isinstance(witness.drift, NotJudged):
        raise witness.drift
    return witness.drift


def _compared(witness: Witness) -> tuple[Difference, ...]:
    response = witness.fetch(PATH)
    return compare(contract(), read_answer(witness.config.base_url, response.status_code, response.content))
