"""Interception: the fake in the place of the live API inside ``requests``, as faithful as over HTTP."""

import threading
from datetime import timedelta

import civis
import pytest
import requests
import tenacity
from civis.base import CivisAPIError, CivisAPIKeyError
from requests.adapters import HTTPAdapter
from urllib3.util import Retry
from werkzeug.wrappers import Response

from civis_usage.client import NotFound, UsageClient
from civis_usage.fixtures.fake import UsageFake, UsageServer
from civis_usage.fixtures.intercept import LIVE, Refused, intercept_usage

from .http_stub import Reply, answering

AUTH = ("a-key", "")
UNTOUCHED = HTTPAdapter.get_connection_with_tls_context


@pytest.fixture(scope="module")
def shared():
    """Give one fake for the module, as a world takes a moment to make; its port is opened only where a test asks."""
    server = UsageServer()
    yield server
    server.stop()


@pytest.fixture
def usage(shared):
    shared.reset()
    with intercept_usage(fake=shared) as usage:
        yield usage
    assert HTTPAdapter.get_connection_with_tls_context is UNTOUCHED


def get(path="/usage/llm", **options):
    return requests.get(LIVE + path, **{"auth": AUTH, "timeout": 10, **options})


# What is answered, and what is refused


def test_the_live_api_is_answered_without_a_socket(usage, monkeypatch):
    def no_socket(*_, **__):
        raise AssertionError("a socket was opened")

    monkeypatch.setattr("socket.socket", no_socket)
    record = usage.records.llm(credits=5)
    answer = get()
    assert answer.json() == [record.json(snake_case=False)]
    assert answer.url == "https://api.civisanalytics.com/usage/llm"
    assert answer.headers["X-RateLimit-Limit"] == "1000"
    assert timedelta(0) < answer.elapsed < timedelta(seconds=5)
    assert (answer.reason, answer.encoding, answer.raw.version) == ("OK", "utf-8", 11)


@pytest.mark.parametrize(
    "url",
    [
        "http://api.civisanalytics.com/usage/llm",
        "https://api.civisanalytics.com:8443/usage/llm",
        "https://api.civisanalytics.com.example.org/usage/llm",
        "https://example.org/usage/llm?secret=1",
        "http://127.0.0.1:1/",
    ],
)
def test_anything_else_is_refused_with_a_sentence(usage, url):
    with pytest.raises(Refused) as refused:
        requests.post(url, json={"a": 1}, timeout=10)
    assert str(refused.value).startswith("POST http")
    assert "was not sent: while the usage API is intercepted, only https://api.civisanalytics.com is answered." in str(
        refused.value
    )
    assert "secret" not in str(refused.value)
    assert isinstance(refused.value, requests.ConnectionError)
    assert refused.value.request.method == "POST"
    assert len(usage.journal) == 0


@pytest.mark.parametrize(
    ("base", "asked"),
    [
        ("https://api.civisanalytics.com/", "https://api.civisanalytics.com:443/usage/llm"),
        ("http://billing.internal:8080", "http://billing.internal:8080/usage/llm"),
        ("http://billing.internal/civis/v1", "http://billing.internal/civis/v1/usage/llm"),
        ("http://[::1]:99", "http://[::1]:99/usage/llm"),
    ],
)
def test_any_base_url_can_be_answered(shared, base, asked):
    shared.reset()
    with intercept_usage(base, fake=shared) as usage:
        assert requests.get(asked, auth=AUTH, timeout=10).status_code == 200
        assert usage.url == base.rstrip("/")
        with usage.client() as client:
            assert client.list_llm() == client.list_llm()
    usage.journal.assert_called("list_llm", times=3)


def test_a_path_beside_that_of_the_base_url_is_refused(shared):
    with intercept_usage("http://host/civis", fake=shared), pytest.raises(Refused):
        requests.get("http://host/civisx/usage/llm", timeout=10)


def test_the_paths_of_other_resources_get_the_fakes_404(usage):
    assert get("/jobs/5").json()["errorDescription"] == "The requested endpoint could not be found."


def test_a_base_url_that_is_none_is_refused():
    with pytest.raises(ValueError, match="'api' is not an http or https URL"):
        intercept_usage("api")


