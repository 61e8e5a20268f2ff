"""The server: whose requests wait for whom, what becomes of a connection, how it starts, and how it ends."""

from __future__ import annotations

import http.client
import io
import itertools
import json
import logging
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest
import requests
from freezegun import freeze_time
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from civis_usage.mock_server import Settings, create_app, server

from .serve_process import serving

SUMMARY = ("GET", "/usage/llm/organization/1/summary", b"")
LIST = ("GET", "/usage/llm?org_id=1&start_date=2026-04-19", b"")
WITH_BODY = ("GET", "/usage/llm/organization/1/summary", b"{}")
HEAD = ("HEAD", "/usage/llm/organization/1/summary", b"")
MISSING = ("GET", "/usage/llm/0", b"")
WRONG_METHOD = ("POST", "/usage/llm", b'{"a": 1}')
CONTROL = ("GET", "/_fake/clock", b"")
KINDS = (SUMMARY, LIST, WITH_BODY, HEAD, MISSING, WRONG_METHOD, CONTROL)
KEY = {"Authorization": "Bearer any-key"}


@pytest.fixture(scope="module")
def app():
    return create_app(Settings(now="2026-04-20T12:00:00Z", organizations={1: 10}))


@pytest.fixture
def fake(app):
    yield app.extensions["civis_usage"]
    app.extensions["civis_usage"].reset()


@pytest.fixture(scope="module")
def running(app):
    with server.start(app) as running:
        yield running


@pytest.fixture(scope="module")
def address(running):
    return "127.0.0.1", running.port


def written(method, target, body=b"", version="1.1", **headers):
    length = {"Content-Length": str(len(body))} if body else {}
    lines = {"Host": "localhost", **KEY, **length, **headers}
    head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    return f"{method} {target} HTTP/{version}\r\n{head}\r\n".encode() + body


class Responses:
    """The responses on a connection, read one after the other by the standard library."""

    def __init__(self, connection):
        self._file = connection.makefile("rb")

    def next(self, method="GET"):
        response = http.client.HTTPResponse(self, method=method)  # it uses makefile alone
        response.begin()
        return response, response.read()

    def makefile(self, _):
        return Unclosed(self._file)

    def rest(self):
        return self._file.read()


class Unclosed(io.RawIOBase):
    """A file that a response may close without closing the connection's."""

    def __init__(self, file):
        self._file = file

    def readable(self):
        return True

    def readline(self, limit=-1):
        return self._file.readline(limit)

    def read(self, size=-1):
        return self._file.read(size)

    def readinto(self, buffer):
        data = self._file.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)


def alone(address, kind):
    """Return status and body of the response to a request on a connection of its own."""
    with socket.create_connection(address, timeout=20) as connection:
        connection.sendall(written(*kind))
        response, body = Responses(connection).next(kind[0])
        return response.status, body


def until(reached):
    end = time.monotonic() + 30
    while not reached():
        assert time.monotonic() < end, "it was never reached"
        time.sleep(0.005)


