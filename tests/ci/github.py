"""A machine that runs GitHub workflows: the steps' scripts as they stand, with the files and variables of the runner.

The kit's own action is run step by step. Of other people's actions a few are known, and done as they document it:
checkout (the workspace is filled already), setup-python, upload-artifact, and the two halves of cache, for one file.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from .expressions import Contexts, filled, holds
from .scripts import Scripts

Step = Mapping[str, Any]
Outputs = dict[str, str]


@dataclass
class Machine:
    """A runner: what is on it before a job begins.

    ``folder`` has the workspace, the temporary files and, in ``action``, the checkout of the kit's action.
    """

    folder: Path
    environment: Mapping[str, str]
    secrets: Mapping[str, str] = field(default_factory=dict)
    python: str = sys.executable
    """What setup-python gives."""
    once: frozenset[str] = frozenset()
    """The ids of steps that are run for the first job only; the later ones find what they left."""
    done: dict[str, Outputs] = field(default_factory=dict)
    """The outputs of those of them that were run."""
    cache: dict[str, bytes] = field(default_factory=dict)
    """The files that cache keeps, by their keys, which change with the workflow's run."""

    def __post_init__(self) -> None:
        for name in ("workspace", "temp", "action"):
            (self.folder / name).mkdir(parents=True, exist_ok=True)


@dataclass
class Job:
    """One job on a machine, and what came of it."""

    machine: Machine
    scripts: Scripts
    code: int = 0
    """The exit code of the first step that failed; 0 where none did."""
    log: str = ""
    summary: str = ""
    outputs: dict[str, Outputs] = field(default_factory=dict)
    """What the steps with an id gave."""
    artifacts: dict[str, dict[str, bytes]] = field(default_factory=dict)
    """What was uploaded: files by name, by the artifact's name."""

    @property
    def annotations(self) -> list[str]:
        """The workflow commands in the log."""
        return [line for line in self.log.splitlines() if line.startswith("::")]


def run(machine: Machine, job: Mapping[str, Any], override: Mapping[str, str] | None = None) -> Job:
    """Run a job of a workflow to its end.

    Args:
        job: as it stands in the workflow.
        override: variables that take the place of those that the job sets.
    """
    with Scripts(machine.folder) as scripts:
        running = Job(machine, scripts)
        environment = {**job.get("env", {}), **(override or {})}
        github = _GITHUB | {"run_id": str(len(machine.cache) + 1)}
        _steps(running, job["steps"], {"secrets": machine.secrets, "github": github}, environment)
    return running


_GITHUB = {"token": "a-token", "server_url": "https://github.com", "repository": "someone/something"}


def _steps(job: Job, steps: list[Step], outer: Contexts, environment: Mapping[str, str]) -> dict[str, Outputs]:
    """Run steps one after another; give the outputs of those that have an id."""
    outputs: dict[str, Outputs] = {}
    failed = False
    for step in steps:
        contexts = {**outer, **{f"steps.{id_}.outputs": given for id_, given in outputs.items()}}
        if not holds(step.get("if"), contexts, failed):
            continue
        own = {name: filled(value, contexts) for name, value in step.get("env", {}).items()}
        code, given = _step(job, step, contexts, {**environment, **own})
        if "id" in step:
            outputs[step["id"]] = job.outputs[step["id"]] = given
        if code and not failed:
            failed = True
            job.code = job.code or code
    return outputs


