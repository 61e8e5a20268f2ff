"""Hundreds of raw inputs against a fake that runs: python -m tests.raw_requests http://127.0.0.1:8765 [--pid PID].

Each is sent over a connection of its own, HTTP or not, whole or in pieces. No answer may be 5xx (but 501 to an unknown
Transfer-Encoding, as RFC 9112 wants it), no connection may hang when its client sends no more, and the next request is
answered. With the process id of the fake its memory is watched too (on Linux). Exits with 1 where this is not so.
"""

from __future__ import annotations

import argparse
import gzip
import itertools
import re
import socket
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from errno import ENOTCONN
from pathlib import Path
from urllib.parse import urlsplit

__all__ = ["Outcome", "inputs", "main", "run"]

PATIENCE = 5.0
"""Seconds for the beginning of an answer."""
KEY = b"Authorization: Bearer any-key\r\n"
HOST = b"Host: 127.0.0.1\r\n"


@dataclass(frozen=True)
class Input:
    """Bytes to send, in pieces."""

    name: str
    pieces: Sequence[bytes]
    allowed: int | None = None
    """The status of 500 and more that is right."""


@dataclass(frozen=True)
class Outcome:
    """What came of an input."""

    name: str
    answer: bytes
    seconds: float
    problem: str | None


def get(target: bytes, *lines: bytes, method: bytes = b"GET", version: bytes = b"HTTP/1.1") -> bytes:
    """Return the head of a request."""
    return b" ".join([method, target, version]) + b"\r\n" + HOST + KEY + b"".join(f + b"\r\n" for f in lines) + b"\r\n"


def inputs() -> Iterator[Input]:
    """Yield every input; the same ones each time."""
    for name, text in itertools.chain(_request_lines(), _headers(), _bodies(), _targets(), _others()):
        allowed = 503 if b"code=503" in text else 501 if b"Transfer-Encoding" in text else None
        yield Input(name, [text], allowed)
    whole = get(b"/usage/llm?org_id=1")
    yield Input("a byte at a time", [whole[at : at + 1] for at in range(len(whole))])
    yield Input("half a head, then silence", [whole[:40]])
    yield Input(
        "half a body, then silence", [get(b"/_fake/data", b"Content-Length: 100", method=b"POST") + b"[{"], True
    )
    yield Input("two in one packet", [whole + whole])
    yield Input("a hundred in one packet", [whole * 100])
    for name, body in _controls():
        length = b"Content-Length: %d" % len(body)
        for path in (b"/_fake/data", b"/_fake/faults", b"/_fake/stubs", b"/_fake/clock"):
            yield Input(f"{name} to {path.decode()}", [get(path, length, method=b"POST") + body])


def _request_lines() -> Iterator[tuple[str, bytes]]:
    lines = [
        *(b"GET", b"GET /", b"GET / HTTP", b"GET / HTTP/", b"GET / HTTP/1", b"GET / HTTP/9.9", b"GET / HTTP/1.1.1"),
        *(b"GET  /usage/llm  HTTP/1.1", b"GET\t/usage/llm\tHTTP/1.1", b" GET /usage/llm HTTP/1.1", b"/usage/llm"),
        *(b"get /usage/llm HTTP/1.1", b"GET /usage/llm http/1.1", b"GET /usage/llm HTTP/1.1 more", b"GET * HTTP/1.1"),
        *(b"PRI * HTTP/2.0", b"CONNECT example.org:443 HTTP/1.1", b"OPTIONS * HTTP/1.1", b"TRACE / HTTP/1.1"),
        *(
            b"G\x00T / HTTP/1.1",
            b"\x00",
            b"\xff\xfe\xfd",
            b"GET /\x00 HTTP/1.1",
            b"GET /\xff HTTP/1.1",
            b"{}",
            b"<html>",
        ),
        *(
            b"GET http://127.0.0.1/usage/llm HTTP/1.1",
            b"GET http://evil.example/usage/llm HTTP/1.1",
            b"GET // HTTP/1.1",
        ),
        *(b"GET http:///usage HTTP/1.1", b"GET http://[::1 HTTP/1.1", b"GET http://a:b:c/ HTTP/1.1", b"GET ? HTTP/1.1"),
        *(b"X" * 100 + b" / HTTP/1.1", b"X" * 70_000 + b" / HTTP/1.1", b"GET /" + b"a" * 70_000 + b" HTTP/1.1"),
        *(b"GET /" + b"a" * 300_000 + b" HTTP/1.1", b"-" * 300_000, b"::error::x / HTTP/1.1", b"\x1b[31m / HTTP/1.1"),
    ]
    for end, name in ((b"\r\n", "CRLF"), (b"\n", "LF"), (b"\r", "CR")):
        for line in lines:
            yield f"request line {line[:40]!r} {name}", line + end + HOST + KEY + end
    for method in (
        b"POST",
        b"PUT",
        b"PATCH",
        b"DELETE",
        b"HEAD",
        b"OPTIONS",
        b"TRACE",
        b"BREW",
        b"PROPFIND",
        b"M-SEARCH",
    ):
        for path in (b"/usage/llm", b"/_fake/clock", b"/", b"/openapi.json", b"/nothing"):
            yield f"{method.decode()} {path.decode()}", get(path, method=method)