class TestConnections:
    @settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(
        kinds=st.lists(st.sampled_from(KINDS), min_size=1, max_size=12), cuts=st.lists(st.integers(1, 3000), max_size=4)
    )
    def test_requests_in_a_pipeline_are_answered_in_order(self, address, kinds, cuts):
        stream = b"".join(written(*kind) for kind in kinds)
        with socket.create_connection(address, timeout=20) as connection:
            for start, end in itertools.pairwise([0, *sorted(cuts), len(stream)]):
                connection.sendall(stream[start:end])
            responses = Responses(connection)
            for kind in kinds:
                response, body = responses.next(kind[0])
                assert (response.status, body) == alone(address, kind), kind

    @pytest.mark.parametrize("kind", [SUMMARY, LIST, WITH_BODY, MISSING, CONTROL])
    @pytest.mark.parametrize(
        ("version", "headers", "stays"),
        [("1.1", {}, True), ("1.1", {"Connection": "close"}, False), ("1.0", {}, False)],
    )
    def test_a_connection_stays_as_its_client_wants(self, address, kind, version, headers, stays):
        with socket.create_connection(address, timeout=20) as connection:
            connection.sendall(written(*kind, version=version, **headers))
            responses = Responses(connection)
            response, body = responses.next()
            assert (response.status, body) == alone(address, kind)
            if stays:
                connection.sendall(written(*SUMMARY))
                assert responses.next()[0].status == 200
            else:
                assert responses.rest() == b""

    @pytest.mark.parametrize("kind", [SUMMARY, WITH_BODY, HEAD])
    def test_a_request_that_is_hung_up_on_gets_no_byte(self, address, fake, kind):
        fake.faults.add("get_llm_organization_summary first=1 disconnect")
        with socket.create_connection(address, timeout=20) as connection:
            connection.sendall(written(*kind))
            assert connection.recv(1 << 16) == b""
        assert alone(address, kind)[0] == 200

    @pytest.mark.parametrize("headers", [{}, {"If-None-Match": "*"}], ids=["200", "304"])
    def test_hanging_up_needs_no_body(self, address, fake, headers):
        fake.faults.add("disconnect first=1")
        with socket.create_connection(address, timeout=20) as connection:
            connection.sendall(written(*SUMMARY, **headers))
            assert connection.recv(1 << 16) == b""

    def test_what_is_no_http_is_refused_after_the_responses_before_it(self, address):
        with socket.create_connection(address, timeout=20) as connection:
            connection.sendall(written(*SUMMARY) + b"no HTTP\r\n\r\n")
            responses = Responses(connection)
            assert [responses.next()[0].status for _ in range(2)] == [200, 400]
            assert responses.rest() == b""

    @pytest.mark.parametrize("size", [1, 1000, 70_000, 3_000_000])
    def test_a_body_in_chunks_reaches_the_controls_whole(self, running, fake, size):
        record = json.dumps([{"kind": "llm", "credits": 7.5, "modelId": "x" * size}]).encode()
        pieces = (record[at : at + 60_000] for at in range(0, len(record), 60_000))
        loaded = requests.post(f"{running.url}/_fake/data?replace=true", data=pieces, timeout=10)
        assert (loaded.status_code, loaded.json()) == (201, {"loaded": 1})
        [kept] = fake.loaded()
        assert (kept["credits"], len(kept["modelId"])) == (7.5, size)

    def test_an_upgrade_to_http_2_is_passed_over_and_the_body_kept(self, running, fake):
        upgrade = {"Connection": "Upgrade, HTTP2-Settings", "Upgrade": "h2c", "HTTP2-Settings": "AAMAAABkAAQAAP__"}
        loaded = requests.post(f"{running.url}/_fake/data", json=[{"credits": 1}], headers=upgrade, timeout=10)
        assert (loaded.status_code, loaded.json()) == (201, {"loaded": 1})

    def test_every_response_has_the_date_of_the_fakes_clock(self, running, fake):
        fake.clock.pin("2026-04-30T23:59:59Z")
        for path in ("/usage/llm", "/usage/llm/0", "/nothing", "/endpoints"):
            response = requests.get(f"{running.url}{path}", headers=KEY, timeout=10)
            assert response.headers["Date"] == "Thu, 30 Apr 2026 23:59:59 GMT", path


OWN = {"x-request-id", "x-runtime", "x-ratelimit-remaining", "date"}
"""Headers that differ from request to request."""


