"""The runs of an organization, day by day, as a pure function of the world's seed.

A layout has a table of some two thousand runs, made once from the organization's habits and counter-based bits. A day
takes a stretch of the table, beginning where its plan says, and lengthens the prompts by a shift of its own. So the
credits of any stretch are a difference of two prefix sums, a run can be told from its index alone, and the time of a
run without those of the others (they stand at evenly spread shares of the day, each moved by its own jitter): asked by
id or for a sum, a day of a hundred thousand runs costs what a day of ten does.

Everything is reckoned in whole numbers, so that it comes out alike on every machine.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache, lru_cache
from itertools import accumulate, count
from struct import unpack
from typing import Generic, NamedTuple, TypeVar

from ..wire import credits_text
from .drawing import bits
from .numbering import EPOCH, Lane, Numbering
from .rhythm import DAY, KNOTS, RHYTHMS
from .rows import ROWS, Form, LlmRow, MatchingRow, llm_rows, matching_rows
from .vocabulary import Organization

__all__ = ["Layout", "LlmLayout", "MatchingLayout", "Plan", "Run"]

Run = tuple[int, int, str]
"""A run's time (milliseconds since the epoch), its number (id, or run id for matching) and its text."""

Row = TypeVar("Row", LlmRow, MatchingRow)

LAP = 7
"""Tokens, or records, by which each further lap through the table is larger."""

_HOURS = tuple(f"T{hour:02d}:" for hour in range(24))
_SECONDS = tuple(f"{second // 60:02d}:{second % 60:02d}." for second in range(3600))
_MILLIS = tuple(f"{milli:03d}Z" for milli in range(1000))
_HOUR = 3_600_000


class Stretch(NamedTuple, Generic[Row]):
    """Runs of a day that stand side by side in the table."""

    first: int
    """The index of the first."""
    rows: Sequence[Row]
    growth: int
    """How much larger than their rows they are."""
    times: list[int]
    """Milliseconds since the epoch."""
    clocks: list[str]
    """The times as text."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What chance says of a day."""

    count: int
    """How many runs it has."""
    offset: int
    """Where in the table its stretch begins."""
    shift: int
    """How much larger than in the table its runs are."""


