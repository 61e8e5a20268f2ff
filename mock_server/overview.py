"""What the page shows of a world: some organizations, their credits by day, their models and latest records."""

from __future__ import annotations

from collections.abc import Iterator, MutableMapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from heapq import nlargest
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from ..schemas import times
from ..schemas.times import DAY
from .world import Kind, World
from .world.loaded import EXACT
from .world.organization import Organization
from .world.words import Model

if TYPE_CHECKING:
    from .fake import Fake

__all__ = ["MOST", "Overview", "Series", "look"]

MOST = 6
"""Organizations that are shown at a time; each costs some 30 ms when it is first looked at."""

LATEST = 8
"""Records that are shown of each kind."""

_FIRST = date.min.toordinal() - times.EPOCH.toordinal()
"""The first day that there is."""


@dataclass(frozen=True)
class Series:
    """An organization's usage: its credits day by day, and of the month so far, as the summary has them."""

    organization: Organization
    by_day: tuple[Decimal, ...]
    month: Decimal

    @property
    def total(self) -> Decimal:
        """The credits of all days shown."""
        return _sum(self.by_day)


@dataclass(frozen=True)
class Overview:
    """A look at a world."""

    days: tuple[date, ...]
    """The days shown, the last one today."""
    series: tuple[Series, ...]
    """The organizations shown, the caller's own first."""
    ids: tuple[int, ...]
    """Some organizations that can be asked for."""
    more: int
    """How many organizations there are beside those."""
    llm: tuple[dict[str, Any], ...]
    """The latest LLM usage records, newest first."""
    matching: tuple[dict[str, Any], ...]
    """The latest matching usage records, newest first."""

    @property
    def total(self) -> Decimal:
        """The credits of all that is shown."""
        return _sum(each.total for each in self.series)

    @property
    def models(self) -> list[tuple[Model, list[int]]]:
        """The first models by id, each with the organizations that use it."""
        users: dict[Model, list[int]] = {}
        for each in self.series:
            for model in each.organization.models:
                users.setdefault(model, []).append(each.organization.id)
        return sorted(users.items(), key=lambda item: item[0].id)

    @property
    def priced(self) -> bool:
        """Whether the models have prices, by which credits follow from tokens."""
        return any(model.input_rate or model.output_rate for model, _ in self.models)

    @property
    def empty(self) -> bool:
        """Whether there is nothing to show."""
        return not self.llm and not self.matching


def look(fake: Fake, days: int, org: int | None, now: int) -> Overview:
    """Look at the last ``days`` days of one organization, or of the first few, as of ``now``."""
    world = fake.world
    seen = [each for each in world.organizations if fake.state().may_see(each.id)]
    shown = [each for each in seen if each.id == org] if org is not None else seen[:MOST]
    span = range(max(now // DAY - days + 1, _FIRST), now // DAY + 1)
    return Overview(
        days=tuple((times.EPOCH + timedelta(days=day)).date() for day in span),
        series=tuple(_series(world, each, span, now) for each in shown),
        ids=tuple(each.id for each in seen[:MOST]),
        more=len(seen[MOST:]),
        llm=_latest(world, "llm", shown, now),
        matching=_latest(world, "matching", shown, now),
    )


def _series(world: World, organization: Organization, span: range, now: int) -> Series:
    by_day = tuple(_credits(world, organization.id, day, now) for day in span)
    return Series(organization, by_day, world.credits(organization.id, *times.month_so_far(now), now=now))


_past: MutableMapping[World, dict[tuple[int, int], Decimal]] = WeakKeyDictionary()
"""The credits of whole days: a world is a value, so they never change."""


def _credits(world: World, org_id: int, day: int, now: int) -> Decimal:
    start, end = day * DAY, (day + 1) * DAY - 1
    if end > now:
        return world.credits(org_id, start, end, now=now)
    known = _past.setdefault(world, {})
    amount = known.get((org_id, day))
    if amount is None:
        if len(known) > 50_000:
            known.clear()
        amount = known[org_id, day] = world.credits(org_id, start, end, now=now)
    return amount


def _latest(world: World, kind: Kind, shown: list[Organization], now: int) -> tuple[dict[str, Any], ...]:
    records = [record for each in shown for record in world.latest(kind, each.id, LATEST, now=now)]
    return tuple(nlargest(LATEST, records, key=lambda record: times.parse(record["runCreatedAt"])))


def _sum(amounts: Iterator[Decimal] | tuple[Decimal, ...]) -> Decimal:
    total = Decimal(0)
    for amount in amounts:
        total = EXACT.add(total, amount)
    return total
