"""The snippets of the guide to CI: the services' own schemas accept them, and their scripts run as they stand."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import sysconfig
import venv
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from .checkout import ROOT, check_out
from .ci.github import Machine, run
from .ci.scripts import Scripts
from .deviations import DEVIATIONS
from .documentation.pages import Block, pages
from .http_stub import closed_port
from .serve_process import SMALL, serving
from .standin import KEY
from .standin_server import serving as standing_in

pytestmark = pytest.mark.slow

SCHEMAS = {
    r"\.github/workflows/[\w-]+\.yml": "vendor.github-workflows",
    r"\.gitlab-ci\.yml": "vendor.gitlab-ci",
    r"\.circleci/config\.yml": "vendor.circle-ci",
}
"""The schemas that check-jsonschema brings along, by the files that they describe."""
BLOCKS = [block for page in pages().values() for block in page.blocks("yaml")]
TASK_IGNORED = next(each for each in DEVIATIONS if each.id == "list_matching: task-ignored")


# -- the form


def path_of(block: Block) -> str:
    """Return the path of the file that a snippet is, as its first line says."""
    assert block.text.startswith("# "), f"{block} does not begin with the path of its file"
    return block.text.partition("\n")[0].removeprefix("# ")


def schema_of(block: Block) -> str:
    return next(schema for path, schema in SCHEMAS.items() if re.fullmatch(path, path_of(block)))


def validated(schema: str, text: str, folder: Path) -> subprocess.CompletedProcess[str]:
    (folder / "file.yml").write_text(text, encoding="utf-8")
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", schema, str(folder / "file.yml")]
    return subprocess.run(command, capture_output=True, text=True)


@pytest.mark.parametrize("block", BLOCKS, ids=str)
def test_a_snippet_is_as_its_service_wants_it(block: Block, tmp_path: Path) -> None:
    done = validated(schema_of(block), block.text, tmp_path)
    assert done.returncode == 0, done.stdout


def test_there_is_a_snippet_for_every_service() -> None:
    assert {schema_of(block) for block in BLOCKS} == set(SCHEMAS.values())


def test_the_action_is_as_github_wants_it(tmp_path: Path) -> None:
    done = validated("vendor.github-actions", (ROOT / "action.yml").read_text(), tmp_path)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(
    ("schema", "right", "wrong"),
    [
        ("vendor.github-workflows", "runs-on: ubuntu-latest", "runs_on: ubuntu-latest"),
        ("vendor.github-workflows", "pull_request", "pull_requests"),
        ("vendor.gitlab-ci", "when: always", "when: whenever"),
        ("vendor.gitlab-ci", "  script:", "  scripts:"),
        ("vendor.circle-ci", "version: 2.1", "version: 7"),
        ("vendor.circle-ci", "jobs:\n      - usage-tests", "job:\n      - usage-tests"),
        ("vendor.github-actions", "using: composite", "using: compose"),
        ("vendor.github-actions", "shell: bash", "shells: bash"),
    ],
)
def test_a_snippet_that_is_broken_is_refused(schema: str, right: str, wrong: str, tmp_path: Path) -> None:
    texts = [block.text for block in BLOCKS if schema_of(block) == schema] + [(ROOT / "action.yml").read_text()]
    text = next(text for text in texts if right in text)
    assert validated(schema, text.replace(right, wrong), tmp_path).returncode == 1


# -- the scripts


PROJECT = {
    "requirements.txt": "",
    "test_program.py": (
        "import os\n"
        "import requests\n"
        "\n"
        "def test_a_program_sees_april():\n"
        "    url = os.environ['CIVIS_API_ENDPOINT'] + '/usage/llm?org_id=1'\n"
        "    newest, *_ = requests.get(url, auth=(os.environ['CIVIS_API_KEY'], ''), timeout=10).json()\n"
        "    assert newest['runCreatedAt'].startswith('2026-04-30')\n"
    ),
}
BROKEN_PROJECT = PROJECT | {"test_program.py": PROJECT["test_program.py"].replace("04-30", "05-01")}


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Return the variables of a job: an environment of its own, in which ``$CIVIS_USAGE_KIT`` is this checkout.

    What the kit depends on is that of the tests, so that nothing has to be fetched.
    """
    folder = tmp_path_factory.mktemp("job")
    venv.create(folder / "env", symlinks=True, with_pip=True)
    python = folder / "env" / "bin" / "python"
    subprocess.run([python, "-m", "pip", "uninstall", "-qy", "setuptools"], check=True)  # Python 3.11 adds an old one
    paths = {"base": str(folder / "env"), "platbase": str(folder / "env")}
    site = Path(sysconfig.get_path("purelib", "venv", vars=paths))
    (site / "dependencies.pth").write_text(sysconfig.get_path("purelib"))
    kept = {name: value for name, value in os.environ.items() if not re.match("CIVIS|GITHUB|PYTEST|PYTHON", name)}
    return kept | {
        "PATH": f"{folder / 'env' / 'bin'}{os.pathsep}{os.environ['PATH']}",
        "CIVIS_USAGE_KIT": str(check_out(folder / "checkout")),
        "PIP_NO_INDEX": "1",
        "PIP_NO_BUILD_ISOLATION": "0",  # pip's way of saying that there is to be none
    }