def _headers() -> Iterator[tuple[str, bytes]]:
    lines = [
        *(
            b"Content-Length: -1",
            b"Content-Length: +5",
            b"Content-Length: five",
            b"Content-Length: 5, 6",
            b"Content-Length:",
        ),
        *(b"Content-Length: 99999999999999999999", b"Content-Length: " + b"9" * 5000, b"Content-Length: 1e3"),
        *(b"Content-Length: 0x10", b"Content-Length: 5\r\nContent-Length: 6", b"Content-Length: \xb2"),
        *(b"Transfer-Encoding: gzip", b"Transfer-Encoding: chunked, chunked", b"Transfer-Encoding: identity"),
        *(b"Transfer-Encoding: chunked\r\nContent-Length: 5", b"Transfer-Encoding: \x0bchunked", b"Transfer-Encoding:"),
        *(b"Expect: 100-continue", b"Expect: 200-ok", b"Upgrade: h2c\r\nConnection: Upgrade", b"Upgrade: websocket"),
        *(b"Connection: close, keep-alive", b"Connection: \x00", b"Host: other", b"Host:", b"Host: a b", b"Host: [::1"),
        *(
            b"no colon",
            b": no name",
            b" folded: yes",
            b"X-A: b\r\n folded",
            b"X A: b",
            b"X-A : b",
            b"X-\x00: b",
            b"X-\xff: b",
        ),
        *(b"X-A: \x00", b"X-A: \xff\xfe", b"X-A: \x1b[31m", b"X-Long: " + b"x" * 70_000, b"X-Long: " + b"x" * 300_000),
        *(b"Authorization: Basic", b"Authorization: Basic !!!", b"Authorization: Basic " + b"A" * 70_000),
        *(
            b"Authorization: Basic \xff",
            b"Authorization: Bearer",
            b"Authorization: Digest a=b",
            b"Authorization: " + b"," * 999,
        ),
        *(b"Range: bytes=0-1", b"Range: bytes=9-1", b"If-None-Match: \xff", b"If-None-Match: " + b'"a",' * 5000),
        *(b"If-Modified-Since: never", b"Accept-Encoding: " + b"gzip," * 9999, b"Cookie: " + b"a=b; " * 9999),
        *(b"Prefer: code=503", b"Prefer: code=1e400", b"Prefer: code=" + b"9" * 5000, b"Prefer: " + b"," * 9999),
        *(b"Origin: http://evil.example", b"Origin: null", b"Origin: \xff", b"Sec-Fetch-Site: cross-site"),
        *(
            b"X-Forwarded-For: 10.0.0.1",
            b"Forwarded: for=\xff",
            b"X-HTTP-Method-Override: DELETE",
            b"Content-Type: \xff",
        ),
        b"\r\n".join(b"X-%d: y" % number for number in range(5000)),
    ]
    for line in lines:
        for path in (b"/usage/llm?org_id=1&start_date=2026-04-01", b"/_fake/health"):
            yield f"header {line[:40]!r} to {path.decode()}", get(path, line)


