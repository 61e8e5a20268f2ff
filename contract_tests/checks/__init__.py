"""The checks: pure functions from evidence to an outcome. What matters most comes first."""

from civis_usage.contract_tests.results import Check

from . import conventions, default_window, errors, get_llm, lists, program, schema, spec, summary

__all__ = ["CHECKS", "PROGRAM_CHECKS", "SPEC_CHECKS", "all_checks", "checks"]

CHECKS: tuple[Check, ...] = (
    *lists.CHECKS,
    *get_llm.CHECKS,
    *summary.CHECKS,
    *default_window.CHECKS,
    *errors.CHECKS,
    *schema.CHECKS,
    *conventions.CHECKS,
)
PROGRAM_CHECKS: tuple[Check, ...] = program.CHECKS
"""Those of the requests that a user's program sends, which come only with such requests."""
SPEC_CHECKS: tuple[Check, ...] = spec.CHECKS
"""Those of the API's own spec, which come only if wanted."""


def checks(*, with_drift: bool = False, with_requests: bool = False) -> tuple[Check, ...]:
    """Return the checks of a run, in the order of the report."""
    return CHECKS + (PROGRAM_CHECKS if with_requests else ()) + (SPEC_CHECKS if with_drift else ())


def all_checks() -> tuple[Check, ...]:
    """Return every check that a run may have, in the order of the report."""
    return checks(with_drift=True, with_requests=True)