def snippet(path: str) -> Any:
    """Return what the guide has in a file; its fake stands at a free port."""
    (block,) = [block for block in pages()["docs/ci.md"].blocks("yaml") if path_of(block) == path]
    return yaml.safe_load(block.text.replace("8765", str(closed_port())))


def project(folder: Path, files: Mapping[str, str]) -> Path:
    folder.mkdir()
    for name, text in files.items():
        (folder / name).write_text(text)
    return folder


@pytest.fixture(scope="module")
def violating() -> Iterator[str]:
    with standing_in() as server:
        server.standin = TASK_IGNORED.standin(daily={1: 6}, daily_matching={1: 5})
        yield server.url


@pytest.fixture(scope="module")
def fake() -> Iterator[str]:
    with serving(*SMALL, now=None) as served:
        yield served.url


@pytest.mark.parametrize(("files", "code"), [(PROJECT, 0), (BROKEN_PROJECT, 1)], ids=["passes", "fails"])
def test_github_runs_the_projects_tests_against_the_fake(
    environment: dict[str, str], tmp_path: Path, files: Mapping[str, str], code: int
) -> None:
    (job,) = snippet(".github/workflows/usage-tests.yml")["jobs"].values()
    project(tmp_path / "workspace", files)
    done = run(Machine(tmp_path, environment), job, {"CIVIS_USAGE_KIT": environment["CIVIS_USAGE_KIT"]})
    assert done.code == code, done.log
    assert f"1 {'failed' if code else 'passed'}" in done.log


def test_github_notifies_of_a_violation_once(environment: dict[str, str], tmp_path: Path, violating: str) -> None:
    (job,) = snippet(".github/workflows/usage-news.yml")["jobs"].values()
    [script] = [block.text for block in pages()["docs/ci.md"].blocks("sh") if block.file == "nightly.sh"]
    machine = Machine(tmp_path, environment, {"CIVIS_API_KEY": KEY})
    for code in (1, 0):
        for file in (tmp_path / "workspace").iterdir():  # each job begins with what is checked out
            file.unlink()
        (tmp_path / "workspace" / "nightly.sh").write_text(script)
        (tmp_path / "workspace" / "waivers.toml").write_text("")
        told = {"CIVIS_API_ENDPOINT": violating}
        done = run(machine, with_kit(job, environment), told)
        assert done.code == code, done.log
        assert KEY not in done.log
    assert ": 0 new, " in done.log


def with_kit(job: dict[str, Any], environment: Mapping[str, str]) -> dict[str, Any]:
    """Return a job whose steps install this checkout of the kit."""
    kit = {"CIVIS_USAGE_KIT": environment["CIVIS_USAGE_KIT"]}
    steps = [
        step | {"env": step["env"] | kit} if "CIVIS_USAGE_KIT" in step.get("env", {}) else step for step in job["steps"]
    ]
    return job | {"steps": steps}


