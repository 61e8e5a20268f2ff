"""Windows of time as the API's dates name them, and how to choose their ends.

The documentation leaves open whether a window's ends belong to it, so a record within a second of an end may be in the
response or not. Windows end where no record is that near, so that a rule can be applied to every record.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from functools import cached_property
from itertools import pairwise
from math import inf
from random import Random
from typing import Any

from civis_usage.schemas import times

__all__ = [
    "DAY", "EARLIEST", "FIRST", "LAST", "MARGIN", "Window", "choose_bound", "choose_day_window", "choose_window",
    "default_windows",
    "format_timestamp", "parse_timestamp", "start_of_month", "starts_of_month",
]  # fmt: skip

DAY = 86400
"""Seconds of a day."""
EARLIEST = 1262304000
"""2010-01-01, before any usage of the platform."""
FIRST, LAST = -62_104_060_800, 253_370_678_400
"""0002-01-01 and 9998-12-01: between them, windows around an instant have ends that can be written."""
MARGIN = 2
"""Seconds between a chosen end and the records beside it."""
QUARTERS = range(-12 * 4, 14 * 4 + 1)
"""The world's UTC offsets, in quarters of an hour."""


@dataclass(frozen=True, order=True)
class Window:
    """From ``start`` to ``end``, seconds since the epoch; ``None`` is an open end.

    What the API answers to a window that is empty or reversed is not known, so there is none.

    Raises:
        ValueError: ``start`` is not before ``end``.
    """

    start: int | None
    end: int | None

    def __post_init__(self) -> None:
        if self.start is not None and self.end is not None and self.start >= self.end:
            raise ValueError(f"no window goes from {format_timestamp(self.start)} to {format_timestamp(self.end)}")

    @classmethod
    def or_none(cls, start: int, end: int) -> Window | None:
        """Return the window from ``start`` to ``end``; ``None`` where there is none."""
        return cls(start, end) if start < end else None

    @classmethod
    def of(cls, params: Mapping[str, Any]) -> Window | None:
        """Return the window that query parameters name; ``None`` where they cannot be read, or name none."""
        ends = [params.get("start_date"), params.get("end_date")]
        start, end = (None if text is None else parse_timestamp(text) for text in ends)
        unreadable = any(text is not None and at is None for text, at in zip(ends, (start, end), strict=True))
        if unreadable or (start is not None and end is not None and start >= end):
            return None
        return cls(start, end)

    @property
    def is_closed(self) -> bool:
        """Whether both ends are given."""
        return self.start is not None and self.end is not None

    def contains(self, at: int | None) -> bool | None:
        """Return whether an instant is in the window; ``None`` where either is right (at an end, or unknown)."""
        if at is None:
            return None
        start, end = self._ends
        if start + 1 < at < end - 1:
            return True
        return False if at < start - 1 or at > end + 1 else None

    @cached_property
    def _ends(self) -> tuple[float, float]:
        return -inf if self.start is None else self.start, inf if self.end is None else self.end

    def overlaps(self, other: Window) -> bool:
        """Return whether some instant may be in both."""
        return self._ends[0] <= other._ends[1] and other._ends[0] <= self._ends[1]

    def encloses(self, other: Window) -> bool:
        """Return whether ``other`` lies within; both must have both ends."""
        if self.start is None or self.end is None or other.start is None or other.end is None:
            return False
        return self.start <= other.start and other.end <= self.end

    @property
    def params(self) -> dict[str, str]:
        """The window as query parameters, in UTC."""
        named = (("start_date", self.start), ("end_date", self.end))
        return {name: format_timestamp(at) for name, at in named if at is not None}

    @property
    def params_with_offset(self) -> dict[str, str]:
        """The same instants with UTC offsets and fractional seconds, which RFC 3339 allows as well.

        An API that ignores the offsets returns a larger window.
        """
        named = (("start_date", self.start, -5), ("end_date", self.end, 2))
        return {name: format_timestamp(at, hours, ".000") for name, at, hours in named if at is not None}

    @property
    def days(self) -> float:
        """The length in days; infinite where an end is open."""
        return (self.end - self.start) / DAY if self.start is not None and self.end is not None else float("inf")

    def __str__(self) -> str:
        start, end = ("…" if at is None else format_timestamp(at) for at in (self.start, self.end))
        return f"{start} to {end}"


def format_timestamp(second: int, hours: int = 0, fraction: str = "") -> str:
    """Return an instant as RFC 3339, in UTC or ``hours`` east of it, with ``fraction`` after its seconds."""
    offset = f"{hours:+03d}:00" if hours else "Z"
    return times.render((second + hours * 3600) * 1000).replace(".000Z", fraction + offset)


def parse_timestamp(text: object) -> int | None:
    """Return the whole second that RFC 3339 text names; ``None`` where it names none."""
    try:
        return times.to_millis(times.parse(text)) // 1000 if isinstance(text, str) else None
    except ValueError:
        return None


