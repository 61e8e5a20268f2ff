"""Runs of the user's command, as it is and with each variation that it meets."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from ..mock_server import coverage, variations
from ..mock_server.variations import VARIATIONS, Variation

__all__ = ["Outcome", "Result", "Runner", "all_variations", "met_variations"]

LEAST_LIMIT = 60.0
"""Seconds that each run may take at least; more where the command as it is takes long."""


@dataclass(frozen=True)
class Outcome:
    """What came of one run of the command."""

    exit_code: int
    seconds: float
    output: str = field(repr=False)
    """The end of what it printed."""
    met: frozenset[str] = frozenset()
    """Operations that were requested, and questions that were looked up, with their answers."""
    passed: frozenset[str] = frozenset()
    """Tests that passed, if pytest ran them."""
    failed: frozenset[str] = frozenset()
    """Tests that failed."""
    timed_out: bool = False

    @property
    def fails(self) -> bool:
        """Whether the command did not end with 0."""
        return self.exit_code != 0


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
        tests = _tests(folder)
        return Outcome(
            exit_code=code,
            seconds=time.monotonic() - began,
            output=_tail(folder / "output"),
            met=coverage.read(folder),
            passed=frozenset(tests["passed"] - tests["failed"]),
            failed=frozenset(tests["failed"]),
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
            if jobs > 1 and found[each.id].fails:
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


def _tests(folder: Path) -> dict[str, set[str]]:
    """Return the tests that passed and failed, as the pytest plugin noted them."""
    found: dict[str, set[str]] = {"passed": set(), "failed": set()}
    for file in folder.glob("*.tests"):
        for line in file.read_text(encoding="utf-8").splitlines():
            outcome, _, test = line.partition(" ")
            found.setdefault(outcome, set()).add(test)
    return found


def _tail(file: Path, lines: int = 30) -> str:
    text = file.read_bytes()[-20_000:].decode(errors="replace")
    return "\n".join(text.splitlines()[-lines:])
