"""What the kit costs a test suite: a reset of ``usage_server``, and the plugin where no test uses it."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from figures import Plan, Sample

__all__ = ["FIGURES", "measure"]

FIGURES = {
    "reset of usage_server after a test that used it": "ms",
    "a run of pytest without the plugin": "ms",
    "a run of pytest with the plugin, unused": "ms",
}
_RESETS = 20
_RUNS = 5


def measure(plan: Plan) -> Iterator[Sample]:
    """Reset a server that was used, and run one test with and without the plugin, in turn."""
    for milliseconds in _resets():
        yield "reset of usage_server after a test that used it", milliseconds
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "test_nothing.py").write_text("def test_nothing():\n    pass\n", encoding="ascii")
        for _ in range(_RUNS):
            yield "a run of pytest without the plugin", _pytest(folder)
            yield "a run of pytest with the plugin, unused", _pytest(folder, "-p", "civis_usage.fixtures.pytest_plugin")


def _resets() -> Iterator[float]:
    from civis_usage.fixtures.fake_server import UsageServer

    server = UsageServer()
    try:
        for _ in range(_RESETS):
            server.records.llm(credits=5)
            server.faults.add("list_llm", status=503, first=1)
            server.clock.pin("2026-04-30T12:00:00Z")
            with server.client() as client:
                client.get_llm_organization_summary(1)
            began = time.perf_counter()
            server.reset()
            yield (time.perf_counter() - began) * 1000
    finally:
        server.stop()


def _pytest(folder: str, *plugin: str) -> float:
    """Run pytest with no plugins but the one named, and give its milliseconds."""
    alone = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *plugin]
    began = time.perf_counter()
    subprocess.run(command, cwd=folder, env=alone, capture_output=True, check=True)
    return (time.perf_counter() - began) * 1000
