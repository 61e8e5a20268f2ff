"""How a record is made: Hypothesis draws it from the strategy of its JSON Schema, narrowed to what is realistic.

Of each organization and kind of usage there is one pool of whole records. A day is dealt from it; then only the fields
in ``DEALT`` are set, and all others stay as they were drawn.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property, lru_cache
from hashlib import shake_256
from itertools import accumulate
from typing import Any, Literal, NamedTuple, TypeVar

from hypothesis import Verbosity, given, settings
from hypothesis import strategies as st

from ...schemas import load, validator
from ...schemas.json_format import encode
from ...schemas.strategies import from_schema, llm_usage, matching_usage
from .words import MODELS, ODD_MODELS, Model

__all__ = [
    "DEALT",
    "FEW",
    "FIELDS",
    "MICRO",
    "PROFILES",
    "Kind",
    "Pool",
    "Record",
    "Resources",
    "draw",
    "draw_few",
    "draw_pool",
]

T = TypeVar("T")
Record = dict[str, Any]
Kind = Literal["llm", "matching"]

DEALT = ("id", "runId", "runCreatedAt")
"""The fields that are set when a record is dealt to a day."""

FIELDS: dict[Kind, dict[str, dict[str, Any]]] = {
    "llm": load("llm_usage")["properties"],
    "matching": load("matching_usage")["properties"],
}
"""The fields of each kind of record, in the schema's order, each with its schema."""

MICRO = 1_000_000
"""Micro-credits in a credit."""


class Resources(NamedTuple):
    """What the records of an organization have in common."""

    users: tuple[int, ...]
    jobs: tuple[int, ...]
    matching_jobs: tuple[int, ...]
    models: tuple[Model, ...]


# -- realistic: few users, jobs and models, credits that follow from tokens -----------------------------------------
# Only strategies that every allowed version of Hypothesis draws alike: integers from 0, samples, tuples and lists.


@st.composite
def _resources(draw: st.DrawFn, organization: int) -> Resources:
    users, jobs, matching_jobs = (
        draw(st.lists(_owned_ids(organization), min_size=least, max_size=2 * least, unique=True)) for least in (4, 7, 2)
    )
    models = draw(st.lists(st.sampled_from(MODELS), min_size=2, max_size=4, unique=True))
    return Resources(tuple(users), tuple(jobs), tuple(matching_jobs), tuple(models))


def _realistic(kind: Kind, organization: int, resources: Resources, size: int = 256) -> st.SearchStrategy[list[Record]]:
    common = {**_placeholders(kind, organization), "userId": _often_the_first(resources.users)}
    if kind == "matching":
        record = from_schema(
            load("matching_usage"),
            **common,
            jobId=_often_the_first(resources.matching_jobs),
            numRecords=_mostly_small(8_000, 900_000),
            runTime=_mostly_small(60, 1_800),
        )
        return _lists(record, size)
    record = from_schema(
        load("llm_usage"),
        **common,
        jobId=_often_the_first(resources.jobs),
        modelId=_often_the_first([model.id for model in resources.models]),
        inputTokens=_mostly_small(250, 24_000),
        outputTokens=_mostly_small(30, 1_900),
        runTime=_mostly_small(2, 40),
        credits=0.0,
    )
    rates = {model.id: model for model in resources.models}
    return _lists(record.map(lambda drawn: {**drawn, "credits": price(drawn, rates[drawn["modelId"]])}), size)


def price(record: Record, model: Model) -> float:
    """Return the credits of a run: its tokens times its model's rates."""
    micro_credits: int = record["inputTokens"] * model.input_rate + record["outputTokens"] * model.output_rate
    return micro_credits / MICRO


def _owned_ids(organization: int) -> st.SearchStrategy[int]:
    """Draw ids of eight digits whose last three are the organization's, so that no two organizations share one."""
    return _between(10_000, 99_999).map(lambda number: number * 1000 + organization % 1000)


def _between(least: int, most: int) -> st.SearchStrategy[int]:
    """Draw whole numbers; the range begins at 0, since versions of Hypothesis differ on others."""
    return st.integers(0, most - least).map(lambda number: least + number)


