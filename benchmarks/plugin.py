"""What the pytest plugin costs: importing it, the first server, the reset before each test, a call in either way.

    python benchmarks/plugin.py

Prints medians, of one run on one machine: compare them with each other only.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from collections.abc import Callable

from civis_usage.client import UsageClient
from civis_usage.fixtures.fake import UsageServer
from civis_usage.fixtures.intercept import intercept_usage

ROUNDS = 300


def milliseconds(action: Callable[[], object], before: Callable[[], object] = lambda: None) -> float:
    """Give the median duration of ``action``."""
    taken = []
    for _ in range(ROUNDS):
        before()
        began = time.perf_counter()
        action()
        taken.append(time.perf_counter() - began)
    return statistics.median(taken) * 1000


def importing() -> float:
    """Give the median time that a process takes to import the plugin, when it has pytest already."""
    clock = "time.perf_counter()"
    code = f"import time, pytest; t = {clock}; import civis_usage.fixtures.plugin; print({clock} - t)"
    command = [sys.executable, "-c", code]
    taken = [float(subprocess.run(command, capture_output=True, check=True).stdout) for _ in range(7)]
    return statistics.median(taken) * 1000


def main() -> None:
    """Measure, and print a line for each figure."""
    began = time.perf_counter()
    server = UsageServer()
    url = server.url
    first = (time.perf_counter() - began) * 1000

    def used() -> None:
        server.records.llm(credits=5)
        server.faults.add("list_llm", status=503, first=1)
        server.clock.pin("2026-04-30T12:00:00Z")
        client.get_llm_organization_summary(1)

    with UsageClient("k", url) as client:
        reset = milliseconds(server.reset, before=used)
        server.records.llm(credits=5)
        over_http = milliseconds(client.list_llm)
    with intercept_usage(fake=server) as usage, usage.client() as client:
        in_process = milliseconds(client.list_llm)
    server.stop()
    for what, figure in {
        "importing the plugin, beside pytest": importing(),
        "first server, imports included": first,
        "reset after a test that used it": reset,
        "a list of one record over HTTP": over_http,
        "a list of one record in-process": in_process,
    }.items():
        print(f"{what:<40} {figure:8.2f} ms")


if __name__ == "__main__":
    main()
