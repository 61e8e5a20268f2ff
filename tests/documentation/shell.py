"""A shell that runs the commands of a page one after another, as its reader does.

``civis-usage serve`` is started beside it on a free port, which stands wherever the page has the usual one; a fake in
real time stands where a command names the live API. Nothing else can be reached.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from shlex import split
from typing import Self

from ..serve_process import SMALL, serving

FAKE = "http://127.0.0.1:8765"
LIVE = "https://api.civisanalytics.com"
PATIENCE = 120
"""Seconds that one command may take."""
_MARK = "--- the command ended with "


@dataclass(frozen=True)
class Done:
    """A command that ended."""

    status: int
    shown: str


class Shell:
    """Bash in a folder of its own; a context manager.

    Args:
        folder: where it begins, and its home.
        live: the base URL of what stands for the live API.
    """

    def __init__(self, folder: Path, live: str):
        self.folder = folder
        self._live = live
        self._fake: str | None = None
        self._ends = ExitStack()
        (folder / ".curlrc").write_text("silent\nshow-error\n")  # no progress meter, as on a terminal
        self._bash = subprocess.Popen(
            ["bash", "--noprofile", "--norc"],
            cwd=folder,
            env=_environment(folder) | {"CIVIS_API_ENDPOINT": live},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
            start_new_session=True,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        assert self._bash.stdin is not None and self._bash.stdout is not None
        self._bash.stdin.close()
        self._bash.wait(timeout=10)
        self._bash.stdout.close()
        self._ends.close()

    def run(self, command: str) -> Done:
        """Run a command, as a page has it, to its end; give its output as the page would show it."""
        if command.startswith("civis-usage serve"):
            return Done(0, self._as_written(self._serve(*split(command, comments=True)[2:])))
        status, shown = self._in_bash(self._as_run(command))
        return Done(status, self._as_written(shown))

    def _in_bash(self, command: str) -> tuple[int, str]:
        assert self._bash.stdin is not None and self._bash.stdout is not None
        self._bash.stdin.write(f"{{ {command}\n}} </dev/null; code=$?; printf '\\n{_MARK}%d\\n' $code; (exit $code)\n")
        self._bash.stdin.flush()
        lines: list[str] = []
        end = threading.Timer(PATIENCE, os.killpg, (self._bash.pid, signal.SIGKILL))
        end.start()
        try:
            for line in self._bash.stdout:
                if line.startswith(_MARK):
                    return int(line.removeprefix(_MARK)), "".join(lines).removesuffix("\n")
                lines.append(line)
        finally:
            end.cancel()
        raise AssertionError(f"bash ended, or took {PATIENCE} seconds, at {command!r}:\n{''.join(lines)}")

    def _serve(self, *options: str) -> str:
        """Start the page's fake, at the port of the one before; give what it says at its start.

        Unless the page stops its clock, what it shows of its usage is another thing each day, and little will do.
        """
        size = () if "--now" in options else SMALL
        self._ends.close()
        port = ("--port", self._fake.rpartition(":")[2]) if self._fake else ()
        served = self._ends.enter_context(serving(*size, *options, *port, now=None, folder=self.folder))
        self._fake = served.url
        return "".join(served.said)

    def _as_run(self, command: str) -> str:
        if FAKE in command:
            assert self._fake is not None, f"the page starts no fake before {command!r}"
            command = command.replace(FAKE, self._fake)
        return command.replace("unset CIVIS_API_ENDPOINT", f"export CIVIS_API_ENDPOINT={LIVE}").replace(
            LIVE, self._live
        )

    def _as_written(self, shown: str) -> str:
        if self._fake is not None:
            shown = shown.replace(self._fake, FAKE)
        return shown.replace(self._live, LIVE)


def _environment(folder: Path) -> dict[str, str]:
    own = {name: value for name, value in os.environ.items() if not re.match("PYTEST|CIVIS|GITHUB|PYTHON", name)}
    nowhere = "http://127.0.0.1:9"
    return own | {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "HOME": str(folder),
        "http_proxy": nowhere,
        "https_proxy": nowhere,
        "no_proxy": "127.0.0.1,localhost",
        "COLUMNS": "120",
    }
