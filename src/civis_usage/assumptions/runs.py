"""Runs of the user's command, as it is and with each variation that it meets."""

from __future__ import annotations

import json
import os
import shlex
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from ..client.redaction import redact
from ..mock_server import coverage, variations
from ..mock_server.variations import VARIATIONS, Variation
from ..schemas.text import escape

__all__ = ["Outcome", "Result", "Runner", "all_variations", "met_variations"]

LEAST_LIMIT = 60.0
"""Seconds that each run may take at least; more where the command as it is takes long."""
HEAD, TAIL = 15, 30
"""Lines of a long output that are kept."""
LINE = 160
"""Characters of a failure that are shown."""


@dataclass(frozen=True)
class Outcome:
    """What came of one run of the command."""

    exit_code: int
    seconds: float
    output: str = field(repr=False)
    """What it printed; of much, the beginning and the end."""
    met: frozenset[str] = frozenset()
    """Operations that were requested, and questions that were looked up, with their answers."""
    passed: frozenset[str] = frozenset()
    """Tests that passed, if pytest ran them."""
    failed: Mapping[str, str] = field(default_factory=dict)
    """Tests that failed, each with the first line of its failure."""
    timed_out: bool = False

    @property
    def fails(self) -> bool:
        """Whether the command did not end with 0."""
        return self.exit_code != 0

    @property
    def ending(self) -> str:
        """The exit code, with the name of the signal that it stands for."""
        try:
            return f"exit code {self.exit_code}, {signal.Signals(self.exit_code - 128).name}"
        except ValueError:
            return f"exit code {self.exit_code}"

    @property
    def reason(self) -> str:
        """The most frequent failure of the tests, else the last line of what the command printed."""
        lines = [*filter(None, self.failed.values())]
        if self.failed:
            return Counter(lines).most_common(1)[0][0] if lines else ""
        return _line(self.output.strip().rpartition("\n")[2])


@dataclass(frozen=True)
class Result:
    """A variation and what came of it."""

    variation: Variation
    outcome: Outcome


def met_variations(met: Iterable[str]) -> list[Variation]:
    """Return the variations that change a response to a command that met these facts."""
    facts = set(met)
    forms = [each for each in VARIATIONS.values() if facts & set(each.operations)]
    return [*variations.other_answers(facts), *forms]


def all_variations() -> list[Variation]:
    """Return all variations, where each question has its default."""
    from ..schemas.behavior import DEFAULT

    return [*variations.other_answers(f"{name}={value}" for name, value in DEFAULT.items()), *VARIATIONS.values()]


class Runner:
    """Runs one command again and again; nothing of it is left when :meth:`opened` ends, however it ends."""

    def __init__(self, command: Sequence[str], root: Path) -> None:
        self._command = list(command)
        self._root = root
        self._count = 0
        self._running: set[subprocess.Popen[bytes]] = set()

    @classmethod
    @contextmanager
    def opened(cls, command: Sequence[str]) -> Iterator[Runner]:
        """Return a runner of a command."""
        with TemporaryDirectory(prefix="civis-usage-assumptions-", ignore_cleanup_errors=True) as root:
            runner = cls(command, Path(root))
            try:
                yield runner
            finally:
                runner.stop()

    def run(self, variation: Variation | None = None, limit: float | None = None) -> Outcome:
        """Run the command, with a variation if one is given, for so many seconds at most."""
        self._count += 1
        folder = self._root / str(self._count)
        folder.mkdir()
        began = time.monotonic()
        timed_out = False
        with (folder / "output").open("wb") as output:
            process = subprocess.Popen(  # noqa: S603  the user's own command
                [sys.executable, "-I", "-S", str(SUPERVISOR), str(self._root), *self._command],
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=_environment(folder, variation),
                start_new_session=True,
            )
            self._running.add(process)
            try:
                code = process.wait(limit)
            except subprocess.TimeoutExpired:
                timed_out = True
                _end(process)
                code = process.wait()
            finally:
                self._running.discard(process)
                _end(process)
        passed, failed = _tests(folder)
        return Outcome(
            exit_code=code,
            seconds=time.monotonic() - began,
            output=_shortened((folder / "output").read_bytes().decode(errors="replace")),
            met=coverage.read(folder),
            passed=frozenset(passed - failed.keys()),
            failed=failed,
            timed_out=timed_out,
        )

    def run_each(
        self,
        chosen: Sequence[Variation],
        jobs: int,
        limit: float,
        on_result: Callable[[Variation], object] = lambda _: None,
        on_repeat: Callable[[Variation], object] = lambda _: None,
    ) -> list[Result]:
        """Run the command with each variation, so many at a time.

        What fails beside others is run once more, alone: it may have been in their way.

        Results are in the order of the variations.
        """
        found: dict[str, Outcome] = {}
        with ThreadPoolExecutor(max_workers=jobs) as pool:
            try:
                futures = {pool.submit(self.run, each, limit): each for each in chosen}
                for future in as_completed(futures):
                    found[futures[future].id] = future.result()
                    on_result(futures[future])
            except BaseException:
                pool.shutdown(wait=False, cancel_futures=True)
                self.stop()
                raise
        for each in chosen:
            if min(jobs, len(chosen)) > 1 and found[each.id].fails:
                on_repeat(each)
                found[each.id] = self.run(each, limit)
        return [Result(each, found[each.id]) for each in chosen]

    def stop(self) -> None:
        """End every run that is under way."""
        for process in list(self._running):
            _end(process)
            process.wait()


SUPERVISOR = Path(__file__).with_name("supervise.py")


def _end(process: subprocess.Popen[bytes]) -> None:
    """Tell the supervisor to end the command, if it has not ended."""
    if process.stdin is not None and not process.stdin.closed:
        with suppress(OSError):  # it has ended by itself
            process.stdin.write(b".")
            process.stdin.close()


def _environment(folder: Path, variation: Variation | None) -> dict[str, str]:
    """Return the environment of a run: its variation, where it notes what it met, and caches of its own."""
    environment = {**os.environ, coverage.VARIABLE: str(folder), variations.VARIABLE: variation.id if variation else ""}
    cache = shlex.quote(f"cache_dir={folder / 'pytest-cache'}")
    environment["PYTEST_ADDOPTS"] = f"{os.environ.get('PYTEST_ADDOPTS', '')} -o {cache}".strip()
    environment["HYPOTHESIS_STORAGE_DIRECTORY"] = str(folder / "hypothesis")
    return environment


def _tests(folder: Path) -> tuple[set[str], dict[str, str]]:
    """Return the tests that passed, and those that failed with the first line of the failure, as the plugin noted."""
    passed: set[str] = set()
    failed: dict[str, str] = {}
    for file in sorted(folder.glob("*.tests")):
        for line in file.read_text(encoding="utf-8").splitlines():
            outcome, test, message = json.loads(line)
            if outcome == "passed":
                passed.add(test)
            else:
                failed.setdefault(test, _line(message.strip().partition("\n")[0]))
    return passed, failed


def _line(text: str) -> str:
    """Return a line of the user's output, short and without the key of the environment."""
    shown = escape(redact(text.strip(), [os.environ.get("CIVIS_API_KEY", "").strip()]))
    return shown if len(shown) <= LINE else f"{shown[: LINE - 1]}…"


def _shortened(text: str) -> str:
    """Return an output whole, or its first and last lines."""
    lines = text.splitlines()
    if len(lines) > HEAD + TAIL:
        lines[HEAD:-TAIL] = ["…"]
    return "\n".join(lines)
