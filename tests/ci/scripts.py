"""Scripts run as CI services run them: by bash, which stops at the first command that fails."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Self

PATIENCE = 300
"""Seconds that one script may take."""


class Scripts:
    """The scripts of one job; a context manager, at whose end whatever they left running is ended.

    Args:
        folder: where scripts and logs are kept.
    """

    def __init__(self, folder: Path):
        self._folder = folder
        self._started: list[subprocess.Popen[bytes]] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for process in self._started:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()

    def run(self, script: str, folder: Path, environment: Mapping[str, str]) -> tuple[int, str]:
        """Run a script to its end; give its exit code and what it showed."""
        process, log = self.start(script, folder, environment)
        return process.wait(PATIENCE), log.read_text(encoding="utf-8")

    def start(self, script: str, folder: Path, environment: Mapping[str, str]) -> tuple[subprocess.Popen[bytes], Path]:
        """Start a script, and leave it running; give its process, and the file to which it writes."""
        name = f"step-{len(self._started)}"
        file, log = self._folder / f"{name}.sh", self._folder / f"{name}.log"
        file.write_text(script, encoding="utf-8")
        command = ["bash", "--noprofile", "--norc", "-eo", "pipefail", str(file)]
        with log.open("wb") as out:  # a file, no pipe: what a script leaves running would keep that open
            process = subprocess.Popen(
                command, cwd=folder, env=dict(environment), stdout=out, stderr=out, start_new_session=True
            )
        self._started.append(process)
        return process, log
