"""Long lists are made while they are sent: the same bytes, in bounded memory, and others get their turn."""

from __future__ import annotations

import http.client
import itertools
import json
import socket
import tracemalloc
from contextlib import closing
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from civis_usage.mock_server import server
from civis_usage.mock_server.app import create_app
from civis_usage.mock_server.fake import Fake
from civis_usage.mock_server.settings import Settings
from civis_usage.mock_server.usage import ONE_PIECE
from civis_usage.mock_server.world import World
from civis_usage.mock_server.world.world import PIECE
from civis_usage.schemas.times import render

from .worlds import listed as listed_whole

NOW = "2026-04-20T12:00:00Z"
MOMENT = int(datetime(2026, 4, 20, 12, tzinfo=UTC).timestamp() * 1000)
DAY = 86_400_000
KEY = {"Authorization": "Bearer any"}
ALL = "/usage/llm?org_id=7&start_date=2024-01-01"
WORLD = World(organizations={7: 100, 8: 3})
SMALL = World(organizations={7: 8})


@pytest.fixture(scope="module")
def fake():
    return Fake(Settings(now=NOW, organizations={7: 100, 8: 3}))


@pytest.fixture(scope="module")
def running(fake):
    with server.start(create_app(fake=fake)) as started:
        yield started


@pytest.fixture
def connection(running):
    with closing(http.client.HTTPConnection(running.url.removeprefix("http://"), timeout=20)) as made:
        yield made


def ask(connection, path, method="GET", **headers):
    connection.request(method, path, headers={**KEY, **headers})
    answer = connection.getresponse()
    return answer, answer.read()


def whole(world):
    return listed_whole(world, "llm", 7, MOMENT - 3000 * DAY, now=MOMENT)


ALL_TIMES = {
    kind: [each["runCreatedAt"] for each in json.loads(listed_whole(SMALL, kind, 7, now=MOMENT))]
    for kind in ("llm", "matching")
}
"""Since 2024-01-01, which is less than 900 days ago."""


class TestTheWorld:
    @settings(deadline=None, max_examples=50)
    @given(
        start=st.none() | st.integers(MOMENT - 900 * DAY, MOMENT),
        length=st.none() | st.integers(0, 900 * DAY),
        kind=st.sampled_from(["llm", "matching"]),
    )
    def test_pieces_add_up_to_the_records_of_the_window(self, start, length, kind):
        end = None if length is None else (start or MOMENT - 900 * DAY) + length
        body = b"".join(SMALL.pieces(kind, 7, start, end, now=MOMENT))
        found = [each["runCreatedAt"] for each in json.loads(body)]
        ends = (
            render(MOMENT - 3000 * DAY if start is None else start),
            render(MOMENT if end is None else min(end, MOMENT)),
        )
        assert found == [each for each in ALL_TIMES[kind] if ends[0] <= each <= ends[1]]

    def test_pieces_are_of_a_bounded_size(self):
        busy = World(organizations={7: 50_000})
        sizes = [len(piece) for piece in busy.pieces("llm", 7, MOMENT - DAY, now=MOMENT)]
        assert len(sizes) > 5 and max(sizes) <= 2 * PIECE

    def test_a_list_in_pieces_takes_little_memory(self):
        world = World(organizations={7: 40})
        b"".join(world.pieces("llm", 7, MOMENT - DAY, now=MOMENT))
        tracemalloc.start()
        try:
            total = sum(len(piece) for piece in world.pieces("llm", 7, now=MOMENT))
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        assert total > 6 << 20
        assert peak < 3 << 20, "the list should take no more than a piece"


