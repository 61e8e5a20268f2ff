"""The table of legal variations, and the ways to enter a function into it."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from ..standin import Standin
from ..standin_runs import NOW


@dataclass(frozen=True)
class Variation:
    """A legal stand-in."""

    id: str
    unusual: str
    bend: Callable[[Standin], Any]
    organizations: tuple[int, ...] = (1,)
    circumstances: Mapping[str, Any] = field(default_factory=dict)
    """How the stand-in is made."""
    at: datetime = NOW
    """When it happens."""
    pace: float = 0
    """Seconds by which both clocks go on at each request."""
    combines: bool = True
    """Whether it can be put together with others at random."""
    no_data: bool = False
    """Whether an operation shows no data, so that the exit code without ``--allow-no-data`` is 4."""
    is_invisible: bool = False
    """Whether nothing of an organization is visible to the key, so that the exit code is 4 in any case."""

    def standin(self, **circumstances: Any) -> Standin:
        """Make the stand-in."""
        standin = Standin(**{**circumstances, **self.circumstances})
        self.bend(standin)
        return standin


VARIATIONS: list[Variation] = []


def legal(**more: Any) -> Callable[..., Any]:
    """Enter a function into the table."""

    def enter(bend: Callable[[Standin], Any]) -> Callable[[Standin], Any]:
        name = bend.__name__.replace("_", "-")
        VARIATIONS.append(Variation(name, bend.__doc__ or name, bend, **more))
        return bend

    return enter


def around(method: str, **more: Any) -> Callable[..., Any]:
    """Enter a function around one method of the stand-in, as in ``deviations.py``."""

    def enter(function: Callable[..., Any]) -> Callable[..., Any]:
        def bend(api: Standin) -> None:
            api.bend(method, function)

        bend.__name__, bend.__doc__ = function.__name__, function.__doc__
        legal(**more)(bend)
        return function

    return enter


def combinations(count: int, size: int, seed: int) -> list[Variation]:
    """Put variations together at random, no two that bend the same thing in place of adding to it."""
    rng = random.Random(seed)
    plain = [each for each in VARIATIONS if each.combines]

    def combined(number: int) -> Variation:
        chosen = rng.sample(plain, size)

        def bend(api: Standin) -> None:
            for each in chosen:
                each.bend(api)

        organizations = max((each.organizations for each in chosen), key=len)
        unusual = "; ".join(each.id for each in chosen)
        return Variation(f"combination-{number}", unusual, bend, organizations)

    return [combined(number) for number in range(1, count + 1)]
