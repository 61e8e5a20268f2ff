"""The checks: pure functions from evidence to an outcome. What matters most comes first."""

from civis_usage.contract_tests.results import Check

from . import conventions, default_window, errors, get_llm, lists, schema, spec, summary

__all__ = ["CHECKS", "SPEC_CHECKS", "checks"]

CHECKS: tuple[Check, ...] = (
    *lists.CHECKS,
    *get_llm.CHECKS,
    *summary.CHECKS,
    *default_window.CHECKS,
    *errors.CHECKS,
    *schema.CHECKS,
    *conventions.CHECKS,
)
SPEC_CHECKS: tuple[Check, ...] = spec.CHECKS
"""Those of the API's own spec, which come only if wanted."""


def checks(*, with_drift: bool = False) -> tuple[Check, ...]:
    """Return the checks of a run, in the order of the report."""
    return CHECKS + (SPEC_CHECKS if with_drift else ())
