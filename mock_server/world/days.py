"""A day's runs, serialised once."""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from itertools import accumulate
from threading import Lock

from .layout import Run

__all__ = ["Day", "DayCache"]


@dataclass(frozen=True, slots=True)
class Day:
    """The runs of one day: their times, and their bodies joined by commas as a list of the API has them."""

    times: array[int]
    """Milliseconds since the epoch, ascending."""
    blob: bytes
    """The bodies, newest first."""
    offsets: array[int]
    """Where each body begins in ``blob``, newest first; and where a further one would."""

    @classmethod
    def of(cls, runs: Sequence[Run]) -> Day:
        """Serialise runs, given oldest first."""
        texts = [text for _, _, text in reversed(runs)]
        joined = ",".join(texts)
        sizes = map(len, texts) if joined.isascii() else (len(text.encode()) for text in texts)
        return cls(
            array("q", [time for time, _, _ in runs]),
            joined.encode(),
            array("q", accumulate((size + 1 for size in sizes), initial=0)),
        )

    def between(self, start: int | None, end: int) -> bytes:
        """Give the bodies of the runs from ``start`` to ``end``, both included, newest first, joined by commas."""
        first = 0 if start is None else bisect_left(self.times, start)
        stop = bisect_right(self.times, end)
        if first >= stop:
            return b""
        if stop - first == len(self.times):
            return self.blob
        count = len(self.times)
        return self.blob[self.offsets[count - stop] : self.offsets[count - first] - 1]

    @property
    def size(self) -> int:
        """Bytes of memory, about."""
        return len(self.blob) + 16 * len(self.times) + 400


class DayCache:
    """The days made lately, up to a number of bytes; threads may share it."""

    def __init__(self, capacity: int = 64 << 20) -> None:
        """Hold about ``capacity`` bytes."""
        self._capacity = capacity
        self._size = 0
        self._days: dict[Hashable, Day] = {}
        self._lock = Lock()

    def get(self, key: Hashable, make: Callable[[], Day]) -> Day:
        """Give the day under ``key``, made by ``make`` where it is not there (by two threads at once, at worst)."""
        day = self._days.get(key)
        if day is None:
            day = make()
            with self._lock:
                self._keep(key, day)
        return day

    def _keep(self, key: Hashable, day: Day) -> None:
        """Keep a day in the place of those made first; how often they are asked for is not worth a lock each time."""
        if key not in self._days:
            self._days[key] = day
            self._size += day.size
        while self._size > self._capacity and self._days:
            self._size -= self._days.pop(next(iter(self._days))).size