def test_a_body_and_a_query_reach_the_fake(usage):
    assert get("/usage/llm", params={"org_id": "abc"}, json={}).status_code == 400
    assert requests.post(f"{LIVE}/usage/llm", json={}, auth=AUTH, timeout=10).status_code == 405
    assert get("/usage/llm/%32%33").status_code in (200, 404)
    usage.journal.assert_called("get_llm", id=23)


# When it holds


def test_it_ends_with_an_exception_too(shared):
    with pytest.raises(ZeroDivisionError), intercept_usage(fake=shared):
        raise ZeroDivisionError
    assert HTTPAdapter.get_connection_with_tls_context is UNTOUCHED


def test_a_session_from_before_is_answered_and_goes_its_own_way_afterwards(shared):
    with answering(Reply(body='"real"')) as stub, requests.Session() as session:
        assert session.get(stub.url, timeout=10).json() == "real"
        with intercept_usage(stub.url, fake=shared):
            assert session.get(f"{stub.url}/usage/llm", auth=AUTH, timeout=10).status_code == 200
        assert session.get(stub.url, timeout=10).json() == "real"
    assert len(stub.paths) == 2


def test_interceptions_nest_and_the_innermost_that_fits_answers(shared):
    inner_server = UsageServer({"generated": False})
    with intercept_usage(fake=shared) as outer:
        with intercept_usage("http://other", fake=shared):
            assert get().status_code == 200
            assert requests.get("http://other/usage/llm", auth=AUTH, timeout=10).status_code == 200
            with pytest.raises(Refused, match=r"only https://api\.civisanalytics\.com, http://other is answered"):
                requests.get("http://third/", timeout=10)
        with intercept_usage(fake=inner_server) as inner:
            assert get().json() == []
            inner.journal.assert_called("list_llm", times=1)
        assert get().json() != []
        outer.journal.assert_called("list_llm")
    assert HTTPAdapter.get_connection_with_tls_context is UNTOUCHED


def test_as_a_decorator_it_begins_afresh_with_each_call():
    interception = intercept_usage(settings={"generated": False})

    @interception
    def program(depth=0):
        """What is decorated keeps its name and its documentation."""
        if depth:
            return program(depth - 1)
        with UsageClient("k") as client:
            client.list_llm()
            return client.last_response.calls_remaining

    assert program() == 999
    assert program() == 999, "the fake was not brought back to how it started"
    assert program(depth=2) == 999
    assert program.__doc__.startswith("What is decorated")
    assert HTTPAdapter.get_connection_with_tls_context is UNTOUCHED


def test_the_fakes_of_this_process_are_reached_as_ever(shared):
    other = UsageServer({"generated": False})
    url = other.url
    with intercept_usage(fake=shared):
        with other.client() as client:
            assert client.list_llm() == []
        other.stop()
        with pytest.raises(Refused, match="was not sent"):
            requests.get(f"{url}/usage/llm", auth=AUTH, timeout=5)


def test_threads_are_answered_together_and_may_begin_and_end_in_any_order(shared):
    shared.reset()
    barrier = threading.Barrier(8)
    seen = []

    def work(number):
        base = f"http://host-{number}"
        barrier.wait(30)
        for _ in range(5):
            with intercept_usage(base, fake=shared):
                seen.append(requests.get(f"{base}/usage/llm?org_id={number}", auth=AUTH, timeout=30).status_code)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert seen == [200] * 40
    assert HTTPAdapter.get_connection_with_tls_context is UNTOUCHED
    for number in range(8):
        shared.journal.assert_called("list_llm", org_id=number, times=5)


# As over HTTP


