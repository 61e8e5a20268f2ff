"""The world behind the fake: organizations, what they used, and what a user has loaded. Data, no HTTP.

Times are whole milliseconds since the epoch (UTC). Windows include both of their ends (assumed); ``None`` leaves an
end open. ``now`` is always told: a run that lies later has not happened yet, for any question.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from functools import cached_property
from hashlib import sha256
from heapq import nlargest
from itertools import islice
from typing import Any

from .days import Day, DayCache
from .fields import BadRecord
from .history import History, Kind
from .intake import Surroundings, taken
from .layout import Run
from .numbering import EPOCH, FIRST_DAY
from .orgs import LARGEST_ID, MOST_ORGANIZATIONS, MOST_RUNS_A_DAY
from .own import EXACT, Own
from .rhythm import DAY
from .vocabulary import PROFILES, Organization, default_ids

__all__ = ["BadRecord", "Kind", "World"]

PIECE = 1 << 18
"""Bytes, about, of the pieces in which a long list is made."""

_FAR = (date.max.toordinal() - EPOCH + 1) * DAY - 1
"""The last millisecond that can be written."""


class World:
    """A small world that makes sense: a pure function of seed, profile and day, and of what a user loads.

    >>> world = World(seed=7, organizations={1: None, 8: 200})
    >>> [organization.id for organization in world.organizations]
    [1, 8]

    A world is a value: loading records makes another one, which shares the generated part. Threads may share it.
    """

    def __init__(
        self,
        seed: int = 0,
        profile: str = "realistic",
        organizations: int | Mapping[int, int | None] = 3,
        since: date = date(2024, 1, 1),
        runs_per_day: int = 12,
        generated: bool = True,
    ) -> None:
        """Make a world.

        Args:
            seed: worlds of the same seed (and profile and organizations) are the same.
            profile: ``realistic``, or ``edge`` for the extremes that the contract allows.
            organizations: how many, or their ids with their LLM runs on an average day (``None``: ``runs_per_day``).
                The first is the caller's own.
            since: the first day with usage, 2000-01-01 or later.
            runs_per_day: LLM runs of an organization on an average day.
            generated: whether there is usage beside what a user loads.

        Raises:
            ValueError: an argument is out of its range; the text says which range.
        """
        sizes = _sizes(profile, organizations, runs_per_day)
        _demand(since >= _FIRST_DATE, f"a world cannot begin on {since}: {_FIRST_DATE} is the first day that can be")
        known = tuple(Organization(seed, profile, *size) for size in sizes.items())
        history = History(known, since.toordinal() - EPOCH)
        self._hold(history if generated else history.silent, Own())

    def _hold(self, history: History, own: Own) -> None:
        self.history = history
        """The generated part, without what a user has loaded."""
        self._own = own
        self._merged = DayCache()
        strangers = (org_id for org_id in own.organizations if org_id not in history.organizations)
        self._strangers = {org_id: history.stranger(org_id) for org_id in strangers}

    @cached_property
    def organizations(self) -> tuple[Organization, ...]:
        """The organizations, the caller's own first; those that only loaded records name come last."""
        return (*self.history.organizations.values(), *self._strangers.values())

    @cached_property
    def fingerprint(self) -> str:
        """Twelve hex digits that differ where the vocabularies of two worlds do, so that replicas can be compared.

        They stand for the seed, the profile, the first day, the organizations' ids and sizes, and the vocabulary of
        the first three. Loaded records do not count. (Hypothesis 6.130 and 6.170 draw alike; a later one may not.)
        """
        known = self.history.organizations.values()
        drawn = [organization.vocabulary for organization in islice(known, 3)]
        return sha256(ascii((self.history.since, list(known), drawn)).encode()).hexdigest()[:12]

    def knows(self, org_id: int) -> bool:
        """Tell whether there is such an organization."""
        return org_id in self.history.organizations or org_id in self._strangers

    def llm(self, org_id: int, start: int | None = None, end: int | None = None, *, now: int) -> bytes:
        """Give an organization's LLM usage in a window: a JSON array, newest first, ties by higher id (assumed)."""
        return b"".join(self.pieces("llm", org_id, start, end, now=now))

    def matching(
        self, org_id: int, start: int | None = None, end: int | None = None, *, now: int, task: str | None = None
    ) -> bytes:
        """Give an organization's matching usage, of one ``task`` if named: a JSON array, newest first, by run id."""
        return b"".join(self.pieces("matching", org_id, start, end, now=now, task=task))

    def pieces(
        self,
        kind: Kind,
        org_id: int,
        start: int | None = None,
        end: int | None = None,
        *,
        now: int,
        task: str | None = None,
    ) -> Iterator[bytes]:
        """Give the list that :meth:`llm` or :meth:`matching` gives, piece by piece, each made when it is asked for."""
        last = now if end is None else min(end, now)
        days = self._days(kind, org_id, start, last)
        with_own = frozenset(self._own.days(kind, org_id, start, last))
        ends = (days[0], days[-1]) if days else ()
        batch: list[bytes] = []
        size, before = 0, b"["
        for day in reversed(days):
            day_of = self._merged_day if day in with_own else self.history.day
            runs = day_of(kind, org_id, day, task)
            part = runs.between(start, last) if day in ends else runs.blob
            if not part:
                continue
            batch += before, part
            size += len(part)
            before = b","
            if size >= PIECE:
                yield from _cut(b"".join(batch))
                batch, size = [], 0
        yield b"".join((*batch, b"[]" if before == b"[" else b"]"))

    def mark(
        self,
        kind: Kind,
        org_id: int,
        start: int | None = None,
        end: int | None = None,
        *,
        now: int,
        task: str | None = None,
    ) -> str:
        """Give 32 hex digits that differ where the lists of two questions do, at the cost of the user's own records.

        They stand for which generated runs the list has, and for the text of each of the user's.
        """
        last = now if end is None else min(end, now)
        own = [
            text
            for day in self._own.days(kind, org_id, start, last)
            for time, _, text in self._own.runs(kind, org_id, day, task)
            if (start is None or start <= time) and time <= last
        ]
        generated = self.fingerprint, kind, org_id, task, self.history.span(kind, org_id, start, last)
        return sha256(ascii((generated, own)).encode()).hexdigest()[:32]

    def llm_by_id(self, id: int, *, now: int) -> bytes | None:  # noqa: A002  the API's name
        """Give one LLM usage record, as the lists have it, or ``None`` where there is none."""
        record = self._own.by_id.get(id)
        if record is not None:
            return record.run[2].encode() if record.time <= now else None
        text = self.history.llm_by_id(id, now)
        return None if text is None else text.encode()

    def latest(self, kind: Kind, org_id: int, count: int, *, now: int) -> list[dict[str, Any]]:
        """Give an organization's last ``count`` records, newest first, at the cost of so many.

        Generated ones are looked for no more than a year back.
        """
        known = [record for record in self._own.records if record.kind == kind and record.organization_id == org_id]
        runs = (*self.history.latest(kind, org_id, count, now), *(each.run for each in known if each.time <= now))
        return [json.loads(text) for _, _, text in nlargest(count, runs)]

    def credits(self, org_id: int, start: int | None = None, end: int | None = None, *, now: int) -> Decimal:
        """Give the exact sum of the credits of an organization's LLM usage in a window."""
        end = now if end is None else min(end, now)
        generated = EXACT.scaleb(Decimal(self.history.micro_credits(org_id, start, end)), -6)
        return EXACT.add(generated, self._own.credits(org_id, start, end))

    def records(
        self,
        kind: Kind,
        start: int | None = None,
        end: int | None = None,
        *,
        now: int | None = None,
        org_id: int | None = None,
    ) -> Iterator[dict[str, Any]]:
        """Give the records of one organization, or of all, oldest first; in constant memory, day by day.

        Without ``now`` those later than any clock's are given too; then ``end`` must be told.

        Raises:
            ValueError: neither ``end`` nor ``now`` is told, and the world has no end.
        """
        if end is None and now is None:
            raise ValueError("a world has no end: tell end or now")
        last = min(_FAR if end is None else end, _FAR if now is None else now)
        asked = [organization.id for organization in self.organizations] if org_id is None else [org_id]
        for day in sorted({day for one in asked for day in self._days(kind, one, start, last)}):
            runs = sorted(run for one in asked for run in self._runs(kind, one, day))
            yield from (json.loads(text) for time, _, text in runs if (start is None or start <= time) and time <= last)

    def with_records(self, records: Sequence[Mapping[str, Any]], *, now: int, replace: bool = False) -> World:
        """Give a world with records of the user's own added; with ``replace`` it has them alone.

        A record may be partial: the rest is as in one of its organization's habits, at a moment shortly before
        ``now``. What it is, is told by its fields, or by a field ``kind`` (``llm`` or ``matching``). Field names may
        be those of the wire or Python's. Organizations that were not known become known.

        Raises:
            BadRecord: one of them cannot be; nothing is loaded.
        """
        history = self.history.silent if replace else self.history
        around = Surroundings(
            organization_id=self.organizations[0].id,
            organization=lambda org_id: history.organizations.get(org_id) or history.stranger(org_id),
            is_generated=lambda number: history.llm_by_id(number, _FAR) is not None,
            numbering=history.numbering,
            now=now,
        )
        world = World.__new__(World)
        world._hold(history, taken(records, Own() if replace else self._own, around))
        return world

    def loaded(self) -> list[dict[str, Any]]:
        """Give the user's records, whole, in the order in which they were loaded."""
        return [dict(record.values) for record in self._own.records]

    def _days(self, kind: Kind, org_id: int, start: int | None, end: int) -> Sequence[int]:
        generated = self.history.days(org_id, start, end)
        own = self._own.days(kind, org_id, start, end)
        return sorted({*generated, *own}) if own else generated

    def _merged_day(self, kind: Kind, org_id: int, day: int, task: str | None) -> Day:
        key = (kind, org_id, day, task)
        return self._merged.get(key, lambda: Day.of(self._runs(kind, org_id, day, task)))

    def _runs(self, kind: Kind, org_id: int, day: int, task: str | None = None) -> list[Run]:
        return sorted((*self.history.runs(kind, org_id, day, task=task), *self._own.runs(kind, org_id, day, task)))