class TestHeaders:
    @pytest.mark.parametrize("path", ["/usage/llm", "/usage/llm/0", "/usage/llm/organization/1/summary", "/nothing"])
    @pytest.mark.parametrize(
        "fault", ["latency=0.001", "endpoints status=500", "status=503 every=1000", "get_llm first=1 null=credits"]
    )
    def test_are_byte_for_byte_the_same_with_and_without_faults(self, address, fake, path, fault):
        def head():
            with socket.create_connection(address, timeout=20) as connection:
                connection.sendall(written("GET", path, Connection="close"))
                lines = Responses(connection).rest().partition(b"\r\n\r\n")[0].decode("latin-1").split("\r\n")
            return [line for line in lines if line.partition(":")[0].lower() not in OWN]

        before = head()
        fake.faults.add(fault)
        assert head() == before

    @pytest.mark.parametrize("path", ["/usage/llm", "/usage/llm/0", "/nothing", "/endpoints"])
    def test_are_the_same_through_the_test_client_but_for_order_and_case(self, running, app, path):
        served = requests.get(f"{running.url}{path}", headers=KEY, timeout=10)
        inside = app.test_client().get(path, headers=KEY)
        one, other = (
            {name.lower(): value for name, value in each.headers.items() if name.lower() not in OWN}
            for each in (served, inside)
        )
        assert one == other and served.content == inside.data


class TestWhoWaitsForWhom:
    def test_a_hundred_slow_requests_hold_up_nobody(self, running, fake):
        fake.faults.add("list_llm latency=3000")
        with ThreadPoolExecutor(100) as clients:
            slow = [
                clients.submit(requests.get, f"{running.url}/usage/llm", headers=KEY, timeout=60) for _ in range(100)
            ]
            until(lambda: _fired(fake) == 100)
            assert requests.get(f"{running.url}/usage/llm/0", headers=KEY, timeout=5).status_code == 404
            assert requests.post(f"{running.url}/_fake/reset", timeout=5).status_code == 200
            assert {each.result().status_code for each in slow} == {200}
        fake.journal.assert_not_called("list_llm")

    def test_half_sent_heads_hold_up_nobody(self, address):
        idle = [socket.create_connection(address, timeout=20) for _ in range(500)]
        try:
            for each in idle:
                each.sendall(b"GET /usage/llm HTTP/1.1\r\nHost: loc")
            assert alone(address, SUMMARY)[0] == 200
        finally:
            for each in idle:
                each.close()

    def test_kept_connections_hold_up_nobody(self, address):
        where = f"{address[0]}:{address[1]}"
        kept = [http.client.HTTPConnection(where, timeout=10) for _ in range(2 * server.THREADS)]
        for _ in range(2):
            for each in kept:
                each.request("GET", "/usage/llm/0", headers=KEY)
                response = each.getresponse()
                response.read()
                assert response.status == 404
        for each in kept:
            each.close()

    def test_what_stands_behind_a_slow_request_on_its_connection_waits_for_it(self, address, fake):
        fake.faults.add("get_llm_organization_summary first=1 latency=0.2")
        with socket.create_connection(address, timeout=20) as connection:
            connection.sendall(written(*SUMMARY) + written(*MISSING))
            responses = Responses(connection)
            assert [responses.next()[0].status for _ in range(2)] == [200, 404]

    def test_a_client_that_never_reads_holds_up_nobody(self, running):
        big = create_app(Settings(now="2026-04-20T12:00:00Z", organizations={1: 500}))
        with server.start(big) as running, socket.create_connection(("127.0.0.1", running.port), timeout=20) as idle:
            idle.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            idle.sendall(written("GET", "/usage/llm?start_date=2024-01-01"))
            assert idle.recv(10)
            assert alone(("127.0.0.1", running.port), MISSING)[0] == 404


def _fired(fake):
    return next(iter(fake.faults)).fired


