"""The ways in which an API may move the ends of a window, each with the words for it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from civis_usage.contract_tests.collect.window import DAY

from .bounds import OFFSETS, SHIFTS
from .features import HOUR, duration

__all__ = ["Ends", "ending", "ignoring", "moving", "without_offset"]

End = int | None
Move = Callable[[int], End]
Ends = Callable[[End, End], tuple[End, End]]
"""From the ends of a window to those that the API uses; ``None`` is an open end."""


def ignoring() -> Iterator[tuple[Ends, str]]:
    """Yield how ends may be ignored; ``{}`` stands for the operation."""
    yield _ends(_nowhere, _kept), "{} ignores start_date"
    yield _ends(_kept, _nowhere), "{} ignores end_date"
    yield _ends(_nowhere, _nowhere), "{} ignores start_date and end_date"


def without_offset() -> Ends:
    """Return the ends of windows whose dates are read without their UTC offsets."""
    return _ends(_moved(-OFFSETS["start_date"] * HOUR), _moved(OFFSETS["end_date"] * HOUR))


def ending(now: int) -> Iterator[tuple[Ends, str]]:
    """Yield how an end may be limited, seen at an instant."""
    for days, noun in ((0, "at the start of today"), (1, "at the start of yesterday"), (7, "a week ago")):
        latest = now // DAY * DAY - days * DAY
        yield _ends(_kept, _at_most(latest)), f"{{}} counts nothing of the newest days: its window ends {noun}"


def _at_most(latest: int) -> Move:
    return lambda at: min(at, latest)


def moving() -> Iterator[tuple[Ends, str]]:
    """Yield how ends may be moved by an amount."""
    for size, noun in ((DAY, "day"), (HOUR, "hour")):
        down, up = _down(size), _up(size)
        yield _ends(down, _kept), f"{{}} counts from the start of start_date's {noun}"
        yield _ends(up, _kept), f"{{}} counts from the end of start_date's {noun}"
        yield _ends(_kept, up), f"{{}} counts to the end of end_date's {noun}"
        yield _ends(_kept, down), f"{{}} counts to the start of end_date's {noun}"
        yield _ends(down, up), f"{{}} widens start_date and end_date to whole {noun}s"
        yield _ends(down, down), f"{{}} cuts start_date and end_date to their {noun}"
    for shift in SHIFTS[1:]:
        off = duration(shift)
        for move in (_moved(-shift), _moved(shift)):
            yield _ends(move, _kept), f"start_date of {{}} is off by {off}"
            yield _ends(_kept, move), f"end_date of {{}} is off by {off}"
            yield _ends(move, move), f"{{}} reads start_date and end_date in another time zone: both are off by {off}"


def _ends(first: Move, last: Move) -> Ends:
    """Return how both ends are moved; an open end stays open."""
    return lambda start, end: (None if start is None else first(start), None if end is None else last(end))


def _kept(at: int) -> int:
    return at


def _nowhere(_: int) -> None:
    return None


def _moved(seconds: int) -> Move:
    return lambda at: at + seconds


def _down(size: int) -> Move:
    return lambda at: at // size * size


def _up(size: int) -> Move:
    return lambda at: -(-at // size) * size
