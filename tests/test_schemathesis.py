"""Schemathesis reads the served ``openapi.json`` and finds nothing to complain of: all its checks, all its phases.

None of its checks contradicts what is known of the wire, so none is left out.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from .serve_process import Served, serving

pytestmark = pytest.mark.slow

KEY = "key-of-the-tests"
PART = int(os.environ.get("SCHEMATHESIS_PART", "4"))
"""``make test`` makes a fourth of the examples; ``SCHEMATHESIS_PART=1`` makes them all."""
CASES = 1000 // PART
"""What each seed makes at least; two seeds together the 2,000 that are asked for, where they make them all."""
CONFIGURATION = f"""
[phases.fuzzing]
generation.max-examples = {160 // PART}

[phases.stateful]
generation.max-examples = {32 // PART}
"""


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    """Serve a small world: what takes time is reading long lists, which prove no more than short ones."""
    with serving("--api-key", KEY, "--since", "2026-03-01", "--runs-per-day", "2") as server:
        yield server


def schemathesis(served: Served, seed: int, folder: Path, phases: str) -> tuple[str, Any]:
    """Run Schemathesis with all of its checks; give what it printed and its report."""
    (folder / "schemathesis.toml").write_text(CONFIGURATION)
    options = [
        *("--phases", phases, "--checks", "all", "--mode", "all"),
        *("--auth", f"{KEY}:", "--seed", str(seed), "--generation-database", "none"),
        *("--continue-on-failure", "--no-color", "--report", "json", "--report-json-path", "report.json"),
    ]
    program = [sys.executable, "-m", "schemathesis.cli", "run", f"{served.url}/openapi.json", *options]
    done = subprocess.run(program, cwd=folder, capture_output=True, text=True, timeout=300)
    return done.stdout + done.stderr, json.loads((folder / "report.json").read_text())


@pytest.mark.parametrize("seed", [1, pytest.param(2, marks=pytest.mark.nightly)])
def test_schemathesis_finds_no_failure(served: Served, seed: int, tmp_path: Path) -> None:
    printed, report = schemathesis(served, seed, tmp_path, "examples,coverage,fuzzing,stateful")
    assert report["failures"] == report["errors"] == [], printed
    assert report["exit_code"] == 0, printed
    assert report["operations"] | {"skip_reasons": None} == {
        "total": 4,
        "selected": 4,
        "tested": 4,
        "errored": 0,
        "skipped": 0,
        "skip_reasons": None,
    }
    assert {phase: seen["status"] for phase, seen in report["phases"].items()} == dict.fromkeys(
        ("examples", "coverage", "fuzzing", "stateful"), "success"
    )
    assert report["test_cases"]["generated"] >= CASES, printed
    assert report["test_cases"]["with_failures"] == 0
    assert "Traceback" not in "".join(served.said)


def test_schemathesis_finds_a_fake_that_is_wrong(tmp_path: Path) -> None:
    with serving("--api-key", KEY, "--since", "2026-04-19", "--fault", "list_llm null=credits") as server:
        printed, report = schemathesis(server, 1, tmp_path, "examples")
    assert report["exit_code"] == 1, printed
    assert [failure["operations"] for failure in report["failures"]] == [["GET /usage/llm"]]
    assert "None is not of type 'number'" in printed or "null is not of type" in printed, printed
