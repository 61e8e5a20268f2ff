"""The tests' own runner of GitHub workflows: it does what GitHub documents, and stops at what it does not know."""

from __future__ import annotations

import os
import select
from pathlib import Path
from typing import Any

import pytest

from .ci.expressions import filled, holds
from .ci.github import Job, Machine, run

CONTEXTS = {"inputs": {"a": "x", "empty": ""}, "steps.one.outputs": {"verdict": "kept"}}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("${{ inputs.a }}-${{inputs.empty}}-", "x--"),
        ("${{ steps.one.outputs.verdict }}", "kept"),
        ("${{ steps.skipped.outputs.verdict }}", ""),
        ("$(a) ${b}", "$(a) ${b}"),
        (True, "true"),
        (7, "7"),
    ],
)
def test_expressions_are_filled_in(text: object, value: str) -> None:
    assert filled(text, CONTEXTS) == value


@pytest.mark.parametrize("text", ["${{ format('{0}', inputs.a) }}", "${{ a }}", "${{ inputs['a'] }}", "${{ env.A }}"])
def test_an_expression_that_is_not_known_is_an_error(text: str) -> None:
    with pytest.raises(AssertionError, match=r"does not know|there is no context"):
        filled(text, CONTEXTS)


@pytest.mark.parametrize(
    ("condition", "after_success", "after_failure"),
    [
        (None, True, False),
        ("inputs.a == 'x'", True, False),
        ("always()", True, True),
        ("${{ !cancelled() && inputs.empty != '' }}", False, False),
        ("${{ failure() && steps.one.outputs.verdict == 'kept' }}", False, True),
    ],
)
def test_a_step_runs_as_its_condition_says(condition: str | None, after_success: bool, after_failure: bool) -> None:
    assert holds(condition, CONTEXTS, failed=False) is after_success
    assert holds(condition, CONTEXTS, failed=True) is after_failure


@pytest.mark.parametrize("condition", ["failure() || always()", "inputs.a", "contains(inputs.a, 'x')"])
def test_a_condition_that_is_not_known_is_an_error(condition: str) -> None:
    with pytest.raises(AssertionError, match="does not know"):
        holds(condition, CONTEXTS, failed=False)


def ran(folder: Path, *steps: dict[str, Any]) -> Job:
    return run(Machine(folder, {"PATH": "/usr/bin:/bin"}), {"steps": list(steps)})


def test_a_script_ends_at_its_first_failure_and_the_job_too_but_for_what_runs_always(tmp_path: Path) -> None:
    job = ran(
        tmp_path,
        {"run": "echo one\n(exit 7) | cat\necho two"},
        {"run": "echo three"},
        {"run": "echo four; exit 9", "if": "always()"},
    )
    assert (job.log, job.code) == ("one\nfour\n", 7)


def test_outputs_reach_later_steps(tmp_path: Path) -> None:
    job = ran(
        tmp_path,
        {"id": "one", "run": 'echo "a=b=c" >>"$GITHUB_OUTPUT"; echo "# S" >>"$GITHUB_STEP_SUMMARY"'},
        {"run": 'echo "$A"', "env": {"A": "${{ steps.one.outputs.a }}"}},
    )
    assert (job.log, job.summary) == ("b=c\n", "# S\n")


@pytest.mark.parametrize(
    "step", [{"uses": "someone/something@v1"}, {"uses": "actions/checkout"}, {"run": "ls", "shell": "sh"}]
)
def test_a_step_that_is_not_known_is_an_error(step: dict[str, Any], tmp_path: Path) -> None:
    with pytest.raises(AssertionError):
        ran(tmp_path, step)


def test_a_step_that_changes_the_jobs_environment_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match="GITHUB_PATH"):
        ran(tmp_path, {"run": 'echo /somewhere >>"$GITHUB_PATH"'})


@pytest.mark.skipif(not hasattr(os, "pidfd_open"), reason="only Linux tells when a process ends that is no child")
def test_what_a_job_leaves_running_ends_with_it(tmp_path: Path) -> None:
    job = ran(tmp_path, {"run": "sleep 600 & echo $!"})
    try:
        process = os.pidfd_open(int(job.log))
    except ProcessLookupError:
        return
    ended, _, _ = select.select([process], [], [], 10)
    os.close(process)
    assert ended
