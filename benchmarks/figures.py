"""A figure: a name, a unit, and what was measured for it, a value or more in every round."""

from __future__ import annotations

import statistics
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

__all__ = ["Figure", "Load", "Loader", "Plan", "Sample", "Section", "collected"]

Sample = tuple[str, float]
"""A figure's name, and one value of it."""


@dataclass(frozen=True)
class Figure:
    """What was measured under one name."""

    name: str
    unit: str
    values: tuple[float, ...]

    @property
    def median(self) -> float:
        """The value in the middle."""
        return statistics.median(self.values)

    def as_dict(self) -> dict[str, Any]:
        """Give it for a JSON file."""
        shown = {"median": self.median, "min": min(self.values), "max": max(self.values)}
        return {"name": self.name, "unit": self.unit, **shown, "values": list(self.values)}


@dataclass(frozen=True)
class Load:
    """What a load generator saw: answers a second, and the latency (in ms) that so many per cent did not exceed."""

    rate: float
    p50: float
    p99: float


Loader = Callable[[str, list[str], int, int], Load]
"""Asks a base URL for paths in turn, over so many connections, for so many seconds."""


@dataclass(frozen=True)
class Plan:
    """How to measure: seconds a load, what makes it, and the number of the round, by which subjects take turns."""

    seconds: int
    load: Loader
    turn: int = 0


class Section(Protocol):
    """A module that measures: the figures that it prints, with their units, and one round of them."""

    FIGURES: dict[str, str]

    def measure(self, plan: Plan) -> Iterator[Sample]:
        """Give one round's samples."""


def collected(samples: Iterable[Sample], units: Mapping[str, str]) -> dict[str, Figure]:
    """Bring the samples of all rounds together under their names, in the order of ``units``."""
    values: dict[str, list[float]] = defaultdict(list)
    for name, value in samples:
        values[name].append(value)
    unknown = values.keys() - units.keys()
    if unknown:
        raise KeyError(f"no section announces {', '.join(sorted(unknown))}: add it to its FIGURES")
    return {name: Figure(name, units[name], tuple(values[name])) for name in units if name in values}
