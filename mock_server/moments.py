"""Moments as people and programs write them, read as milliseconds since the epoch (UTC)."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache

from ..schemas import times
from .sentences import shown
from .world.rhythm import DAY

__all__ = ["Moment", "month_so_far", "read"]

Moment = int | str | date | datetime
"""Milliseconds since the epoch, a text (``2026-04-17T17:26:07Z``, ``2026-04-17``), a date, or a datetime."""


def read(moment: Moment, *, up: bool = False) -> int:
    """Give ``moment`` as milliseconds since the epoch; what is finer is rounded down, or up where ``up``.

    A date without a time is midnight UTC at its start, and a time without an offset is UTC (assumed).

    >>> read("2026-04-17") == read("2026-04-17T02:00:00+02:00")
    True

    Raises:
        ValueError: the text is neither a date-time nor a date, or names one that does not exist.
    """
    if isinstance(moment, int):
        return moment
    if isinstance(moment, str):
        return _written(moment, up)
    if not isinstance(moment, datetime):
        moment = datetime.combine(moment, time())
    return _whole(moment if moment.tzinfo else moment.replace(tzinfo=UTC), up)


def month_so_far(now: int) -> tuple[int, int]:
    """Give the documented default window: the start of ``now``'s month and the end of its day, in UTC (assumed)."""
    today = (times.EPOCH + timedelta(milliseconds=now)).date()
    midnight = read(today)
    return midnight - (today.day - 1) * DAY, midnight + DAY - 1


@lru_cache(maxsize=256)  # clients ask about the same windows: a tenth of the cost of a summary
def _written(text: str, up: bool) -> int:
    for end in ("T00:00:00Z",) if len(text) == len("2026-04-17") else ("", "Z"):
        try:
            return _whole(times.parse(f"{text}{end}"), up)
        except ValueError:
            continue
    raise ValueError(f"{shown(text)} is no moment: write it as 2026-04-17T17:26:07Z or 2026-04-17")


def _whole(moment: datetime, up: bool) -> int:
    millis = times.to_millis(moment)
    return millis + 1 if up and moment.microsecond % 1000 else millis
