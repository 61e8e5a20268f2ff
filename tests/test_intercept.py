"""Interception: the fake in place of the live API, for programs that use ``requests``."""

import asyncio
import gc
import socket
import threading
import unittest
from functools import partial

import civis
import pytest
import requests
import requests_mock
import responses
import tenacity
import vcr
from civis.base import CivisAPIError, CivisAPIKeyError
from requests.adapters import HTTPAdapter
from urllib3 import ProxyManager
from urllib3.util import Retry
from werkzeug.wrappers import Response

from civis_usage.client import NotFound, UsageClient
from civis_usage.fixtures.fake_server import UsageServer
from civis_usage.fixtures.intercept import BlockedRequest, intercept_usage

from .http_stub import Reply, answering

LIVE = "https://api.civisanalytics.com"
AUTH = ("a-key", "")
PATCHED = ("get_connection_with_tls_context", "request_url", "cert_verify")
UNTOUCHED = [getattr(HTTPAdapter, name) for name in PATCHED]


def untouched():
    return [getattr(HTTPAdapter, name) for name in PATCHED] == UNTOUCHED


class Network:
    """A listener to which every host name on the network leads."""

    def __init__(self, listener):
        self.listener = listener

    def was_reached(self):
        """Return whether a connection has come since the last call."""
        try:
            self.listener.accept()[0].close()
        except BlockingIOError:
            return False
        return True


