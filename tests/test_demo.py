"""``civis-usage demo``: what a newcomer runs first works wherever it is run."""

from __future__ import annotations

import os
import pty
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import SimpleNamespace

import pytest
from click.testing import CliRunner

from civis_usage.cli import main
from civis_usage.mock_server import server

from .http_stub import closed_port

pytestmark = pytest.mark.slow


def test_it_works_behind_a_proxy_that_does_not_know_this_machine() -> None:
    proxies = dict.fromkeys(("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"), "http://127.0.0.1:1")
    command = [sys.executable, "-m", "civis_usage", "demo"]
    done = subprocess.run(command, capture_output=True, env=os.environ | proxies, timeout=120)
    assert (done.returncode, done.stderr) == (0, b""), done.stderr
    assert b"list_matching" in done.stdout


def test_a_fake_that_cannot_be_reached_is_one_sentence_and_exit_3(monkeypatch: pytest.MonkeyPatch) -> None:
    @contextmanager
    def elsewhere(app: object) -> Iterator[SimpleNamespace]:
        yield SimpleNamespace(url=f"http://127.0.0.1:{closed_port()}")

    monkeypatch.setattr(server, "start", elsewhere)
    result = CliRunner().invoke(main, ["demo"])
    assert result.exit_code == 3, result.output
    assert result.stderr.startswith("Error: The API cannot be reached")
    assert result.stderr.count("\n") == 1


def test_what_it_recommends_can_be_typed_as_it_is(tmp_path):
    """The command is not on the path of who has just run ``make demo``."""
    program = Path(sys.executable).with_name("civis-usage")
    done = subprocess.run([program, "demo"], env={"PATH": os.defpath}, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert f"{program} serve" in done.stdout


def test_it_fits_the_terminal_but_for_commands() -> None:
    """The command is on the path, so it is named without its folder."""
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "civis_usage", "demo"]
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    env = os.environ | {"COLUMNS": "80", "NO_COLOR": "1", "TERM": "xterm", "PATH": path}
    with subprocess.Popen(command, stdout=theirs, stderr=subprocess.DEVNULL, env=env) as process:
        os.close(theirs)
        said = b""
        with suppress(OSError):  # how Linux says that the other end is closed
            while piece := os.read(ours, 65536):
                said += piece
    os.close(ours)
    lines = said.decode().replace("\r\n", "\n").splitlines()
    assert process.returncode == 0, lines
    assert "\x1b" not in said.decode()
    assert [line for line in lines if len(line) > 80 and not re.search("civis.usage|export", line)] == []
    assert any("credits" in line for line in lines)
    assert any(" civis-usage serve" in line for line in lines)
