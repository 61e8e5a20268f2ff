"""A user's story: the tests of a small billing program, with the same lines at the fake's address and at the live one.

Beside it, the package ``civis`` as its users have it, which must recover and fail here as its documentation says.
"""

import civis
import pytest
import requests
import tenacity
from civis.base import CivisAPIError, CivisAPIKeyError

from .billing_program import ReportError, report

LIVE = "https://api.civisanalytics.com"


@pytest.fixture(params=["usage_server", "usage_intercept"])
def usage(request):
    """Return the fake: at its own address, then in place of the live API."""
    return request.getfixturevalue(request.param)


@pytest.fixture
def base_url(usage, request):
    return LIVE if "usage_intercept" in request.fixturenames else usage.url


@pytest.fixture
def set_environment(usage, base_url, monkeypatch):
    usage.set_environment(monkeypatch)
    monkeypatch.setenv("CIVIS_API_ENDPOINT", base_url)


@pytest.fixture
def april(usage):
    """Set up the last minute of April 2026, with three runs of which one is March's."""
    usage.clock.pin("2026-04-30T23:59:30Z")
    usage.records.llm(organization_id=1, model_id="small", credits=0.25, run_created_at="2026-04-01T00:00:00Z")
    usage.records.llm(organization_id=1, model_id="large", credits=4, run_created_at="2026-04-30T23:59:00Z")
    usage.records.llm(organization_id=1, model_id="large", credits=8, run_created_at="2026-03-31T23:59:59.999Z")


@pytest.fixture
def waits():
    return []


@pytest.fixture
def this_month(usage, base_url, waits):
    """Return the program as it is run each night; it notes its waits instead of waiting."""
    return lambda organization=1: report(base_url, usage.api_key, organization, sleep=waits.append)


def test_the_report_covers_this_month(april, this_month, usage):
    assert this_month() == ({"large": 4, "small": 0.25}, 4.25)
    usage.journal.assert_called("list_llm", org_id=1, start_date=None, end_date=None, times=1)
    usage.journal.assert_called("get_llm_organization_summary", org_id=1, times=1)
    usage.journal.assert_not_called("list_matching")


def test_after_midnight_the_month_is_new(april, this_month, usage):
    usage.clock.move(60)
    assert this_month() == ({}, 0)


def test_it_waits_as_long_as_the_api_asks(april, this_month, usage, waits):
    usage.faults.add("list_llm", status=429, retry_after=2.5, first=1)
    assert this_month() == ({"large": 4, "small": 0.25}, 4.25)
    assert waits == [2.5]
    assert [call.status for call in usage.journal.calls("list_llm")] == [429, 200]


def test_it_gives_up_where_the_api_goes_on_refusing(april, this_month, usage, waits):
    usage.faults.add("list_llm", status=429, retry_after=1)
    with pytest.raises(ReportError, match=r"(?i)too many requests"):
        this_month()
    assert waits == [1, 1]
    usage.journal.assert_called("list_llm", times=3, status=429)


def test_it_says_what_the_api_says_of_a_failure(april, this_month, usage):
    usage.faults.add("get_llm_organization_summary", status=500)
    with pytest.raises(ReportError, match="Something went wrong on the server"):
        this_month()
    usage.journal.assert_called("get_llm_organization_summary", times=1, status=500)


def test_it_asks_again_where_an_answer_breaks_off(april, this_month, usage):
    usage.faults.add("list_llm", truncate=True, first=1)
    assert this_month() == ({"large": 4, "small": 0.25}, 4.25)
    usage.journal.assert_called("list_llm", times=2)


def test_an_unknown_organization_has_no_report(april, this_month):
    with pytest.raises(ReportError, match="The requested resource could not be found"):
        this_month(organization=404)


def test_an_assertion_that_fails_shows_the_nearest_misses(april, this_month, usage):
    this_month()
    with pytest.raises(AssertionError) as failed:
        usage.journal.assert_called("list_llm", org_id=2)
    assert "expected at least once, came never" in str(failed.value)
    assert "list_llm org_id=1 → 200   (org_id 1, not 2)" in str(failed.value)


# The package civis


@pytest.fixture
def real(set_environment, monkeypatch, tmp_path):
    """Return ``civis.APIClient`` on the fake, with all of its retries and none of its patience."""
    monkeypatch.setenv("HOME", str(tmp_path))
    hasty = tenacity.Retrying(
        wait=tenacity.wait_none(),
        stop=tenacity.stop_after_attempt(5),
        sleep=lambda seconds: None,
        retry_error_callback=lambda state: state.outcome.result(),  # as the default of civis has it
    )
    return civis.APIClient(retries=hasty, force_refresh_api_spec=True)


@pytest.mark.parametrize(
    ("statuses", "answered"),
    [([429, 429], [429, 429, 200]), ([502], [502, 200]), ([503, 504], [503, 504, 200])],
    ids=["429, 429, 200", "502, 200", "503, 504, 200"],
)
def test_civis_recovers_from_what_passes(april, real, usage, statuses, answered):
    for status in statuses:
        usage.faults.add("list_llm", status=status, first=1, **({"retry_after": 1} if status == 429 else {}))
    assert [run.credits for run in real.usage.list_llm(org_id=1)] == [4, 0.25]
    assert [call.status for call in usage.journal.calls("list_llm")] == answered


def test_civis_waits_at_least_as_long_as_retry_after_says(april, usage, set_environment, monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    waits = []
    noting = tenacity.Retrying(wait=tenacity.wait_none(), stop=tenacity.stop_after_attempt(5), sleep=waits.append)
    usage.faults.add("list_llm", status=429, retry_after=3, first=2)
    civis.APIClient(retries=noting, force_refresh_api_spec=True).usage.list_llm(org_id=1)
    assert waits == [3, 3]


def test_civis_does_not_ask_again_after_a_500(april, real, usage):
    usage.faults.add("list_llm", status=500, first=1)
    with pytest.raises(CivisAPIError, match="Something went wrong") as raised:
        real.usage.list_llm(org_id=1)
    assert raised.value.status_code == 500
    usage.journal.assert_called("list_llm", times=1)


def test_civis_gives_up_in_the_end(april, real, usage):
    usage.faults.add("list_llm", status=503)
    with pytest.raises(CivisAPIError) as raised:
        real.usage.list_llm(org_id=1)
    assert raised.value.status_code == 503
    usage.journal.assert_called("list_llm", times=5, status=503)


def test_civis_raises_its_own_error_from_a_404(april, real):
    with pytest.raises(CivisAPIError) as raised:
        real.usage.get_llm(999_999_999_999)
    assert str(raised.value) == "(404) The requested resource could not be found. (GET /usage/llm/999999999999)"


def test_civis_raises_its_own_error_from_a_401(april, real, usage):
    usage.faults.add("get_llm", status=401)
    with pytest.raises(CivisAPIKeyError, match="Bearer") as raised:
        real.usage.get_llm(1)
    assert usage.api_key not in str(raised.value)


def test_civis_sees_a_lost_connection_as_requests_does(april, real, usage):
    usage.faults.add("list_llm", disconnect=True, first=1)
    with pytest.raises(requests.ConnectionError, match=r"Connection aborted|Remote end closed"):
        real.usage.list_llm(org_id=1)
    assert len(real.usage.list_llm(org_id=1)) == 2