def _bodies() -> Iterator[tuple[str, bytes]]:
    chunks = [
        *(
            b"0\r\n\r\n",
            b"5\r\nhello\r\n0\r\n\r\n",
            b"-5\r\nhello\r\n0\r\n\r\n",
            b"five\r\nhello\r\n0\r\n\r\n",
            b"\r\n\r\n",
        ),
        *(
            b"FFFFFFFFFFFFFFFFF\r\n",
            b"5\r\nhell\r\n0\r\n\r\n",
            b"5\r\nhello world\r\n0\r\n\r\n",
            b"5;a=b\r\nhello\r\n0\r\n\r\n",
        ),
        *(
            b"5;" + b"x" * 70_000 + b"\r\nhello\r\n0\r\n\r\n",
            b"0" * 70_000 + b"\r\n",
            b"0x5\r\nhello\r\n0\r\n\r\n",
            b"5\nhello\n0\n\n",
        ),
        *(
            b" 5\r\nhello\r\n0\r\n\r\n",
            b"+5\r\nhello\r\n0\r\n\r\n",
            b"5\r\nhello\r\n0\r\nX-A: b\r\n\r\n",
            b"1\r\na\r\n" * 5000 + b"0\r\n\r\n",
        ),
        b"0\r\n" + b"X-A: b\r\n" * 9999 + b"\r\n",
    ]
    for body in chunks:
        for path in (b"/_fake/data", b"/usage/llm"):
            head = get(path, b"Transfer-Encoding: chunked", method=b"POST")
            yield f"chunks {body[:30]!r} to {path.decode()}", head + body
    for size in (1, 70_000, 600_000):
        yield f"a body of {size} to a GET", get(b"/usage/llm?org_id=1", b"Content-Length: %d" % size) + b"x" * size
        yield f"a smuggled request behind {size}", get(b"/usage/llm", b"Content-Length: 0") + b"G" * size


def _targets() -> Iterator[tuple[str, bytes]]:
    words = [
        *(
            b"%",
            b"%0",
            b"%zz",
            b"%00",
            b"%0d%0aX-A:%20b",
            b"%ff",
            b"%c0%ae",
            b"%u0041",
            b"..",
            b"../../etc/passwd",
            b"%2e%2e%2f",
        ),
        *(
            b";",
            b"'",
            b'"',
            b"<script>",
            b"{{7*7}}",
            b"${7*7}",
            b"%s%s%n",
            b"\\",
            b"|",
            b"`id`",
            b"9" * 5000,
            b"-" + b"9" * 5000,
        ),
        *(
            b"1e400",
            b"NaN",
            b"Infinity",
            b"0x1",
            b"1_0",
            b"%D9%A3",
            b"%C2%B2",
            b"+1",
            b"%201",
            b"1%20",
            b"null",
            b"[]",
            b"{}",
        ),
        *(
            b"0001-01-01",
            b"9999-12-31",
            b"2026-02-30",
            b"9999-12-31T23:59:59-12:00",
            b"-1",
            b"%F0%9F%92%A5",
            b"%ED%A0%80",
        ),
        *(b"a" * 20_000, b"%41" * 9999, b"%1b%5b31m", b"::error::x", b"%E2%80%AE"),
    ]
    for word in words:
        for template in (
            b"/usage/llm/%s",
            b"/usage/llm?org_id=%s",
            b"/usage/llm?start_date=%s",
            b"/usage/matching?task=%s",
        ):
            yield f"{template.decode()} with {word[:30]!r}", get(template.replace(b"%s", word))
        for template in (b"/usage/llm/organization/%s/summary", b"/%s", b"/_fake/journal?since=%s", b"/_page/%s"):
            yield f"{template.decode()} with {word[:30]!r}", get(template.replace(b"%s", word))
    yield "a thousand parameters", get(b"/usage/llm?" + b"&".join(b"a%d=b" % number for number in range(1000)))
    yield "a thousand ampersands", get(b"/usage/llm?" + b"&" * 1000)


def _others() -> Iterator[tuple[str, bytes]]:
    yield "nothing", b""
    yield "a TLS hello", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(range(256)) * 2
    yield "an SSH banner", b"SSH-2.0-OpenSSH_9.6\r\n"
    yield "an HTTP/2 preface", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x00\x04\x00\x00\x00\x00\x00"
    yield "a SOCKS5 hello", b"\x05\x01\x00"
    yield "a PROXY line", b"PROXY TCP4 10.0.0.1 10.0.0.2 1 2\r\n" + get(b"/usage/llm/0")
    yield "zeros", bytes(10_000)
    yield "line ends", b"\r\n" * 5000
    yield "random bytes", bytes((number * 7919) % 256 for number in range(20_000))
    yield "gzip", gzip.compress(get(b"/usage/llm"))


