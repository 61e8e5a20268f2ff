"""The benchmark measures what it says, and its page shows every figure."""

from __future__ import annotations

import importlib.util
import os
import re
import subprocess
import sys
from contextlib import ExitStack

import pytest

from .documentation.pages import DOCS, ROOT

pytestmark = pytest.mark.slow

SCRIPT = ROOT / "benchmarks" / "run.py"
ROW = re.compile(r"^\| (?P<figure>[^|]+) \| (?P<value>[-\d.,e]+) \| (?P<cpu>[-\d.,e]*) \|", re.MULTILINE)


@pytest.fixture(scope="module")
def benchmark():
    spec = importlib.util.spec_from_file_location("benchmark_run", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    yield module
    del sys.modules[spec.name]


def run(*options, path=None, code=0):
    environment = {**os.environ, **({} if path is None else {"PATH": str(path)})}
    command = [sys.executable, str(SCRIPT), *options]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=120)
    assert done.returncode == code, done.stderr
    return done


def test_shows_the_medians_with_their_cpu_time_and_how_they_were_made(tmp_path):
    """Without wrk and Prism, as on most machines."""
    table = run("--rounds", "1", "--seconds", "1", "--only", "connections", path=tmp_path).stdout
    rows = {row["figure"]: (float(row["value"].replace(",", "")), float(row["cpu"])) for row in ROW.finditer(table)}
    assert list(rows) == ["requests a second at 16 connections"]
    rate, cpu = rows["requests a second at 16 connections"]
    assert rate > 50 and cpu > 0
    assert "since wrk is not installed" in table
    assert "Prism is not installed, and so not measured: `npm install -g @stoplight/prism-cli`." in table
    assert "python benchmarks/run.py --rounds 1 --seconds 1 --only connections" in table


def test_names_a_figure_that_there_is_not():
    assert "no figure has 'sped' in its name" in run("--only", "sped", code=2).stderr


def test_the_page_shows_every_figure(benchmark):
    shown = [row["figure"] for row in ROW.finditer((DOCS / "reference" / "speed.md").read_text(encoding="utf-8"))]
    assert shown == [name for names in benchmark.COMPARED | benchmark.ALONE for name in names]


def test_medians_are_those_of_the_rounds(benchmark):
    rounds = {"civis-usage": [(9.0, 0.5), (1.0, 0.25), (2.0, 9.0)], "Prism": [(1234.5, 4.0)]}
    assert "| a call, ms | 2 | 0.5 | 1,234 | 4 |  |  |" in benchmark.page({"a call, ms": rounds})
    assert "| memory, MB | 2 |  | 1,234 |  |  |  |" in benchmark.page({"memory, MB": rounds})


def test_a_soak_sends_requests_and_looks_at_memory_and_descriptors():
    lines = run("--soak", "800").stdout.splitlines()
    assert len(lines) == 10
    assert all(re.fullmatch(r" +[\d,]+ requests +[\d.]+ MB +\d+ descriptors", line) for line in lines)


@pytest.mark.parametrize(
    ("last", "verdict"), [((109.0, 12), False), ((111.0, 12), True), ((100.0, 31), True), ((90.0, 30), False)]
)
def test_a_soak_sees_what_keeps_growing(benchmark, last, verdict):
    assert benchmark.grew([(100.0, 10), (500.0, 500), last]) is verdict


def test_a_server_that_does_not_start_is_named(benchmark):
    with ExitStack() as stack, pytest.raises(SystemExit, match="ended with 3"):
        stack.enter_context(benchmark.running([sys.executable, "-c", "raise SystemExit(3)"]))
