"""The generated runs of one kind of usage of one organization, day by day.

A day is a count and an offset, both from one hash. Run *i* of the day is the pool's record *offset + i*. The runs stand
at evenly spread shares of the day, each moved by its own jitter, so that the time of a run is known without those of
the others: found by id or summed up, a day of a hundred thousand runs costs what a day of ten does.

Times are milliseconds since the epoch (UTC), windows include both ends, days are counted from 1970-01-01. All is
calculated in whole numbers, so that it comes out alike on every machine.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from datetime import date
from functools import cached_property, lru_cache
from hashlib import blake2b, shake_256
from itertools import accumulate
from struct import unpack
from typing import Literal, NamedTuple

from ...schemas.times import DAY
from .ids import EPOCH, LLM_RUN, MATCHING_RUN, RECORD, first_id
from .organization import Organization
from .pool import Kind, Pool

__all__ = ["PROFILES", "Profile", "Run", "Schedule"]

Run = tuple[int, int, str]
"""A run's time, its number (id, or run id for matching) and its text."""


class Profile(NamedTuple):
    """How busy a day is, and when its runs happen."""

    week: tuple[int, ...]
    """Per cent of an average day's runs, Monday first."""
    hours: tuple[int, ...]
    """The weight of each hour (UTC)."""
    tick: int
    """Times are whole multiples of this many milliseconds."""
    extremes: bool
    """Whether runs stand at the first and last millisecond of a day, with some wherever a month begins or ends."""


PROFILES = {
    # Office hours from one American coast to the other, and some runs at night.
    "realistic": Profile(
        week=(125, 129, 125, 119, 102, 51, 49),
        hours=(20, 16, 12, 10, 10, 14, 20, 20, 22, 24, 28, 32, 44, 62, 78, 86, 84, 78, 80, 80, 74, 60, 42, 28),
        tick=1000,
        extremes=False,
    ),
    "edge": Profile(week=(0, 200, 0, 200, 100, 100, 100), hours=(1,) * 24, tick=1, extremes=True),
}
PROFILES["large_ids"] = PROFILES["realistic"]

_JITTERS = 1024
_HOURS = tuple(f"{hour:02d}:" for hour in range(24))
_SECONDS = tuple(f"{second // 60:02d}:{second % 60:02d}." for second in range(3600))
_MILLIS = tuple(f"{milli:03d}Z" for milli in range(1000))


class Plan(NamedTuple):
    """What a day is dealt."""

    runs: int
    offset: int


