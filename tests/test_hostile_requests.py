"""The fake and what other machines, and raw sockets, send: it answers, shows nothing, and its memory stays flat."""

from __future__ import annotations

import logging
import resource
import socket
import tempfile
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests

from civis_usage.commands.serve_texts import welcome
from civis_usage.mock_server import Settings, create_app, server
from civis_usage.mock_server.controls import access
from civis_usage.mock_server.fake import Fake

from .raw_requests import STATUS, get, inputs, run
from .serve_process import serving

KEY = {"Authorization": "Bearer any-key"}
MEGABYTE = 1 << 20
H2C = b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__"


@pytest.fixture(scope="module")
def fake() -> Fake:
    return Fake(Settings(now="2026-04-20T12:00:00Z", organizations={1: 3}))


@pytest.fixture(scope="module")
def url(fake: Fake) -> Iterator[str]:
    with server.start(create_app(fake=fake)) as running:
        yield running.url


def exchange(url: str, *pieces: bytes) -> bytes:
    """Return what comes until the connection is closed, or is quiet."""
    parts = urlsplit(url)
    answer = b""
    with socket.create_connection((parts.hostname, parts.port), timeout=10) as connection:
        try:
            for piece in pieces:
                connection.sendall(piece)
        except OSError:
            pass  # refused before it was sent to its end
        try:
            connection.settimeout(0.5)
            while piece := connection.recv(1 << 16):
                answer += piece
        except OSError:
            pass
    return answer


def test_raw_inputs_get_no_5xx_no_hang_no_trace_and_leave_the_fake_answering(
    url: str, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.INFO)
    chosen = list(inputs())
    assert len(chosen) > 600
    problems = [(outcome.name, outcome.problem) for outcome in run(url, chosen[::4]) if outcome.problem]
    assert not problems
    assert "uncaptured" not in caplog.text and "Traceback" not in caplog.text, caplog.text[:2000]
    assert capfd.readouterr().err == ""


# Bodies from other machines


@pytest.mark.parametrize(
    ("host", "remote", "largest"),
    [
        *((host, False, 256) for host in ("127.0.0.1", "localhost", "LocalHost", "::1", "127.3.2.1")),
        *((host, False, 1) for host in ("0.0.0.0", "::", "192.0.2.1", "2001:db8::1", "usage-fake", "example.org")),
        *((host, True, 256) for host in ("0.0.0.0", "::", "usage-fake", "127.0.0.1")),
    ],
)
def test_who_may_not_control_the_fake_sends_a_megabyte_at_most(host: str, remote: bool, largest: int) -> None:
    settings = Settings(host=host, allow_remote_control=remote)
    assert access.largest_body(settings) == largest * MEGABYTE
    said = welcome(Fake(settings), settings, "http://127.0.0.1:1", ())
    assert ("at most 1 MB" in said) is (largest == 1)


@pytest.fixture(scope="module")
def bounded(fake: Fake) -> Iterator[str]:
    with server.start(create_app(fake=fake), largest_body=MEGABYTE) as running:
        yield running.url


@pytest.mark.parametrize("path", [b"/_fake/data", b"/_fake/faults", b"/usage/llm", b"/nothing", b"/"])
@pytest.mark.parametrize("method", [b"POST", b"GET", b"PUT"])
@pytest.mark.parametrize("size", [MEGABYTE + 1, 2 * MEGABYTE, 1 << 40])
def test_a_body_that_is_too_large_gets_413_before_it_is_sent(
    bounded: str, path: bytes, method: bytes, size: int
) -> None:
    answer = exchange(bounded, get(path, b"Content-Length: %d" % size, method=method))
    assert STATUS.findall(answer) == [b"413"], answer[:200]


