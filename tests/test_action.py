"""The GitHub action, its steps run as they stand against real servers, by a runner of the tests' own (``ci/``)."""

from __future__ import annotations

import json
import os
import re
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import jsonschema
import pytest
import yaml

from civis_usage.client.redaction import redact
from civis_usage.contract_tests.reports import json as json_report

from .checkout import ROOT, check_out
from .ci.github import Job, Machine, run
from .deviations import DEVIATIONS
from .documentation.pages import Block, pages
from .http_stub import closed_port
from .serve_process import SMALL, serving
from .standin import KEY, Standin
from .standin_server import Server
from .standin_server import serving as standing_in

pytestmark = pytest.mark.slow

ACTION = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
SIZE: dict[str, Any] = {"daily": {1: 6, 2: 2}, "daily_matching": {1: 5, 2: 2}}
BROKEN = {each.id: each for each in DEVIATIONS}
REPORTS = {"report.json", "report.html", "report.xml"}
Check = Callable[..., Job]


def unreachable() -> str:
    return f"http://127.0.0.1:{closed_port()}"


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Machine:
    """Return a machine on which the first job installs the kit, as the action's step stands: that takes a while."""
    folder = tmp_path_factory.mktemp("runner")
    kept = {
        name: value for name, value in os.environ.items() if not re.match("CIVIS|GITHUB|RUNNER|PYTEST|PYTHON", name)
    }
    check_out(folder / "action")
    python: str = sys._base_executable  # type: ignore[attr-defined]  # as setup-python gives one: with nothing in it
    return Machine(folder, kept, {"CIVIS_API_KEY": KEY}, python, once=frozenset({"kit"}))


@pytest.fixture
def workspace(machine: Machine) -> Path:
    """Return the job's workspace, empty."""
    folder = machine.folder / "workspace"
    shutil.rmtree(folder)
    folder.mkdir()
    return folder


@pytest.fixture
def check(machine: Machine, workspace: Path) -> Check:
    """Run a job that uses the action, with inputs by their names in Python's spelling."""

    def run_action(base_url: str = "", *, environment: dict[str, str] | None = None, **inputs: object) -> Job:
        told = {"api-key": "${{ secrets.CIVIS_API_KEY }}", "org-id": 1, "base-url": base_url}
        told |= {name.replace("_", "-"): value for name, value in inputs.items()}
        step = {"uses": "your-organization/civis-usage-kit@main", "id": "contract", "with": told}
        return run(machine, {"steps": [step]}, environment)

    return run_action


@pytest.fixture(scope="module")
def fake() -> Iterator[str]:
    with serving(*SMALL, now=None) as served:
        yield served.url


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with standing_in() as server:
        yield server


def holds_the_key(job: Job) -> list[str]:
    """Return the places where the key stands, in whichever form: whatever the job said, gave and wrote."""
    assert redact(f"x{KEY}", [KEY]) != f"x{KEY}"
    folder = job.machine.folder
    places = {"log": job.log, "summary": job.summary, "outputs": repr(job.outputs)}
    places |= {
        str(file): file.read_text(errors="replace")
        for file in folder.rglob("*")
        if file.is_file() and "civis-usage-kit" not in file.parts and folder / "action" not in file.parents
    }
    return [name for name, text in places.items() if redact(text, [KEY]) != text]


def judged(job: Job) -> tuple[int, str, str]:
    """Return the exit code of the job, and what the action's outputs say of it."""
    return job.code, job.outputs["contract"]["exit-code"], job.outputs["contract"]["verdict"]


def reported(job: Job) -> dict[str, Any]:
    """Return the JSON report, the same in the artifact and at the path that the output names; all three are sound."""
    (files,) = job.artifacts.values()
    assert set(files) == REPORTS
    given = {name: Path(job.outputs["contract"][f"report-{name}"]).read_bytes() for name in ("json", "html", "junit")}
    assert given == {"json": files["report.json"], "html": files["report.html"], "junit": files["report.xml"]}
    assert files["report.html"].startswith(b"<!doctype html>")
    assert ET.fromstring(files["report.xml"]).tag == "testsuites"
    report: dict[str, Any] = json.loads(files["report.json"])
    jsonschema.validate(report, json_report.schema())
    return report