@pytest.fixture(autouse=True)
def network(monkeypatch):
    """Lead every host name to a listener, and let no test pass that reaches it unnoticed."""
    look_up = socket.getaddrinfo
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setblocking(False)
        port = listener.getsockname()[1]

        def resolve(host, *arguments, **settings):
            if host in ("127.0.0.1", "::1", "localhost", None):
                return look_up(host, *arguments, **settings)
            return [(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", ("127.0.0.1", port))]

        monkeypatch.setattr(socket, "getaddrinfo", resolve)
        yield Network(listener)
        assert not Network(listener).was_reached(), "a request left for the network"
    assert untouched()


def test_the_listener_sees_what_leaves(network):
    for url in (f"{LIVE}/usage/llm", "http://example.org"):
        with pytest.raises(requests.RequestException):
            requests.get(url, timeout=0.2)
        assert network.was_reached()


@pytest.fixture(scope="module")
def shared():
    """Return one fake for the module, as a world takes a moment to make."""
    server = UsageServer()
    yield server
    server.stop()


@pytest.fixture
def usage(shared):
    shared.reset()
    with intercept_usage(server=shared) as usage:
        yield usage


def get(path="/usage/llm", **options):
    return requests.get(LIVE + path, **{"auth": AUTH, "timeout": 10, **options})


# What is answered, and what is refused


def test_requests_to_the_live_api_are_answered(usage):
    record = usage.records.llm(credits=5)
    answer = get()
    assert answer.json() == [record.json(snake_case=False)]
    assert answer.url == "https://api.civisanalytics.com/usage/llm"
    assert answer.headers["X-RateLimit-Limit"] == "1000"
    assert (answer.reason, answer.encoding, answer.raw.version) == ("OK", "utf-8", 11)


@pytest.mark.parametrize(
    ("url", "named"),
    [
        ("http://api.civisanalytics.com/usage/llm", "http://api.civisanalytics.com:80"),
        ("https://api.civisanalytics.com:8443/usage/llm", "https://api.civisanalytics.com:8443"),
        ("https://api.civisanalytics.com.example.org/usage/llm", "https://api.civisanalytics.com.example.org:443"),
        ("https://example.org/usage/llm?secret=1", "https://example.org:443"),
        ("http://user:secret@example.org/", "http://example.org:80"),
        ("http://192.0.2.1:1/", "http://192.0.2.1:1"),
        ("http://[2001:db8::1]/", "http://[2001:db8::1]:80"),
    ],
)
def test_a_request_to_another_host_is_blocked_with_its_address_and_the_setting(usage, url, named):
    with pytest.raises(BlockedRequest) as blocked:
        requests.post(url, json={"a": 1}, timeout=10)
    message = str(blocked.value)
    assert message.startswith(f"POST {named} was not sent: while {LIVE} is intercepted")
    assert "usage_allowed_hosts" in message
    assert "allowed_hosts=" in message
    assert "secret" not in message
    assert isinstance(blocked.value, requests.ConnectionError)
    assert blocked.value.request.method == "POST"
    assert len(usage.journal) == 0


def test_this_machines_own_servers_are_reached(usage):
    with answering(Reply(body='"mine"')) as stub:
        port = stub.url.rpartition(":")[2]
        for host in ("127.0.0.1", "localhost", "LOCALHOST"):
            assert requests.get(f"http://{host}:{port}/", timeout=10).json() == "mine"


def test_an_allowed_host_is_reached_and_no_other(shared, network):
    with intercept_usage(server=shared, allowed_hosts=["search.internal", "OTHER.internal"]):
        for url in ("http://search.internal:9200/", "https://other.internal/"):
            with pytest.raises(requests.RequestException):
                requests.get(url, timeout=0.2)
            assert network.was_reached()
        for url in ("http://more.search.internal:9200/", "http://internal/"):
            with pytest.raises(BlockedRequest):
                requests.get(url, timeout=0.2)
    with intercept_usage(server=shared, allowed_hosts="search.internal"), pytest.raises(requests.ReadTimeout):
        requests.get("http://search.internal", timeout=0.2)
    assert network.was_reached()


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
    with intercept_usage(base, server=shared) as usage:
        assert requests.get(asked, auth=AUTH, timeout=10).status_code == 200
        with UsageClient("a-key", base) as client:
            assert client.list_llm(org_id=2) == client.list_llm(org_id=2)
    usage.journal.assert_called("list_llm", times=3)
    usage.journal.assert_called("list_llm", org_id=2, times=2)


def test_a_path_beside_that_of_the_base_url_is_refused(shared):
    with intercept_usage("http://host/civis", server=shared), pytest.raises(BlockedRequest):
        requests.get("http://host/civisx/usage/llm", timeout=10)


def test_the_paths_of_other_resources_get_the_fakes_404(usage):
    assert get("/jobs/5").json()["errorDescription"] == "The requested endpoint could not be found."


def test_a_base_url_that_is_none_is_refused():
    with pytest.raises(ValueError, match="invalid base URL 'api': use an http or https URL"):
        intercept_usage("api")


def test_a_body_and_a_query_reach_the_fake(usage):
    assert get("/usage/llm", params={"org_id": "abc"}, json={}).status_code == 400
    assert requests.post(f"{LIVE}/usage/llm", json={}, auth=AUTH, timeout=10).status_code == 405
    assert get("/usage/llm/%32%33").status_code in (200, 404)
    usage.journal.assert_called("get_llm", id=23)


# When it holds


def test_it_ends_with_an_exception_too(shared):
    with pytest.raises(ZeroDivisionError), intercept_usage(server=shared):
        raise ZeroDivisionError
    assert untouched()


def test_a_session_from_before_is_answered_and_goes_its_own_way_afterwards(shared):
    with answering(Reply(body='"real"')) as stub, requests.Session() as session:
        assert session.get(stub.url, timeout=10).json() == "real"
        with intercept_usage(stub.url, server=shared):
            assert session.get(f"{stub.url}/usage/llm", auth=AUTH, timeout=10).status_code == 200
        assert session.get(stub.url, timeout=10).json() == "real"
    assert len(stub.paths) == 2


def test_interceptions_nest_and_the_innermost_that_fits_answers(shared):
    inner_server = UsageServer({"generated": False})
    with intercept_usage(server=shared) as outer:
        with intercept_usage("http://other", server=shared):
            assert get().status_code == 200
            assert requests.get("http://other/usage/llm", auth=AUTH, timeout=10).status_code == 200
            with pytest.raises(BlockedRequest, match=r"while https://api\.civisanalytics\.com, http://other is interc"):
                requests.get("http://third/", timeout=10)
        with intercept_usage(server=inner_server) as inner:
            assert get().json() == []
            inner.journal.assert_called("list_llm", times=1)
        assert get().json() != []
        outer.journal.assert_called("list_llm")
    assert untouched()


def test_its_own_server_stops_with_it_and_starts_again():
    interception = intercept_usage(settings={"generated": False})
    with interception as usage:
        assert get().json() == []
        port = int(usage.url.rpartition(":")[2])
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", port)) != 0
    usage.journal.assert_called("list_llm", times=1)
    with interception as again:
        assert get().json() == []
        assert again is usage
        again.journal.assert_called("list_llm", times=1)


def test_threads_are_answered_together_and_may_begin_and_end_in_any_order(shared):
    shared.reset()
    barrier = threading.Barrier(8)
    seen = []

    def work(number):
        base = f"http://host-{number}"
        barrier.wait(30)
        for _ in range(5):
            with intercept_usage(base, server=shared):
                seen.append(requests.get(f"{base}/usage/llm?org_id={number}", auth=AUTH, timeout=30).status_code)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert seen == [200] * 40
    assert untouched()
    for number in range(8):
        shared.journal.assert_called("list_llm", org_id=number, times=5)


# As a decorator


def status():
    return requests.get(f"{LIVE}/usage/llm", auth=AUTH, timeout=10).status_code


class Program:
    def method(self):
        return status()

    @staticmethod
    def static():
        return status()

    def __call__(self):
        return status()


class AsynchronousProgram:
    async def __call__(self):
        await asyncio.sleep(0)
        return status()


def generator():
    yield status()
    return status()


def run(generator):
    """Run a generator to its end, and return what it returns."""
    while True:
        try:
            assert next(generator) == 200
        except StopIteration as end:
            return end.value


KINDS = {
    "function": (status, lambda decorated: decorated()),
    "method": (Program.method, lambda decorated: decorated(Program())),
    "bound method": (Program().method, lambda decorated: decorated()),
    "static method": (Program.static, lambda decorated: decorated()),
    "partial": (partial(Program.method, Program()), lambda decorated: decorated()),
    "callable": (Program(), lambda decorated: decorated()),
    "coroutine function": (AsynchronousProgram().__call__, lambda decorated: asyncio.run(decorated())),
    "asynchronous callable": (AsynchronousProgram(), lambda decorated: asyncio.run(decorated())),
    "partial of a coroutine function": (
        partial(AsynchronousProgram.__call__, AsynchronousProgram()),
        lambda decorated: asyncio.run(decorated()),
    ),
    "generator function": (generator, lambda decorated: run(decorated())),
}


@pytest.mark.parametrize(("function", "call"), KINDS.values(), ids=list(KINDS))
def test_as_a_decorator_it_holds_while_the_body_runs(shared, function, call):
    shared.reset()
    decorated = intercept_usage(server=shared)(function)
    assert untouched(), "it holds before the call"
    assert call(decorated) == 200
    shared.journal.assert_called("list_llm")


def test_a_generator_passes_values_and_exceptions_on_and_ends_the_interception_when_it_is_closed(shared):
    @intercept_usage(server=shared)
    def echo():
        received = yield status()
        while True:
            try:
                received = yield received
            except KeyError:
                received = "caught"

    echoing = echo()
    assert (next(echoing), echoing.send("sent"), echoing.throw(KeyError())) == (200, "sent", "caught")
    assert not untouched()
    echoing.close()
    assert untouched()


def test_coroutines_that_run_together_are_answered_until_the_last_one_ends(shared):
    shared.reset()

    @intercept_usage(server=shared)
    async def program(turns):
        for _ in range(turns):
            await asyncio.sleep(0)
        return status()

    async def together():
        return await asyncio.gather(*(program(turns) for turns in (5, 1, 3)))

    assert asyncio.run(together()) == [200, 200, 200]
    shared.journal.assert_called("list_llm", times=3)


async def asynchronous_generator():
    yield status()


UNSUPPORTED = {
    "class": (Program, "the class Program: use @pytest.mark.usefixtures('usage_intercept')"),
    "unittest class": (unittest.TestCase, "enterContext"),
    "static method object": (staticmethod(status), "put it below @staticmethod"),
    "class method object": (classmethod(status), "put it below @classmethod"),
    "asynchronous generator": (asynchronous_generator, "Use `with intercept_usage():` inside it"),
    "no function": (5, "5, which is not a function"),
}


@pytest.mark.parametrize(("function", "remedy"), UNSUPPORTED.values(), ids=list(UNSUPPORTED))
def test_what_it_cannot_hold_for_is_a_type_error_where_it_is_applied(function, remedy):
    with pytest.raises(TypeError) as refused:
        intercept_usage()(function)
    assert remedy in str(refused.value)


@pytest.mark.parametrize(
    "lazy",
    [lambda: AsynchronousProgram()(), generator, asynchronous_generator],
    ids=["coroutine", "generator", "async"],
)
def test_a_function_that_returns_what_has_not_run_yet_is_a_type_error(shared, lazy):
    def function():
        return lazy()

    with pytest.raises(TypeError, match="that has not run yet"):
        intercept_usage(server=shared)(function)()


def test_a_decorated_function_keeps_its_name_and_begins_with_a_reset_fake():
    @intercept_usage(settings={"generated": False})
    def program(depth=0):
        """What is decorated keeps its name and its documentation."""
        if depth:
            return program(depth - 1)
        with UsageClient("k") as client:
            client.list_llm()
            return client.last_response.calls_remaining

    assert program() == 999
    assert program() == 999, "the fake was not reset"
    assert program(depth=2) == 999
    assert (program.__name__, program.__doc__[:4]) == ("program", "What")


def test_under_pytest_and_unittest_decorated_tests_run(pytester):
    pytester.makepyfile(
        """
        import unittest

        import pytest, requests
        from civis_usage.fixtures.intercept import intercept_usage

        def status():
            return requests.get("https://api.civisanalytics.com/usage/llm", auth=("k", ""), timeout=10).status_code

        @intercept_usage(settings={"generated": False})
        def test_a_function_with_fixtures(tmp_path):
            assert tmp_path.exists() and status() == 200

        @pytest.mark.anyio
        @intercept_usage(settings={"generated": False})
        async def test_a_coroutine_function():
            assert status() == 200

        @pytest.fixture
        @intercept_usage(settings={"generated": False})
        def intercepted():
            yield status()

        def test_a_generator_as_a_fixture(intercepted):
            assert status() == intercepted == 200

        @pytest.mark.usefixtures("usage_intercept")
        class TestOfAClass:
            def test_it(self):
                assert status() == 200

        class TestOfUnittest(unittest.TestCase):
            def setUp(self):
                self.usage = self.enterContext(intercept_usage(settings={"generated": False}))

            def test_it(self):
                assert status() == 200

        @pytest.fixture
        def anyio_backend():
            return "asyncio"
        """
    )
    pytester.runpytest_inprocess("-p", "no:cacheprovider").assert_outcomes(passed=5)


# Beside other libraries that step into requests


@pytest.mark.parametrize("outside", [True, False], ids=["outside", "inside"])
def test_responses_works_beside_it(shared, outside):
    mock, interception = responses.RequestsMock(), intercept_usage(server=shared)
    first, second = (mock, interception) if outside else (interception, mock)
    with first, second:
        mock.add("GET", "https://other.example/", json="mocked")
        mock.add_passthru(LIVE)
        assert requests.get("https://other.example/", timeout=10).json() == "mocked"
        assert status() == 200
        with pytest.raises(requests.ConnectionError):
            requests.get("https://third.example/", timeout=10)


@pytest.mark.parametrize("outside", [True, False], ids=["outside", "inside"])
def test_requests_mock_works_beside_it(shared, outside):
    mock, interception = requests_mock.Mocker(real_http=True), intercept_usage(server=shared)
    first, second = (mock, interception) if outside else (interception, mock)
    with first, second:
        mock.get("https://other.example/", json="mocked")
        assert requests.get("https://other.example/", timeout=10).json() == "mocked"
        assert status() == 200
        with pytest.raises(BlockedRequest):
            requests.get("https://third.example/", timeout=10)


@pytest.mark.parametrize("outside", [True, False], ids=["outside", "inside"])
def test_vcrpy_works_beside_it(shared, tmp_path, outside):
    shared.reset()
    with answering(Reply(body='"recorded"')) as stub, vcr.use_cassette(str(tmp_path / "other.yaml")):
        requests.get(stub.url, timeout=10)
    recorded = (tmp_path / "other.yaml").read_text().replace(stub.url, "https://other.example")
    (tmp_path / "other.yaml").write_text(recorded)

    def beside(name, mode):
        cassette = vcr.use_cassette(str(tmp_path / name), record_mode=mode)
        interception = intercept_usage(server=shared, allowed_hosts=["other.example"])
        first, second = (cassette, interception) if outside else (interception, cassette)
        with first, second:
            if name == "other.yaml":
                assert requests.get("https://other.example/", timeout=10).json() == "recorded"
            else:
                assert status() == 200

    beside("other.yaml", "none")
    beside("usage.yaml", "once")
    beside("usage.yaml", "none")
    shared.journal.assert_called("list_llm", times=1)


# As over HTTP


FAULTS = {
    "dropped": {"disconnect": True},
    "truncate": {"truncate": True},
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
    with intercept_usage(server=shared):
        assert outcome(LIVE) == over_http


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


def test_a_redirect_is_followed_to_what_is_intercepted():
    server = UsageServer({"generated": False})
    answers = server.app.wsgi_app

    def moved(environ, start_response):
        if environ["PATH_INFO"] == "/old":
            return Response(status=302, headers={"Location": "/usage/llm"})(environ, start_response)
        return answers(environ, start_response)

    server.app.wsgi_app = moved
    try:
        with intercept_usage(server=server):
            answer = get("/old")
    finally:
        server.stop()
    assert [each.status_code for each in (*answer.history, answer)] == [302, 200]


def test_proxies_of_the_environment_do_not_matter(usage, monkeypatch):
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    assert get().status_code == 200
    with intercept_usage("http://plain", server=usage):
        assert requests.get("http://plain/usage/llm", auth=AUTH, timeout=10).status_code == 200


def test_a_proxy_of_the_programs_own_adapter_does_not_matter(usage, network):
    class Proxied(HTTPAdapter):
        def init_poolmanager(self, *arguments, **settings):
            self.poolmanager = ProxyManager("http://proxy.example:3128")

    with requests.Session() as session:
        session.mount("https://", Proxied())
        assert session.get(f"{LIVE}/usage/llm", auth=AUTH, timeout=10).status_code == 200


def test_certificates_do_not_matter(usage, monkeypatch):
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/no/such/file")
    assert get().status_code == 200
    assert get(cert="/no/such/file").status_code == 200
    with pytest.raises(OSError, match="invalid path"):
        requests.get("https://localhost:1/", timeout=10)


def test_a_time_out_leaves_no_exception_behind(usage):
    usage.faults.add("list_llm", latency=20)
    with pytest.raises(requests.ReadTimeout):
        get(timeout=(5, 0.1))
    gc.collect()  # pytest reports an exception in a destructor as a warning, which is an error here


def test_head_has_the_headers_and_no_body(usage):
    answer = requests.head(f"{LIVE}/usage/llm", auth=AUTH, timeout=10)
    assert (answer.status_code, answer.content) == (200, b"")
    assert int(answer.headers["Content-Length"]) > 2


# The real client


@pytest.fixture
def real(usage, monkeypatch, tmp_path):
    """Return the package ``civis`` as its users have it, but for the patience of its retries."""
    monkeypatch.setenv("HOME", str(tmp_path))
    hasty = tenacity.Retrying(wait=tenacity.wait_none(), stop=tenacity.stop_after_attempt(5))
    return civis.APIClient(api_key="a-key", retries=hasty, force_refresh_api_spec=True)


def test_the_real_client_is_answered(real, usage):
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