def test_a_body_in_chunks_that_is_too_large_gets_413(bounded: str) -> None:
    head = get(b"/_fake/data", b"Transfer-Encoding: chunked", method=b"POST")
    answer = exchange(bounded, head, *[b"10000\r\n" + b" " * 65536 + b"\r\n"] * 40)
    assert STATUS.findall(answer)[:1] in ([b"413"], []), answer[:200]  # it may be lost with the reset of the rest
    assert requests.get(f"{bounded}/_fake/health", timeout=10).status_code == 200


def test_a_body_of_a_megabyte_is_taken(bounded: str) -> None:
    body = b'[{"kind": "llm", "modelId": "m"}' + b" " * (MEGABYTE - 40) + b"]"
    loaded = requests.post(f"{bounded}/_fake/data?replace=true", data=body, timeout=10)
    assert loaded.json() == {"loaded": 1}


def test_fifty_senders_leave_memory_and_disk_flat(
    bounded: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    parts = urlsplit(bounded)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    sent = threading.Barrier(50)

    def send(number: int) -> int:
        with socket.create_connection((parts.hostname, parts.port), timeout=30) as connection:
            connection.sendall(get(b"/_fake/data", b"Content-Length: %d" % (MEGABYTE - 1), method=b"POST"))
            connection.sendall(b" " * (MEGABYTE - 70_000))
            sent.wait(60)  # all hold what they sent
            with socket.create_connection((parts.hostname, parts.port), timeout=30) as greedy:
                try:
                    greedy.sendall(get(b"/_fake/data", b"Transfer-Encoding: chunked", method=b"POST"))
                    for _ in range(80):
                        greedy.sendall(b"10000\r\n" + b" " * 65536 + b"\r\n")
                except OSError:
                    return 1
        return 0

    with ThreadPoolExecutor(50) as senders:
        refused = sum(senders.map(send, range(50)))
    assert refused == 50, "each that sends 5 MB is cut off"
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    assert grown < 150, f"{grown:.0f} MB for 50 MB that are held, and 250 MB that are refused"
    assert not list(tmp_path.iterdir()), "temporary files have no name, and end with their connection"
    assert requests.get(f"{bounded}/_fake/health", timeout=10).status_code == 200


def test_serve_says_at_its_start_what_it_takes_from_other_machines() -> None:
    with serving("--host", "0.0.0.0") as served:
        assert requests.get(f"{served.url}/_fake/health", timeout=10).status_code == 200
        assert STATUS.findall(
            exchange(served.url, get(b"/_fake/data", b"Content-Length: 2000000", method=b"POST"))
        ) == [b"413"]


# Memory that clients could fill otherwise


def test_keys_paths_and_methods_of_every_length_are_forgotten(url: str, fake: Fake) -> None:
    for number in range(30):
        key = f"Bearer {number:05}{'k' * 100_000}"
        requests.request(
            "X" * 50_000, f"{url}/{'p' * 50_000}?{'q' * 9000}={number}", headers={"Authorization": key}, timeout=10
        )
    kept = [call.as_dict() for call in fake.journal]
    assert max(len(str(call)) for call in kept) < 2000


# Offers of HTTP/2


@pytest.mark.parametrize("chunked", [False, True])
@pytest.mark.parametrize(
    "offer", [H2C, H2C.replace(b"h2c", b"H2C"), b"Upgrade: h2c", b"Connection: upgrade\r\nUpgrade: h2c, foo"]
)
def test_an_offer_of_http_2_is_passed_over_and_the_body_kept(url: str, offer: bytes, chunked: bool) -> None:
    body = b'[{"kind": "llm", "credits": 3}]'
    framed = b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body) if chunked else body
    length = b"Transfer-Encoding: chunked" if chunked else b"Content-Length: %d" % len(body)
    first = get(b"/_fake/data?replace=true", offer, length, method=b"POST")
    second = get(b"/_fake/data", b"Connection: close")
    answer = exchange(url, first + framed + second)
    assert STATUS.findall(answer) == [b"201", b"200"], answer
    assert b'"credits":3' in answer
