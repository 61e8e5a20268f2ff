"""What importing a public module takes, in a process of its own."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator

from figures import Plan, Sample

__all__ = ["FIGURES", "measure"]

_MODULES = (
    "requests",
    "flask",
    "civis_usage",
    "civis_usage.schemas",
    "civis_usage.client",
    "civis_usage.fixtures",
    "civis_usage.fixtures.pytest_plugin",
    "civis_usage.mock_server.world",
    "civis_usage.mock_server.app",
    "civis_usage.contract_tests.runner",
    "civis_usage.__main__",
)
_REPEATS = 5
_CODE = """
import time
began = time.perf_counter(), time.process_time()
import {module}
print(time.perf_counter() - began[0], time.process_time() - began[1])
"""

FIGURES = {f"import {module}: {what}": "ms" for module in _MODULES for what in ("wall", "processor")}


def measure(plan: Plan) -> Iterator[Sample]:
    """Import each module in turn, several times."""
    for _ in range(_REPEATS):
        for module in _MODULES:
            command = [sys.executable, "-c", _CODE.format(module=module)]
            told = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
            for what, seconds in zip(("wall", "processor"), map(float, told), strict=True):
                yield f"import {module}: {what}", seconds * 1000