def gitlab(name: str, folder: Path, environment: Mapping[str, str]) -> tuple[int, str]:
    """Run a job of the snippet for GitLab; what is in ``environment`` takes the place of the file's own variables."""
    file = snippet(".gitlab-ci.yml")
    told = file["variables"] | file[name].get("variables", {}) | environment
    with Scripts(folder.parent) as scripts:
        return scripts.run("\n".join(file[name]["script"]), folder, told)


@pytest.mark.parametrize("end", ["kept", "violated"])
def test_gitlab_checks_the_api(
    environment: dict[str, str], tmp_path: Path, fake: str, violating: str, end: str
) -> None:
    url, expected = {
        "kept": (fake, 0),
        "violated": (violating, 1),
    }[end]
    folder = project(tmp_path / "builds", {"waivers.toml": ""})
    code, log = gitlab("usage-contract", folder, environment | {"CIVIS_API_ENDPOINT": url, "CIVIS_API_KEY": KEY})
    assert code == expected, log
    kept = snippet(".gitlab-ci.yml")["usage-contract"]["artifacts"]
    for name in [*kept["paths"], kept["reports"]["junit"]]:
        assert KEY not in (folder / name).read_text()
    assert kept["when"] == "always" and KEY not in log


def test_gitlab_runs_the_projects_tests_against_the_fake(environment: dict[str, str], tmp_path: Path) -> None:
    code, log = gitlab("usage-tests", project(tmp_path / "builds", PROJECT), environment)
    assert (code, "1 passed" in log) == (0, True), log


def circleci(name: str, folder: Path, environment: Mapping[str, str]) -> tuple[int, str]:
    """Run a job of the snippet for CircleCI, as :func:`gitlab` does; a step that fails is the last to run."""
    job = snippet(".circleci/config.yml")["jobs"][name]
    told = {**job["environment"], **environment}
    logs = ""
    with Scripts(folder.parent) as scripts:
        for step in (step["run"] for step in job["steps"] if "run" in step):
            if isinstance(step, dict) and step.get("background"):
                scripts.start(step["command"], folder, told)
                continue
            code, log = scripts.run(step if isinstance(step, str) else step["command"], folder, told)
            logs += log
            if code:
                return code, logs
    return 0, logs


def test_circleci_checks_the_api(environment: dict[str, str], tmp_path: Path, violating: str) -> None:
    folder = project(tmp_path / "project", {"waivers.toml": ""})
    told = environment | {"CIVIS_API_ENDPOINT": violating, "CIVIS_API_KEY": KEY}
    code, log = circleci("usage-contract", folder, told)
    assert code == 1, log
    stored = [
        next(iter(step.values()))["path"]
        for step in snippet(".circleci/config.yml")["jobs"]["usage-contract"]["steps"][4:]
    ]
    assert {file.name for path in stored for file in (folder / path).iterdir()} == {
        "usage.json",
        "usage.html",
        "usage.xml",
    }
    assert KEY not in log


def test_circleci_runs_the_projects_tests_against_the_fake(environment: dict[str, str], tmp_path: Path) -> None:
    code, log = circleci("usage-tests", project(tmp_path / "project", PROJECT), environment)
    assert (code, "1 passed" in log) == (0, True), log


def test_the_key_is_given_to_the_scheduled_job_alone() -> None:
    file = snippet(".gitlab-ci.yml")
    assert file["usage-contract"]["rules"] == [{"if": '$CI_PIPELINE_SOURCE == "schedule"'}]
    assert file["usage-tests"]["rules"] == [{"if": '$CI_PIPELINE_SOURCE == "merge_request_event"'}]
    daily, changes = (snippet(".circleci/config.yml")["workflows"][name] for name in ("daily", "changes"))
    assert daily["jobs"] == [{"usage-contract": {"context": "civis"}}] and changes["jobs"] == ["usage-tests"]
    assert daily["when"] == changes["unless"] == {"equal": ["scheduled_pipeline", "<< pipeline.trigger_source >>"]}