# -- the three ends


def test_a_kept_contract_is_0_without_an_annotation(check: Check, fake: str) -> None:
    job = check(fake)
    assert judged(job) == (0, "0", "kept"), job.log
    assert job.annotations == []
    assert "The contract is kept." in job.summary
    assert reported(job)["exit_code"] == 0
    assert list(job.artifacts) == ["civis-usage-report"]
    assert holds_the_key(job) == []


def test_a_violated_contract_is_1_with_an_annotation_for_each_rule(check: Check, server: Server) -> None:
    server.standin = BROKEN["list_matching: task-ignored"].standin(**SIZE)
    job = check(server.url)
    assert judged(job) == (1, "1", "violated"), job.log
    report = reported(job)
    violated = [result["id"] for result in report["results"] if result["verdict"] == "failed"]
    assert violated
    assert [re.match("::error title=([^:]+)::", line)[1] for line in job.annotations] == violated  # type: ignore[index]
    assert "**The contract is violated" in job.summary and all(f"`{id_}`" in job.summary for id_ in violated)
    assert holds_the_key(job) == []


def test_an_unreachable_api_is_3_with_the_reason(check: Check) -> None:
    job = check(unreachable())
    assert judged(job) == (3, "3", "unjudged"), job.log
    (annotation,) = job.annotations
    assert annotation.startswith("::error title=could not be judged::") and "connection refused" in annotation
    assert "could not be judged" in job.summary
    assert reported(job)["unjudged"]
    assert holds_the_key(job) == []


def test_no_data_is_4_unless_it_is_allowed(check: Check, server: Server) -> None:
    server.standin = Standin(daily=SIZE["daily"], daily_matching={})
    job = check(server.url)
    assert judged(job) == (4, "4", "no-data"), job.log
    assert job.annotations[0].startswith("::error title=inconclusive::")
    assert judged(check(server.url, allow_no_data=True)) == (0, "0", "kept")
    assert judged(check(server.url, allow_no_data="list_matching")) == (0, "0", "kept")
    assert judged(check(server.url, allow_no_data="list_llm")) == (4, "4", "no-data")


def test_a_refused_key_is_3(check: Check, machine: Machine, server: Server) -> None:
    server.standin = Standin(**SIZE)
    job = check(server.url, api_key="unknown-key-5f1c")
    assert judged(job) == (3, "3", "unjudged"), job.log


# -- inputs


