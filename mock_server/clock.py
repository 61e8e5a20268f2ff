"""The fake's clock: real time, until a user pins or moves it."""

from __future__ import annotations

import time
from collections.abc import Callable

from ..schemas.times import render
from . import moments
from .moments import Moment

__all__ = ["Clock"]


class Clock:
    """What time it is in the fake's world, in milliseconds since the epoch (UTC).

    The default windows, and which runs have happened already, follow it. Rate-limit windows do not: a client that waits
    out its ``Retry-After`` does so in real time.

    >>> clock = Clock("2026-04-30T23:59:00Z")
    >>> clock.move(120)
    >>> clock.text
    '2026-05-01T00:01:00.000Z'
    """

    def __init__(self, start: Moment | None = None, *, wall: Callable[[], float] = time.time) -> None:
        self._wall = wall
        self._start = None if start is None else _existing(moments.read(start))
        self._pin = self._start
        self._offset = 0

    def now(self) -> int:
        """Give the current moment."""
        pin = self._pin
        return pin if pin is not None else int(self._wall() * 1000) + self._offset

    @property
    def text(self) -> str:
        """The current moment as the API writes it: ``2026-04-17T17:26:07.000Z``."""
        return render(self.now())

    @property
    def pinned(self) -> bool:
        """Whether the clock stands still."""
        return self._pin is not None

    @property
    def moved(self) -> bool:
        """Whether it runs, but not with real time."""
        return self._pin is None and self._offset != 0

    def pin(self, moment: Moment) -> None:
        """Stop the clock at ``moment``.

        Raises:
            ValueError: the text names no moment, or one outside the years 1 to 9999; the clock is as it was.
        """
        self._pin, self._offset = _existing(moments.read(moment)), 0

    def move(self, seconds: float) -> None:
        """Put the clock forward, or back where negative; a pinned clock stays pinned.

        Raises:
            ValueError: it would leave the years 1 to 9999; the clock is as it was.
        """
        millis = _millis(seconds)
        _existing(self.now() + millis)
        if self._pin is None:
            self._offset += millis
        else:
            self._pin += millis

    def release(self) -> None:
        """Let the clock show real time."""
        self._pin, self._offset = None, 0

    def reset(self) -> None:
        """Go back to how the clock was made."""
        self._pin, self._offset = self._start, 0


def _millis(seconds: float) -> int:
    try:
        return round(seconds * 1000)
    except (OverflowError, TypeError, ValueError):
        raise ValueError(f"the clock cannot be moved by {seconds!r} seconds: give a number such as 3600") from None


def _existing(millis: int) -> int:
    """Give ``millis`` back where the next and the last month of it exist as well, since default windows need them."""
    try:
        render(millis - _MONTH)
        render(millis + _MONTH)
    except OverflowError:
        raise ValueError("the clock cannot stand there: choose a moment within the years 2 to 9998") from None
    return millis


_MONTH = 31 * 24 * 60 * 60 * 1000
