"""Many requests over one connection: each gets its answer, in order, however they are mixed and whoever reads them."""

from __future__ import annotations

import asyncio
import http.client
import io
import json
import re
import socket
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from civis_usage.mock_server import server
from civis_usage.mock_server.app import create_app
from civis_usage.mock_server.bridge import Bridge
from civis_usage.mock_server.http_server import HttpServer
from civis_usage.mock_server.settings import Settings

QUICK = ("GET", "/usage/llm/organization/1/summary", b"")
LIST = ("GET", "/usage/llm?org_id=1&start_date=2026-04-19", b"")
LONG = ("GET", "/usage/llm?org_id=1&start_date=2024-01-01", b"")
BODY = ("GET", "/usage/llm/organization/1/summary", b"{}")
HEAD = ("HEAD", "/usage/llm/organization/1/summary", b"")
LOST = ("GET", "/usage/llm/0", b"")
WRONG = ("POST", "/usage/llm", b'{"a": 1}')
OWN = ("GET", "/_fake/health", b"")
FAR_MORE = 60_000_000
"""Bytes that no pair of sockets holds."""

KINDS = (QUICK, LIST, LONG, BODY, HEAD, LOST, WRONG, OWN)


@pytest.fixture(scope="module")
def app():
    return create_app(Settings(now="2026-04-20T12:00:00Z", organizations={1: 10}))


@pytest.fixture(scope="module")
def address(app):
    with server.start(app) as running:
        host, _, port = running.url.removeprefix("http://").partition(":")
        yield host, int(port)


@pytest.fixture(params=[0, 1], ids=["alone", "in company"], autouse=True)
def company(request, address):
    """Another client's open connection, or none: where several ask, their answers are written together."""
    others = [socket.create_connection(address, timeout=20) for _ in range(request.param)]
    yield
    for other in others:
        other.close()


@pytest.fixture
def fake(app):
    yield app.extensions["civis_usage"]
    app.extensions["civis_usage"].reset()


def written(method, target, body=b"", version="1.1", **headers):
    length = {"Content-Length": str(len(body))} if body else {}
    lines = {"Host": "fake", "Authorization": "Bearer any-key", **length, **headers}
    head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    return f"{method} {target} HTTP/{version}\r\n{head}\r\n".encode() + body


class Answers:
    """The answers on a connection, read one after the other by the standard library."""

    def __init__(self, connection):
        self._file = connection.makefile("rb")

    def next(self, method="GET"):
        answer = http.client.HTTPResponse(self, method=method)  # it asks for makefile alone
        answer.begin()
        return answer, answer.read()

    def makefile(self, _):
        return Unclosed(self._file)

    def rest(self):
        return self._file.read()


class Unclosed(io.RawIOBase):
    """A file that an answer may close without closing the connection's."""

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
    """Give status and body of the answer to a request on a connection of its own."""
    with socket.create_connection(address, timeout=20) as connection:
        connection.sendall(written(*kind))
        answer, body = Answers(connection).next(kind[0])
        return answer.status, body


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(kinds=st.lists(st.sampled_from(KINDS), min_size=1, max_size=12), cuts=st.lists(st.integers(1, 3000), max_size=4))
def test_requests_in_a_pipeline_are_answered_in_order(address, kinds, cuts):
    stream = b"".join(written(*kind) for kind in kinds)
    with socket.create_connection(address, timeout=20) as connection:
        for start, end in zip([0, *sorted(cuts)], [*sorted(cuts), len(stream)], strict=True):
            connection.sendall(stream[start:end])
        answers = Answers(connection)
        for kind in kinds:
            answer, body = answers.next(kind[0])
            assert (answer.status, body) == alone(address, kind), kind


def test_a_thousand_requests_at_once_are_answered(address):
    with socket.create_connection(address, timeout=20) as connection:
        connection.sendall(written(*LONG) + written(*QUICK) * 1000)
        answers = Answers(connection)
        assert answers.next()[0].status == 200
        assert {answers.next()[1] for _ in range(1000)} == {alone(address, QUICK)[1]}


def test_a_client_that_never_reads_is_not_answered_into_memory(address):
    before = _resident()
    with socket.create_connection(address, timeout=5) as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.settimeout(0.5)
        list_of_a_year = written("GET", "/usage/llm?org_id=1&start_date=2025-09-01", b"")
        sent = 0
        try:
            while sent < FAR_MORE:
                sent += connection.send(list_of_a_year * 100)
        except TimeoutError:
            pass
        assert sent < FAR_MORE, "the server stops reading"
        assert _resident() - before < 60, "MB"
        assert alone(address, QUICK)[0] == 200, "and goes on answering others"


@pytest.mark.parametrize("kind", [QUICK, LONG, BODY, LOST, OWN], ids=["quick", "long", "body", "lost", "own"])
@pytest.mark.parametrize(
    ("version", "headers", "stays"),
    [
        ("1.1", {}, True),
        ("1.1", {"Connection": "close"}, False),
        ("1.0", {}, False),
        ("1.1", {"Connection": "keep-alive"}, True),
    ],
)
def test_a_connection_stays_as_its_client_wants(address, kind, version, headers, stays):
    with socket.create_connection(address, timeout=20) as connection:
        connection.sendall(written(*kind, version=version, **headers))
        answers = Answers(connection)
        answer, body = answers.next()
        assert (answer.status, body) == alone(address, kind) or kind is OWN
        assert (answer.headers.get("Connection", "keep-alive").lower() != "close") is stays
        if stays:
            connection.sendall(written(*QUICK))
            assert answers.next()[0].status == 200
        else:
            assert answers.rest() == b""


