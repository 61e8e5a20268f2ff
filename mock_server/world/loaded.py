"""The records that a user loaded, in the order of loading."""

from __future__ import annotations

import threading
from bisect import bisect_left, bisect_right, insort
from collections.abc import Sequence
from decimal import Context, Decimal
from functools import reduce

from ...schemas import times
from ...schemas.json_format import encode
from .pool import Kind, Record
from .schedule import Run

__all__ = ["EXACT", "Loaded"]

EXACT = Context(prec=1100)
"""Exact decimal sums of doubles."""


class _Log:
    """Records in the order of loading, with what finds them; only ever added to."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.records: list[tuple[Kind, Record]] = []
        self.texts: list[str] = []
        self.ids: dict[int, int] = {}
        self.run_ids: dict[int, int] = {}
        self.organizations: dict[int, int] = {}
        self.moments: dict[tuple[Kind, int], list[tuple[int, int, int]]] = {}
        """Time, number and index of each record of a kind and organization, ascending."""

    def add(self, kind: Kind, record: Record) -> None:
        index, organization = len(self.records), record["organizationId"]
        self.records.append((kind, record))
        self.texts.append(encode(record).decode())
        if kind == "llm":
            self.ids[record["id"]] = index
        self.run_ids.setdefault(record["runId"], index)
        self.organizations.setdefault(organization, index)
        moment = times.to_millis(times.parse(record["runCreatedAt"]))
        number = record["id" if kind == "llm" else "runId"]
        insort(self.moments.setdefault((kind, organization), []), (moment, number, index))


class Loaded:
    """The loaded records, in the order of loading. A value: adding records returns another.

    The values share one log, of which each sees the first ``size`` records, so that adding one costs the same however
    many there are.
    """

    def __init__(self, log: _Log | None = None, size: int = 0) -> None:
        self._log, self._size = log or _Log(), size

    def __len__(self) -> int:
        return self._size

    def add(self, records: Sequence[tuple[Kind, Record]]) -> Loaded:
        """Return these and ``records``, which are whole."""
        with self._log.lock:
            is_newest = len(self._log.records) == self._size
            log = self._log if is_newest else _Log()
            for kind, record in (*(() if is_newest else self._log.records[: self._size]), *records):
                log.add(kind, record)
            return Loaded(log, self._size + len(records))

    def records(self, newest: int | None = None) -> list[Record]:
        """Return the records, or the newest ones of them, whole, in the order of loading."""
        first = 0 if newest is None else max(0, self._size - newest)
        return [record for _, record in self._log.records[first : self._size]]

    @property
    def organizations(self) -> list[int]:
        """The ids of the organizations that the records name, in their order."""
        return [org_id for org_id, index in [*self._log.organizations.items()] if index < self._size]

    def has_organization(self, org_id: int) -> bool:
        """Return whether a record names the organization."""
        return self._log.organizations.get(org_id, self._size) < self._size

    def has_id(self, id: int) -> bool:  # noqa: A002  the API's name
        """Return whether an LLM usage record has this id."""
        return self._log.ids.get(id, self._size) < self._size

    def has_run_id(self, run_id: int) -> bool:
        """Return whether a record has this run id."""
        return self._log.run_ids.get(run_id, self._size) < self._size

    def by_id(self, id: int) -> Run | None:  # noqa: A002  the API's name
        """Return the LLM usage record of that id."""
        if not self.has_id(id):
            return None
        index = self._log.ids[id]
        return times.to_millis(times.parse(self._log.records[index][1]["runCreatedAt"])), id, self._log.texts[index]

    def window(self, kind: Kind, org_id: int, start: int | None, end: int, task: str | None = None) -> list[Run]:
        """Return the records of a window that includes both ends, oldest first; matching ones of one ``task`` only."""
        log = self._log
        return [
            (time, number, log.texts[index])
            for time, number, index in self._between(kind, org_id, start, end)
            if task is None or log.records[index][1]["task"] == task
        ]

    def credits(self, org_id: int, start: int | None, end: int) -> Decimal:
        """Return the exact sum of the credits of a window's LLM usage records."""
        found = self._between("llm", org_id, start, end)
        amounts = (Decimal(repr(self._log.records[index][1]["credits"])) for _, _, index in found)
        return reduce(EXACT.add, amounts, Decimal(0))

    def _between(self, kind: Kind, org_id: int, start: int | None, end: int) -> list[tuple[int, int, int]]:
        with self._log.lock:
            moments = self._log.moments.get((kind, org_id), [])
            first = 0 if start is None else bisect_left(moments, (start,))
            found = moments[first : bisect_right(moments, (end + 1,))]
        return [each for each in found if each[2] < self._size]