def _controls() -> Iterator[tuple[str, bytes]]:
    yield "10^400", b"1" + b"0" * 400
    yield "5,000 digits", b"7" * 5000
    yield "an exponent of nine digits", b'[{"kind":"llm","runCreatedAt":1e999999999,"credits":1e999999999}]'
    yield "arrays 100,000 deep", b"[" * 100_000
    yield "objects 100,000 deep", b'{"a":' * 100_000
    yield "a lone surrogate", b'{"status":503,"key":"\\ud800","pin":"\\ud800","path":"\\ud800"}'
    yield "bytes that are no text", b"\xff\xfe\xfd"
    yield "NaN", b'{"move":NaN,"status":NaN,"latency":NaN}'
    yield "an empty list of numbers", b'{"latency":[],"null":[],"status":503}'
    yield "a damaged gzip", gzip.compress(b"[]")[:-5]
    yield "a list of 100,000", b"[" + b"5," * 99_999 + b"5]"


STATUS = re.compile(rb"HTTP/1\.[01] ([0-9]{3})")


def run(url: str, chosen: Iterable[Input]) -> Iterator[Outcome]:
    """Send each input to the fake at ``url``, and a request after each."""
    parts = urlsplit(url)
    address = (parts.hostname or "127.0.0.1", parts.port or 80)
    for each in chosen:
        began = time.monotonic()
        answer, problem = _exchange(address, each)
        seconds = time.monotonic() - began
        statuses = [int(status) for status in STATUS.findall(answer)]
        if any(status >= 500 and status != each.allowed for status in statuses):
            problem = problem or f"it answered {statuses}: {answer[:300]!r}"
        after, lost = _exchange(address, Input("after", [get(b"/_fake/reset", b"Connection: close", method=b"POST")]))
        if lost or not after.startswith(b"HTTP/1.1 200"):
            problem = problem or f"the next request got {after[:100]!r} ({lost})"
        yield Outcome(each.name, answer, seconds, problem)


def _exchange(address: tuple[str, int], each: Input) -> tuple[bytes, str | None]:
    """Return what came, and the problem if the connection hangs when nothing more is sent."""
    answer = bytearray()
    try:
        with socket.create_connection(address, timeout=PATIENCE) as connection:
            try:
                for piece in each.pieces:
                    connection.sendall(piece)
            except ConnectionError:
                pass  # refused before it was sent to its end; the answer may have come
            connection.settimeout(0.2)
            try:
                while not _is_whole(answer) and (piece := connection.recv(1 << 16)):
                    answer += piece
            except TimeoutError:
                pass  # it waits for more of the request
            connection.settimeout(PATIENCE)
            connection.shutdown(socket.SHUT_WR)
            while len(answer) < 1 << 24 and (piece := connection.recv(1 << 16)):
                answer += piece
    except OSError as error:
        return bytes(answer), None if isinstance(error, ConnectionError) or error.errno == ENOTCONN else str(error)
    return bytes(answer), None


def _is_whole(answer: bytes) -> bool:
    """Return whether a whole response came, as its Content-Length says."""
    head, end, body = answer.partition(b"\r\n\r\n")
    length = re.search(rb"(?i)\r\ncontent-length: *([0-9]+)", head)
    return bool(end and length) and len(body) >= int(length[1] if length else 0)


def memory_of(pid: int) -> float:
    """Return the resident memory of a process in MB."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(re.findall(r"VmRSS:\s+([0-9]+)", status)[0]) / 1024


def main() -> int:
    """Run from a command line."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("url", help="the base URL of a fake that runs")
    parser.add_argument("--pid", type=int, help="its process, whose memory is watched")
    parser.add_argument("--rounds", type=int, default=2, help="how often everything is sent")
    given = parser.parse_args()
    everything = list(inputs())
    problems, memory = 0, []
    for round_ in range(1, given.rounds + 1):
        slowest = 0.0
        for outcome in run(given.url, everything):
            slowest = max(slowest, outcome.seconds)
            if outcome.problem:
                problems += 1
                print(f"{outcome.name}: {outcome.problem}")
        memory += [memory_of(given.pid)] if given.pid else []
        shown = f", {memory[-1]:.0f} MB" if memory else ""
        print(f"round {round_}: {len(everything)} inputs, slowest {slowest:.1f} s, {problems} problems{shown}")
    if len(memory) > 1 and memory[-1] > memory[0] + 30:
        problems += 1
        print(f"memory grew from {memory[0]:.0f} to {memory[-1]:.0f} MB")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