def _step(job: Job, step: Step, contexts: Contexts, environment: Mapping[str, str]) -> tuple[int, Outputs]:
    if "run" in step:
        assert step.get("shell", "bash") == "bash"
        id_ = step.get("id", "")
        if id_ in job.machine.done:
            return 0, job.machine.done[id_]
        code, given = _script(job, filled(step["run"], contexts), environment)
        if id_ in job.machine.once and code == 0:
            job.machine.done[id_] = given
        return code, given
    told = {name: filled(value, contexts) for name, value in step.get("with", {}).items()}
    action, _, version = step["uses"].partition("@")
    assert version, f"{action} is used without a version"
    match action:
        case "actions/checkout":
            return 0, {}
        case "actions/setup-python":
            assert told["python-version"]
            return 0, {"python-path": job.machine.python}
        case "actions/cache/restore":
            _restore(job.machine, **{name.replace("-", "_"): value for name, value in told.items()})
            return 0, {}
        case "actions/cache/save":
            _save(job.machine, **told)
            return 0, {}
        case "actions/upload-artifact":
            return _upload(job, **{name.replace("-", "_"): value for name, value in told.items()}), {}
    assert action.endswith("/civis-usage-kit"), f"the tests' runner does not know {action}"
    return _action(job, told, contexts, environment)


def _restore(machine: Machine, path: str, key: str, restore_keys: str) -> None:
    """Put the newest file in its place whose key begins so, if there is one."""
    assert key.startswith(restore_keys)
    found = [content for known, content in machine.cache.items() if known.startswith(restore_keys)]
    if found:
        (machine.folder / "workspace" / path).write_bytes(found[-1])


def _save(machine: Machine, path: str, key: str) -> None:
    """Keep a file, if there is one; what a key has does not change."""
    file = machine.folder / "workspace" / path
    if file.exists():
        machine.cache.setdefault(key, file.read_bytes())


def _action(job: Job, told: Outputs, contexts: Contexts, environment: Mapping[str, str]) -> tuple[int, Outputs]:
    """Run the kit's action as a step of a job; its inputs are all that it sees of the workflow's contexts."""
    action = yaml.safe_load((job.machine.folder / "action" / "action.yml").read_text(encoding="utf-8"))
    assert told.keys() <= action["inputs"].keys(), f"the action has no input {told.keys() - action['inputs'].keys()}"
    inputs = {name: told.get(name, str(each.get("default", ""))) for name, each in action["inputs"].items()}
    inner = Job(job.machine, job.scripts)
    outputs = _steps(inner, action["runs"]["steps"], {"inputs": inputs, "github": contexts["github"]}, environment)
    job.log, job.summary, job.artifacts = (
        job.log + inner.log,
        job.summary + inner.summary,
        job.artifacts | inner.artifacts,
    )
    seen = {f"steps.{id_}.outputs": given for id_, given in outputs.items()}
    return inner.code, {name: filled(each["value"], seen) for name, each in action["outputs"].items()}


def _script(job: Job, script: str, environment: Mapping[str, str]) -> tuple[int, Outputs]:
    """Run a step's script, as the runner runs ``shell: bash``."""
    machine = job.machine
    files = {name: machine.folder / f"{name.lower()}.txt" for name in _FILES}
    for file in files.values():
        file.write_text("")
    own = {
        **machine.environment,
        "GITHUB_ACTIONS": "true",
        "GITHUB_ACTION_PATH": str(machine.folder / "action"),
        "GITHUB_WORKSPACE": str(machine.folder / "workspace"),
        "RUNNER_TEMP": str(machine.folder / "temp"),
        **{name: str(file) for name, file in files.items()},
        **environment,
    }
    code, log = job.scripts.run(script, machine.folder / "workspace", own)
    job.log += log
    job.summary += files["GITHUB_STEP_SUMMARY"].read_text()
    for name in ("GITHUB_ENV", "GITHUB_PATH"):
        assert files[name].read_text() == "", f"a step changes the job's environment by {name}"
    return code, dict(line.split("=", 1) for line in files["GITHUB_OUTPUT"].read_text().splitlines())


_FILES = ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY", "GITHUB_ENV", "GITHUB_PATH")


def _upload(job: Job, name: str, path: str, if_no_files_found: str = "warn") -> int:
    folder = Path(path)
    files = {file.relative_to(folder).as_posix(): file.read_bytes() for file in folder.rglob("*") if file.is_file()}
    assert name not in job.artifacts, f"there is an artifact {name!r} already"
    if files:
        job.artifacts[name] = files
    return int(not files and if_no_files_found == "error")
