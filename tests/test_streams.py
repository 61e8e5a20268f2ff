"""A stream that takes nothing, or is closed, is no verdict on an API, and no traceback."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from shlex import quote

import pytest

NOBODY = "--base-url http://127.0.0.1:9"
COMMANDS = [
    "--help",
    "serve --help",
    "serve --port 0",
    f"check {NOBODY}",
    f"drift {NOBODY}",
    f"call list-llm {NOBODY}",
    "generate --start-date 2024-01-01 --end-date 2024-01-03",
    "demo",
]


def ended(command, streams):
    """Run a command in a shell with some redirections; give its exit code and what it said on standard error."""
    line = f"exec {quote(sys.executable)} -m civis_usage {command} {streams}"
    environment = {**os.environ, "CIVIS_API_KEY": "any-key"}
    done = subprocess.run(["sh", "-c", line], env=environment, stderr=subprocess.PIPE, text=True, timeout=60)
    return done.returncode, done.stderr


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no device that is always full")
@pytest.mark.parametrize("command", COMMANDS)
def test_an_output_that_is_full_ends_with_a_sentence_and_no_verdict(command):
    code, said = ended(command, "> /dev/full")
    assert code == 3, said
    assert "Traceback" not in said
    assert "no space left on device" in said or "nothing listens" in said


@pytest.mark.parametrize("command", [each for each in COMMANDS if each != "serve --port 0"])
def test_a_closed_output_is_as_good_as_none(command):
    code, said = ended(command, ">&-")
    assert code == (3 if NOBODY in command else 0), said
    assert "Traceback" not in said


@pytest.mark.parametrize("command", ["serve --port 0 --empty --data -", "drift --spec -"])
def test_a_closed_input_is_an_empty_one(command):
    _, said = ended(f"{command} --no-such-option", "<&-")
    assert "no such option" in said.lower()
    code, said = ended(command.replace("--port 0", "--port 70000"), "<&-")
    assert code in (2, 3), said
    assert "Traceback" not in said