def _cut(text: bytes) -> Iterator[bytes]:
    """Give a long text in pieces."""
    return (text[at : at + 2 * PIECE] for at in range(0, len(text), 2 * PIECE))


_FIRST_DATE = date.fromordinal(EPOCH + FIRST_DAY)


def _sizes(profile: str, organizations: int | Mapping[int, int | None], runs_per_day: int) -> dict[int, int]:
    """Give the organizations' ids with their runs a day."""
    _demand(profile in PROFILES, f"there is no profile {profile!r}: choose one of {', '.join(PROFILES)}")
    count = organizations if isinstance(organizations, int) else len(organizations)
    _demand(1 <= count <= MOST_ORGANIZATIONS, f"a world holds 1 to {MOST_ORGANIZATIONS} organizations, not {count}")
    asked = dict.fromkeys(default_ids(profile, count)) if isinstance(organizations, int) else organizations
    sizes = {org_id: runs_per_day if size is None else size for org_id, size in asked.items()}
    for org_id, size in sizes.items():
        _demand(1 <= org_id <= LARGEST_ID, f"{org_id} cannot be an organization's id: ids go from 1 to {LARGEST_ID}")
        _demand(0 <= size <= MOST_RUNS_A_DAY, f"an organization has 0 to {MOST_RUNS_A_DAY} runs a day, not {size}")
    return sizes


def _demand(condition: bool, otherwise: str) -> None:
    if not condition:
        raise ValueError(otherwise)