class TestOverHttp:
    def test_is_sent_in_chunks_and_is_whole(self, connection, fake):
        answer, body = ask(connection, ALL)
        assert answer.headers["Transfer-Encoding"] == "chunked"
        assert "Content-Length" not in answer.headers and "ETag" not in answer.headers
        assert body == whole(fake.world)
        assert ask(connection, "/usage/llm/0")[0].status == 404, "the next request is answered"

    def test_a_short_one_has_a_length_and_an_etag(self, connection):
        answer, body = ask(connection, "/usage/llm?org_id=8")
        assert len(body) < ONE_PIECE and answer.headers["Content-Length"] == str(len(body))
        assert answer.headers["ETag"]

    def test_shows_the_world_as_it_was_when_it_was_requested(self, fake, running):
        before = whole(fake.world)
        host, _, port = running.url.removeprefix("http://").partition(":")
        with socket.create_connection((host, int(port)), timeout=20) as slow:
            slow.sendall(f"GET {ALL} HTTP/1.0\r\nHost: x\r\nAuthorization: Bearer k\r\n\r\n".encode())
            first = slow.recv(10)
            fake.load([{"kind": "llm", "credits": 1, "organizationId": 7}])
            rest = b"".join(iter(lambda: slow.recv(1 << 20), b""))
        fake.reset()
        assert (first + rest).partition(b"\r\n\r\n")[2] == before

    def test_a_client_of_http_1_0_gets_it_without_chunks(self, running, fake):
        host, _, port = running.url.removeprefix("http://").partition(":")
        with socket.create_connection((host, int(port)), timeout=20) as raw:
            raw.sendall(f"GET {ALL} HTTP/1.0\r\nAuthorization: Bearer k\r\n\r\n".encode())
            head, _, body = b"".join(iter(lambda: raw.recv(1 << 20), b"")).partition(b"\r\n\r\n")
        assert b"transfer-encoding" not in head.lower()
        assert body == whole(fake.world)

    def test_head_has_no_body(self, connection):
        answer, body = ask(connection, ALL, "HEAD")
        assert (answer.status, body) == (200, b"")

    @pytest.mark.parametrize("fault", ["null=credits", "malformed", "truncate", "content-type=text/html"])
    def test_faults_spoil_it_as_they_do_short_ones(self, connection, fake, fault):
        fake.faults.add(f"list_llm first=1 {fault}")
        try:
            connection.request("GET", ALL, headers=KEY)
            answer = connection.getresponse()
            if fault == "truncate":
                with pytest.raises(http.client.IncompleteRead) as cut:
                    answer.read()
                assert cut.value.partial == whole(fake.world)[: len(whole(fake.world)) // 2]
            else:
                assert self.spoilt(fault, answer, answer.read())
        finally:
            fake.reset()

    def spoilt(self, fault, answer, body):
        if fault == "null=credits":
            return all(record["credits"] is None for record in json.loads(body))
        if fault == "malformed":
            return body.endswith(b",")
        return answer.headers["Content-Type"] == "text/html"

    def test_others_are_answered_in_between(self, running, connection):
        host, _, port = running.url.removeprefix("http://").partition(":")
        with socket.create_connection((host, int(port)), timeout=20) as slow:
            slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            slow.sendall(f"GET {ALL} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer k\r\n\r\n".encode())
            assert slow.recv(10)
            for _ in range(3):
                assert ask(connection, "/usage/llm/0")[0].status == 404

    def test_clients_that_go_away_harm_nobody(self, running, connection):
        host, _, port = running.url.removeprefix("http://").partition(":")
        for _ in range(5):
            with socket.create_connection((host, int(port)), timeout=20) as leaving:
                leaving.sendall(f"GET {ALL} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer k\r\n\r\n".encode())
                leaving.recv(10)
        assert ask(connection, "/usage/llm?org_id=8")[0].status == 200

    def test_is_not_made_for_a_client_that_has_gone(self, monkeypatch):
        fake = Fake(Settings(now=NOW, organizations={7: 400}))
        made, pieces = [], World.pieces

        def counted(*args, **options):
            for piece in pieces(*args, **options):
                made.append(len(piece))
                yield piece

        monkeypatch.setattr(World, "pieces", counted)
        whole = sum(len(piece) for piece in pieces(fake.world, "llm", 7, MOMENT - 800 * DAY, now=MOMENT))
        with server.start(create_app(fake=fake)) as started:
            host, _, port = started.url.removeprefix("http://").partition(":")
            with socket.create_connection((host, int(port)), timeout=20) as leaving:
                leaving.sendall(f"GET {ALL} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer k\r\n\r\n".encode())
                leaving.recv(10)
            requests_behind = http.client.HTTPConnection(host, int(port), timeout=20)
            for _ in range(20):
                assert ask(requests_behind, "/usage/llm/0")[0].status == 404
            requests_behind.close()
        assert sum(made) < whole / 2


def test_an_operation_that_breaks_gets_500_in_the_apis_form(monkeypatch):
    fake = Fake(Settings(now=NOW))
    monkeypatch.setattr(World, "llm_by_id", lambda *_, **__: next(itertools.repeat(None)) + 1)
    answer = create_app(fake=fake).test_client().get("/usage/llm/1", headers=KEY)
    assert (answer.status_code, answer.json["code"]) == (500, 500)
    assert [call.status for call in fake.journal] == [500]