def _mostly_small(least: int, most: int) -> st.SearchStrategy[int]:
    """Draw whole numbers of which the mean lies at a quarter of the range."""
    span = most - least
    return st.tuples(st.integers(0, span), st.integers(0, span)).map(lambda pair: least + pair[0] * pair[1] // span)


def _often_the_first(values: Sequence[T]) -> st.SearchStrategy[T]:
    """Sample values: the second half as often as the first, the third a third as often."""
    return st.sampled_from([value for rank, value in enumerate(values, 1) for _ in range(-(-60 // rank))])


# -- edge: all that the schemas allow, and extremes ------------------------------------------------------------------


def _edge(kind: Kind, organization: int, resources: Resources, size: int = 64) -> st.SearchStrategy[list[Record]]:
    common = _placeholders(kind, organization)
    if kind == "matching":
        return _lists(matching_usage(**common), size)
    odd = st.tuples(*(llm_usage(**common, modelId=model) for model in ODD_MODELS))
    return st.builds(
        lambda some, more: [*some, *more], odd, _lists(llm_usage(**common), max(0, size - len(ODD_MODELS)))
    )


def _large_ids(kind: Kind, organization: int, resources: Resources, size: int = 256) -> st.SearchStrategy[list[Record]]:
    """Draw as ``realistic`` does; users and jobs have ids of 64 bits."""
    users, jobs, matching_jobs = (tuple(id_ + 2**62 for id_ in ids) for ids in resources[:3])
    large = Resources(users, jobs, matching_jobs, resources.models)
    return _realistic(kind, organization, large, size)


PROFILES: dict[str, Callable[..., st.SearchStrategy[list[Record]]]] = {
    "realistic": _realistic,
    "edge": _edge,
    "large_ids": _large_ids,
}
"""``realistic``: usage as a person would expect it. ``edge``: the extremes that the contract allows. ``large_ids``: as
``realistic``, but all ids fill 64 bits (the organizations' do not)."""


def _placeholders(kind: Kind, organization: int) -> Record:
    dealt = {"id": 0, "runId": 0, "runCreatedAt": "2024-01-01T00:00:00.000Z"}
    return {"organizationId": organization, **{name: dealt[name] for name in DEALT if name in FIELDS[kind]}}


def _lists(record: st.SearchStrategy[Record], size: int) -> st.SearchStrategy[list[Record]]:
    return st.lists(record, min_size=size, max_size=size)


# -- pools -----------------------------------------------------------------------------------------------------------


class Template(NamedTuple):
    """A record as text without the fields in ``DEALT``: what stands before and after ``runCreatedAt``."""

    head: str
    tail: str


@dataclass(frozen=True, eq=False)
class Pool:
    """The records of one kind that an organization's days are dealt from."""

    kind: Kind
    records: tuple[Record, ...]

    @cached_property
    def json(self) -> list[Template]:
        """The records as JSON."""
        parts = (tuple(encode(part).decode()[1:-1] for part in _split(record)) for record in self.records)
        return [Template(f',{head},"runCreatedAt":"', f'",{tail}}}') for head, tail in parts]

    @cached_property
    def csv(self) -> list[Template]:
        """The records as lines of CSV, without line ends."""
        parts = (tuple(_csv_line(part) for part in _split(record)) for record in self.records)
        return [Template(f",{head},", f",{tail}") for head, tail in parts]

    @cached_property
    def micro_credits(self) -> list[int]:
        """The sums of the first 0, 1, 2 … records' credits, in micro-credits."""
        return [0, *accumulate(round(record.get("credits", 0) * MICRO) for record in self.records)]


@lru_cache(maxsize=512)
def draw_pool(seed: int, profile: str, organization: int, kind: Kind) -> Pool:
    """Return the pool of an organization; it depends on nothing else. Drawing it takes some 100 ms."""
    strategy = PROFILES[profile](kind, organization, draw_resources(seed, profile, organization))
    records = draw(strategy, "pool", seed, profile, organization, kind)
    for record in records:
        validator(f"{kind}_usage").validate(record)
    return Pool(kind, tuple(records))


FEW = 16
"""Records with which a pool begins, and which are drawn alone in a twentieth of the time."""


@lru_cache(maxsize=512)
def draw_few(seed: int, profile: str, organization: int, kind: Kind) -> Sequence[Record]:
    """Return the first ``FEW`` records of an organization's pool."""
    strategy = PROFILES[profile](kind, organization, draw_resources(seed, profile, organization), FEW)
    return draw(strategy, "pool", seed, profile, organization, kind)


@lru_cache(maxsize=2048)
def draw_resources(seed: int, profile: str, organization: int) -> Resources:
    """Return the users, jobs and models of an organization."""
    return draw(_resources(organization), "resources", seed, profile, organization)


def draw(strategy: st.SearchStrategy[T], *key: object) -> T:
    """Return a value of ``strategy``: the same for the same ``key`` in every process and on every Python.

    Bytes that depend on the key alone take the place of Hypothesis's own choices, as a fuzzer's do. Nothing is written
    to ``.hypothesis/`` as long as the strategy samples characters from a list instead of from ranges of Unicode.

    Raises:
        ValueError: the strategy finds no value in four megabytes of choices.
    """
    # In a thread of its own, since Hypothesis refuses to draw inside a running test, such as a user's property test.
    with ThreadPoolExecutor(max_workers=1) as alone:
        return alone.submit(_draw, strategy, "/".join(map(str, key))).result()


def _draw(strategy: st.SearchStrategy[T], key: str) -> T:
    drawn: list[T] = []

    @settings(database=None, verbosity=Verbosity.quiet)
    @given(strategy)
    def keep(value: T) -> None:
        drawn.append(value)

    fuzz: Callable[[bytes], object] = keep.hypothesis.fuzz_one_input  # type: ignore[attr-defined]  # documented, untyped
    size = 1 << 14
    while not drawn and size <= 1 << 22:  # with too few bytes nothing is drawn; more begin with the same ones
        fuzz(shake_256(key.encode()).digest(size))
        size *= 4
    if not drawn:
        raise ValueError(f"nothing can be drawn from {strategy!r}: its filters refuse too much")
    return drawn[0]


def _split(record: Record) -> tuple[Record, Record]:
    names = list(record)
    at = names.index("runCreatedAt")
    before = {name: record[name] for name in names[:at] if name not in DEALT}
    return before, {name: record[name] for name in names[at + 1 :]}


def _csv_line(values: Record) -> str:
    line = io.StringIO()
    csv.writer(line, lineterminator="\n").writerow(values.values())
    return line.getvalue().removesuffix("\n")
