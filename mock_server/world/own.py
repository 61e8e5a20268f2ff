"""Records that a user has loaded: whole, numbered, and sorted for the questions that are asked of them."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from decimal import Context, Decimal
from functools import cached_property
from itertools import accumulate
from typing import Any

from ...schemas import times
from ..wire import encode
from .history import Kind
from .layout import Run
from .rhythm import DAY

__all__ = ["EXACT", "Own", "OwnRecord"]

EXACT = Context(prec=1100)
"""Arithmetic that loses no digit of any sum of doubles."""


@dataclass(frozen=True)
class OwnRecord:
    """A whole record that a user has loaded."""

    kind: Kind
    values: dict[str, Any]
    """By the fields' names on the wire, in the schema's order."""

    @property
    def organization_id(self) -> int:
        """Whose usage it is."""
        return int(self.values["organizationId"])

    @property
    def number(self) -> int:
        """Its id, or a matching record's run id."""
        return int(self.values["id" if self.kind == "llm" else "runId"])

    @cached_property
    def time(self) -> int:
        """When the run was created, in milliseconds since the epoch."""
        return times.to_millis(times.parse(self.values["runCreatedAt"]))

    @cached_property
    def run(self) -> Run:
        """It, as the layout gives generated runs."""
        return self.time, self.number, encode(self.values).decode()


@dataclass(frozen=True)
class Own:
    """The loaded records, in the order in which they were loaded. A value: adding to it makes another."""

    records: tuple[OwnRecord, ...] = ()

    @cached_property
    def by_id(self) -> dict[int, OwnRecord]:
        """The LLM usage records by their ids."""
        return {record.number: record for record in self.records if record.kind == "llm"}

    @cached_property
    def run_ids(self) -> frozenset[int]:
        """The run ids of all records."""
        return frozenset(record.values["runId"] for record in self.records)

    @cached_property
    def organizations(self) -> tuple[int, ...]:
        """The ids of the organizations that the records name, in their order."""
        return tuple(dict.fromkeys(record.organization_id for record in self.records))

    def days(self, kind: Kind, organization_id: int, start: int | None, end: int) -> list[int]:
        """Give the days of a window that have records."""
        days = self._days.get((kind, organization_id), {})
        return [day for day in days if (start is None or start // DAY <= day) and day <= end // DAY]

    def runs(self, kind: Kind, organization_id: int, day: int, task: str | None = None) -> list[Run]:
        """Give a day's records as runs; matching ones of one ``task`` only, where it is named."""
        records = self._days.get((kind, organization_id), {}).get(day, ())
        return [record.run for record in records if task is None or record.values["task"] == task]

    def credits(self, organization_id: int, start: int | None, end: int) -> Decimal:
        """Give the exact sum of the credits of the LLM records in a window."""
        moments, sums = self._sums.get(organization_id, ([], [Decimal(0)]))
        first = 0 if start is None else bisect_left(moments, start)
        stop = max(first, bisect_right(moments, end))
        return EXACT.subtract(sums[stop], sums[first])

    @cached_property
    def _days(self) -> dict[tuple[Kind, int], dict[int, list[OwnRecord]]]:
        days: dict[tuple[Kind, int], dict[int, list[OwnRecord]]] = {}
        for record in self.records:
            of_day = days.setdefault((record.kind, record.organization_id), {})
            of_day.setdefault(record.time // DAY, []).append(record)
        return days

    @cached_property
    def _sums(self) -> dict[int, tuple[list[int], list[Decimal]]]:
        """The LLM records' times, ascending, and the sums of the credits before each and after the last."""
        by_organization: dict[int, list[OwnRecord]] = {}
        for record in sorted(self.by_id.values(), key=lambda record: record.time):
            by_organization.setdefault(record.organization_id, []).append(record)
        return {
            organization: (
                [record.time for record in records],
                list(accumulate((Decimal(repr(r.values["credits"])) for r in records), EXACT.add, initial=Decimal(0))),
            )
            for organization, records in by_organization.items()
        }
