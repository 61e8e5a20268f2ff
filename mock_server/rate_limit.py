"""The rate limit: a number of requests in fixed windows aligned to the clock (recorded)."""

from __future__ import annotations

import math
import re
import threading
import time
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import NamedTuple

__all__ = ["LIVE", "Limit", "RateLimitStatus", "RateLimits"]


@dataclass(frozen=True)
class Limit:
    """``requests`` in each window of ``seconds``; windows start at multiples of it since the epoch."""

    requests: int
    seconds: int

    @classmethod
    def parse(cls, text: str) -> Limit:
        """Read ``live``, or requests and seconds as in ``20/60``.

        Raises:
            ValueError: it is neither, or one of the numbers is 0.
        """
        if text == "live":
            return LIVE
        match = re.fullmatch(r"([1-9][0-9]{0,8})/([1-9][0-9]{0,8})", text)
        if match is None:
            raise ValueError(f"{text[:40]!r} is not a rate limit: use requests/seconds as in 20/60, or live")
        return cls(int(match[1]), int(match[2]))


MOST_KEYS = 100_000
"""Keys that are counted at a time: of more, the first are forgotten."""

LIVE = Limit(1000, 300)
"""The live API's: counters start afresh at :00, :05, :10 … (recorded)."""


class RateLimitStatus(NamedTuple):
    """What one more request leaves of a key's limit."""

    limit: int
    remaining: int
    """Requests left in this window; never below 0."""
    retry_after: int | None
    """Whole seconds until the next window, where the request came over the limit; ``None`` where it did not."""


class RateLimits:
    """Counts requests by key. The counters of a past window are forgotten."""

    def __init__(self, limit: Limit = LIVE, *, wall: Callable[[], float] = lambda: time.time()) -> None:
        self._limit = limit
        self._wall = wall
        self._lock = threading.Lock()
        self._window = -1
        self._counts: dict[int, int] = {}

    def count(self, key: Hashable) -> RateLimitStatus:
        """Count one request of ``key``, and return what is left."""
        now = self._wall()
        with self._lock:
            window = int(now // self._limit.seconds)
            if window != self._window:
                self._window, self._counts = window, {}
            identity = hash(key)  # a key may be as long as a head
            count = self._counts[identity] = self._counts.get(identity, 0) + 1
            if len(self._counts) > MOST_KEYS:
                del self._counts[next(iter(self._counts))]
        over = count > self._limit.requests
        wait = max(1, math.ceil((window + 1) * self._limit.seconds - now)) if over else None
        return RateLimitStatus(self._limit.requests, max(0, self._limit.requests - count), wait)

    def reset(self) -> None:
        """Forget every count."""
        with self._lock:
            self._counts = {}