class Layout(ABC, Generic[Row]):
    """The runs of one kind of one organization.

    Days are counted from 1970-01-01, runs of a day by their index in time, from 0.
    """

    def __init__(
        self, profile: str, per_day: int, table: Callable[[Form], Sequence[Row]], key: tuple[object, ...]
    ) -> None:
        """Deal out ``table``; ``per_day`` is the average number of runs in 256ths, ``key`` what chance depends on."""
        self._rhythm = RHYTHMS[profile]
        self._per_day = per_day
        self._key = (*key, per_day)
        self._table: Callable[[Form], Sequence[Row]] = cache(table)
        self._rows: Sequence[Row] = self._table("json")
        self.plan = lru_cache(maxsize=4096)(self._plan)

    def before(self, day: int, moment: int) -> int:
        """Give the number of the day's runs that happened before ``moment`` (milliseconds since the epoch)."""
        plan = self.plan(day)
        since_midnight = moment - day * DAY
        if since_midnight <= 0:
            return 0
        if since_midnight >= DAY:
            return plan.count
        return bisect_left(range(plan.count), since_midnight, key=lambda index: self._time(plan, index))

    @abstractmethod
    def runs(self, day: int, first: int, stop: int, form: Form = "json", task: str | None = None) -> list[Run]:
        """Give the runs from index ``first`` up to, not including, ``stop``, oldest first; matching ones by task."""

    def _plan(self, day: int) -> Plan:
        offset, dither, chance, shift = unpack("<HHBB", bits(6, *self._key, day))
        count = (self._per_day * self._rhythm.weight(day, chance) + (dither << 8)) >> 24
        least = self._rhythm.least(day) if self._per_day else 0
        return Plan(max(count, least), offset % ROWS, shift if self._rhythm.grows else 0)

    def _time(self, plan: Plan, index: int) -> int:
        """Give a run's milliseconds since midnight."""
        jitter: int = self._rows[(plan.offset + index) % ROWS][0]
        knots = self._rhythm.knots
        knot, rest = divmod(((index << 16) + jitter) * KNOTS // plan.count, 1 << 16)
        return (knots[knot] + ((knots[knot + 1] - knots[knot]) * rest >> 16)) * self._rhythm.tick

    def _stretches(self, day: int, first: int, stop: int, form: Form) -> Iterator[Stretch[Row]]:
        """Give a day's runs, lap by lap through the table. Every listed record is made here and by who asks for it."""
        plan, table, knots, tick = self.plan(day), self._table(form), self._rhythm.knots, self._rhythm.tick
        midnight, runs, today = day * DAY, plan.count, date.fromordinal(EPOCH + day).isoformat()
        while first < stop:
            lap, at = divmod(plan.offset + first, ROWS)
            rows = table[at : at + stop - first]
            # The same as _time, written out.
            shares = [((index << 16) + row[0]) * KNOTS // runs for index, row in enumerate(rows, first)]
            times = [
                (knots[k := share >> 16] + ((knots[k + 1] - knots[k]) * (share & 0xFFFF) >> 16)) * tick
                for share in shares
            ]
            clocks = [
                f"{today}{_HOURS[time // _HOUR]}{_SECONDS[time % _HOUR // 1000]}{_MILLIS[time % 1000]}"
                for time in times
            ]
            growth = plan.shift + LAP * lap if self._rhythm.grows else 0
            yield Stretch(first, rows, growth, [midnight + time for time in times], clocks)
            first += len(rows)


class LlmLayout(Layout[LlmRow]):
    """An organization's LLM usage."""

    def __init__(self, organization: Organization, place: int, numbering: Numbering) -> None:
        """Make the table of ``organization``, whose ids have ``place``."""
        key = (organization.seed, organization.profile, organization.id, "llm")
        per_day = organization.runs_per_day << 8
        super().__init__(organization.profile, per_day, lambda form: llm_rows(organization, key, form), key)
        self._place, self._numbering = place, numbering
        self._prices = (0, *accumulate(row[5] for row in self._rows))
        self._rates = (0, *accumulate(row[6] for row in self._rows))

    def credits(self, day: int, first: int = 0, stop: int | None = None) -> int:
        """Give the micro-credits of the runs from index ``first`` up to, not including, ``stop`` (the day's end)."""
        plan = self.plan(day)
        last = plan.count if stop is None else stop
        return self._up_to(plan, plan.offset + last) - self._up_to(plan, plan.offset + first)

    def _up_to(self, plan: Plan, position: int) -> int:
        """Add up the table from its beginning, lap by lap; each lap's prompts are longer, at their models' rates."""
        laps, rest = divmod(position, ROWS)
        whole_laps = plan.shift * laps + LAP * (laps * (laps - 1) // 2)
        this_lap = plan.shift + LAP * laps
        return (
            self._prices[-1] * laps + self._rates[-1] * whole_laps + self._prices[rest] + self._rates[rest] * this_lap
        )

    def runs(self, day: int, first: int, stop: int, form: Form = "json", task: str | None = None) -> list[Run]:
        """Give LLM usage records."""
        record = self._numbering.first(day, self._place, Lane.RECORD)
        to_run = self._numbering.first(day, self._place, Lane.LLM_RUN) - record
        begin, ids, tokens = ('{"id":', ',"runId":', ',"inputTokens":') if form == "json" else ("", ",", ",")
        return [
            (
                time,
                number,
                f"{begin}{number}{ids}{number + to_run}{head}{clock}{middle}{credits_text(price + rate * growth)}"
                f"{tokens}{input_tokens + growth}{end}",
            )
            for index, rows, growth, times, clocks in self._stretches(day, first, stop, form)
            for number, (_, head, middle, input_tokens, end, price, rate), time, clock in zip(
                count(record + index), rows, times, clocks, strict=False
            )
        ]


class MatchingLayout(Layout[MatchingRow]):
    """An organization's matching usage: one run to some six LLM runs."""

    def __init__(self, organization: Organization, place: int, numbering: Numbering) -> None:
        """Make the table of ``organization``, whose run ids have ``place``."""
        key = (organization.seed, organization.profile, organization.id, "matching")
        per_day = organization.runs_per_day * 43 if organization.vocabulary.matches else 0
        super().__init__(organization.profile, per_day, lambda form: matching_rows(organization, key, form), key)
        self._place, self._numbering = place, numbering

    def runs(self, day: int, first: int, stop: int, form: Form = "json", task: str | None = None) -> list[Run]:
        """Give matching usage records; only those of ``task``, where one is named."""
        run = self._numbering.first(day, self._place, Lane.MATCHING_RUN)
        begin = '{"runId":' if form == "json" else ""
        return [
            (time, number, f"{begin}{number}{head}{clock}{middle}{num_records + growth}{end}")
            for index, rows, growth, times, clocks in self._stretches(day, first, stop, form)
            for number, (_, head, middle, num_records, end, kind), time, clock in zip(
                count(run + index), rows, times, clocks, strict=False
            )
            if task is None or kind == task
        ]
