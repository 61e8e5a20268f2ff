"""One run of the check for the whole session; the tests read its results."""

from __future__ import annotations

import pytest

from civis_usage.client.errors import ConfigurationError
from civis_usage.contract_tests.options import config_of
from civis_usage.contract_tests.redaction import Redactor
from civis_usage.contract_tests.results import Report
from civis_usage.contract_tests.runner import run
from civis_usage.contract_tests.waivers import WaiverError


@pytest.fixture(scope="session")
def contract_report(request: pytest.FixtureRequest) -> Report:
    """Ask the API that the options name, once, and give the report."""
    try:
        config = config_of(request.config)
    except (ConfigurationError, WaiverError) as error:
        pytest.exit(str(error), returncode=pytest.ExitCode.USAGE_ERROR)
    report = Redactor([config.api_key]).report(run(config))
    if report.unjudged:
        pytest.exit(f"The API could not be judged: {report.unjudged}", returncode=3)
    return report
