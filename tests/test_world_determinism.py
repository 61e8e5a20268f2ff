"""A world is a pure function of seed, profile and day: in every process, on every Python, whatever is asked first."""

from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
import sys
from datetime import date
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import civis_usage
from civis_usage import fixtures, mock_server, schemas
from civis_usage.mock_server.world import World
from civis_usage.mock_server.world.pool import draw

from . import world_digest
from .worlds import listed

DAY = 86_400_000
FIRST = (date(2024, 1, 1) - date(1970, 1, 1)).days
NOW = (FIRST + 400) * DAY
PROGRAM = Path(world_digest.__file__)


NEEDED = (
    "hypothesis",
    "sortedcontainers",
    "jsonschema",
    "jsonschema-specifications",
    "referencing",
    "rpds-py",
    "attrs",
    "typing_extensions",
)
"""What a world needs beside the standard library."""


def run(command: list[str], cwd: Path, **environment: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        command, cwd=cwd, env={**os.environ, **environment}, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )


def said(process: subprocess.Popen[bytes]) -> dict[str, Any]:
    out, err = process.communicate(timeout=120)
    assert (process.returncode, err) == (0, b"")
    found: dict[str, Any] = json.loads(out)
    return found


@pytest.fixture(scope="module")
def here() -> dict[str, Any]:
    return {profile: world_digest.digests(profile) for profile in ("realistic", "edge")}


@pytest.mark.parametrize(
    "seed", ["0", "random", *(pytest.param(each, marks=pytest.mark.nightly) for each in ("1", "42"))]
)
def test_each_hash_seed_gives_the_same_bytes_and_leaves_nothing_behind(here, tmp_path, seed):
    assert said(run([sys.executable, str(PROGRAM)], tmp_path, PYTHONHASHSEED=seed)) == here
    assert list(tmp_path.iterdir()) == []


def interpreter(minor: int) -> str:
    """Find the machine's Python 3.``minor``: one of pyenv's, or one on the PATH."""
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    found = [*map(str, sorted(pyenv.glob(f"3.{minor}.*/bin/python"))), shutil.which(f"python3.{minor}")]
    for candidate in filter(None, found):
        answer = subprocess.run([candidate, "-VV"], capture_output=True, text=True, check=False)
        if answer.returncode == 0 and answer.stdout.startswith(f"Python 3.{minor}."):
            return candidate
    pytest.skip(f"there is no Python 3.{minor} on this machine")


@pytest.fixture
def other_python(request, tmp_path) -> tuple[str, str]:
    """Return another Python, and a path with what a world needs: the kit, and Hypothesis compiled for that Python."""
    found = interpreter(request.param)
    name = f"hypothesis-{version('hypothesis')}-and-jsonschema-for-3.{request.param}"
    store = Path(sys.prefix) / "other-pythons" / name
    if not store.exists():
        target = tmp_path / "packages"
        pip = [
            sys.executable,
            "-m",
            "pip",
            "--disable-pip-version-check",
            "install",
            "--quiet",
            "--target",
            str(target),
        ]
        wanted = [f"{name}=={version(name)}" for name in NEEDED]
        options = ["--only-binary=:all:", f"--python-version=3.{request.param}", "--no-deps", "--retries=0"]
        installed = subprocess.run([*pip, *options, *wanted], capture_output=True, text=True, check=False)
        if installed.returncode:
            pytest.skip(f"{name} is not here and cannot be installed: {installed.stderr.strip()[-200:]}")
        store.parent.mkdir(exist_ok=True)
        shutil.move(target, store)
    kit = tmp_path / "kit" / "civis_usage"
    kit.mkdir(parents=True)
    for package in (schemas, fixtures, mock_server):
        (kit / package.__name__.rpartition(".")[2]).symlink_to(Path(str(package.__file__)).parent)
    (kit / "__init__.py").symlink_to(str(civis_usage.__file__))
    return found, f"{kit.parent}{os.pathsep}{store}"


