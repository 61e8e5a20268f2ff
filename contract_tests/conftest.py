"""One run of the check for the whole session; the tests read its results."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from civis_usage.client.errors import ConfigurationError
from civis_usage.contract_tests.pytest_options import in_pytest_words, report_of
from civis_usage.contract_tests.results import Report


@pytest.fixture(scope="session")
def contract_report(request: pytest.FixtureRequest, usage_server_factory: Callable[[], Any]) -> Report:
    """Return the report on the fake, or on the API or recording that the options name."""

    def start_fake() -> tuple[str, str]:
        server = usage_server_factory()
        return server.url, server.api_key

    try:
        report = report_of(request.config, start_fake)
    except ConfigurationError as error:
        pytest.exit(in_pytest_words(str(error)), returncode=pytest.ExitCode.USAGE_ERROR)
    if report.unjudged:
        pytest.exit(f"The API could not be judged: {in_pytest_words(report.unjudged)}", returncode=3)
    return report
