"""Taking a user's records in: told apart, checked, completed and numbered, all of them or none."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Any

from ..wire import on_the_wire
from .completion import completed, recently
from .fields import BadRecord, checked, kind_of, shown
from .history import Kind
from .numbering import Lane, Numbering
from .own import Own, OwnRecord
from .vocabulary import Organization

__all__ = ["Surroundings", "taken"]


@dataclass(frozen=True)
class Surroundings:
    """What records are fitted into."""

    organization_id: int
    """Whose usage a record is that names no organization."""
    organization: Callable[[int], Organization]
    """Gives the organization of an id, whether or not the world knew it."""
    is_generated: Callable[[int], bool]
    """Tells whether an id is that of a generated record, now or later."""
    numbering: Numbering
    now: int


def taken(records: Sequence[Mapping[str, Any]], own: Own, around: Surroundings) -> Own:
    """Give ``own`` with ``records`` added, each whole.

    Fields may have their names on the wire or in Python's spelling; a field ``kind`` (``llm`` or ``matching``) tells
    what a record is where its other fields do not. Records without a time get one shortly before now, a second apart
    in their order.

    Raises:
        BadRecord: one of them cannot be taken.
    """
    partial = [_read(record, number) for number, record in enumerate(records, 1)]
    _demand_free_ids(partial, own, around)
    numbers = _Numbers(own, partial, around.numbering)
    timeless = sum("runCreatedAt" not in values for _, values in partial)
    whole = []
    for index, (kind, values) in enumerate(partial, len(own.records)):
        organization = values.setdefault("organizationId", around.organization_id)
        if "runCreatedAt" not in values:
            values["runCreatedAt"] = recently(around.now, timeless)
            timeless -= 1
        numbers.fill_in(kind, values)
        whole.append(OwnRecord(kind, completed(kind, values, around.organization(organization), index)))
    return Own((*own.records, *whole))


def _read(record: object, number: int) -> tuple[Kind, dict[str, Any]]:
    if not isinstance(record, Mapping):
        raise BadRecord(f"{shown(record)} is no record", 'write an object such as {"credits": 0.25}', number=number)
    values: dict[str, Any] = {}
    for name, value in record.items():
        wire = on_the_wire(str(name))
        if wire in values:
            raise BadRecord(f"{wire!r} is there twice, as {name!r} too", "leave one out", number=number)
        values[wire] = value
    kind = kind_of(values, values.pop("kind", None), number)
    return kind, checked(kind, values, number)


def _demand_free_ids(partial: Sequence[tuple[Kind, dict[str, Any]]], own: Own, around: Surroundings) -> None:
    seen = {record.number: "a record loaded before" for record in own.records if record.kind == "llm"}
    for number, (kind, values) in enumerate(partial, 1):
        if kind == "matching" or "id" not in values:
            continue
        id = values["id"]  # noqa: A001  the API's name
        holder = seen.get(id) or ("a generated record" if around.is_generated(id) else None)
        if holder is not None:
            raise BadRecord(
                f"{id} is the id of {holder}",
                "choose another, or leave it out to have one given",
                number=number,
                field="id",
            )
        seen[id] = f"record {number}"


class _Numbers:
    """Hands out ids and run ids that nothing else in the world has."""

    def __init__(self, own: Own, partial: Sequence[tuple[Kind, Mapping[str, Any]]], numbering: Numbering) -> None:
        self._numbering = numbering
        self._taken = {
            Lane.RECORD: {*own.by_id, *(values["id"] for _, values in partial if "id" in values)},
            Lane.LLM_RUN: {*own.run_ids, *(values["runId"] for _, values in partial if "runId" in values)},
        }
        self._taken[Lane.MATCHING_RUN] = self._taken[Lane.LLM_RUN]
        self._counts = {lane: count(len(own.records)) for lane in Lane}

    def fill_in(self, kind: Kind, values: dict[str, Any]) -> None:
        """Add the numbers that ``values`` lack."""
        if kind == "llm" and "id" not in values:
            values["id"] = self._next(Lane.RECORD)
        if "runId" not in values:
            values["runId"] = self._next(Lane.LLM_RUN if kind == "llm" else Lane.MATCHING_RUN)

    def _next(self, lane: Lane) -> int:
        numbers = (self._numbering.own(lane, index) for index in self._counts[lane])
        return next(number for number in numbers if number not in self._taken[lane])
