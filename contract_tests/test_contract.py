"""The contract as a pytest suite: one test for each check, and one for the waivers.

Without options it starts the fake and tests it. ``--usage-base-url``, and only that, aims the same tests at an API,
with the key in ``CIVIS_API_KEY``::

    pytest --pyargs civis_usage.contract_tests
    pytest --pyargs civis_usage.contract_tests --usage-base-url https://api.civisanalytics.com --usage-org-id 1
"""

from __future__ import annotations

import pytest

from civis_usage.contract_tests.checks import checks
from civis_usage.contract_tests.pytest_options import in_pytest_words, target
from civis_usage.contract_tests.results import Report, Verdict


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Make a test of each check that the options ask for; its id says what is tested."""
    tested = target(metafunc.config)
    if "check_id" in metafunc.fixturenames:
        ids = [check.id for check in checks(with_drift=metafunc.config.getoption("usage_with_drift"))]
        metafunc.parametrize("check_id", ids, ids=[f"{tested}-{check_id}" for check_id in ids])
    elif "tested" in metafunc.fixturenames:
        metafunc.parametrize("tested", [tested])


def test_contract(check_id: str, contract_report: Report) -> None:
    """The API keeps this rule."""
    result = next(result for result in contract_report.results if result.check.id == check_id)
    findings = "\n".join(f"  {finding.message}" for finding in result.findings)
    text = in_pytest_words(
        f"{result.check.rule} ({result.check.basis})\n"
        f"{findings or result.outcome.inconclusive or result.outcome.examined}"
    )
    inconclusive = result.verdict is Verdict.INCONCLUSIVE
    if contract_report.exit_code_for(result):
        pytest.fail(f"inconclusive: {text}" if inconclusive else text, pytrace=False)
    if inconclusive:
        pytest.skip(text)
    if result.verdict is Verdict.WAIVED:
        pytest.xfail("; ".join(f"{finding.message}: {waiver.reason}" for finding, waiver in result.waived))


def test_every_organization_is_visible(tested: str, contract_report: Report) -> None:
    """The API shows usage of each organization, or does not refuse it where none is allowed."""
    assert contract_report.invisible is None, in_pytest_words(str(contract_report.invisible))
    assert not contract_report.lacking_usage, f"no usage of {contract_report.lacking_usage} was shown"


def test_no_waiver_is_expired(tested: str, contract_report: Report) -> None:
    """What was accepted for a while comes up again."""
    named = [f"{w.check} {w.field or ''} until {w.expires}: {w.reason}" for w in contract_report.expired_waivers]
    assert not named, f"expired waivers: {named}"
