"""The numbers of runs and records: where a run stands in the world can be read from its id.

An id is made of the day (counted from 2000-01-01), the organization's place (three digits), a lane (what is numbered)
and the run's index on that day, so that a record is found by its id without a search, ids grow with time within an
organization, and no two runs of any kind share one::

    9607 002 300041      day 9607 (2026-04-21), the organization at place 2, run 41 in the lane of LLM runs

Place 0 belongs to no organization: records that a user loads without an id of their own are numbered there.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import IntEnum

__all__ = ["FIRST_DAY", "OWN", "Lane", "Numbering", "Position", "place_organizations"]

EPOCH = date(1970, 1, 1).toordinal()
FIRST_DAY = date(2000, 1, 1).toordinal() - EPOCH
"""The first day that can be numbered, in days since 1970-01-01."""

LANE = 300_000
STRIDE = 1_000_000
PLACES = 1000
OWN = 0
"""The place of records that a user loads."""


class Lane(IntEnum):
    """What a number stands for."""

    RECORD = 0
    """An LLM usage record (its ``id``)."""
    LLM_RUN = 1
    """The run behind an LLM usage record (its ``runId``)."""
    MATCHING_RUN = 2
    """A matching run (its ``runId``)."""


_LANES = tuple(Lane)


@dataclass(frozen=True, slots=True)
class Position:
    """Where a numbered thing stands: the day since 1970-01-01, the organization's place, the lane, the day's index."""

    day: int
    place: int
    lane: Lane
    index: int


@dataclass(frozen=True)
class Numbering:
    """The scheme of one profile: all of its ids are ``base`` and above."""

    base: int = 0

    def first(self, day: int, place: int, lane: Lane) -> int:
        """Give the id of index 0; the following indices follow it."""
        return self.base + ((day - FIRST_DAY) * PLACES + place) * STRIDE + lane * LANE

    def position(self, number: int) -> Position | None:
        """Tell where ``number`` stands, or ``None`` where it stands for nothing."""
        cell, rest = divmod(number - self.base, STRIDE)
        lane, index = divmod(rest, LANE)
        if number < self.base or lane >= len(_LANES):
            return None
        day, place = divmod(cell, PLACES)
        return Position(day + FIRST_DAY, place, _LANES[lane], index)

    def own(self, lane: Lane, count: int) -> int:
        """Give the number of the ``count``-th (from 0) record that a user loads."""
        block, index = divmod(count + 1, LANE)
        return self.first(FIRST_DAY + block, OWN, lane) + index


def place_organizations(organizations: Iterable[int]) -> dict[int, int]:
    """Give each organization its place: the last three digits of its id, or the next free place where that is taken.

    It depends on the organization's id alone, unless two share their last three digits.
    """
    taken: dict[int, int] = {}
    for organization in sorted(organizations):
        place = organization % PLACES
        while place == OWN or place in taken:
            place = (place + 1) % PLACES
        taken[place] = organization
    return {organization: place for place, organization in taken.items()}
