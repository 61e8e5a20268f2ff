"""The page of the checks: every rule, with its basis."""

from __future__ import annotations

from collections.abc import Iterable

from civis_usage.contract_tests.checks import PROGRAM_CHECKS, SPEC_CHECKS, all_checks
from civis_usage.contract_tests.explanations import CONSEQUENCES, explain
from civis_usage.contract_tests.results import Check
from civis_usage.schemas import OPERATIONS
from generators.markdown import code, page, table


def check_list() -> str:
    """Return the page."""
    every = all_checks()
    parts = [
        f"The {len(every)} checks of `civis-usage check`, {len(SPEC_CHECKS)} of them (`-drift`) with `--with-drift` "
        f"only, and {len(PROGRAM_CHECKS)} (`-requests-answered`) with `--requests` only. "
        "A broken **documented** rule fails the run, a **recorded** "
        "one warns (and fails with `--strict`), an **assumed** one informs: [why](../background/evidence.md). "
        "[Waivers](../waivers.md) name a check by its id."
    ]
    for operation in [*OPERATIONS, "any"]:
        mine = [each for each in every if each.operation == operation]
        parts += [_heading(operation), _table(mine), *map(_section, mine)]
    return page("Checks", *parts)


def _heading(operation: str) -> str:
    return f"## {operation}" if operation in OPERATIONS else "## Any operation"


def _table(every: Iterable[Check]) -> str:
    rows = ([f"[{code(each.id)}](#{each.id})", each.rule, str(each.basis)] for each in every)
    return table(["id", "rule", "basis"], rows)


def _section(check: Check) -> str:
    """Return what stands behind a check, under a heading that is its anchor."""
    explanation = explain(check)
    return "\n".join([
        f"### {check.id}",
        "",
        check.rule,
        "",
        f"- **Basis**: {check.basis}, by {explanation.source}; {CONSEQUENCES[check.basis]}.",
        f"- **Requests**: {explanation.requests}.",
        f"- **A failure usually means**: {explanation.failure}",
    ])  # fmt: skip
