"""Which server for the fake? What a request costs with each of them and the real application, as ratios in one run.

    pip install cheroot granian waitress gunicorn      # and Debian's wrk
    python benchmarks/servers.py --rounds 5

The servers take turns, so that a change in the machine's load meets all of them, and each figure is a median: requests
a second, and processor time a request, which a busy machine disturbs less. The last column tells what disqualifies: the
answer to a query string of 100 kB has to be the API's own (404 in JSON). Linux only.
"""

from __future__ import annotations

import argparse
import contextlib
import http.client
import importlib.util
import os
import re
import shutil
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

CONNECTIONS = (1, 4, 16)
SETTINGS = {"now": "2026-04-17T12:00:00Z"}


def application() -> object:
    """Give the fake, as each server is to run it."""
    from civis_usage.mock_server.app import create_app
    from civis_usage.mock_server.settings import Settings

    return create_app(Settings(**SETTINGS))


def run_cheroot(port: int) -> None:
    """The fake's own server."""
    from civis_usage.mock_server import server

    server.serve(application(), server.bind("127.0.0.1", port))


def run_granian(port: int) -> None:
    """Granian's WSGI, one worker."""
    from granian import Granian

    Granian("servers:application", port=port, interface="wsgi", log_enabled=False, factory=True).serve()


def run_waitress(port: int) -> None:
    """Waitress with as many threads."""
    import logging

    import waitress

    logging.disable(logging.CRITICAL)
    waitress.serve(application(), host="127.0.0.1", port=port, threads=32, _quiet=True)


def run_gunicorn(port: int) -> None:
    """Gunicorn's threaded worker, one process."""
    options = ["--log-level", "critical", "--worker-class", "gthread", "--threads", "32", "--limit-request-line", "0"]
    where = ["--bind", f"127.0.0.1:{port}", "--chdir", str(Path(__file__).parent)]
    os.execv(sys.executable, [sys.executable, "-m", "gunicorn", *options, *where, "servers:application()"])


def run_werkzeug(port: int) -> None:
    """Flask's development server."""
    from werkzeug.serving import WSGIRequestHandler, make_server

    class Quiet(WSGIRequestHandler):
        protocol_version = "HTTP/1.1"

        def log(self, *_: object) -> None:
            pass

    make_server("127.0.0.1", port, application(), threaded=True, request_handler=Quiet).serve_forever()


SERVERS = {
    "cheroot": run_cheroot,
    "granian": run_granian,
    "waitress": run_waitress,
    "gunicorn": run_gunicorn,
    "werkzeug": run_werkzeug,
}


def free_port() -> int:
    """Give a port that nobody uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def get(port: int, path: str) -> tuple[int, bytes]:
    """Ask once, with a key."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request("GET", path, headers={"Authorization": "Bearer benchmark-key"})
    answer = connection.getresponse()
    return answer.status, answer.read()


@contextlib.contextmanager
def running(name: str) -> Iterator[tuple[int, int]]:
    """Run a server in a process of its own while the block lasts, and give its port and the process."""
    port = free_port()
    process = subprocess.Popen([sys.executable, __file__, "--serve", name, str(port)], stderr=subprocess.DEVNULL)
    try:
        for _ in range(400):
            with contextlib.suppress(OSError, http.client.HTTPException):
                get(port, "/_fake/health")
                break
            time.sleep(0.05)
        yield port, process.pid
    finally:
        process.terminate()
        process.wait(10)


def processor_seconds(pid: int) -> float:
    """Give the processor time that a process and its children have taken so far."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()
    own = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    return own + sum(processor_seconds(int(child)) for child in children)


def load(port: int, pid: int, path: str, connections: int, seconds: int) -> tuple[float, float]:
    """Give the requests a second that wrk gets answered, and the requests that a second of processor time answers."""
    command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "-H", "Authorization: Bearer benchmark-key"]
    before = processor_seconds(pid)
    report = subprocess.run([*command, f"http://127.0.0.1:{port}{path}"], capture_output=True, text=True, check=True)
    rate, requests = (
        re.search(form, report.stdout) for form in (r"Requests/sec:\s+([0-9.]+)", r"([0-9]+) requests in")
    )
    assert rate and requests, report.stdout
    return float(rate[1]), int(requests[1]) / (processor_seconds(pid) - before)


def main() -> None:
    """Measure, and print a table of ratios."""
    reader = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    reader.add_argument("--rounds", type=int, default=5)
    reader.add_argument("--seconds", type=int, default=3)
    reader.add_argument("--serve", nargs=2, metavar=("SERVER", "PORT"), help=argparse.SUPPRESS)
    asked = reader.parse_args()
    if asked.serve:
        sys.path.insert(0, str(Path(__file__).parent))
        return SERVERS[asked.serve[0]](int(asked.serve[1]))
    if not shutil.which("wrk"):
        raise SystemExit("wrk is missing: apt-get install wrk")
    names = [name for name in SERVERS if name == "werkzeug" or importlib.util.find_spec(name)]
    rates: dict[tuple[str, int], list[tuple[float, float]]] = {}
    long_query: dict[str, str] = {}
    for number in range(asked.rounds):
        for name in names[number % len(names) :] + names[: number % len(names)]:
            with running(name) as (port, pid):
                _, listed = get(port, "/usage/llm")
                record = re.search(rb'"id":([0-9]+)', listed)
                assert record, listed[:100]
                for connections in CONNECTIONS:
                    path = f"/usage/llm/{record[1].decode()}"
                    rates.setdefault((name, connections), []).append(load(port, pid, path, connections, asked.seconds))
                status, body = get(port, "/nothing?q=" + "x" * 100_000)
                long_query[name] = f"{status} {'JSON' if body.startswith(b'{') else body[:9].decode() or 'empty'}"
    for what, place in (("requests a second", 0), ("requests a second of processor time", 1)):
        medians = {key: statistics.median(value[place] for value in values) for key, values in rates.items()}
        print(f"{what}, 1.00 = cheroot, by connections")
        print(f"{'':10}", *(f"{c:>6}" for c in CONNECTIONS), "  100 kB query")
        for name in names:
            ratios = (medians[name, c] / medians["cheroot", c] for c in CONNECTIONS)
            print(f"{name:10}", *(f"{ratio:6.2f}" for ratio in ratios), f"  {long_query[name]}")
        print("here cheroot had", *(f"{medians['cheroot', c]:.0f}" for c in CONNECTIONS), end="\n\n")
    return None


if __name__ == "__main__":
    main()
