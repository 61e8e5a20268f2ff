"""Checks of the API's own spec: it describes each operation as the contract does. Asked with ``--with-drift`` only."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from civis_usage.contract_tests.registry import kept
from civis_usage.contract_tests.results import Check, Evidence, Finding, Outcome
from civis_usage.contract_tests.witness import NotJudged, Witness
from civis_usage.drift.comparison import compare
from civis_usage.drift.contract import read_contract
from civis_usage.drift.difference import Class, Difference
from civis_usage.drift.document import NoSpec
from civis_usage.drift.source import PATH, answered
from civis_usage.schemas import OPERATIONS, load

__all__ = ["drift_checks", "drift_notes"]

_MEMO = "drift"


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
    for each in _known(witness):
        if each.weight in (Class.DEPRECATED, Class.COMPATIBLE):
            yield f"the API's spec, {each.weight}: {each.operation}, {each.sentence}"


def _ask(operation: str, witness: Witness) -> Outcome:
    found = [each for each in _differences(witness) if each.operation == operation]
    breaking = [each for each in found if each.weight is Class.BREAKING]
    documented = load(OPERATIONS[operation].body)["properties"]
    return kept(
        f"{len(breaking)} breaking of {len(found)} differences, wording included",
        [Finding(each.sentence, each.name if each.name in documented else None, PATH) for each in breaking],
    )


def _differences(witness: Witness) -> tuple[Difference, ...]:
    """Ask for the spec, once in a run, and compare it."""
    if _MEMO not in witness.memo:
        try:
            witness.memo[_MEMO] = _compared(witness)
        except (NotJudged, NoSpec) as reason:
            witness.memo[_MEMO] = NotJudged(str(reason))
    known = witness.memo[_MEMO]
    if isinstance(known, NotJudged):
        raise known
    return _known(witness)


def _compared(witness: Witness) -> tuple[Difference, ...]:
    spec = answered(witness.config.base_url, lambda: witness.fetch(PATH), str)
    return compare(read_contract().api, spec)


def _known(witness: Witness) -> tuple[Difference, ...]:
    known = witness.memo.get(_MEMO)
    return known if isinstance(known, tuple) else ()
