"""Credits by day as stacked bars: geometry for an SVG, and the words for those who do not see it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_CEILING, Decimal

from . import shown
from .overview import Series
from .world.loaded import EXACT

__all__ = ["Bars", "Chart", "Day", "draw"]

WIDTH, HEIGHT = 10, 100
"""The width of a day, and the height of the whole, in the SVG's units."""

_GAPS = (1.6, 0.4)
"""What of a day's width stays free on each side of its bar: of usual ones, and of many."""


@dataclass(frozen=True)
class Bars:
    """The bars of one organization, as one path."""

    organization: int
    path: str


@dataclass(frozen=True)
class Day:
    """One day: where it stands, and what it says."""

    date: date
    x: int
    amounts: tuple[Decimal, ...]
    total: Decimal
    words: str


@dataclass(frozen=True)
class Chart:
    """A chart that is ready to be written."""

    width: int
    height: int
    bars: tuple[Bars, ...]
    days: tuple[Day, ...]
    ticks: tuple[str, ...]
    """The labels of the vertical axis, from the top down, evenly spread."""
    dates: tuple[date, ...]
    """The labels of the horizontal axis, evenly spread."""
    description: str


def draw(days: Sequence[date], series: Sequence[Series]) -> Chart:
    """Draw the credits of some organizations, stacked, for each of ``days``."""
    totals = [_stack([each.by_day[at] for each in series])[-1] for at in range(len(days))]
    top = _round_up(max(totals, default=Decimal(0)))
    base = [Decimal(0)] * len(days)
    bars = []
    for each in series:
        heights = [max(Decimal(0), amount) for amount in each.by_day]
        bars.append(Bars(each.organization.id, _path(base, heights, top)))
        base = [EXACT.add(low, height) for low, height in zip(base, heights, strict=True)]
    columns = tuple(_day(at, day, series) for at, day in enumerate(days))
    return Chart(
        width=len(days) * WIDTH,
        height=HEIGHT,
        bars=tuple(bars),
        days=columns,
        ticks=tuple(_tick(top * share / 4) for share in (4, 3, 2, 1, 0)),
        dates=tuple(days[at * (len(days) - 1) // 4] for at in range(5)),
        description=_describe(columns),
    )


def _day(at: int, day: date, series: Sequence[Series]) -> Day:
    amounts = tuple(each.by_day[at] for each in series)
    total = Decimal(0)
    for amount in amounts:
        total = EXACT.add(total, amount)
    parts = [f"{each.organization.id}: {shown.figure(amount)}" for each, amount in zip(series, amounts, strict=True)]
    detail = f" ({', '.join(parts)})" if len(parts) > 1 else ""
    return Day(
        day, at * WIDTH, amounts, total, f"{day:%a} {day.day} {day:%b %Y}: {shown.figure(total)} credits{detail}"
    )


def _path(base: Sequence[Decimal], heights: Sequence[Decimal], top: Decimal) -> str:
    """Give one rectangle for each day that has any height."""
    gap = _GAPS[len(heights) > 100]
    return "".join(
        f"M{at * WIDTH + gap:g} {_y(low, top)}V{_y(EXACT.add(low, height), top)}h{WIDTH - 2 * gap:g}V{_y(low, top)}z"
        for at, (low, height) in enumerate(zip(base, heights, strict=True))
        if height
    )


def _y(amount: Decimal, top: Decimal) -> str:
    return f"{HEIGHT * (1 - float(amount / top)):.4g}"


def _stack(amounts: Sequence[Decimal]) -> list[Decimal]:
    sums = [Decimal(0)]
    for amount in amounts:
        sums.append(EXACT.add(sums[-1], max(Decimal(0), amount)))
    return sums


def _round_up(amount: Decimal) -> Decimal:
    """Give the next amount that quarters well, such as 1.2 or 4 and any number of zeros."""
    if not amount:
        return Decimal(1)
    power = Decimal(1).scaleb(amount.adjusted())
    return next(rounded for tenths in _STEPS if (rounded := power * tenths / 10) >= amount)


_STEPS = (10, 12, 16, 20, 24, 32, 40, 60, 80, 100)


def _tick(amount: Decimal) -> str:
    if not amount:
        return "0"
    if amount >= 10**6:
        return f"{amount.to_integral_value(ROUND_CEILING):.3g}"
    return f"{amount.normalize():,f}"


def _describe(days: Sequence[Day]) -> str:
    busiest = max(days, key=lambda day: day.total)
    if not busiest.total:
        return f"No credits from {days[0].date} to {days[-1].date}."
    return f"From {days[0].date} to {days[-1].date}. The most on {busiest.words}."