class TestStart:
    def test_a_port_that_is_taken_is_named(self, running, app):
        with pytest.raises(server.StartError, match=f"port {running.port} on 127.0.0.1 is taken"):
            server.start(app, port=running.port)

    def test_a_port_that_is_given_back_can_be_used_at_once(self, app):
        with server.start(app) as one:
            assert requests.get(f"{one.url}/usage/llm/0", headers=KEY, timeout=10).status_code == 404
        with server.start(app, port=one.port) as again:
            assert requests.get(f"{again.url}/usage/llm/0", headers=KEY, timeout=10).status_code == 404

    @pytest.mark.parametrize(
        ("host", "words"), [("no.such.host.invalid", "cannot be found"), ("192.0.2.1", "not this")]
    )
    def test_a_host_that_cannot_be_is_named(self, app, host, words):
        with pytest.raises(server.StartError, match=words):
            server.start(app, host)

    def test_without_threads_it_raises_and_gives_the_port_back(self, app, monkeypatch):
        begun, started = threading.Thread.start, itertools.count()

        def start(thread):
            if next(started) > 20:
                raise RuntimeError("can't start new thread")
            begun(thread)

        with closing(socket.socket()) as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        before = threading.active_count()
        monkeypatch.setattr(threading.Thread, "start", start)
        with pytest.raises(server.StartError, match="256 threads"):
            server.start(app, port=port)
        monkeypatch.undo()
        until(lambda: threading.active_count() <= before)
        with server.start(app, port=port):
            pass

    @pytest.mark.skipif(os.name != "posix", reason="limits of descriptors are set by resource, which is posix alone")
    def test_without_descriptors_serve_exits_with_a_sentence_before_it_announces_an_address(self):
        code = (
            "import resource, sys\n"
            "from civis_usage.__main__ import run\n"
            "import civis_usage.mock_server.server, civis_usage.mock_server.app, os\n"
            "used = max(int(fd) for fd in os.listdir('/dev/fd'))\n"
            "resource.setrlimit(resource.RLIMIT_NOFILE, (used + int(sys.argv.pop()),) * 2)\n"
            "sys.exit(run())\n"
        )
        refused, announced = set(), 0
        for spare in (1, 4, 9, 60):
            command = [sys.executable, "-c", code, "serve", "--port", "0", str(spare)]
            process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
            first = process.stdout.readline()
            if first:
                announced += 1
                process.send_signal(signal.SIGTERM)
            _, said = process.communicate(timeout=30)
            if not first:
                refused.add(said.strip().splitlines()[-1])
                assert process.returncode == 2 and "Traceback" not in said, said
        assert refused and all("file descriptor" in each for each in refused), refused
        assert announced, "with 60 it starts"