class Schedule:
    """The generated runs of one kind of one organization, from the day ``since`` on and without an end."""

    def __init__(self, organization: Organization, kind: Kind, slot: int, since: int) -> None:
        self._organization, self._kind, self._slot, self._since = organization, kind, slot, since
        self._profile = PROFILES[organization.profile]
        self._key = f"{organization.seed}/{organization.profile}/{organization.id}/{kind}"
        self._bounds = [0, *accumulate(self._profile.hours)]
        self._totals = [0]
        self.plan = lru_cache(maxsize=4096)(self._plan)

    @property
    def pool(self) -> Pool:
        """The records that are dealt."""
        return self._organization.pool(self._kind)

    def runs(
        self,
        day: int,
        start: int | None = None,
        end: int | None = None,
        *,
        task: str | None = None,
        form: Literal["json", "csv"] = "json",
    ) -> list[Run]:
        """Return the runs of a day from ``start`` to ``end``, oldest first; matching ones of one ``task`` only."""
        first = 0 if start is None or start <= day * DAY else self.before(day, start)
        stop = self.plan(day).runs if end is None or end >= (day + 1) * DAY - 1 else self.before(day, end + 1)
        return [*self._dealt(day, first, stop, task, form)]

    def run(self, day: int, index: int) -> Run | None:
        """Return one run of a day, or ``None`` if the day has fewer."""
        known = self._since <= day and index < self.plan(day).runs
        return next(self._dealt(day, index, index + 1)) if known else None

    def latest(self, count: int, now: int) -> list[Run]:
        """Return the last ``count`` runs up to ``now``, newest first; a year back at most."""
        found: list[Run] = []
        for day in range(now // DAY, max(self._since, now // DAY - 366) - 1, -1):
            if len(found) >= count:
                break
            stop = self.before(day, now + 1)
            found += reversed([*self._dealt(day, max(0, stop - count), stop)])
        return found[:count]

    def micro_credits(self, start: int, end: int) -> int:
        """Return the sum of the credits of the runs of a window, in micro-credits."""
        start = max(start, self._since * DAY)
        if end < start:
            return 0
        first, last = start // DAY, end // DAY
        return (
            self._until(last)
            + self._of_day(last, self.before(last, end + 1))
            - self._until(first)
            - self._of_day(first, self.before(first, start))
        )

    def before(self, day: int, moment: int) -> int:
        """Return how many of a day's runs happen before ``moment``."""
        count = self.plan(day).runs if day >= self._since else 0
        return bisect_left(range(count), moment, key=lambda index: self._time(day, index))

    def _plan(self, day: int) -> Plan:
        if day < self._since:
            return Plan(0, 0)
        busy, rest, offset = unpack("<HIQ", blake2b(f"{self._key}/{day}".encode(), digest_size=14).digest())
        # An average day's runs, times the weekday's share, times a factor from 0.65 to 1.35; chance rounds the rest.
        per_day = self._organization.sixths_per_day(self._kind)
        runs = per_day * self._profile.week[(day + 3) % 7] * (166 + busy * 180 // 65536)
        count = (runs + rest % (6 * 100 * 256)) // (6 * 100 * 256)
        if self._profile.extremes and per_day and _turns_month(day):
            count = max(count, 8)
        return Plan(count, offset)

    def _time(self, day: int, index: int) -> int:
        count, offset = self.plan(day)
        if self._profile.extremes and (index < count // 8 or index >= count - count // 8):
            return day * DAY if index < count // 8 else (day + 1) * DAY - 1
        whole = count * _JITTERS
        share = (index * _JITTERS + self._jitters[(offset + index) % _JITTERS]) * self._bounds[-1]
        hour = bisect_right(self._bounds, share // whole) - 1
        ticks = 3_600_000 // self._profile.tick
        within = (share - self._bounds[hour] * whole) * ticks // (whole * self._profile.hours[hour])
        return day * DAY + (hour * ticks + within) * self._profile.tick

    def _dealt(
        self, day: int, first: int, stop: int, task: str | None = None, form: Literal["json", "csv"] = "json"
    ) -> Iterator[Run]:
        """Deal the runs of a day from index ``first`` up to ``stop``."""
        templates = self.pool.json if form == "json" else self.pool.csv
        offset, size = self.plan(day).offset, len(templates)
        profile, slot, llm = self._organization.profile, self._slot, self._kind == "llm"
        begin, between = ('{"id":' if llm else '{"runId":', ',"runId":') if form == "json" else ("", ",")
        run = first_id(profile, day, slot, LLM_RUN if llm else MATCHING_RUN)
        record = first_id(profile, day, slot, RECORD)
        today = f"{date.fromordinal(EPOCH + day)}T"
        for index in range(first, stop):
            if task is not None and self.pool.records[(offset + index) % size]["task"] != task:
                continue
            time, (head, tail) = self._time(day, index), templates[(offset + index) % size]
            seconds, millis = divmod(time % DAY, 1000)
            clock = f"{today}{_HOURS[seconds // 3600]}{_SECONDS[seconds % 3600]}{_MILLIS[millis]}"
            if llm:
                yield time, record + index, f"{begin}{record + index}{between}{run + index}{head}{clock}{tail}"
            else:
                yield time, run + index, f"{begin}{run + index}{head}{clock}{tail}"

    @cached_property
    def _jitters(self) -> tuple[int, ...]:
        return tuple(
            each % _JITTERS for each in unpack(f"<{_JITTERS}H", shake_256(self._key.encode()).digest(2 * _JITTERS))
        )

    def _until(self, day: int) -> int:
        """Return the micro-credits of all days before ``day``; their sums are remembered from the first day on."""
        totals = self._totals
        if day - self._since >= len(totals):
            missing = range(self._since + len(totals) - 1, day)
            sums = accumulate((self._of_day(each, self._plan(each).runs) for each in missing), initial=totals[-1])
            self._totals = totals = [*totals[:-1], *sums]
        return totals[day - self._since]

    def _of_day(self, day: int, count: int) -> int:
        """Return the micro-credits of a day's first ``count`` runs."""
        if not count:
            return 0
        sums = self.pool.micro_credits
        at = self.plan(day).offset % (len(sums) - 1)
        laps, rest = divmod(at + count, len(sums) - 1)
        return sums[-1] * laps + sums[rest] - sums[at]


def _turns_month(day: int) -> bool:
    """Return whether a month begins or ends on a day; the day before a leap day counts too."""
    today = date.fromordinal(EPOCH + day)
    tomorrow = date.fromordinal(min(EPOCH + day + 1, date.max.toordinal()))
    return 1 in (today.day, tomorrow.day) or (today.month, today.day) == (2, 28)
