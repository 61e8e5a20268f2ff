"""``civis-usage serve`` as a process of its own, as a user starts it."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import requests
from urllib3.util import Retry

NOW = "2026-04-20T12:00:00Z"
"""Where the tests' servers pin their clock."""
SMALL = ("--runs-per-day", "3")
"""The options of a fake whose usage matters to nobody: it is drawn, listed and checked in a third of the time.

With one run a day, a month that has just begun may have none, and the check would end with 4.
"""


@dataclass
class Served:
    """A running server: its base URL, and what it has said so far."""

    url: str
    process: subprocess.Popen[str]
    said: list[str] = field(default_factory=list)


@contextmanager
def serving(*options: str, now: str | None = NOW, folder: Path | None = None) -> Iterator[Served]:
    """Run ``civis-usage serve --port 0`` with ``options``, and give it once it answers; it is stopped at the end.

    Its clock stands still at ``now``, or goes where that is ``None``; file names are read from ``folder``.
    """
    command = [sys.executable, "-m", "civis_usage", "serve", "--port", "0", *(["--now", now] if now else []), *options]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=folder)
    said: list[str] = []
    try:
        served = Served(_url(process, said), process, said)
        reader = threading.Thread(target=_read_on, args=(process, said), daemon=True)
        reader.start()
        _await_answer(served.url)
        yield served
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(timeout=10)
        finally:
            process.kill()
            process.wait()
    reader.join(timeout=5)
    assert process.stdout is not None
    process.stdout.close()


def _url(process: subprocess.Popen[str], said: list[str]) -> str:
    """Read what the server says at its start, and give its URL."""
    assert process.stdout is not None
    for line in process.stdout:
        said.append(line)
        if line.startswith("Ctrl-C"):
            found = re.search(r"http://127\.0\.0\.1:[1-9][0-9]*", "".join(said))
            assert found, "".join(said)
            return found[0]
    raise AssertionError(f"the server ended before it told its URL:\n{''.join(said)}")


def _read_on(process: subprocess.Popen[str], said: list[str]) -> None:
    assert process.stdout is not None
    said.extend(process.stdout)


def _await_answer(url: str) -> None:
    with requests.Session() as session:
        session.mount(url, requests.adapters.HTTPAdapter(max_retries=Retry(connect=20, backoff_factor=0.05)))
        session.get(f"{url}/_fake/health", timeout=30).raise_for_status()