class TestStop:
    def test_ends_while_a_request_waits_in_a_frozen_clock(self):
        app = create_app(Settings())
        fake = app.extensions["civis_usage"]
        fake.faults.add("latency=3000")
        with freeze_time("2026-04-20T12:00:00Z"), ThreadPoolExecutor(1) as clients:
            running = server.start(app, on_stop=fake.wake)
            slow = clients.submit(requests.get, f"{running.url}/usage/llm", headers=KEY, timeout=60)
            until(lambda: _fired(fake) == 1)
            running.stop()
            ended = slow.exception(timeout=30)  # its answer may be quicker than the end of its connection
        assert ended is None or isinstance(ended, requests.RequestException)
        assert not running.running

    def test_a_pytest_session_with_a_frozen_clock_follows_it_and_ends(self, pytester):
        pytester.makepyfile(
            """
            import threading

            import pytest
            import requests
            from freezegun import freeze_time

            @pytest.fixture(scope="session", autouse=True)
            def frozen():
                with freeze_time("2026-04-20T12:00:00Z"):
                    yield

            def test_it(usage_server):
                url, auth = f"{usage_server.url}/usage/matching", ("key", "")
                answer = requests.get(url, auth=auth, timeout=10)
                assert answer.headers["Date"] == "Mon, 20 Apr 2026 12:00:00 GMT"
                usage_server.faults.add("latency=3000")
                waiting = threading.Thread(target=requests.get, args=(url,), kwargs={"auth": auth}, daemon=True)
                waiting.start()
                while not next(iter(usage_server.faults)).fired:
                    threading.Event().wait(0.01)
            """
        )
        options = ("-p", "no:cacheprovider", "-W", "ignore::pytest.PytestUnhandledThreadExceptionWarning")
        pytester.runpytest_subprocess(*options, timeout=300).assert_outcomes(passed=1)

    def test_ends_while_a_client_does_not_read_and_leaves_no_thread_behind(self):
        before = threading.active_count()
        big = create_app(Settings(now="2026-04-20T12:00:00Z", organizations={1: 500}))
        running = server.start(big)
        with socket.create_connection(("127.0.0.1", running.port), timeout=20) as idle:
            idle.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            idle.sendall(written("GET", "/usage/llm?start_date=2024-01-01"))
            assert idle.recv(10)
            running.stop()
        running.stop()
        until(lambda: threading.active_count() <= before)

    def test_leaves_a_request_behind_that_does_not_end(self):
        released = threading.Event()

        def stuck(environ, start_response):
            begun.set()
            released.wait(60)
            start_response("204 No Content", [])
            return []

        begun = threading.Event()
        running = server.start(stuck)
        with socket.create_connection(("127.0.0.1", running.port), timeout=20) as connection:
            connection.sendall(written("GET", "/"))
            assert begun.wait(10)
            began = time.monotonic()
            running.stop()
            assert time.monotonic() - began < 5
            assert connection.recv(10) == b""
        released.set()

    @pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
    def test_a_signal_under_load_ends_it_without_a_traceback(self, number):
        with serving("--orgs", "1:50") as served:
            stopped = threading.Event()

            def read():
                while not stopped.is_set():
                    try:
                        with requests.Session() as session:
                            while True:
                                session.get(f"{served.url}/usage/llm?start_date=2024-01-01", headers=KEY, timeout=20)
                    except requests.RequestException:
                        continue

            readers = [threading.Thread(target=read, daemon=True) for _ in range(8)]
            for each in readers:
                each.start()
            until(lambda: requests.get(f"{served.url}/_fake/journal?limit=1", timeout=10).json()["remembered"] > 8)
            served.process.send_signal(number)
            code = served.process.wait(timeout=60)
            stopped.set()
            for each in readers:
                each.join(20)
        assert code == 0
        assert "Traceback" not in "".join(served.said), "".join(served.said)


class Body:
    """A WSGI application's body, which notes whether it was closed."""

    closed = False

    def __init__(self, pieces):
        self._pieces = pieces

    def __iter__(self):
        return iter(self._pieces)

    def close(self):
        self.closed = True


@pytest.mark.parametrize("kind", [SUMMARY, WITH_BODY], ids=["get", "with a body"])
@pytest.mark.parametrize("pieces", [[b"one two"], [b"one", b" ", b"two"]], ids=["in one piece", "in three"])
def test_any_wsgi_application_is_served_and_its_body_closed(pieces, kind):
    bodies = [Body(pieces), Body(pieces)]

    def application(environ, start_response):
        start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", "7")])
        return next(asked)

    asked = iter(bodies)
    with server.start(application) as running, socket.create_connection(("127.0.0.1", running.port)) as connection:
        responses = Responses(connection)
        for _ in bodies:
            connection.sendall(written(*kind))
            response, body = responses.next(kind[0])
            assert (response.status, body) == (200, b"one two")
    until(lambda: all(each.closed for each in bodies))


def test_nothing_is_logged_of_clients_that_leave(address, fake, caplog):
    with caplog.at_level(logging.WARNING):
        for fault in ("truncate", "disconnect") if hasattr(fake.faults, "unfired") else ("cut", "disconnect"):
            fake.faults.add(f"{fault} first=1")
            with socket.create_connection(address, timeout=20) as connection:
                connection.sendall(written(*SUMMARY))
                connection.recv(10)
        alone(address, SUMMARY)
    assert caplog.records == []
