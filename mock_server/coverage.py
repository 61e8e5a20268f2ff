"""What the requests met, in files for ``civis-usage assumptions``: one folder for a run of the user's command.

The folder is named by the environment variable ``CIVIS_USAGE_COVERAGE``. Each process adds to a file of its own, a line
for each new fact: an open question that was looked up for a request, with its answer (``end_bound=inclusive``), or an
operation that was requested (``list_llm``).
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path

from ..schemas.behavior import Behavior, Value

__all__ = ["VARIABLE", "Coverage", "Noted", "coverage", "read"]

VARIABLE = "CIVIS_USAGE_COVERAGE"


class Coverage:
    """The facts that this process met."""

    def __init__(self, folder: str) -> None:
        self._folder = Path(folder)
        self._noted: set[str] = set()
        self._lock = threading.Lock()

    def note(self, fact: str) -> None:
        """Add a fact, unless it is known already."""
        if fact in self._noted:
            return
        with self._lock:
            self._noted.add(fact)
            with (self._folder / f"{os.getpid()}.met").open("a", encoding="utf-8") as file:
                file.write(f"{fact}\n")


class Noted(Mapping[str, Value]):
    """A behavior that notes which questions are looked up."""

    def __init__(self, behavior: Behavior, coverage: Coverage) -> None:
        self._behavior, self._coverage = behavior, coverage

    def __getitem__(self, question: str) -> Value:
        answer = self._behavior[question]
        self._coverage.note(f"{question}={answer}")
        return answer

    def __iter__(self) -> Iterator[str]:
        return iter(self._behavior)

    def __len__(self) -> int:
        return len(self._behavior)


def coverage() -> Coverage | None:
    """Return what takes the notes; ``None`` where no folder is named."""
    folder = os.environ.get(VARIABLE)
    return Coverage(folder) if folder and Path(folder).is_dir() else None


def read(folder: Path) -> frozenset[str]:
    """Return the facts that all processes of a run met."""
    files = folder.glob("*.met")
    return frozenset(line for file in files for line in file.read_text(encoding="utf-8").splitlines())
