"""One list of a million runs: the first time, again, and what the server holds in memory meanwhile."""

from __future__ import annotations

import http.client
import time
from collections.abc import Iterator

from figures import Plan, Sample
from processes import HEADERS, Server, running
from questions import since
from subjects import fake

__all__ = ["FIGURES", "measure"]

FIGURES = {
    "the whole list: runs": "runs",
    "the whole list: size": "MB",
    "the whole list: first touch": "s",
    "the whole list: first touch, speed": "MB/s",
    "the whole list: again, speed": "MB/s",
    "the whole list: memory before": "MB",
    "the whole list: memory growth on first touch": "MB",
    "the whole list: memory growth when sent again": "MB",
    "the whole list: peak memory": "MB",
}
_WORLD = ("--orgs", "1:1000", "--since", "2023-12-31")
_NOW = "2026-09-26T00:00:00Z"
_BEGINNING = "2000-01-01T00:00:00Z"


def measure(plan: Plan) -> Iterator[Sample]:
    """Take the whole list twice from a fresh server; growth is the peak above what was held just before."""
    with running(fake(*_WORLD, now=_NOW), "/_fake/health") as server:
        before = server.memory()
        yield "the whole list: memory before", before
        runs, size, seconds = _take(server)
        peak = server.memory("VmHWM")
        yield "the whole list: runs", runs
        yield "the whole list: size", size / 1e6
        yield "the whole list: first touch", seconds
        yield "the whole list: first touch, speed", size / 1e6 / seconds
        yield "the whole list: memory growth on first touch", peak - before
        touched = server.memory()
        server.forget_peak()
        if _take(server)[:2] != (runs, size) or runs < 990_000:
            raise SystemExit(f"the whole list is not what it should be: {runs} runs the first time")
        _, _, seconds = _take(server)
        yield "the whole list: again, speed", size / 1e6 / seconds
        yield "the whole list: memory growth when sent again", server.memory("VmHWM") - touched
        yield "the whole list: peak memory", max(peak, server.memory("VmHWM"))


def _take(server: Server) -> tuple[int, int, float]:
    """Read the list and drop it; give its runs (objects without others in them), bytes and seconds."""
    connection = http.client.HTTPConnection(server.url.removeprefix("http://"), timeout=600)
    buffer = memoryview(bytearray(1 << 20))
    runs = size = 0
    began = time.perf_counter()
    connection.request("GET", since(_BEGINNING), headers=HEADERS)
    answer = connection.getresponse()
    while count := answer.readinto(buffer):
        runs += bytes(buffer[:count]).count(b"{")
        size += count
    seconds = time.perf_counter() - began
    connection.close()
    if answer.status != 200:
        raise SystemExit(f"the whole list is answered by {answer.status}")
    return runs, size, seconds
