"""The contract check: it sends requests to an API, judges the responses, and reports what deviates.

:func:`~civis_usage.contract_tests.runner.run` takes a :class:`~civis_usage.contract_tests.config.Config` and returns a
:class:`~civis_usage.contract_tests.results.Report`. All three are imported when they are first used: pytest imports
this package in every run for its options, and should not wait for the client and its libraries.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .config import Config
    from .results import Report
    from .runner import run

__all__ = ["Config", "Report", "run"]


def __getattr__(name: str) -> Any:
    if name == "Config":
        from .config import Config

        return Config
    if name == "Report":
        from .results import Report

        return Report
    if name == "run":
        from .runner import run

        return run
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
