"""What the API shows of one organization's usage, and the windows to request because of it.

Narrow windows come first and are widened while that is cheap. All of them end a day or more before the run began, so
that runs which are recorded meanwhile change no response.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, datetime
from functools import cached_property
from itertools import pairwise
from random import Random

from .interaction import Interaction, Query
from .record import Record
from .session import Session
from .window import DAY, MARGIN, Window, choose_bound, choose_day_window, choose_window

__all__ = ["MAX_RECORDS", "Sample"]

WIDTHS = (2, 30, 500)
"""Days that the window is widened to, step by step."""
MIN_RECORDS = 20
"""Records from which the density of usage can be estimated."""
MAX_RECORDS = 12_000
"""Records that a list is not requested for on purpose (some 3 MB)."""
LOOKBACK_DAYS = (100, 400, 200, 800, 35, 1200)
"""Days back at which older usage is sampled, in the order of interest."""
MAX_LOOKBACKS = 1
HISTORY = 6 * 365
"""Days that usage is likely to go back at most."""
MANY = 80
"""Timestamps of which the newest quarter can be left out."""
OLD = 0.7
"""The part of the usage that lies long ago."""
FEW = 20
"""Records of which some follow after a late end."""
LONG_WINDOWS = 4
"""Windows from long ago to the last days."""
LOOKBACK_RECORDS = 150
"""Records that a look at older usage should show."""


class Sample:
    """The closed lists of one organization and operation; ``largest`` is the one that shows most.

    Args:
        session: sends the requests.
        operation: ``list_llm`` or ``list_matching``.
        org: the organization.
        bounds: the earliest and the latest instant to request.
        rng: decides where there is a choice.
    """

    def __init__(self, session: Session, operation: str, org: int, bounds: tuple[int, int], rng: Random) -> None:
        self.operation = operation
        self.org = org
        self.earliest, self.settled_until = bounds
        self.is_complete = False
        """Whether the lists cover everything before ``settled_until``."""
        self._session = session
        self._rng = rng
        self._lists: list[Interaction] = []

    def collect(self, *, thorough: bool) -> None:
        """Request lists; ``thorough``: as much as is cheap, else only some records."""
        self._widen(MAX_RECORDS if thorough else MIN_RECORDS)

    def reach_back(self, end_only: Interaction | None) -> None:
        """See to older usage: all of it where that is near, else samples.

        Args:
            end_only: a list with an end alone, which may show all of it.
        """
        if not self.is_complete and end_only is not None and self._begins_before_everything(end_only):
            self.is_complete = True
        elif not self.is_complete:
            if self.largest_window.days >= WIDTHS[-1] - 1 and self._starts_within():
                rest = self.request(Window(self.earliest, self.settled_until - WIDTHS[-1] * DAY))
                self.is_complete = rest is not None
            if not self.is_complete:
                self._sample_older_usage()

    def _begins_before_everything(self, end_only: Interaction) -> bool:
        """Return whether a list with an end alone has no start by default: it shows what is known before its end."""
        window = end_only.window
        if end_only.status != 200 or window is None:
            return False
        known = {record.identity for record in self.records if window.contains(record.timestamp)}
        return bool(known) and known <= end_only.by_identity.keys()

    def query(self, window: Window | None, **more: object) -> Query:
        """Return this organization's query for a window, or without dates."""
        return Query.of(self.operation, org_id=self.org, **(window.params if window else {}), **more)

    def request(self, window: Window) -> Interaction | None:
        """Request a closed window; return the list, ``None`` where none came."""
        found = self._session.send(self.query(window))
        if found.status != 200 or not isinstance(found.json, list):
            return None
        if found not in self._lists:
            self._lists.append(found)
            self.__dict__.pop("records", None)
        return found

    def covers(self, window: Window) -> bool:
        """Return whether a list covers ``window``."""
        return any(each.window is not None and each.window.encloses(window) for each in self._lists)

    @property
    def largest(self) -> Interaction:
        """The list that shows most."""
        return max(self._lists, key=lambda each: (len(each.records), each.window.days if each.window else 0))

    @property
    def largest_window(self) -> Window:
        """The window of ``largest``."""
        window = self.largest.window
        assert window is not None
        return window

    @cached_property
    def records(self) -> list[Record]:
        """Every record that the lists show, each once, oldest first."""
        unique = {record.key: record for each in self._lists for record in each.records}
        return sorted(unique.values(), key=lambda record: record.timestamp or 0)

    @property
    def has_list(self) -> bool:
        """Whether any list came."""
        return bool(self._lists)

    @property
    def records_per_day(self) -> float:
        """Records a day, lately."""
        return len(self.largest.records) / self.largest_window.days

    @property
    def is_small(self) -> bool:
        """Whether a list of everything would be bearable, if usage was as dense as lately for as long as is likely."""
        days = min(HISTORY, (self.settled_until - self.earliest) / DAY)
        return self.is_complete or self.records_per_day * days <= 4 * MAX_RECORDS

    def month_is_too_large(self, now: int) -> bool:
        """Whether a list of this month until now would be very long."""
        return self.has_list and self.records_per_day * datetime.fromtimestamp(now, UTC).day > 2 * MAX_RECORDS

    @property
    def recent_window(self) -> Window | None:
        """The first window that showed usage, which is of the last days; ``None`` where none does."""
        return next((each.window for each in self._lists if each.records), None)

    @cached_property
    def _weights(self) -> dict[int, float]:
        """The credits of each timestamp, the oldest first."""
        weights: dict[int, float] = defaultdict(float)
        for record in self.largest.records:
            if record.timestamp is not None:
                weights[record.timestamp] += record.credits
        return {at: weights[at] for at in sorted(weights)}

    @property
    def _weights_of_old_usage(self) -> dict[int, float]:
        """The same without the newest quarter, which other windows show, where there are many."""
        many = len(self._weights) >= MANY
        return dict(list(self._weights.items())[: len(self._weights) * 3 // 4]) if many else self._weights

    @cached_property
    def window(self) -> Window | None:
        """A window with close ends around some of the records; ``None`` where there are none."""
        return choose_window(self._weights_of_old_usage, self._rng)

    @cached_property
    def widened_window(self) -> Window | None:
        """``window`` extended on both sides to just short of the neighbouring records: it must hold the same ones."""
        return self._widened(self.window)

    @cached_property
    def newest_window(self) -> Window | None:
        """A window around some of the newest records, extended as ``widened_window`` is."""
        return self._widened(choose_window(dict(list(self._weights.items())[-2 * FEW :]), self._rng))

    def _widened(self, window: Window | None) -> Window | None:
        if window is None or window.start is None or window.end is None:
            return None
        moments = self._weights
        before = max((at for at in moments if at < window.start), default=window.start - MARGIN)
        after = min((at for at in moments if at > window.end), default=window.end + MARGIN)
        return Window(before + MARGIN, after - MARGIN)

    @cached_property
    def oldest_window(self) -> Window | None:
        """A narrow window around the oldest records of the largest list: an API that truncates long lists returns more.

        ``None`` where there are no records.
        """
        moments = _timestamps(self.largest.records)
        if not moments:
            return None
        before = max(600, min(15 * DAY, (moments[-1] - moments[0]) // len(moments) * LOOKBACK_RECORDS // 2))
        soon = [moment for moment in moments if moment <= moments[0] + 15 * DAY]
        after = choose_bound(soon, self._rng, high=min(1.0, 40 / len(soon)))
        return Window.or_none(max(self.earliest, moments[0] - before), after or soon[-1] + MARGIN)

    @cached_property
    def day_window(self) -> Window | None:
        """A window within one UTC day, around some of its records; ``None`` where there are none."""
        return choose_day_window(self._weights_of_old_usage)

    @cached_property
    def late_start(self) -> int | None:
        """A start after which few records follow."""
        records = self.largest.records
        return choose_bound(_timestamps(records), self._rng, low=max(0.8, 1 - 200 / max(1, len(records))))

    @cached_property
    def open_start(self) -> int | None:
        """The start for queries without an end, chosen so that fewer than 3,000 records follow."""
        records = self.largest.records
        low = max(0.02, 1 - 3000 / max(1, len(records)))
        return choose_bound(_timestamps(records), self._rng, low=low, high=low + 0.2)

    @cached_property
    def late_end(self) -> int | None:
        """An end after which few records follow."""
        return self._choose_late_end()

    @cached_property
    def long_windows(self) -> list[Window]:
        """Windows from long ago, each from another time, to one of the last days: what is lost of either shows there.

        They do not end with the newest record, so that an end that is ignored shows as well. The first starts where
        the queries without an end do: a cache that forgets the end shows there.
        """
        parts = [OLD * number / LONG_WINDOWS for number in range(1, LONG_WINDOWS)]
        moments = _timestamps(self.largest.records)
        starts = [choose_bound(moments, self._rng, low=low, high=low + OLD / LONG_WINDOWS) for low in parts]
        pairs = [(start, self._choose_late_end()) for start in (self.open_start, *starts)]
        return [
            window
            for start, end in pairs
            if start is not None and end is not None and (window := Window.or_none(start, end)) is not None
        ]

    def _choose_late_end(self) -> int | None:
        moments = _timestamps(self.largest.records)
        return choose_bound(moments, self._rng, low=max(0.8, 1 - FEW / max(1, len(moments))))

    def end_before(self, instant: int) -> int | None:
        """Return an end that stands close after the last record before an instant; ``None`` where there is none."""
        pairs = pairwise(_timestamps(self.largest.records))
        ends = [before + MARGIN for before, after in pairs if before < instant and after - before >= 2 * MARGIN]
        return max(ends, default=None)

    @cached_property
    def open_end(self) -> int | None:
        """The end for queries without a start: between two of the earliest known records."""
        return choose_bound(_timestamps(self.records), self._rng, low=0.02, high=0.3)

    def _widen(self, plenty: int) -> None:
        """Widen the window until it shows enough: to hundreds of days where that is cheap, to all where all is near."""
        days: int | None = WIDTHS[0]
        while days is not None:
            found = self.request(Window(max(self.earliest, self.settled_until - days * DAY), self.settled_until))
            if found is None or found.window is None:
                return
            if found.window.start == self.earliest:
                self.is_complete = True
                return
            days = self._next_width(days, len(found.records), found.window.days, plenty)

    def _next_width(self, days: int, found: int, found_days: float, plenty: int) -> int | None:
        wider = [width for width in WIDTHS if width > days]
        if found >= plenty:
            wider = []
        elif found >= MIN_RECORDS:
            wider = [width for width in wider if found * width / found_days <= plenty][-1:]
        elif found == 0:
            wider = wider[-1:]
        if not wider and plenty == MAX_RECORDS and MIN_RECORDS <= found < plenty and days < WIDTHS[-1]:
            fitting = min(WIDTHS[-1], int(0.9 * plenty * found_days / found))
            wider = [fitting] if fitting > 1.5 * days else []
        return wider[0] if wider else None

    def _starts_within(self) -> bool:
        """Return whether usage probably started inside the largest window.

        So it is where the gap before its first record is over three times the longest gap between records.
        """
        moments = _timestamps(self.records)
        if not moments or self.largest_window.start is None:
            return True
        longest = max((b - a for a, b in pairwise(moments)), default=0)
        return moments[0] - self.largest_window.start > 3 * longest

    def _sample_older_usage(self) -> None:
        """Request narrow windows of older usage, as wide as the recent density asks for."""
        start = self.largest_window.start
        if start is None:
            return
        density = self.records_per_day
        width = int(min(60 * DAY, max(600, LOOKBACK_RECORDS / density * DAY if density else 60 * DAY)))
        ends = ((self.settled_until - age * DAY, self.settled_until - age * DAY + width) for age in LOOKBACK_DAYS)
        fitting = [Window(*each) for each in ends if self.earliest <= each[0] and each[1] < start]
        for window in fitting[:MAX_LOOKBACKS]:
            self.request(window)


def _timestamps(records: list[Record]) -> list[int]:
    return sorted({record.timestamp for record in records if record.timestamp is not None})