@pytest.mark.parametrize(
    ("inputs", "sentence"),
    [
        ({"max_requests": "many"}, "'many' is not a valid integer range."),
        ({"waivers": "none.toml"}, "none.toml cannot be read"),
        ({"requests": "none.ndjson"}, "none.ndjson cannot be read"),
        ({"behavior": "none.toml"}, "none.toml cannot be read"),
        ({"org_id": "1 x"}, "'x' is no id"),
        ({"strict": "yes"}, "The input strict must be true or false, not yes."),
        ({"allow_no_data": "a\n::stop"}, "The input allow-no-data must be true or false, not $'a\\n::stop'."),
        ({"api_key": ""}, "There is no API key: set CIVIS_API_KEY"),
        ({"base_url": "ftp://x"}, "Invalid base URL 'ftp://x': use an http or https URL"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_wrong_use_is_2_with_one_annotation_and_no_artifact(
    check: Check, inputs: dict[str, str], sentence: str
) -> None:
    job = check(**inputs)
    assert judged(job) == (2, "2", "refused"), job.log
    (annotation,) = job.annotations
    assert annotation.startswith("::error title=wrong use::") and sentence in annotation
    assert (job.summary, job.artifacts) == ("", {})


@pytest.mark.parametrize("text", ["$(touch pwned) `touch pwned`", "x' || touch pwned #"])
@pytest.mark.parametrize("name", sorted(set(ACTION["inputs"]) - {"artifact-name", "python-version"}))
def test_no_input_is_a_command(check: Check, workspace: Path, name: str, text: str) -> None:
    job = check(**({"base_url": unreachable()} | {name.replace("-", "_"): text}))
    assert judged(job) == (2, "2", "refused"), job.log
    assert list(workspace.iterdir()) == []


def test_no_id_is_a_list_of_files(check: Check, workspace: Path) -> None:
    (workspace / "7").touch()
    assert judged(check(unreachable(), org_id="*")) == (2, "2", "refused")


@pytest.mark.parametrize("name", ["org-id", "base-url", "waivers", "requests", "behavior", "max-requests", "deadline"])
def test_no_input_is_an_option_of_its_own(check: Check, workspace: Path, name: str) -> None:
    job = check(**({"base_url": unreachable()} | {name.replace("-", "_"): "--write-waivers=w.toml"}))
    assert judged(job) == (2, "2", "refused"), job.log
    assert list(workspace.iterdir()) == []


def test_inputs_reach_the_check(check: Check, workspace: Path, server: Server) -> None:
    server.standin = BROKEN["any: not-found-is-a-page"].standin(**SIZE)
    (workspace / "my waivers.toml").write_text('[[waiver]]\ncheck = "list-matching-nulls"\nreason = "Unused."\n')
    (workspace / "my requests.ndjson").write_text('{"operation": "list_llm", "parameters": {"org_id": "8"}}\n')
    (workspace / "my behavior.toml").write_text('end_bound = "exclusive"\n')
    inputs: dict[str, object] = {
        "org_id": "2, 1\n2",
        "max_requests": 59,
        "deadline": 50,
        "strict": True,
        "waivers": "my waivers.toml",
    }
    inputs |= {"requests": "my requests.ndjson", "behavior": "my behavior.toml"}
    job = check(server.url, artifact_name="another", **inputs)
    report = reported(job)
    assert (report["organizations"], report["budget"], report["strict"]) == ([2, 1], 59, True)
    assert [waiver["reason"] for waiver in report["unused_waivers"]] == ["Unused."]
    assert (report["program"]["file"], report["program"]["in_place_of"]) == ("my requests.ndjson", [8])
    assert {each["question"]: each["fake"] for each in report["behavior"]}["end_bound"] == "exclusive"
    assert judged(job) == (1, "1", "violated"), "a warning fails a strict run"
    assert list(job.artifacts) == ["another"]
    assert judged(check(server.url)) == (0, "0", "kept")


def test_waivers_of_the_projects_own_file_are_found(check: Check, workspace: Path, fake: str) -> None:
    waiver = '[[tool.civis-usage.waivers]]\ncheck = "list-matching-nulls"\nreason = "Unused."\n'
    (workspace / "pyproject.toml").write_text(waiver)
    assert [each["reason"] for each in reported(check(fake))["unused_waivers"]] == ["Unused."]


def test_without_a_base_url_the_jobs_endpoint_is_asked(check: Check, fake: str) -> None:
    assert judged(check(environment={"CIVIS_API_ENDPOINT": fake})) == (0, "0", "kept")


def test_without_a_name_there_is_no_artifact(check: Check) -> None:
    job = check(unreachable(), artifact_name="")
    assert (job.code, job.artifacts) == (3, {})


# -- the job's own environment


def test_the_jobs_python_and_files_are_left_alone_and_leave_the_check_alone(
    check: Check, workspace: Path, fake: str
) -> None:
    (workspace / "requests.py").write_text("raise SystemExit('the project has a module of this name')\n")
    job = check(fake, environment={"PYTHONPATH": str(workspace), "PYTHONHOME": "/nowhere"})
    assert judged(job) == (0, "0", "kept"), job.log
    assert [file.name for file in workspace.iterdir()] == ["requests.py"]


# -- the file


def test_no_expression_stands_in_a_script_and_no_key_among_arguments() -> None:
    scripts = [step["run"] for step in ACTION["runs"]["steps"] if "run" in step]
    assert len(scripts) == 2
    for script in scripts:
        assert "${{" not in script
        assert "CIVIS_API_KEY" not in script and "--api-key" not in script


def test_every_input_is_used_and_every_variable_comes_from_an_input_or_a_step() -> None:
    used = re.findall(r"inputs\.([\w-]+)", json.dumps(ACTION["runs"]))
    assert set(used) == set(ACTION["inputs"])
    for step in ACTION["runs"]["steps"]:
        for value in step.get("env", {}).values():
            assert re.fullmatch(r"\$\{\{ (inputs|steps\.\w+\.outputs)\.[\w-]+ \}\}", value), value


def test_the_guide_lists_the_inputs_with_their_defaults_and_the_outputs() -> None:
    text = pages()["docs/ci.md"].text
    for name, each in ACTION["inputs"].items():
        row = re.search(rf"^\| `{name}` \|.*\| ?(.*?) ?\|$", text, re.MULTILINE)
        assert row, name
        assert not each.get("default") or row[1] == f"`{each['default']}`", row[0]
    rows = re.findall(r"^\| `(?:verdict|exit-code|headline|report).*", text, re.MULTILINE)
    told = set(re.findall(r"`([\w-]+)`", "".join(rows)))
    assert set(ACTION["outputs"]) <= told


# -- the workflows that the pages show


def workflows() -> list[Block]:
    blocks = [block for page in pages().values() for block in page.blocks("yaml")]
    return [block for block in blocks if "civis-usage-kit@" in block.text]


GH = """#!/usr/bin/env bash
printf '%s\\n' "$@" >"$RUNNER_TEMP/gh-$2.txt"
[ "$2" != list ] || [ ! -e "$RUNNER_TEMP/gh-open.txt" ] || cat "$RUNNER_TEMP/gh-open.txt"
"""
"""In place of GitHub's own command, which no test can have: it notes what it is told, and lists what is open."""


@pytest.mark.parametrize("block", workflows(), ids=str)
def test_a_workflow_of_the_pages_runs_as_it_stands(
    block: Block, machine: Machine, workspace: Path, fake: str, server: Server, tmp_path: Path
) -> None:
    (job,) = yaml.safe_load(block.text)["jobs"].values()
    (workspace / "waivers.toml").write_text("")
    (tmp_path / "gh").write_text(GH)
    (tmp_path / "gh").chmod(0o755)
    created, open_ = (machine.folder / "temp" / f"gh-{name}.txt" for name in ("create", "open"))
    path = {"PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}"}

    kept = run(machine, job, path | {"CIVIS_API_ENDPOINT": fake})
    assert (kept.code, kept.annotations, created.exists()) == (0, [], False), kept.log
    assert set(kept.artifacts["civis-usage-report"]) == REPORTS

    server.standin = BROKEN["list_matching: task-ignored"].standin(**SIZE)
    violated = run(machine, job, path | {"CIVIS_API_ENDPOINT": server.url})
    assert violated.code == 1
    assert holds_the_key(violated) == []
    if "gh issue" in block.text:
        told = created.read_text().splitlines()
        assert reported(violated)["headline"] in told[-3]
        assert told[:2] == ["issue", "create"]
        assert told[-1] == "https://github.com/someone/something/actions/runs/1"
        created.unlink()
        open_.write_text("https://github.com/someone/something/issues/1\n")
        run(machine, job, path | {"CIVIS_API_ENDPOINT": server.url})
        assert not created.exists(), "one issue is enough"