OTHERS = [minor for minor in range(11, 16) if minor != sys.version_info.minor]


@pytest.mark.parametrize("other_python", OTHERS, indirect=True)
def test_every_python_of_this_machine_gives_the_same_bytes(here, other_python, tmp_path):
    python, path = other_python
    process = run([python, "-B", str(PROGRAM)], tmp_path, PYTHONPATH=path)
    assert said(process) == here


def test_the_world_that_users_build_upon_has_not_changed(here):
    """Hypothesis 6.130 to 6.170 draw ``realistic`` alike. If it changes, seeds mean other worlds: CHANGELOG says so.

    ``edge`` may differ between versions of Hypothesis.
    """
    assert sha256(json.dumps(here["realistic"]).encode()).hexdigest()[:12] == "61dc2707d2b0"


@pytest.mark.parametrize("profile", ["realistic", "edge"])
def test_a_year_day_by_day_in_random_order_is_the_year_at_once(profile):
    year = range(FIRST, FIRST + 366)
    at_once, in_pieces = World(seed=2, profile=profile), World(seed=2, profile=profile)
    order = random.Random(7).sample(year, len(year))
    for kind in ("llm", "matching"):
        pieces = {day: listed(in_pieces, kind, 1, day * DAY, day * DAY + DAY - 1, now=NOW) for day in order}
        joined = b",".join(pieces[day][1:-1] for day in reversed(year) if pieces[day] != b"[]")
        assert b"[" + joined + b"]" == listed(at_once, kind, 1, FIRST * DAY, (FIRST + 366) * DAY - 1, now=NOW)
    sums = [in_pieces.credits(1, day * DAY, day * DAY + DAY - 1, now=NOW) for day in order]
    assert sum(sums) == at_once.credits(1, FIRST * DAY, (FIRST + 366) * DAY - 1, now=NOW) > 0


@pytest.mark.parametrize("profile", ["realistic", "edge"])
def test_tomorrow_contains_today_unchanged(profile):
    today, tomorrow = World(profile=profile), World(profile=profile)
    for hour in range(0, 72, 5):
        now = (FIRST + 59) * DAY + hour * 3_600_000
        for kind in ("llm", "matching"):
            before = listed(today, kind, 1, now=now)
            assert listed(tomorrow, kind, 1, now=now + DAY).endswith(before[1:])


def test_what_was_asked_before_changes_nothing():
    fresh, asked = World(), World()
    asked.llm_by_id(8766001000003, now=NOW)
    asked.credits(2, FIRST * DAY + 5, NOW - 5, now=NOW)
    asked.latest("matching", 1, 9, now=FIRST * DAY + 3 * DAY)
    asked.with_records([{"credits": 1}], now=NOW)
    assert listed(asked, "llm", 2, now=NOW) == listed(fresh, "llm", 2, now=NOW)
    assert asked.fingerprint == fresh.fingerprint


def test_a_draw_depends_on_its_key_alone():
    strategy = st.lists(st.integers(0, 10**9), min_size=3, max_size=9)
    assert draw(strategy, "a") == draw(strategy, "a") != draw(strategy, "b")


def test_a_draw_that_needs_more_bits_gets_them():
    assert len(draw(st.lists(st.integers(0, 2**64 - 1), min_size=3000, max_size=3000), "long")) == 3000


def test_a_draw_that_can_find_nothing_says_so():
    with pytest.raises(ValueError, match="nothing can be drawn"):
        draw(st.integers(0, 9).filter(lambda number: number > 9), "never")


@settings(max_examples=3, database=None, derandomize=True, deadline=None)
@given(st.integers(0, 3))
def test_a_world_can_be_made_inside_of_a_users_property(seed):
    assert World(seed=seed + 1000).fingerprint == World(seed=seed + 1000).fingerprint
    assert listed(World(seed=seed + 1000), "llm", 1, now=NOW).startswith(b'[{"id":')
