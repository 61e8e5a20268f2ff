"""The benchmark measures what it says, shows the same in its table and in its JSON, and tells what it lacks."""

from __future__ import annotations

import http.server
import importlib
import json
import os
import re
import shutil
import subprocess
import sys
import threading
from types import SimpleNamespace

import pytest

from .documentation.pages import ROOT
from .serve_process import serving

BENCHMARKS = ROOT / "benchmarks"
SCRIPT = BENCHMARKS / "run.py"


def run(*options, path=None, code=0):
    environment = {**os.environ, **({} if path is None else {"PATH": str(path)})}
    command = [sys.executable, str(SCRIPT), "--rounds", "1", "--seconds", "1", *options]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=120)
    assert done.returncode == code, done.stderr
    return done


@pytest.fixture
def parts(monkeypatch):
    """The benchmark's modules."""
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    names = ("figures", "goals", "load", "prism", "report", "run")
    yield SimpleNamespace(**{name: importlib.import_module(name) for name in names})
    for file in BENCHMARKS.glob("*.py"):
        sys.modules.pop(file.stem, None)


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    file = tmp_path_factory.mktemp("bench") / "figures.json"
    done = run("--only", "suite,check,generate", "--json", str(file))
    return done.stdout, json.loads(file.read_text(encoding="utf-8"))


class TestARun:
    def test_shows_every_figure_in_its_table(self, small):
        table, told = small
        names = [figure["name"] for figure in told["figures"]]
        assert "the check: requests" in names and "generate: to a file" in names
        for name in names:
            assert re.search(rf"^{re.escape(name)} +[-\d.,e]+ +[-\d.,e]+ +[-\d.,e]+  \S", table, re.MULTILINE), name

    def test_measures_something(self, small):
        _, told = small
        for figure in told["figures"]:
            assert figure["min"] <= figure["median"] <= figure["max"], figure
            assert figure["min"] > 0, figure
            assert (figure["min"], figure["max"]) == (min(figure["values"]), max(figure["values"]))

    def test_tells_what_came_of_the_promises_that_it_can_judge(self, small):
        table, told = small
        promises = {each["promise"]: each for each in told["promises"]}
        assert promises.keys() == {
            "the pytest plugin, unused",
            "reset of usage_server",
            "civis-usage generate to NDJSON",
        }
        for promise, each in promises.items():
            lines = [line for line in table.splitlines() if line.startswith(f"{promise} ") and " at " in line]
            assert [line.endswith("NOT KEPT") for line in lines] == [not each["kept"]]

    def test_says_how_it_was_made(self, small):
        table, told = small
        for name in ("command", "machine", "load"):
            assert told[name] and f"{name}: {told[name]}" in table

    def test_goes_on_without_prism_and_says_so(self, tmp_path):
        file = tmp_path / "figures.json"
        done = run("--only", "startup", "--json", str(file), path=tmp_path)
        assert "prism: Prism is not measured: npm is not here" in done.stdout
        names = [figure["name"] for figure in json.loads(file.read_text(encoding="utf-8"))["figures"]]
        assert names == ["start-up to the first 200: fake", "memory after the first 200: fake"]

    def test_names_a_section_that_there_is_not(self):
        assert "there is no section 'sped': choose some of speed, " in run("--only", "sped", code=2).stderr


class TestTheParts:
    def test_every_promise_is_about_figures_that_a_section_measures(self, parts):
        measured = {name for section in parts.run.SECTIONS.values() for name in section.FIGURES}
        for goal in parts.goals.GOALS:
            assert goal.of in measured, goal
            assert goal.to is None or goal.to in measured, goal

    @pytest.mark.parametrize(
        ("side", "bound", "relation", "met"),
        [
            ("at least", 2, "ratio", True),
            ("at least", 2.1, "ratio", False),
            ("at most", 2, "ratio", True),
            ("at most", 1.9, "ratio", False),
            ("at most", 5, "difference", True),
            ("at most", 4, "difference", False),
        ],
    )
    def test_a_promise_is_judged_by_its_medians(self, parts, side, bound, relation, met):
        figures = {
            "a": parts.figures.Figure("a", "ms", (10.0, 9.0, 90.0)),
            "b": parts.figures.Figure("b", "ms", (5.0, 3.0, 6.0)),
        }
        outcome = parts.goals.Goal("says", side, bound, "a", "b", relation).outcome(figures)
        assert outcome.met is met
        assert (outcome.least, outcome.most) == ((2, 15) if relation == "ratio" else (5, 84))

    def test_a_promise_about_what_was_not_measured_has_no_outcome(self, parts):
        assert parts.goals.Goal("says", "at most", 1, "a", "b").outcome({}) is None

    def test_a_figure_that_no_section_announces_is_a_mistake(self, parts):
        with pytest.raises(KeyError, match="no section announces b"):
            parts.figures.collected([("a", 1.0), ("b", 2.0)], {"a": "ms"})


class TestTheLoad:
    LOADERS = ("wrk_load", "asyncio_load")

    @pytest.fixture(params=LOADERS)
    def loader(self, request, parts):
        if request.param == "wrk_load" and shutil.which("wrk") is None:
            pytest.skip("wrk is not here")
        return getattr(parts.load, request.param)

    def test_counts_answers_and_their_latency(self, loader):
        with serving() as served:
            seen = loader(served.url, ["/usage/llm/organization/1/summary", "/endpoints"], 4, 1)
        assert seen.rate > 10 and 0 < seen.p50 <= seen.p99

    def test_gives_up_where_an_answer_is_not_200(self, loader):
        with serving() as served, pytest.raises(SystemExit, match="answer"):
            loader(served.url, ["/usage/llm/0"], 2, 1)

    def test_asks_for_the_paths_in_turn(self, loader):
        asked = []

        class Noting(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                asked.append(self.path)
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Noting) as server:
            threading.Thread(target=server.serve_forever, daemon=True).start()
            loader(f"http://127.0.0.1:{server.server_port}", ["/a", "/b", "/c"], 1, 1)
            server.shutdown()
        counts = [asked.count(path) for path in ("/a", "/b", "/c")]
        assert min(counts) > 5 and max(counts) - min(counts) <= 2