FAULTS = {
    "dropped": {"disconnect": True},
    "cut": {"cut": True},
    "malformed": {"malformed": True},
    "slow": {"latency": 20.0},
    "500": {"status": 500},
    "429": {"status": 429, "retry_after": 3},
    "content type": {"content_type": "text/html"},
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_shows_as_it_does_over_http(shared, fault):
    def outcome(url):
        shared.reset()
        shared.faults.add("list_llm", **FAULTS[fault])
        try:
            answer = requests.get(f"{url}/usage/llm", auth=AUTH, timeout=(5, 0.2))
            return answer.status_code, answer.headers["Content-Type"], answer.headers.get("Retry-After"), answer.json()
        except requests.RequestException as error:
            return type(error), [type(each) for each in error.args]

    shared.clock.pin("2026-04-30T12:00:00Z")
    over_http = outcome(shared.url)
    with intercept_usage(fake=shared):
        assert outcome(LIVE) == over_http


def test_the_answers_bytes_and_headers_are_those_of_http(shared):
    shared.reset()
    path = "/usage/llm?start_date=2026-03-01&end_date=2026-03-03"
    over_http = requests.get(shared.url + path, auth=AUTH, timeout=10)
    with intercept_usage(fake=shared):
        in_process = get(path)
    assert in_process.content == over_http.content != b"[]"
    fleeting = {"X-Request-Id", "X-Runtime", "X-RateLimit-Remaining", "Connection", "Date", "Server"}
    kept = {
        name for name in {*in_process.headers, *over_http.headers} if name.title() not in {*map(str.title, fleeting)}
    }
    assert {name: in_process.headers.get(name) for name in kept} == {name: over_http.headers.get(name) for name in kept}


def test_an_adapter_of_ones_own_keeps_its_retries(usage):
    class Counting(HTTPAdapter):
        sent = 0

        def send(self, *arguments, **settings):
            type(self).sent += 1
            return super().send(*arguments, **settings)

    usage.faults.add("list_llm", status=503, first=2)
    with requests.Session() as session:
        session.mount("https://", Counting(max_retries=Retry(5, status_forcelist=[503], backoff_factor=0)))
        assert session.get(f"{LIVE}/usage/llm", auth=AUTH, timeout=10).status_code == 200
    assert Counting.sent == 1
    usage.journal.assert_called("list_llm", times=3)


def test_streaming_hooks_and_prepared_requests_work(usage):
    seen = []
    with requests.Session() as session:
        session.hooks["response"].append(lambda response, *_, **__: seen.append(response.status_code))
        prepared = session.prepare_request(requests.Request("GET", f"{LIVE}/usage/llm", auth=AUTH))
        with session.send(prepared, stream=True, timeout=10) as answer:
            parts = list(answer.iter_content(100))
    assert seen == [200]
    assert len(parts) > 1
    assert b"".join(parts).startswith(b"[{")


def test_a_redirect_is_followed_to_what_is_answered(shared):
    class Moved:
        """The fake behind a server that sends /old elsewhere."""

        extensions = shared.app.extensions

        @staticmethod
        def wsgi_app(environ, start_response):
            if environ["PATH_INFO"] == "/old":
                return Response(status=302, headers={"Location": "/usage/llm"})(environ, start_response)
            return shared.app.wsgi_app(environ, start_response)

    with intercept_usage(fake=UsageFake(Moved, LIVE)):
        answer = get("/old")
    assert [each.status_code for each in (*answer.history, answer)] == [302, 200]


def test_proxies_of_the_environment_do_not_matter(usage, monkeypatch):
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    assert get().status_code == 200
    with intercept_usage("http://plain", fake=usage):
        assert requests.get("http://plain/usage/llm", auth=AUTH, timeout=10).status_code == 200


def test_head_has_the_headers_and_no_body(usage):
    answer = requests.head(f"{LIVE}/usage/llm", auth=AUTH, timeout=10)
    assert (answer.status_code, answer.content) == (200, b"")
    assert int(answer.headers["Content-Length"]) > 2


# The real client


@pytest.fixture
def real(usage, monkeypatch, tmp_path):
    """Give the package ``civis`` as its users have it, but for the patience of its retries."""
    monkeypatch.setenv("HOME", str(tmp_path))
    hasty = tenacity.Retrying(wait=tenacity.wait_none(), stop=tenacity.stop_after_attempt(5))
    return civis.APIClient(api_key="a-key", retries=hasty, force_refresh_api_spec=True)


def test_the_real_client_runs_without_a_socket(real, usage):
    record = usage.records.llm(credits=5)
    assert [dict(each.items()) for each in real.usage.list_llm()] == [dict(record)]
    assert dict(real.usage.get_llm(record.id).items()) == dict(record)
    assert real.usage.get_llm_organization_summary(record.organization_id).credits == 5
    assert real.last_response.rate_limit == 1000


def test_the_real_client_raises_its_own_errors(real, usage):
    with pytest.raises(CivisAPIError, match="could not be found") as unknown:
        real.usage.get_llm(999_999_999)
    assert unknown.value.status_code == 404
    usage.faults.add("list_llm", status=401)
    with pytest.raises(CivisAPIKeyError):
        real.usage.list_llm()
    with usage.client() as ours, pytest.raises(NotFound):
        ours.get_llm(999_999_999)
