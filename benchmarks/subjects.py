"""What is compared: the fake, the least that the same server could do, and Prism."""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import prism
from processes import KIT, Server, running
from questions import NOW, questions

__all__ = ["FAKE", "FLASK", "PRISM", "PRISM_SILENT", "SUBJECTS", "WSGI", "fake", "side_by_side"]

FAKE, FLASK, WSGI, PRISM, PRISM_SILENT = SUBJECTS = (
    "fake",
    "Flask route",
    "WSGI function",
    "Prism",
    "Prism, silent",
)

_READY = "/usage/llm/organization/1/summary"
_BARE = Path(__file__).with_name("bare.py")


def fake(*options: str, now: str | None = NOW) -> list[str]:
    """Give the command that serves the fake, with ``options`` and its clock pinned at ``now``, or running."""
    return [*KIT, "serve", "--port", "{port}", *(("--now", now) if now else ()), *options]


@contextmanager
def side_by_side(workers: int) -> Iterator[tuple[dict[str, Server], dict[str, list[str]]]]:
    """Run all of them, each with so many workers (but Prism, which knows none); give them, and what to ask."""
    with ExitStack() as stack:
        servers = {FAKE: stack.enter_context(running(fake("--workers", str(workers)), _READY))}
        asked = questions(servers[FAKE])
        answers = {path: servers[FAKE].get(path).decode() for paths in asked.values() for path in paths}
        file = stack.enter_context(tempfile.NamedTemporaryFile("w", suffix=".json"))
        json.dump(answers, file)
        file.flush()
        for name, kind in ((FLASK, "flask"), (WSGI, "wsgi")):
            command = [sys.executable, str(_BARE), kind, "{port}", str(workers), file.name]
            servers[name] = stack.enter_context(running(command, next(iter(answers))))
        for name, mock in ((PRISM, prism.command()), (PRISM_SILENT, prism.command(silent=True))):
            if mock is not None:
                servers[name] = stack.enter_context(running(mock, _READY))
        yield servers, asked
