"""The check as its users run it: a process, a key in the environment, an exit code and a JSON report."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from .deviations import DEVIATIONS
from .legal import VARIATIONS
from .standin import KEY, Standin
from .standin_server import Server, serving

pytestmark = pytest.mark.slow

SIZE = {"daily": {1: 2, 2: 1}, "daily_matching": {1: 2, 2: 1}}
BROKEN = {each.id: each for each in DEVIATIONS}
LEGAL = {each.id: each for each in VARIATIONS}
Check = Callable[..., tuple[int, dict[str, Any]]]


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with serving() as server:
        yield server


@pytest.fixture
def check(server: Server, tmp_path: Path) -> Check:
    """Run the command against a stand-in whose clock goes as the machine's does."""

    def run(standin: Standin, *options: str, key: str = KEY) -> tuple[int, dict[str, Any]]:
        server.standin = standin
        report = tmp_path / "report.json"
        command = [
            "check",
            "--base-url",
            server.url,
            "--org-id",
            "1",
            "--allow-no-data",
            "--json",
            str(report),
            *options,
        ]
        done = subprocess.run(
            [sys.executable, "-m", "civis_usage", *command],
            env=os.environ | {"CIVIS_API_KEY": key},
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=60,
        )
        shown = done.stdout + done.stderr
        assert "Traceback" not in shown, shown
        written = report.read_text()
        assert key not in shown + written, "the key is shown"
        assert standin.methods <= {"GET"}
        assert standin.wrong_keys <= (4 if key == KEY else len(standin.journal))
        return done.returncode, json.loads(written)

    return run


def test_a_contract_that_is_kept_ends_with_0(check: Check) -> None:
    assert check(Standin(**SIZE))[0] == 0


@pytest.mark.parametrize(
    ("id_", "operation"),
    [
        ("list_matching: task-ignored", "list_matching"),
        ("get_llm: old-records-not-found", "get_llm"),
        ("get_llm_organization_summary: credits-doubled", "get_llm_organization_summary"),
        ("list_llm: nan", "list_llm"),
    ],
)
def test_a_violation_ends_with_1_and_names_its_operation(check: Check, id_: str, operation: str) -> None:
    code, report = check(BROKEN[id_].standin(**SIZE))
    assert code == 1
    assert f'"{operation}"' in json.dumps(report)


def test_a_legal_variation_ends_with_0(check: Check) -> None:
    """One that leans on the clock, which here is the machine's; the others are in ``test_check_legal.py``."""
    assert check(LEGAL["runs-recorded-meanwhile"].standin(**SIZE))[0] == 0


def test_a_warning_ends_with_0_and_strictly_with_1(check: Check) -> None:
    broken = BROKEN["any: not-found-is-a-page"]
    assert check(broken.standin(**SIZE))[0] == 0
    assert check(broken.standin(**SIZE), "--strict")[0] == 1


def test_a_refused_key_ends_with_3(check: Check) -> None:
    assert check(Standin(**SIZE), key="unknown-key-5f1c")[0] == 3


def test_a_spent_budget_ends_with_3(check: Check) -> None:
    standin = Standin(**SIZE)
    assert check(standin, "--max-requests", "9")[0] == 3
    assert len(standin.journal) <= 9


def test_no_data_ends_with_4_unless_it_is_allowed(server: Server) -> None:
    server.standin = Standin(daily=SIZE["daily"], daily_matching={})
    command = [sys.executable, "-m", "civis_usage", "check", "--base-url", server.url, "--org-id", "1"]
    environment = os.environ | {"CIVIS_API_KEY": KEY}
    assert subprocess.run(command, env=environment, capture_output=True, timeout=60).returncode == 4
    command.append("--allow-no-data")
    assert subprocess.run(command, env=environment, capture_output=True, timeout=60).returncode == 0
