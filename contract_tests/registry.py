"""The registry of checks, in the order in which they are asked: what matters most comes first, since budgets end."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from civis_usage.contract_tests.results import Check, Evidence, Finding, Outcome
from civis_usage.contract_tests.witness import Witness

__all__ = ["CHECKS", "Ask", "check", "kept", "no_usage"]

Ask = Callable[[Witness], Outcome]
CHECKS: dict[str, Check] = {}
"""Every check by its id."""


def check(
    id: str,  # noqa: A002 - the field's name
    operation: str,
    rule: str,
    evidence: Evidence = Evidence.DOCUMENTED,
) -> Callable[[Ask], Ask]:
    """Register the decorated function as the check ``id``: it puts the question and gives the outcome."""

    def register(ask: Ask) -> Ask:
        if id in CHECKS:
            raise ValueError(f"two checks are called {id!r}")
        CHECKS[id] = Check(id, rule, evidence, operation, ask)
        return ask

    return register


def kept(seen: str, findings: Iterable[Finding] = ()) -> Outcome:
    """Give an outcome: what was seen, and the deviations, if any."""
    return Outcome(seen, tuple(findings))


def no_usage(what: str) -> Outcome:
    """Give the outcome of a question that the organization has no data for."""
    return Outcome(what, inconclusive=f"no data: {what}", no_data=True)
