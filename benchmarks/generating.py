"""``civis-usage generate``: records a second to NDJSON, by one process, and what they take."""

from __future__ import annotations

import os
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from figures import Plan, Sample
from processes import KIT, memory

__all__ = ["FIGURES", "measure"]

FIGURES = {
    "generate: to a file": "records/s",
    "generate: to /dev/null": "records/s",
    "generate: processor time": "records/s",
    "generate: start, for a day": "s",
    "generate: memory": "MB",
    "generate: size of a record": "bytes",
}
_WORLD = ("--orgs", "1:1000")
_YEAR = ("--start-date", "2025-01-01", "--end-date", "2026-01-01")
_DAY = ("--start-date", "2025-01-01", "--end-date", "2025-01-02")


def measure(plan: Plan) -> Iterator[Sample]:
    """Write a year of 1,000 runs a day twice, and one day; a rate counts the whole command, its start included."""
    with tempfile.NamedTemporaryFile(suffix=".ndjson") as file:
        seconds, processor, peak = _generate(*_YEAR, "--output", file.name)
        written = Path(file.name).read_bytes()
    records = written.count(b"\n")
    yield "generate: to a file", records / seconds
    yield "generate: processor time", records / processor
    yield "generate: memory", peak
    yield "generate: size of a record", len(written) / records
    yield "generate: to /dev/null", records / _generate(*_YEAR, "--output", os.devnull)[0]
    yield "generate: start, for a day", _generate(*_DAY, "--output", os.devnull)[0]


def _generate(*options: str) -> tuple[float, float, float]:
    """Run it; give its seconds, those of its processor, and the peak of its memory in MB.

    The peak that the system tells of a process that has ended may be that of the one that started it.
    """
    began, peak = time.perf_counter(), 0.0
    process = subprocess.Popen([*KIT, "generate", *_WORLD, *options])
    while True:
        pid, status, usage = os.wait4(process.pid, os.WNOHANG)
        if pid:
            break
        with suppress(SystemExit):  # it has ended just now
            peak = max(peak, memory(process.pid, "VmHWM"))
        time.sleep(0.01)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"civis-usage generate ended with {process.returncode}")
    return time.perf_counter() - began, usage.ru_utime + usage.ru_stime, peak
