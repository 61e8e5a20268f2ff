"""When runs happen, profile by profile: the course of a week and the course of a day, in whole numbers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from .numbering import EPOCH

__all__ = ["DAY", "KNOTS", "RHYTHMS", "WHOLE", "Rhythm"]

DAY = 86_400_000
"""Milliseconds in a day."""

KNOTS = 1024
"""Shares of a day's runs between which a rhythm tells the time."""

WHOLE = 1 << 16
"""The weight of an average day."""


@dataclass(frozen=True)
class Rhythm:
    """The course of a week and of a day."""

    tick: int
    """Milliseconds in the unit of ``knots``."""
    knots: tuple[int, ...]
    """The time of day by which so many of its runs, in 1024ths, have happened; ascending."""
    weight: Callable[[int, int], int]
    """Of a day (days since 1970-01-01) and its chance (0 to 255): how busy it is; ``WHOLE`` on average."""
    least: Callable[[int], int]
    """Runs that a day has at least."""
    grows: bool
    """Whether the same run is larger on one day than on another; an extreme stays as it was drawn."""


def _office_knots() -> tuple[int, ...]:
    """Seconds: office hours from one American coast to the other, in UTC, and some runs at night."""
    hours = (20, 16, 12, 10, 10, 14, 20, 20, 22, 24, 28, 32, 44, 62, 78, 86, 84, 78, 80, 80, 74, 60, 42, 28)
    return (*(hour * 3600 + 3600 * k // share for hour, share in enumerate(hours) for k in range(share)), 24 * 3600)


def _office_weight(day: int, chance: int) -> int:
    weekday = (320, 330, 320, 305, 260, 130, 127)[(day + 3) % 7]  # Monday first; 1970-01-01 was a Thursday
    return weekday * (161 + chance * 190 // 255)


def _edge_knots() -> tuple[int, ...]:
    """Milliseconds: an eighth of the runs at midnight sharp, one at noon sharp, one in the day's last millisecond."""
    noon, eighth = DAY // 2, KNOTS // 8
    morning = tuple(noon * k // (3 * eighth) for k in range(3 * eighth))
    evening = tuple(noon + noon * k // (2 * eighth) for k in range(2 * eighth))
    return (0,) * eighth + morning + (noon,) * eighth + evening + (DAY - 1,) * (eighth + 1)


def _edge_weight(day: int, chance: int) -> int:
    return 0 if chance % 3 == 0 else 3 * WHOLE // 2


def _edge_least(day: int) -> int:
    """Give 8, enough for a run in the first and in the last millisecond, where a month begins or ends or leaps."""
    today, tomorrow = date.fromordinal(EPOCH + day), date.fromordinal(min(EPOCH + day + 1, date.max.toordinal()))
    return 8 if today.day == 1 or tomorrow.day == 1 or (today.month, today.day) == (2, 28) else 0


RHYTHMS = {
    "realistic": Rhythm(1000, _office_knots(), _office_weight, lambda day: 0, grows=True),
    "edge": Rhythm(1, _edge_knots(), _edge_weight, _edge_least, grows=False),
}
"""The rhythm of each profile."""
