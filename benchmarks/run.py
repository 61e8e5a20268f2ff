"""Measure the figures that users feel, next to Prism, the mock server that many projects use.

    python benchmarks/run.py                      every figure, as a table in Markdown
    python benchmarks/run.py --only call          those whose name has this word in it
    python benchmarks/run.py --soak 200000        memory and descriptors under so many requests, in place of the figures

Rounds are interleaved: each measures everything once, and the table shows the medians. CPU is the processor time of
what is measured, for one request or one run; on a machine that others use too it is the steadier figure. Linux only.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import platform
import re
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, replace
from itertools import cycle
from pathlib import Path

import requests

ROOT = Path(__file__).parent.parent
KIT = [sys.executable, "-m", "civis_usage"]
FAKE = [*KIT, "serve", "--port", "{port}", "--now", "2026-04-20T12:00:00Z", "--orgs", "1:1000"]
PRISM = [shutil.which("prism") or "", "mock", "--port", "{port}", str(ROOT / "schemas" / "openapi.json")]
SUBJECTS = {"civis-usage": FAKE, "Prism": PRISM, "Prism, silenced": [*PRISM, "--verboseLevel", "silent"]}
READY = "/usage/llm/organization/1/summary"
HEADERS = {"Authorization": "Bearer any-key"}
TICKS = os.sysconf("SC_CLK_TCK")
CALLS = 400
SLOW = 40


@dataclass(frozen=True)
class Server:
    """A server that has answered: its command, base URL, process, and seconds from its start to its first 200."""

    command: Sequence[str]
    url: str
    pid: int
    startup: float

    def get(self, path: str) -> bytes:
        """Return the body of a 200; raise for any other response."""
        response = requests.get(self.url + path, headers=HEADERS, timeout=60)
        response.raise_for_status()
        return response.content

    def cpu(self) -> float:
        """Return the processor time of the process so far, in seconds."""
        fields = Path(f"/proc/{self.pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICKS

    def memory(self, what: str = "VmRSS") -> float:
        """Return the resident memory of the process (as ``VmHWM`` its peak), in MB."""
        status = Path(f"/proc/{self.pid}/status").read_text(encoding="ascii")
        return int(re.findall(rf"{what}:\s+([0-9]+)", status)[0]) / 1000

    def descriptors(self) -> int:
        """Return how many files and sockets the process holds open."""
        return len(list(Path(f"/proc/{self.pid}/fd").iterdir()))


@contextmanager
def running(command: Sequence[str]) -> Iterator[Server]:
    """Run a server, with a free port for ``{port}``, while the block lasts."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    began = time.perf_counter()
    process = subprocess.Popen(
        [word.replace("{port}", str(port)) for word in command], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        server = Server(command, f"http://127.0.0.1:{port}", process.pid, 0)
        _until(lambda: _ready(server) or process.poll() is not None, f"{' '.join(command)} does not answer")
        if process.poll() is not None:
            raise SystemExit(f"{' '.join(command)} ended with {process.returncode}")
        yield replace(server, startup=time.perf_counter() - began)
    finally:
        process.terminate()
        process.wait(10)


def _until(reached: Callable[[], bool], complaint: str) -> None:
    end = time.perf_counter() + 60
    while not reached():
        if time.perf_counter() > end:
            raise SystemExit(complaint)
        time.sleep(0.002)


def _ready(server: Server) -> bool:
    with suppress(requests.RequestException):
        return bool(server.get(READY))
    return False


# What is measured: each function returns, for each of its figures, the value and the CPU time in milliseconds.

Measured = tuple[float, float]


class Timer:
    """Measures from its making on; ``cpu`` gives the processor time so far, in seconds."""

    def __init__(self, cpu: Callable[[], float]) -> None:
        self._cpu = cpu
        self._began = time.perf_counter(), cpu()

    def stop(self, times: int = 1) -> Measured:
        """Return the milliseconds and those of the processor, for one of so many times."""
        began, cpu = self._began
        return (time.perf_counter() - began) * 1000 / times, (self._cpu() - cpu) * 1000 / times


def session_calls(server: Server, seconds: int) -> list[Measured]:
    """Return the milliseconds of a call by one ``requests.Session``."""
    with requests.Session() as session:
        return _calls(server, session.get)


def single_calls(server: Server, seconds: int) -> list[Measured]:
    """Return the milliseconds of a call by ``requests.get``, which connects anew."""
    return _calls(server, requests.get)


def _calls(server: Server, get: Callable[..., requests.Response]) -> list[Measured]:
    url, timer = server.url + _record(server), Timer(server.cpu)
    for _ in range(CALLS):
        get(url, headers=HEADERS, timeout=60).raise_for_status()
    return [timer.stop(CALLS)]


def rate(server: Server, seconds: int) -> list[Measured]:
    """Return the requests a second at 16 connections: by wrk, or by threads of this process where it is missing."""
    url, timer = server.url + _record(server), Timer(server.cpu)
    if shutil.which("wrk") is None:
        done = _load(url, seconds)
    else:
        auth = f"Authorization: {HEADERS['Authorization']}"
        command = ["wrk", "-t2", "-c16", f"-d{seconds}s", "-H", auth, url]
        told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        if "Non-2xx" in told or "Socket errors" in told:
            raise SystemExit(f"{url} did not answer every request:\n{told}")
        done = int(re.findall(r"([0-9]+) requests in", told)[0])
    spent, cpu = timer.stop(done)
    return [(1000 / spent, cpu)]


def _load(url: str, seconds: int) -> int:
    end = time.perf_counter() + seconds

    def calls(_: int) -> int:
        done = 0
        with requests.Session() as session:
            while time.perf_counter() < end:
                session.get(url, headers=HEADERS, timeout=60).raise_for_status()
                done += 1
        return done

    with ThreadPoolExecutor(16) as threads:
        return sum(threads.map(calls, range(16)))


def startup(server: Server, seconds: int) -> list[Measured]:
    """Return the milliseconds from the start of another such process to its first 200, then its memory in MB."""
    with running(server.command) as other:
        return [(other.startup * 1000, other.cpu() * 1000), (other.memory(), other.cpu() * 1000)]


def long_list(server: Server, seconds: int) -> list[Measured]:
    """Return the milliseconds of a list of 10,000 records to its last byte, new to its server, and the MB it takes."""
    path = "/usage/llm?org_id=1&start_date=2026-04-08&end_date=2026-04-20"
    records = json.loads(server.get(path))
    path = path.replace("2026-04-08", records[9_999]["runCreatedAt"])
    with running(server.command) as fresh:
        before, timer = fresh.memory(), Timer(fresh.cpu)
        body = fresh.get(path)
        measured, peak = timer.stop(), fresh.memory("VmHWM")
    if not 10_000 <= body.count(b'"runId"') < 10_100:
        raise SystemExit(f"{path} is no list of 10,000 records, but of {len(body)} bytes")
    return [measured, (peak - before, measured[1])]


def beside_slow_ones(server: Server, seconds: int) -> list[Measured]:
    """Return the milliseconds of the slowest of 20 quick requests while 40 others wait for a fault of latency."""
    fault = {"operation": "list_matching", "latency": 600}
    requests.post(f"{server.url}/_fake/faults", json=fault, timeout=60).raise_for_status()
    with ThreadPoolExecutor(SLOW) as threads:
        waiting = [threads.submit(server.get, "/usage/matching") for _ in range(SLOW)]
        _until(lambda: _fired(server) == SLOW, f"{SLOW} requests do not wait side by side")
        url, all_of_them = server.url + _record(server), Timer(server.cpu)
        slowest = max(_one(url) for _ in range(20))
        _, cpu = all_of_them.stop(20)
        requests.post(f"{server.url}/_fake/reset", timeout=60).raise_for_status()
        for each in waiting:
            each.result()
    return [(slowest, cpu)]


def _one(url: str) -> float:
    timer = Timer(time.process_time)
    requests.get(url, headers=HEADERS, timeout=60).raise_for_status()
    return timer.stop()[0]


def _fired(server: Server) -> int:
    told: int = requests.get(f"{server.url}/_fake/faults", timeout=60).json()["faults"][0]["fired"]
    return told


def usage_server(server: Server, seconds: int) -> list[Measured]:
    """Return the milliseconds of start, reset after use, and stop of the server behind the fixture ``usage_server``."""
    from civis_usage.fixtures.fake_server import UsageServer

    times: list[Measured] = []
    for _ in range(2):  # the first one pays the imports, and is not shown
        timer = Timer(time.process_time)
        own = UsageServer()
        times = [timer.stop()]
        own.records.llm(credits=5)
        own.faults.add("list_llm", status=503, first=1)
        with own.client() as client:
            client.get_llm_organization_summary(1)
        for end in (own.reset, own.stop):
            timer = Timer(time.process_time)
            end()
            times.append(timer.stop())
    return times


def unused_plugin(server: Server, seconds: int) -> list[Measured]:
    """Return the milliseconds that the pytest plugin adds to a run whose tests do not use it: the medians of 5 runs."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "test_nothing.py").write_text("def test_nothing():\n    pass\n", encoding="ascii")
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
        plugin = ["-p", _plugin()]
        pairs = [(_process([*command, *plugin], folder), _process(command, folder)) for _ in range(5)]
    return [_above(*map(_medians, zip(*pairs, strict=True)))]


def _medians(runs: Sequence[Measured]) -> Measured:
    return statistics.median(value for value, _ in runs), statistics.median(cpu for _, cpu in runs)


def _above(one: Measured, other: Measured) -> Measured:
    return one[0] - other[0], one[1] - other[1]


def _plugin() -> str:
    from importlib.metadata import entry_points

    [plugin] = [each for each in entry_points(group="pytest11") if each.name == "civis_usage"]
    return plugin.value


def generate(server: Server, seconds: int) -> list[Measured]:
    """Return the records a second that ``civis-usage generate`` writes, its start included."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "records.ndjson"
        window = ["--start-date", "2026-01-01", "--end-date", "2026-04-01"]
        spent, cpu = _process([*KIT, "generate", "--orgs", "1:1000", *window, "--output", str(file)])
        return [(file.read_bytes().count(b"\n") / spent * 1000, cpu)]


def _process(command: Sequence[str], folder: str | None = None) -> Measured:
    alone = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    began = time.perf_counter()
    process = subprocess.Popen(command, cwd=folder, env=alone, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{' '.join(command)} ended with {process.returncode}")
    return (time.perf_counter() - began) * 1000, (usage.ru_utime + usage.ru_stime) * 1000


def _record(server: Server) -> str:
    """Return the path of a record: one of the fake's own, or any for Prism, which looks at none."""
    records = json.loads(server.get("/usage/llm?org_id=1&start_date=2026-04-19T00:00:00Z"))
    return f"/usage/llm/{records[0]['id']}"


Measure = Callable[[Server, int], list[Measured]]
COMPARED: dict[tuple[str, ...], Measure] = {
    ("a call by requests.Session, ms",): session_calls,
    ("a call by requests.get, ms",): single_calls,
    ("requests a second at 16 connections",): rate,
    ("start to the first 200, ms", "memory then, MB"): startup,
}
ALONE: dict[tuple[str, ...], Measure] = {
    ("a list of 10,000 records to its last byte, ms", "memory that it takes, MB"): long_list,
    ("the slowest of 20 requests beside 40 that wait, ms",): beside_slow_ones,
    ("start of usage_server, ms", "reset of usage_server, ms", "stop of usage_server, ms"): usage_server,
    ("the pytest plugin, unused, ms",): unused_plugin,
    ("records a second by civis-usage generate",): generate,
}
"""The figures of the fake that Prism has not."""


def measure(rounds: int, seconds: int, only: str) -> dict[str, dict[str, list[Measured]]]:
    """Return what each round measured, by figure and subject."""
    measured: dict[str, dict[str, list[Measured]]] = defaultdict(lambda: defaultdict(list))
    with ExitStack() as stack:
        subjects = {name: command for name, command in SUBJECTS.items() if command[0]}
        servers = {name: stack.enter_context(running(command)) for name, command in subjects.items()}
        for number in range(rounds):
            for names, function in (COMPARED | ALONE).items():
                if not any(only in name for name in names):
                    continue
                print(f"round {number + 1}: {', '.join(names)}", file=sys.stderr)
                for subject in servers if names in COMPARED else ["civis-usage"]:
                    for name, one in zip(names, function(servers[subject], seconds), strict=True):
                        measured[name][subject].append(one)
    return measured


def page(measured: dict[str, dict[str, list[Measured]]]) -> str:
    """Return the page: how it was made, and a table of the medians."""
    subjects = list(SUBJECTS)
    lines = [
        "# Speed",
        "",
        "The medians of interleaved rounds, from one run of `make bench`. CPU is the processor time of what is",
        "measured, in milliseconds for one request or one run. Compare the columns of one run, not two machines.",
        "",
        f"| figure | {' | '.join(f'{subject} | CPU' for subject in subjects)} |",
        "|---" + "|--:" * 2 * len(subjects) + "|",
    ]
    for name, by_subject in measured.items():
        cells = [
            text
            for subject in subjects
            for text in (_cells(name, by_subject[subject]) if subject in by_subject else ("", ""))
        ]
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return "\n".join([*lines, "", *_how(), ""])


def _cells(name: str, runs: Sequence[Measured]) -> tuple[str, str]:
    value, cpu = map(_digits, _medians(runs))
    return value, "" if name.endswith("MB") else cpu


def _how() -> Iterator[str]:
    load = "wrk" if shutil.which("wrk") else "16 threads of requests, since wrk is not installed"
    yield f"Measured by `{' '.join(['python', 'benchmarks/run.py', *sys.argv[1:]])}` on {os.cpu_count()} cores of"
    yield f"{platform.system()} {platform.machine()}, Python {platform.python_version()}; load by {load}."
    if not PRISM[0]:
        yield "Prism is not installed, and so not measured: `npm install -g @stoplight/prism-cli`."
        return
    version = subprocess.run([PRISM[0], "--version"], capture_output=True, text=True, check=True).stdout.strip()
    yield f"Prism {version} serves the examples of the same contract, once as it comes and once without its log."


def _digits(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"


# Memory and descriptors under many requests.

FAULTS = ["list_llm status=429 every=50", "get_llm status=500 probability=0.02", "list_matching null=runTime every=40"]
FAULTS += ["truncate every=97", "disconnect every=101"]


def soak(total: int) -> None:
    """Send many requests, good and bad, and end with 1 where memory or descriptors keep growing."""
    faults = [word for fault in FAULTS for word in ("--fault", fault)]
    with running([*FAKE[:-1], "2", *faults]) as server:
        paths = [
            "/usage/llm?org_id=2&start_date=2026-04-18",
            "/usage/llm/organization/2/summary",
            "/usage/matching?task=IDR&start_date=2026-04-10",
            "/usage/llm?org_id=abc&x=" + "y" * 500,
            "/usage/llm/0",
            "/nothing",
        ]
        seen = []
        with ThreadPoolExecutor(8) as threads:
            for tenth in range(10):
                list(threads.map(lambda number: _send(server.url, paths, total // 80, number), range(8)))
                seen.append((server.memory(), server.descriptors()))
                print(f"{(tenth + 1) * (total // 10):8,} requests  {seen[-1][0]:6.1f} MB  {seen[-1][1]:4} descriptors")
    sys.exit(grew(seen))


def grew(seen: Sequence[tuple[float, int]]) -> bool:
    """Return whether memory is a tenth above, or descriptors are 20 above, what they were after the first tenth."""
    (memory, descriptors), (last_memory, last_descriptors) = seen[0], seen[-1]
    return last_memory > memory * 1.1 or last_descriptors > descriptors + 20


def _send(url: str, paths: Sequence[str], requests: int, number: int) -> None:
    connection = http.client.HTTPConnection(url.removeprefix("http://"), timeout=60)
    for sent, path in zip(range(requests), cycle(paths), strict=False):
        with suppress(http.client.HTTPException, OSError):  # a fault's doing
            connection.request("GET", path, headers={"Authorization": f"Bearer key-{number}-{sent % 100}"})
            connection.getresponse().read()
            continue
        connection.close()
    connection.close()


def main() -> None:
    """Read the command line, measure, and show."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=2, help="how long wrk sends, a round and server")
    parser.add_argument("--only", default="", metavar="WORD")
    parser.add_argument("--soak", type=int, metavar="REQUESTS")
    options = parser.parse_args()
    if options.soak:
        soak(options.soak)
    measured = measure(options.rounds, options.seconds, options.only)
    if not measured:
        parser.error(f"no figure has {options.only!r} in its name")
    print(page(measured))


if __name__ == "__main__":
    main()
