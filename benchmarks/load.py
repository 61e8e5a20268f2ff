"""Load: from wrk where it is present, else from an asyncio loop over httptools' parser in this process.

Either asks as soon as it is answered, for the given paths in turn, and gives up where an answer is not 200.
"""

from __future__ import annotations

import asyncio
import itertools
import re
import shutil
import statistics
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from figures import Load, Loader
from processes import HEADERS

__all__ = ["LOADERS", "asyncio_load", "chosen", "wrk_load"]

_MILLIS = {"us": 0.001, "ms": 1.0, "s": 1000.0, "m": 60_000.0}

_IN_TURN = """
local requests, at = {}, 0
init = function()
  for _, path in ipairs({%s}) do requests[#requests + 1] = wrk.format("GET", path) end
end
request = function()
  at = at %% #requests + 1
  return requests[at]
end
"""


def wrk_load(url: str, paths: list[str], connections: int, seconds: int) -> Load:
    """Load from wrk."""
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as script:
        script.write(_IN_TURN % ", ".join(f'"{path}"' for path in paths))
        script.flush()
        headers = [f"-H{name}: {value}" for name, value in HEADERS.items()]
        size = [f"-t{min(2, connections)}", f"-c{connections}", f"-d{seconds}s", "--timeout=60s"]
        turn = [f"-s{script.name}"] if len(paths) > 1 else []
        command = ["wrk", "--latency", *size, *headers, *turn, url + paths[0]]
        report = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    if "Non-2xx" in report or "Socket errors" in report:
        raise SystemExit(f"{url}{paths[0]} does not answer well:\n{report}")
    rate = re.search(r"Requests/sec:\s+([0-9.]+)", report)
    if rate is None:
        raise SystemExit(f"wrk says what this cannot read:\n{report}")
    return Load(float(rate[1]), _latency(report, 50), _latency(report, 99))


def _latency(report: str, percent: int) -> float:
    found = re.search(rf"^\s+{percent}%\s+([0-9.]+)(us|ms|s|m)$", report, re.MULTILINE)
    if found is None:
        raise SystemExit(f"wrk tells no latency of {percent} %:\n{report}")
    return float(found[1]) * _MILLIS[found[2]]


def asyncio_load(url: str, paths: list[str], connections: int, seconds: int) -> Load:
    """Load from this process."""
    try:
        latencies, spent = asyncio.run(_ask(url, paths, connections, seconds))
    except OSError as reason:
        raise SystemExit(str(reason)) from None
    cuts = statistics.quantiles(latencies, n=100, method="inclusive")
    return Load(len(latencies) / spent, cuts[49] * 1000, cuts[98] * 1000)


async def _ask(url: str, paths: list[str], connections: int, seconds: int) -> tuple[list[float], float]:
    host, port = url.removeprefix("http://").split(":")
    head = "".join(f"{name}: {value}\r\n" for name, value in {"Host": f"{host}:{port}", **HEADERS}.items())
    requests = itertools.cycle([f"GET {path} HTTP/1.1\r\n{head}\r\n".encode() for path in paths])
    began = time.perf_counter()
    askers = [_connection(host, int(port), requests, began + seconds) for _ in range(connections)]
    latencies = [latency for answered in await asyncio.gather(*askers) for latency in answered]
    return latencies, time.perf_counter() - began


async def _connection(host: str, port: int, requests: Iterator[bytes], until: float) -> list[float]:
    reader, writer = await asyncio.open_connection(host, port, limit=1 << 20)
    latencies: list[float] = []
    try:
        while time.perf_counter() < until or len(latencies) < 2:
            request, asked = next(requests), time.perf_counter()
            writer.write(request)
            await _answer(reader, request)
            latencies.append(time.perf_counter() - asked)
    finally:
        writer.close()
    return latencies


class _Answer:
    """What httptools' parser tells of an answer."""

    complete = False

    def on_message_complete(self) -> None:
        self.complete = True


async def _answer(reader: asyncio.StreamReader, request: bytes) -> None:
    import httptools

    answer = _Answer()
    parser = httptools.HttpResponseParser(answer)
    while not answer.complete:
        data = await reader.read(1 << 18)
        if not data:
            raise OSError(f"{request.split(b' ')[1].decode()} broke off")
        parser.feed_data(data)
    if parser.get_status_code() != 200:
        raise OSError(f"{request.split(b' ')[1].decode()} answered {parser.get_status_code()}, not 200")


LOADERS: dict[str, Loader] = {"wrk": wrk_load, "python": asyncio_load}


def chosen(name: str | None) -> tuple[Loader, str]:
    """Give a generator, by its name or the best that is there, and what it is, in words."""
    present = shutil.which("wrk") is not None
    if name == "wrk" and not present:
        raise SystemExit("wrk is not here: apt-get install wrk, or --load python")
    if name == "python" or not present:
        return asyncio_load, "asyncio and httptools" + ("" if present else ", since wrk is not here")
    version = subprocess.run(["wrk", "--version"], capture_output=True, text=True, check=False).stdout
    found = re.search(r"[0-9]+(?:\.[0-9]+)+", version)
    return wrk_load, f"wrk {found[0] if found else Path(shutil.which('wrk') or 'wrk').name}"
