"""A world of usage: a pure function of seed, profile and day, and of the records that a user loads. Data, no HTTP.

Times are whole milliseconds since the epoch (UTC). Windows include both ends (assumed); ``None`` leaves an end open.
``now`` is always given: a run that lies later has not happened yet.
"""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from copy import copy
from datetime import date
from decimal import Decimal
from functools import cached_property
from hashlib import sha256
from heapq import nlargest
from itertools import chain
from typing import Any, Literal

from ...schemas.times import DAY
from .completion import Surroundings, load_records
from .ids import EPOCH, FIRST_DAY, RECORD, assign_slots, position
from .loaded import EXACT, Loaded
from .organization import Organization, sizes
from .pool import PROFILES, Kind
from .schedule import Run, Schedule
from .words import MODELS, Model

__all__ = ["Order", "World"]

PIECE = 1 << 18
"""Bytes, about, of the pieces in which a long list is made."""

Order = Literal["newest_first", "oldest_first", "highest_id_first", "lowest_id_first"]
"""How a list is sorted."""

_FAR = (date.max.toordinal() - EPOCH + 1) * DAY - 1
"""The last millisecond that can be written."""


class World:
    """Organizations with their usage.

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
            generated: whether anything is generated. If not, there are only the organizations whose ids are given, and
                those of loaded records.

        Raises:
            ValueError: an argument is out of its range; the text says which range.
        """
        if profile not in PROFILES:
            raise ValueError(f"there is no profile {profile!r}: choose one of {', '.join(PROFILES)}")
        first = date.fromordinal(EPOCH + FIRST_DAY)
        if since < first:
            raise ValueError(f"a world cannot begin on {since}: {first} is the first day that can be")
        self._profile, self._since = profile, since.toordinal() - EPOCH
        runs = sizes(profile, organizations, runs_per_day)
        self._possible = {org_id: Organization(seed, profile, org_id, size) for org_id, size in runs.items()}
        self._named = {} if isinstance(organizations, int) else self._possible
        self._generated = generated
        self._slots = assign_slots(self._possible)
        self._at_slot = {slot: org_id for org_id, slot in self._slots.items()}
        self._schedules: dict[tuple[Kind, int], Schedule] = {}
        self._loaded = Loaded()

    @cached_property
    def organizations(self) -> tuple[Organization, ...]:
        """The organizations: the caller's own first, those that only loaded records name last."""
        first = next(iter(self._possible.values()))
        known = self._possible if self._generated else self._named
        more = (org_id for org_id in self._loaded.organizations if org_id not in known)
        return (*known.values(), *(Organization(first.seed, first.profile, org_id, 0) for org_id in more))

    @property
    def default_organization(self) -> int | None:
        """The id of the caller's own organization: the first. There may be none without generated usage."""
        return next((organization.id for organization in self.organizations), None)

    def knows(self, org_id: int) -> bool:
        """Return whether there is such an organization."""
        known = self._possible if self._generated else self._named
        return org_id in known or self._loaded.has_organization(org_id)

    @cached_property
    def fingerprint(self) -> str:
        """Twelve hex digits that differ where two generated worlds do, so that replicas can be compared.

        They stand for the first day, the organizations with seed, profile and sizes, and a pool of the first. Loaded
        records do not count. Versions of Hypothesis may draw other pools of the profile ``edge``.
        """
        known = self.organizations[: len(self._possible)] if self._generated else ()
        drawn = known[0].pool("llm").records if known else ()
        return sha256(ascii((self._since, known, drawn)).encode()).hexdigest()[:12]

    def pieces(
        self,
        kind: Kind,
        org_ids: int | Sequence[int],
        start: int | None = None,
        end: int | None = None,
        *,
        now: int,
        task: str | None = None,
        order: Order = "newest_first",
    ) -> Iterator[bytes]:
        """Return the usage of organizations in a window: a JSON array, newest first by default (assumed).

        It comes in pieces, each made when it is taken, unless it is in the order of the numbers (id, or run id for
        matching), by which ties are sorted too. Matching usage may be of one ``task`` only.
        """
        last = now if end is None else min(end, now)
        batch: list[bytes] = []
        size, before = 0, b"["
        for runs in self._ordered(kind, [org_ids] if isinstance(org_ids, int) else org_ids, start, last, task, order):
            part = ",".join([text for _, _, text in runs]).encode()
            batch += before, part
            size += len(part)
            before = b","
            if size >= PIECE:
                yield from _cut(b"".join(batch))
                batch, size = [], 0
        yield b"".join((*batch, b"[]" if before == b"[" else b"]"))

    def llm_by_id(self, id: int, *, now: int) -> bytes | None:  # noqa: A002  the API's name
        """Return one LLM usage record, as the lists have it, or ``None`` if there is none."""
        run = self._loaded.by_id(id) or self._generated_run(id)
        return run[2].encode() if run is not None and run[0] <= now else None

    def credits(self, org_id: int, start: int | None = None, end: int | None = None, *, now: int) -> Decimal:
        """Return the exact sum of the credits of an organization's LLM usage in a window."""
        last = now if end is None else min(end, now)
        schedule = self._schedule("llm", org_id)
        micro = 0 if schedule is None else schedule.micro_credits(self._since * DAY if start is None else start, last)
        return EXACT.add(EXACT.scaleb(Decimal(micro), -6), self._loaded.credits(org_id, start, last))

    def latest(self, kind: Kind, org_id: int, count: int, *, now: int) -> list[dict[str, Any]]:
        """Return an organization's last ``count`` records, newest first; generated ones of the last year."""
        schedule = self._schedule(kind, org_id)
        generated = [] if schedule is None else schedule.latest(count, now)
        runs = nlargest(count, (*generated, *self._loaded.window(kind, org_id, None, now)))
        return [json.loads(text) for _, _, text in runs]

    def models(self, org_id: int) -> list[Model]:
        """Return the models of an organization's records, generated or loaded, by id; an unknown price is 0."""
        priced = {model.id: model for model in MODELS}
        schedule = self._schedule("llm", org_id)
        dealt = schedule.pool.records if schedule is not None and self._possible[org_id].runs_per_day else ()
        own = (record for record in self._loaded.records() if record["organizationId"] == org_id)
        names = {record["modelId"] for record in (*dealt, *own) if "modelId" in record}
        return [priced.get(name, Model(name, 0, 0)) for name in sorted(names)]

    def generated_texts(
        self, kind: Kind, org_ids: Sequence[int], day: int, form: Literal["json", "csv"] = "json"
    ) -> list[str]:
        """Return a day's generated records of some organizations, oldest first, as JSON or as lines of CSV."""
        schedules = (self._schedule(kind, org_id) for org_id in org_ids)
        runs = [run for schedule in schedules if schedule is not None for run in schedule.runs(day, form=form)]
        return [text for _, _, text in (sorted(runs) if len(org_ids) > 1 else runs)]

    def with_records(
        self,
        records: Sequence[Mapping[str, Any]],
        *,
        now: int,
        replace: bool = False,
        warn: Callable[[UserWarning], object] = warnings.warn,
    ) -> World:
        """Return a world with records of the user's own added; with ``replace`` it has them alone.

        A record may be partial: the rest comes from its organization's pool, at a moment shortly before ``now``. Its
        fields say what it is, or a field ``kind`` (``llm`` or ``matching``). Field names may be those of the wire or
        Python's. ``warn`` is called with one sentence for what is loaded but not seen, or not loaded.

        Raises:
            InvalidRecord: one of them cannot be loaded; none is.
        """
        world = copy(self)
        world.__dict__.pop("organizations", None)
        if replace:
            world.__dict__.pop("fingerprint", None)
            world._generated, world._loaded = False, Loaded()
        first = next(iter(self._possible))
        around = Surroundings(
            organization_id=self.default_organization or first,
            organization=lambda org_id: self._possible.get(org_id, self._possible[first]),
            is_generated=lambda number: world._generated_run(number) is not None,
            profile=self._profile,
            now=now,
            warn=warn,
        )
        world._loaded = load_records(records, world._loaded, around)
        return world

    def loaded(self, newest: int | None = None) -> list[dict[str, Any]]:
        """Return the user's records, or the newest ones of them, whole, in the order in which they were loaded."""
        return self._loaded.records(newest)

    def _schedule(self, kind: Kind, org_id: int) -> Schedule | None:
        if not self._generated or org_id not in self._possible:
            return None
        key = (kind, org_id)
        if key not in self._schedules:
            made = Schedule(self._possible[org_id], kind, self._slots[org_id], self._since)
            return self._schedules.setdefault(key, made)
        return self._schedules[key]

    def _ordered(
        self, kind: Kind, org_ids: Sequence[int], start: int | None, end: int, task: str | None, order: Order
    ) -> Iterator[Iterable[Run]]:
        """Return the runs of a window in batches that are not empty: days, or one where numbers give the order."""
        days = self._days(kind, org_ids, start, end, task, last_first=order == "newest_first")
        if order == "newest_first":
            yield from map(reversed, days)
        elif order == "oldest_first":
            yield from days
        else:
            runs = sorted(chain.from_iterable(days), key=_number, reverse=order == "highest_id_first")
            yield from [runs] if runs else []

    def _days(
        self, kind: Kind, org_ids: Sequence[int], start: int | None, end: int, task: str | None, *, last_first: bool
    ) -> Iterator[list[Run]]:
        """Return the runs of a window by days, each oldest first; only days that have any."""
        schedules = [each for each in (self._schedule(kind, org_id) for org_id in org_ids) if each is not None]
        loaded: dict[int, list[Run]] = {}
        for org_id in org_ids:
            for run in self._loaded.window(kind, org_id, start, end, task):
                loaded.setdefault(run[0] // DAY, []).append(run)
        first = self._since if start is None else max(self._since, start // DAY)
        generated = range(first, end // DAY + 1) if schedules else range(0)
        for day in sorted({*generated, *loaded} if loaded else generated, reverse=last_first):
            runs = [run for schedule in schedules for run in schedule.runs(day, start, end, task=task)]
            if day in loaded or len(schedules) > 1:
                runs = sorted((*runs, *loaded.get(day, ())))
            if runs:
                yield runs

    def _generated_run(self, id: int) -> Run | None:  # noqa: A002  the API's name
        place = position(self._profile, id)
        if place is None or place.numbered != RECORD or place.slot not in self._at_slot:
            return None
        if place.day > _FAR // DAY:
            return None
        schedule = self._schedule("llm", self._at_slot[place.slot])
        return None if schedule is None else schedule.run(place.day, place.at)


def _number(run: Run) -> int:
    return run[1]


def _cut(text: bytes) -> Iterator[bytes]:
    return (text[at : at + 2 * PIECE] for at in range(0, len(text), 2 * PIECE))