@pytest.mark.parametrize("kind", [QUICK, BODY], ids=["quick", "body"])
def test_a_request_that_is_hung_up_on_has_no_answer(address, fake, kind):
    fake.faults.add("get_llm_organization_summary first=1 disconnect")
    with socket.create_connection(address, timeout=20) as connection:
        connection.sendall(written(*kind))
        assert connection.recv(1 << 16) == b""
    assert alone(address, kind)[0] == 200


def test_what_is_no_http_is_refused_after_the_answers_to_what_came_before_it(address):
    with socket.create_connection(address, timeout=20) as connection:
        connection.sendall(written(*QUICK) + b"no HTTP\r\n\r\n")
        answers = Answers(connection)
        assert [answers.next()[0].status for _ in range(2)] == [200, 400]
        assert answers.rest() == b""


def test_what_stands_behind_a_slow_request_waits_for_it(address, fake):
    fake.faults.add("get_llm_organization_summary first=1 latency=0.2")
    with socket.create_connection(address, timeout=20) as connection:
        connection.sendall(written(*QUICK) + written(*LOST))
        answers = Answers(connection)
        assert [answers.next()[0].status for _ in range(2)] == [200, 404]


def test_clients_that_ask_together_each_get_their_own_answers(address):
    questions = [written("GET", f"/usage/llm?org_id=1&start_date=2026-04-{day:02d}") for day in range(1, 17)]
    expected = [alone(address, ("GET", f"/usage/llm?org_id=1&start_date=2026-04-{day:02d}")) for day in range(1, 17)]
    clients = [socket.create_connection(address, timeout=20) for _ in questions]
    answers = [Answers(client) for client in clients]
    for turn in range(20):
        for at, client in enumerate(clients):
            client.sendall(questions[(at + turn) % len(questions)])
        for at, each in enumerate(answers):
            answer, body = each.next()
            assert (answer.status, body) == expected[(at + turn) % len(questions)]
    for client in clients:
        client.close()


def test_a_server_that_stops_leaves_no_answer_unwritten(app):
    """It stops in the very turn of the event loop in which two clients' requests were read."""

    async def stop_at_once():
        loop, http = asyncio.get_running_loop(), HttpServer(Bridge(app, lambda _: False))
        http.config.load()

        def protocol():
            return http.config.http_protocol_class(http.config, http.server_state, app_state={}, _loop=loop)

        pairs = [socket.socketpair() for _ in range(2)]
        connections = [(await loop.connect_accepted_socket(protocol, ours))[1] for ours, _ in pairs]
        for connection in connections:
            connection.data_received(written(*QUICK))
        for connection in connections:
            connection.shutdown()
        await asyncio.sleep(0.01)
        return [theirs for _, theirs in pairs]

    for client in asyncio.run(stop_at_once()):
        answers = Answers(client)
        assert answers.next()[0].status == 200
        assert answers.rest() == b""
        client.close()


def test_only_what_is_not_quick_takes_the_long_way_through_the_server(app, monkeypatch):
    taken = []

    class Noting(Bridge):
        async def __call__(self, scope, receive, send):
            taken.append((scope["method"], scope["path"]))
            await super().__call__(scope, receive, send)

    monkeypatch.setattr(server, "Bridge", Noting)
    with server.start(app) as running:
        host, _, port = running.url.removeprefix("http://").partition(":")
        for kind in (QUICK, LIST, HEAD, LOST, BODY, OWN):
            alone((host, int(port)), kind)
    assert taken == [BODY[:2], OWN[:2]]


class Body:
    """A WSGI application's body, which tells whether it was closed."""

    closed = False

    def __init__(self, pieces):
        self._pieces = pieces

    def __iter__(self):
        return iter(self._pieces)

    def close(self):
        self.closed = True


@pytest.mark.parametrize("kind", [QUICK, HEAD, BODY], ids=["get", "head", "with a body"])
@pytest.mark.parametrize("length", [(), (("Content-Length", "7"),)], ids=["of unknown length", "of known length"])
@pytest.mark.parametrize("pieces", [[b"one two"], [b"one", b" ", b"two"]], ids=["in one piece", "in three"])
def test_any_wsgi_application_is_served_and_its_body_closed(pieces, length, kind):
    bodies = [Body(pieces), pieces, Body(pieces)]

    def application(environ, start_response):
        start_response("200 OK", [("Content-Type", "text/plain"), *length])
        return next(asked)

    asked = iter(bodies)
    with server.start(application) as running:
        host, _, port = running.url.removeprefix("http://").partition(":")
        with socket.create_connection((host, int(port)), timeout=20) as connection:
            answers = Answers(connection)
            for _ in bodies:
                connection.sendall(written(*kind))
                answer, body = answers.next(kind[0])
                assert (answer.status, body) == (200, b"" if kind is HEAD else b"one two")
    assert bodies[0].closed and bodies[2].closed


def test_every_answer_has_a_date_and_its_length(address):
    for kind in (QUICK, LIST, BODY, LOST):
        with socket.create_connection(address, timeout=20) as connection:
            connection.sendall(written(*kind))
            answer, body = Answers(connection).next()
            assert re.fullmatch(r"\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT", answer.headers["Date"])
            assert answer.headers.get_all("Content-Length") == [str(len(body))]
            json.loads(body)


def _resident():
    """Give the resident memory of this process, in MB."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(re.search(r"VmRSS:\s+([0-9]+)", status)[1]) / 1000