def default_windows(now: int) -> list[Window]:
    """Return the default window in each time zone: from the start of the month to the end of the day."""
    found = set()
    for quarters in QUARTERS:
        here = datetime.fromtimestamp(now, timezone(timedelta(minutes=15 * quarters)))
        today = here.replace(hour=0, minute=0, second=0, microsecond=0)
        found.add(Window(int(today.replace(day=1).timestamp()), int((today + timedelta(days=1)).timestamp())))
    return sorted(found, key=lambda window: (window.start or 0, window.end or 0))


def starts_of_month(now: int) -> set[int | None]:
    """Return when the current month began, by the time zones."""
    return {window.start for window in default_windows(now)}


def start_of_month(now: int) -> int:
    """Return the start of the current month in UTC."""
    here = datetime.fromtimestamp(now, UTC)
    return int(here.replace(day=1, hour=0, minute=0, second=0, microsecond=0).timestamp())


def choose_bound(timestamps: Sequence[int], rng: Random, low: float = 0.0, high: float = 1.0) -> int | None:
    """Return an instant between two neighbouring timestamps, near to one of them.

    Only the part of ``timestamps`` (sorted, distinct) between the quantiles ``low`` and ``high`` is considered. Small
    gaps are preferred, since a bound that is off by an hour or a day shows there. ``None`` where no gap is wide enough.
    """
    part = timestamps[int(len(timestamps) * low) : max(2, round(len(timestamps) * high))]
    gaps = sorted((b - a, a, b) for a, b in pairwise(part) if b - a >= 2 * MARGIN)
    if not gaps:
        return None
    _, before, after = rng.choice(gaps[: max(1, len(gaps) // 4)])
    return rng.choice((before + MARGIN, after - MARGIN))


def choose_window(weights: Mapping[int, float], rng: Random, least: int = 20, most: int = 150) -> Window | None:
    """Return a window whose ends stand close between two records, one inside and one outside.

    It holds ``least`` to ``most`` of the timestamps where there are as many (all but the outermost otherwise), and its
    outer records have a weight (credits) worth noticing where there are such: a window that loses them shows in the
    list and in the sum.

    Args:
        weights: the credits created at each timestamp.
        rng: decides where there is a choice.
        least: timestamps in it, at least.
        most: timestamps in it, at most.
    """
    moments = sorted(weights)
    if not moments:
        return None
    gaps = _gap_indices(moments)
    pairs = [(rng.choice(gaps), rng.choice(gaps)) for _ in range(400)] if gaps else []
    fitting = [(low, high) for low, high in pairs if least <= high - low <= most]
    widest = max(pairs, key=lambda pair: pair[1] - pair[0], default=(0, 0))
    if not fitting and widest[0] >= widest[1]:
        return Window(moments[0] - MARGIN, moments[-1] + MARGIN)
    fitting = fitting or [widest]
    low, high = max(fitting, key=lambda pair: min(weights[moments[pair[0]]], weights[moments[pair[1] - 1]], 0.05))
    return Window(moments[low] - MARGIN, moments[high - 1] + MARGIN)


def choose_day_window(weights: Mapping[int, float]) -> Window | None:
    """Return a window within one UTC day whose ends stand close to a record inside, and not far from one outside.

    It holds two records or more where a day has as many. The days and the records are those at which an end that is off
    by little shows: the nearest neighbours outside, in the same day where there are such.

    Args:
        weights: the credits created at each timestamp; what costs nothing does not show in a sum.
    """
    moments = sorted(weights)
    best: tuple[float, Window] | None = None
    for first, last in _within_days(moments):
        inside, start, end = last - first + 1, moments[first] - MARGIN, moments[last] + MARGIN
        if start // DAY != moments[first] // DAY or end // DAY != moments[last] // DAY:
            continue
        before = moments[first - 1] if first else moments[0] - DAY
        after = moments[last + 1] if last + 1 < len(moments) else moments[-1] + DAY
        if min(start - before, after - end) < MARGIN:
            continue
        free = sum(not weights.get(at) for at in (before, moments[first], moments[last], after))
        cost = max(start - before, after - end) + (inside < 2) * 2 * DAY + free * DAY
        if best is None or cost < best[0]:
            best = cost, Window(start, end)
    return best[1] if best else None


def _within_days(moments: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Yield the indices of two timestamps of one UTC day, with a few others between them at most."""
    for first, moment in enumerate(moments):
        for last in range(first, min(first + 8, len(moments))):
            if moments[last] // DAY != moment // DAY:
                break
            yield first, last


def _gap_indices(moments: Sequence[int]) -> list[int]:
    """Return the indices ``i`` between whose timestamps ``i - 1`` and ``i`` a bound fits.

    Those within one hour of the clock are preferred: there a bound that is truncated to its hour shows as well.
    """
    gaps = sorted((after - before, place) for place, (before, after) in enumerate(pairwise(moments), 1))
    wide = [place for gap, place in gaps if gap >= 2 * MARGIN]
    in_an_hour = [place for place in wide if moments[place - 1] // 3600 == moments[place] // 3600]
    return in_an_hour if len(in_an_hour) >= 6 else wide[: max(6, len(wide) // 3)]
