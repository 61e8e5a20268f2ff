"""The fake's clock: real time, until a user pins or moves it."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from ..schemas import times
from ..schemas.times import Moment, render

__all__ = ["Clock", "ClockSetting"]


@dataclass(frozen=True, slots=True)
class ClockSetting:
    """How a clock is set: pinned to a moment, or real time and an offset. In milliseconds since the epoch (UTC)."""

    pin: int | None = None
    offset: int = 0
    wall: Callable[[], float] = lambda: time.time()
    """Real time in seconds. The function is looked up when it is called, so that freezegun is followed."""

    def now(self) -> int:
        """Return the current moment."""
        return self.pin if self.pin is not None else int(self.wall() * 1000) + self.offset

    @property
    def text(self) -> str:
        """The current moment as the API writes it: ``2026-04-17T17:26:07.000Z``."""
        return render(self.now())


class Clock:
    """What time it is in the fake's world, in milliseconds since the epoch (UTC).

    The default windows, and which runs have happened already, follow it. Rate-limit windows do not: a client that waits
    out its ``Retry-After`` does so in real time.

    >>> clock = Clock("2026-04-30T23:59:00Z")
    >>> clock.move(120)
    >>> clock.text
    '2026-05-01T00:01:00.000Z'
    """

    def __init__(self, start: Moment | None = None, *, wall: Callable[[], float] | None = None) -> None:
        pin = None if start is None else _checked(times.moment(start))
        self._start = ClockSetting(pin) if wall is None else ClockSetting(pin, wall=wall)
        self.setting = self._start
        """How it is set; replaced whole by each change."""

    def now(self) -> int:
        """Return the current moment."""
        return self.setting.now()

    @property
    def text(self) -> str:
        """The current moment as the API writes it: ``2026-04-17T17:26:07.000Z``."""
        return self.setting.text

    @property
    def pinned(self) -> bool:
        """Whether the clock is pinned."""
        return self.setting.pin is not None

    @property
    def moved(self) -> bool:
        """Whether it runs, but not with real time."""
        return self.setting.pin is None and self.setting.offset != 0

    def pin(self, moment: Moment) -> None:
        """Stop the clock at ``moment``.

        Raises:
            ValueError: ``moment`` is invalid, or outside the years 2 to 9998; the clock is unchanged.
        """
        self.setting = replace(self._start, pin=_checked(times.moment(moment)), offset=0)

    def move(self, seconds: float) -> None:
        """Move the clock forward, or back where ``seconds`` is negative; a pinned clock stays pinned.

        Raises:
            ValueError: it would leave the years 2 to 9998; the clock is unchanged.
        """
        millis, before = _millis(seconds), self.setting
        _checked(before.now() + millis)
        if before.pin is None:
            self.setting = replace(before, offset=before.offset + millis)
        else:
            self.setting = replace(before, pin=before.pin + millis)

    def release(self) -> None:
        """Let the clock show real time."""
        self.setting = replace(self._start, pin=None, offset=0)

    def reset(self) -> None:
        """Set it as it was made."""
        self.setting = self._start


def _millis(seconds: float) -> int:
    try:
        return round(seconds * 1000)
    except (OverflowError, TypeError, ValueError):
        raise ValueError(f"the clock cannot be moved by {seconds!r} seconds: use a number such as 3600") from None


def _checked(millis: int) -> int:
    """Return ``millis`` if the months before and after it exist as well: default windows need them."""
    try:
        render(millis - _MONTH)
        render(millis + _MONTH)
    except OverflowError:
        raise ValueError("the clock cannot show that: use a moment within the years 2 to 9998") from None
    return millis


_MONTH = 31 * 24 * 60 * 60 * 1000
