"""Sums over stretches of days in logarithmic time."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

__all__ = ["Totals"]


class Totals:
    """Sums of a daily figure, remembered for aligned stretches of 1, 2, 4, 8 … days as they are asked for."""

    def __init__(self, of_day: Callable[[int], int]) -> None:
        """Add up what ``of_day`` gives for a day (0 or later)."""
        self._of_day = of_day
        self._stretch = lru_cache(maxsize=1 << 14)(self._add_up)

    def between(self, first: int, stop: int) -> int:
        """Give the sum over the days from ``first`` up to, not including, ``stop``.

        >>> Totals(lambda day: day).between(3, 8)
        25
        """
        total = level = 0
        while first < stop:
            if first & 1:
                total += self._stretch(level, first)
                first += 1
            if stop & 1:
                stop -= 1
                total += self._stretch(level, stop)
            first, stop, level = first >> 1, stop >> 1, level + 1
        return total

    def _add_up(self, level: int, index: int) -> int:
        """Give the sum of the ``index``-th stretch of 2 ** ``level`` days."""
        if level == 0:
            return self._of_day(index)
        return self._stretch(level - 1, 2 * index) + self._stretch(level - 1, 2 * index + 1)
