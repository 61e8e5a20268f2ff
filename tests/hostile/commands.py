"""The commands that send requests, in process: everything that they say, on streams, in files and in logs."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from civis_usage.cli import main
from civis_usage.client import Transport, UsageClient
from civis_usage.commands import call as call_module
from civis_usage.commands import drift as drift_module
from civis_usage.contract_tests import runner
from civis_usage.contract_tests.recording import record as recorder

__all__ = ["COMMANDS", "KEY", "Shown", "run", "without_waits"]

KEY = "kit-Key/of+tests:0123456789abcdef".replace(":", "-")

COMMANDS: dict[str, list[str]] = {
    "check": ["check", "--org-id", "1", "-vv"],
    "record": ["record", "--org-id", "1"],
    "drift": ["drift", "--wording"],
    "call list": ["call", "list-llm"],
    "call table": ["call", "list-llm", "--table"],
    "call csv": ["call", "list-llm", "--csv"],
    "call one": ["call", "get-llm", "5", "--json"],
    "call summary": ["call", "get-llm-organization-summary", "1", "--csv"],
    "call matching": ["call", "list-matching", "--table"],
}
"""The commands that send requests, by a name for tests; their files are added by :func:`run`."""


@dataclass(frozen=True)
class Shown:
    """What a command said."""

    exit_code: int
    out: str
    err: str
    log: str = ""
    files: dict[str, str] = field(default_factory=dict)

    @property
    def everything(self) -> dict[str, str]:
        """All texts, by where they stand."""
        return {"out": self.out, "err": self.err, "log": self.log, **self.files}

    @property
    def sentence(self) -> str:
        """The last line that is an error, without annotations."""
        lines = [line for line in self.err.splitlines() if line.startswith("Error: ")]
        return lines[-1] if lines else ""


def run(name: str, url: str, folder: Path, *more: str, github: bool = False, key: str = KEY) -> Shown:
    """Run a command of :data:`COMMANDS` against ``url``, with every report that it has, into ``folder``."""
    files = {
        "check": ["--json", "c.json", "--junit", "c.xml", "--html", "c.html", "--write-waivers", "c.toml"],
        "record": ["--output", "r.json"],
        "drift": ["--json", "d.json"],
    }.get(name, [])
    arguments = [*COMMANDS[name], *(str(folder / each) if "." in each else each for each in files)]
    environment = {"CIVIS_API_KEY": key, "CIVIS_API_ENDPOINT": url}
    if github:
        environment |= {"GITHUB_ACTIONS": "true", "GITHUB_STEP_SUMMARY": str(folder / "summary.md")}
    with _logged() as lines:
        result = CliRunner().invoke(main, [*arguments, *more], prog_name="civis-usage", env=environment)
    written = {each.name: each.read_text("utf-8") for each in sorted(folder.iterdir()) if each.is_file()}
    for each in folder.iterdir():
        each.unlink()
    return Shown(result.exit_code, result.stdout, result.stderr, "\n".join(lines), written)


def without_waits(patch: pytest.MonkeyPatch) -> None:
    """Let the commands wait for nothing between two requests."""

    def nothing(_: float) -> None: ...

    def quick(original: Callable[..., Any]) -> Callable[..., Any]:
        return lambda config, *args, **more: original(replace(config, sleep=nothing), *args, **more)

    patch.setattr(runner, "run", quick(runner.run))
    patch.setattr(recorder, "record", quick(recorder.record))
    patch.setattr(call_module, "UsageClient", partial(UsageClient, sleep=nothing))
    patch.setattr(drift_module, "Transport", partial(Transport, sleep=nothing))


@contextmanager
def _logged() -> Iterator[list[str]]:
    """Collect everything that the kit and its libraries log, at every level."""
    lines: list[str] = []

    class Handler(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            lines.append(f"{record.name}: {self.format(record)}")

    handler, loggers = Handler(), [logging.getLogger(name) for name in ("civis_usage", "urllib3", "requests")]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.addHandler(handler)
        logger.setLevel(logging.DEBUG)
    try:
        yield lines
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.removeHandler(handler)
            logger.setLevel(level)
