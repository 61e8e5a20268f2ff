"""Loading a user's records into a world: completed, validated, and all of them or none."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Any

from ...schemas import times
from .given import GivenRecord, read_record, validate
from .ids import LLM_RUN, MATCHING_RUN, RECORD, loaded_id
from .loaded import Loaded
from .organization import LARGEST_ID, Organization
from .pool import FIELDS, Kind, Record, price
from .words import MODELS

__all__ = ["HiddenRecord", "Surroundings", "load_records"]


class HiddenRecord(UserWarning):
    """A record lies after the clock's now, so the fake does not show it yet."""


@dataclass(frozen=True)
class Surroundings:
    """The world that records are loaded into."""

    organization_id: int
    """Whose usage a record is that names no organization."""
    organization: Callable[[int], Organization]
    """Returns the organization from whose pools the records of an organization are completed."""
    is_generated: Callable[[int], bool]
    """Returns whether an id is that of a generated record, now or later."""
    profile: str
    now: int
    warn: Callable[[UserWarning], object]
    """Called with one sentence about a record that is loaded all the same."""


def load_records(records: Sequence[object], loaded: Loaded, world: Surroundings) -> Loaded:
    """Return ``loaded`` with ``records`` added, each whole.

    Fields may have their names on the wire or in Python's spelling; a field ``kind`` (``llm`` or ``matching``) says
    what a record is if its other fields do not. Records without a time get one shortly before now, a second apart.

    Raises:
        InvalidRecord: one of them cannot be loaded; none is.
    """
    undocumented: dict[str, None] = {}
    read = [read_record(record, number, undocumented) for number, record in enumerate(records, 1)]
    _check_ids(read, loaded, world)
    numbers = _Numbers(loaded, read, world.profile)
    timeless = sum("runCreatedAt" not in each.values for each in read)
    whole: list[tuple[Kind, Record]] = []
    late = 0
    for index, each in enumerate(read, len(loaded)):
        values = each.values
        values.setdefault("organizationId", world.organization_id)
        if "runCreatedAt" not in values:
            values["runCreatedAt"] = _shortly_before(world.now, timeless)
            timeless -= 1
        numbers.fill_in(each.kind, values)
        record = _complete(each.kind, values, world, index)
        validate(each, record)
        late += times.to_millis(times.parse(record["runCreatedAt"])) > world.now
        whole.append((each.kind, record))
    for name in undocumented:
        world.warn(UserWarning(f"The field {name!r} is not documented and was left out."))
    if late:
        many = "A record lies" if late == 1 else f"{late:,} records lie"
        seen = "and cannot be seen before the clock gets there"
        world.warn(HiddenRecord(f"{many} after the clock's now ({times.render(world.now)}) {seen}."))
    return loaded.add(whole)


def _complete(kind: Kind, values: Record, world: Surroundings, index: int) -> Record:
    """Return a whole record: what ``values`` lack comes from a record of the pool, the credits from the tokens."""
    if len(values) < len(FIELDS[kind]):
        organization = world.organization(values["organizationId"])
        drawn = organization.record(kind, index)
        whole = {**drawn, **values}
        if "credits" not in values and values.keys() & {"inputTokens", "outputTokens", "modelId"}:
            whole["credits"] = _credits(whole, drawn, organization)
        values = whole
    return {name: values[name] for name in FIELDS[kind]}


def _credits(whole: Record, drawn: Record, organization: Organization) -> Any:
    models = {model.id: model for model in MODELS}
    model = models.get(whole["modelId"]) or models.get(drawn["modelId"])
    tokens = (whole["inputTokens"], whole["outputTokens"])
    if model is None or not all(isinstance(each, int) and abs(each) <= LARGEST_ID for each in tokens):
        return drawn["credits"]
    return price(whole, model)


def _shortly_before(now: int, back: int) -> str:
    """Return the whole second ``back`` seconds before ``now``, but not before the day (UTC) began.

    So a record that is loaded without a time lies in the default window, which begins with the month.
    """
    return times.render(max(now // 1000 * 1000 - back * 1000, now // times.DAY * times.DAY))


def _check_ids(read: Sequence[GivenRecord], loaded: Loaded, world: Surroundings) -> None:
    seen: dict[int, int] = {}
    for each in read:
        id_ = each.values.get("id")
        if not isinstance(id_, int):
            continue
        holder = f"record {seen[id_]}" if id_ in seen else None
        if loaded.has_id(id_):
            holder = "a record loaded before"
        elif world.is_generated(id_):
            holder = "a generated record"
        if holder is not None:
            remedy = "choose another, or leave it out to have one given"
            raise each.invalid(f"{id_} is the id of {holder}", remedy, "id")
        seen[id_] = each.number


class _Numbers:
    """Hands out ids and run ids that nothing else in the world has."""

    def __init__(self, loaded: Loaded, read: Sequence[GivenRecord], profile: str) -> None:
        self._loaded, self._profile = loaded, profile
        self._ids = {each.values.get("id") for each in read}
        self._run_ids = {each.values.get("runId") for each in read}
        self._counts = {numbered: count(len(loaded)) for numbered in (RECORD, LLM_RUN, MATCHING_RUN)}

    def fill_in(self, kind: Kind, values: Record) -> None:
        """Add the numbers that ``values`` lack."""
        if kind == "llm" and "id" not in values:
            free = (each for each in self._numbers(RECORD) if each not in self._ids and not self._loaded.has_id(each))
            values["id"] = next(free)
        if "runId" not in values:
            numbers = self._numbers(LLM_RUN if kind == "llm" else MATCHING_RUN)
            free = (each for each in numbers if each not in self._run_ids and not self._loaded.has_run_id(each))
            values["runId"] = next(free)

    def _numbers(self, numbered: int) -> Iterator[int]:
        return (loaded_id(self._profile, numbered, each) for each in self._counts[numbered])
