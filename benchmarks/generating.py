"""``civis-usage generate``: records a second to NDJSON, by one process, and what they take."""

from __future__ import annotations

import os
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from figures import Plan, Sample
from processes import KIT

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
_YEAR = ("--from", "2025-01-01", "--to", "2026-01-01")
_DAY = ("--from", "2025-01-01", "--to", "2025-01-02")


def measure(plan: Plan) -> Iterator[Sample]:
    """Write a year of 1,000 runs a day twice, and one day; a rate counts the whole command, its start included."""
    with tempfile.NamedTemporaryFile(suffix=".ndjson") as file:
        seconds, usage = _generate(*_YEAR, "--output", file.name)
        written = Path(file.name).read_bytes()
    records = written.count(b"\n")
    yield "generate: to a file", records / seconds
    yield "generate: processor time", records / (usage.ru_utime + usage.ru_stime)
    yield "generate: memory", usage.ru_maxrss / 1000
    yield "generate: size of a record", len(written) / records
    yield "generate: to /dev/null", records / _generate(*_YEAR, "--output", os.devnull)[0]
    yield "generate: start, for a day", _generate(*_DAY, "--output", os.devnull)[0]


def _generate(*options: str) -> tuple[float, os.struct_rusage]:  # type: ignore[name-defined]
    began = time.perf_counter()
    process = subprocess.Popen([*KIT, "generate", *_WORLD, *options])
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"civis-usage generate ended with {process.returncode}")
    return time.perf_counter() - began, usage
