"""Ids and run ids that say where a run stands in the world.

An id is made of the day (counted from 2000-01-01), the organization's slot (three digits), what is numbered (one
digit) and the run's index on that day. So a record is found by its id without a search, ids grow with time within an
organization, and no two runs share one::

    9607 002 300041      day 9607 (2026-04-21), the organization in slot 2, run 41 of LLM usage

Slot 0 belongs to no organization: records that a user loads without an id are numbered there.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import NamedTuple

__all__ = [
    "EPOCH",
    "FIRST_DAY",
    "LLM_RUN",
    "MATCHING_RUN",
    "RECORD",
    "Position",
    "assign_slots",
    "first_id",
    "loaded_id",
    "position",
]

EPOCH = date(1970, 1, 1).toordinal()
FIRST_DAY = date(2000, 1, 1).toordinal() - EPOCH
"""The first day that can be numbered, in days since 1970-01-01."""

RECORD, LLM_RUN, MATCHING_RUN = 0, 300_000, 600_000
"""What is numbered: an LLM usage record (its ``id``), the run behind one, or a matching run (their ``runId``)."""

_CELL = 1_000_000
_BLOCK = 300_000
_SLOTS = 1000
_BASES = {"realistic": 0, "edge": 9_200_000_000_000_000_000, "large_ids": 9_200_000_000_000_000_000}
"""Where a profile's ids begin; those of ``edge`` and ``large_ids`` fill 64 bits."""


class Position(NamedTuple):
    """Where a numbered thing stands."""

    day: int
    """Days since 1970-01-01."""
    slot: int
    numbered: int
    """``RECORD``, ``LLM_RUN`` or ``MATCHING_RUN``."""
    at: int
    """Its index among the day's."""


def first_id(profile: str, day: int, slot: int, numbered: int) -> int:
    """Return the id of a day's index 0; those of the following indices follow it."""
    return _BASES[profile] + ((day - FIRST_DAY) * _SLOTS + slot) * _CELL + numbered


def position(profile: str, number: int) -> Position | None:
    """Return the place of an id in the world; ``None`` where it has none."""
    cell, rest = divmod(number - _BASES[profile], _CELL)
    day, slot = divmod(cell, _SLOTS)
    block, index = divmod(rest, _BLOCK)
    if cell < 0 or block > 2:
        return None
    return Position(day + FIRST_DAY, slot, block * _BLOCK, index)


def loaded_id(profile: str, numbered: int, count: int) -> int:
    """Return the id of the ``count``-th (from 0) loaded record."""
    day, index = divmod(count + 1, _BLOCK)
    return first_id(profile, FIRST_DAY + day, 0, numbered) + index


def assign_slots(organizations: Iterable[int]) -> dict[int, int]:
    """Return each organization's slot: the last three digits of its id, or the next free slot.

    It depends on the organization's id alone, unless two share their last three digits.
    """
    holders: dict[int, int] = {}
    for organization in sorted(organizations):
        slot = organization % _SLOTS
        while slot == 0 or slot in holders:
            slot = (slot + 1) % _SLOTS
        holders[slot] = organization
    return {organization: slot for slot, organization in holders.items()}
