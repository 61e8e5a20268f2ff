"""What the kit promises of its speed: each promise as a relation of figures, with its bound."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from figures import Figure
from questions import NAMES
from speed import name as speed
from subjects import FAKE, FLASK, PRISM
from worlds import LARGE, SMALL
from worlds import name as world

__all__ = ["GOALS", "Goal", "Outcome"]

_ID, _LIST, _SUMMARY = NAMES


@dataclass(frozen=True)
class Outcome:
    """What came of a promise: the median, and the least and the most that a round showed."""

    goal: Goal
    median: float
    least: float
    most: float

    @property
    def met(self) -> bool:
        """Whether the median keeps the promise."""
        return self.median >= self.goal.bound if self.goal.side == "at least" else self.median <= self.goal.bound


@dataclass(frozen=True)
class Goal:
    """A promise: a figure, or its relation to another one, is at least or at most so much."""

    says: str
    side: Literal["at least", "at most"]
    bound: float
    of: str
    to: str | None = None
    relation: Literal["ratio", "difference"] = "ratio"
    unit: str = ""

    def outcome(self, figures: Mapping[str, Figure]) -> Outcome | None:
        """Tell what came of it; ``None`` where it was not measured."""
        if self.of not in figures or (self.to is not None and self.to not in figures):
            return None
        if self.to is None:
            figure = figures[self.of]
            return Outcome(self, figure.median, min(figure.values), max(figure.values))
        of, to = figures[self.of], figures[self.to]
        each = [self._related(*pair) for pair in zip(of.values, to.values, strict=True)]
        return Outcome(self, self._related(of.median, to.median), min(each), max(each))

    def _related(self, of: float, to: float) -> float:
        return of / to if self.relation == "ratio" else of - to


def _against(question: str, other: str, bound: float, workers: int, says: str = "", what: str = "rate") -> Goal:
    shown = says or f"{question}, {workers} worker{'s' * (workers > 1)}: requests a second, to {other}"
    side: Literal["at least", "at most"] = "at least" if what == "rate" else "at most"
    return Goal(
        shown, side, bound, speed(question, FAKE, workers, what=what), speed(question, other, workers, what=what)
    )


GOALS = (
    *(_against(_ID, FLASK, 0.85, workers) for workers in (1, 2)),
    *(_against(_LIST, FLASK, 0.75, workers) for workers in (1, 2)),
    *(_against(_SUMMARY, FLASK, 0.8, workers) for workers in (1, 2)),
    _against(_ID, PRISM, 3, 1),
    _against(_ID, PRISM, 5, 2),
    _against(_LIST, PRISM, 2, 1, f"{_LIST}, 1 worker: requests a second, to Prism's list of one"),
    _against(_LIST, PRISM, 4, 2, f"{_LIST}, 2 workers: requests a second, to Prism's list of one"),
    _against(_ID, PRISM, 1, 1, f"{_ID}, 1 worker: p99, to Prism", "p99"),
    *(
        Goal(
            f"{question}: a world of {LARGE}, to one of {SMALL}",
            "at most",
            1.3,
            world(question, LARGE),
            world(question, SMALL),
        )
        for question in NAMES
    ),
    Goal("a million runs: first touch", "at most", 12, "the whole list: first touch", unit="s"),
    Goal("a million runs: resident memory", "at most", 600, "the whole list: peak memory", unit="MB"),
    Goal("a million runs: speed of the stream", "at least", 50, "the whole list: again, speed", unit="MB/s"),
    Goal(
        "a million runs: growth while streamed",
        "at most",
        100,
        "the whole list: memory growth on first touch",
        unit="MB",
    ),
    Goal(
        "start-up to the first 200, to Prism",
        "at most",
        0.6,
        f"start-up to the first 200: {FAKE}",
        f"start-up to the first 200: {PRISM}",
    ),
    Goal(
        "import civis_usage.client, to requests",
        "at most",
        1.15,
        "import civis_usage.client: wall",
        "import requests: wall",
    ),
    Goal("import civis_usage, to requests", "at most", 0.05, "import civis_usage: wall", "import requests: wall"),
    Goal(
        "the pytest plugin, unused",
        "at most",
        20,
        "a run of pytest with the plugin, unused",
        "a run of pytest without the plugin",
        "difference",
        "ms",
    ),
    Goal("reset of usage_server", "at most", 5, "reset of usage_server after a test that used it", unit="ms"),
    Goal("civis-usage generate to NDJSON", "at least", 100_000, "generate: to a file", unit="records/s"),
)
"""The promises, in the order in which they are shown."""
