"""The generated usage of a world's organizations: lists, sums and single records of any window.

Times are milliseconds since the epoch (UTC), windows include both of their ends, days are counted from 1970-01-01.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace as changed
from functools import cached_property, lru_cache
from typing import Literal

from .days import Day, DayCache
from .layout import LlmLayout, MatchingLayout, Run
from .numbering import Lane, Numbering, place_organizations
from .rhythm import DAY
from .rows import Form
from .totals import Totals
from .vocabulary import Organization

__all__ = ["History", "Kind"]

Kind = Literal["llm", "matching"]
"""The two kinds of usage."""

_BASES = {"realistic": 0, "edge": 9_200_000_000_000_000_000}
"""Where a profile's ids begin; those of ``edge`` fill 64 bits."""

_YEAR = 366 * DAY


class History:
    """What organizations used, day by day, from a first day on and without an end.

    It is a pure function of the organizations and the first day; all it remembers are answers.
    """

    def __init__(self, organizations: tuple[Organization, ...], since: int) -> None:
        """Begin on the day ``since``."""
        self.since = since
        self.numbering = Numbering(_BASES[organizations[0].profile])
        self.organizations = {organization.id: organization for organization in organizations}
        """By their ids, the caller's own first."""
        self._places = place_organizations(self.organizations)
        self._at_place = {place: organization for organization, place in self._places.items()}
        self._days = DayCache()
        self._llm = lru_cache(maxsize=128)(self._llm_layout)
        self._matching = lru_cache(maxsize=128)(self._matching_layout)
        self._totals = lru_cache(maxsize=128)(lambda organization_id: Totals(self._llm(organization_id).credits))

    @cached_property
    def silent(self) -> History:
        """The same organizations without any usage."""
        return History(tuple(changed(known, runs_per_day=0) for known in self.organizations.values()), self.since)

    def stranger(self, organization_id: int) -> Organization:
        """Give an organization that the history does not know, as it would be there; it has no usage."""
        known = next(iter(self.organizations.values()))
        return changed(known, id=organization_id, runs_per_day=0)

    def days(self, organization_id: int, start: int | None, end: int) -> range:
        """Give the days of a window on which the organization may have runs."""
        organization = self.organizations.get(organization_id)
        if organization is None or not organization.runs_per_day:
            return range(0)
        first = self.since if start is None else max(self.since, start // DAY)
        return range(first, end // DAY + 1)

    def day(self, kind: Kind, organization_id: int, day: int, task: str | None = None) -> Day:
        """Give a day's runs, serialised; matching runs of one ``task`` only, where it is named."""
        key = (kind, organization_id, day, task)
        return self._days.get(key, lambda: Day.of(self.runs(kind, organization_id, day, task=task)))

    def runs(
        self, kind: Kind, organization_id: int, day: int, form: Form = "json", task: str | None = None
    ) -> list[Run]:
        """Give a day's runs, oldest first; none where it has no usage or before the first day."""
        if not self.days(organization_id, day * DAY, day * DAY):
            return []
        layout = self._llm(organization_id) if kind == "llm" else self._matching(organization_id)
        return layout.runs(day, 0, layout.plan(day).count, form, task)

    def latest(self, kind: Kind, organization_id: int, count: int, now: int) -> list[Run]:
        """Give the last ``count`` runs up to ``now``, newest first, at the cost of so many; a year back at most."""
        found: list[Run] = []
        for day in reversed(self.days(organization_id, now - _YEAR, now)):
            if len(found) >= count:
                break
            layout = self._llm(organization_id) if kind == "llm" else self._matching(organization_id)
            stop = layout.before(day, now + 1)
            found += reversed(layout.runs(day, max(0, stop - count), stop))
        return found[:count]

    def span(self, kind: Kind, organization_id: int, start: int | None, end: int) -> tuple[int, ...]:
        """Tell which runs a window has: first day, runs before them on it, last day, runs up to the last of them."""
        days = self.days(organization_id, start, end)
        if not days:
            return ()
        layout = self._llm(organization_id) if kind == "llm" else self._matching(organization_id)
        first = 0 if start is None else layout.before(days[0], start)
        return days[0], first, days[-1], layout.before(days[-1], end + 1)

    def texts(self, kind: Kind, organization_ids: Sequence[int], day: int, form: Form = "json") -> list[str]:
        """Give the texts of a day's runs of several organizations, oldest first, ties by number."""
        runs = [run for organization_id in organization_ids for run in self.runs(kind, organization_id, day, form)]
        if len(organization_ids) > 1:
            runs.sort()
        return [text for _, _, text in runs]

    def micro_credits(self, organization_id: int, start: int | None, end: int) -> int:
        """Give the sum of the credits of the LLM runs in a window, in micro-credits."""
        days = self.days(organization_id, start, end)
        if not days:
            return 0
        layout = self._llm(organization_id)
        total = self._totals(organization_id).between(days.start, days.stop)
        total -= layout.credits(days[-1], layout.before(days[-1], end + 1))
        if start is not None:
            total -= layout.credits(days[0], 0, layout.before(days[0], start))
        return total

    def llm_by_id(self, number: int, now: int) -> str | None:
        """Give the LLM usage record of that id, unless there is none or it lies later than ``now``."""
        position = self.numbering.position(number)
        if position is None or position.lane is not Lane.RECORD or position.place not in self._at_place:
            return None
        if not self.since <= position.day <= now // DAY:
            return None
        layout = self._llm(self._at_place[position.place])
        if position.index >= layout.plan(position.day).count:
            return None
        [(time, _, text)] = layout.runs(position.day, position.index, position.index + 1)
        return text if time <= now else None

    def _llm_layout(self, organization_id: int) -> LlmLayout:
        return LlmLayout(self.organizations[organization_id], self._places[organization_id], self.numbering)

    def _matching_layout(self, organization_id: int) -> MatchingLayout:
        return MatchingLayout(self.organizations[organization_id], self._places[organization_id], self.numbering)
