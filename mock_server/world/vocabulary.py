"""Who and what a world is about: organizations with their users, jobs, models and habits.

The Hypothesis strategies of the contract draw all of it once, with the help of some words; the layout then spreads it
over the days. An organization depends on the seed, the profile and its own id, and on no other organization.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from ...schemas.strategies import llm_usage, matching_usage
from . import words
from .drawing import draw
from .orgs import LARGEST_ID

__all__ = ["PROFILES", "LlmHabit", "MatchingHabit", "Model", "Organization", "Vocabulary", "default_ids"]

Record = dict[str, Any]


@dataclass(frozen=True)
class Model:
    """A model and its price, in credits per million tokens, which is micro-credits per token. Prices are invented."""

    id: str
    input_rate: int
    output_rate: int


@dataclass(frozen=True)
class LlmHabit:
    """A run of a model such as an organization makes again and again."""

    job_id: int
    user_id: int
    model: Model
    input_tokens: int
    output_tokens: int
    run_time: int
    """Seconds."""
    fee: int
    """Micro-credits that it costs beside its tokens."""


@dataclass(frozen=True)
class MatchingHabit:
    """A matching run such as an organization makes again and again."""

    job_id: int
    user_id: int
    task: str
    num_records: int
    run_time: int
    """Seconds."""


@dataclass(frozen=True)
class Vocabulary:
    """What is drawn for an organization."""

    name: str
    users: tuple[int, ...]
    """Their ids, ascending."""
    models: tuple[Model, ...]
    """By id."""
    llm: tuple[LlmHabit, ...]
    """The most frequent one first."""
    matching: tuple[MatchingHabit, ...]
    """The most frequent one first."""
    matches: bool = True
    """Whether the organization matches anything of its own accord."""


@dataclass(frozen=True)
class Organization:
    """An organization of a world. Its vocabulary is drawn when it is first asked for (some 30 ms)."""

    seed: int
    profile: str
    id: int
    runs_per_day: int
    """LLM runs on an average day; there is one matching run to some six of them."""

    @cached_property
    def vocabulary(self) -> Vocabulary:
        """Its users, models and habits: always the same for the same seed, profile and id."""
        return _vocabulary(self.seed, self.profile, self.id)

    @property
    def name(self) -> str:
        """Its name, as a person would say it; the API shows no names."""
        return self.vocabulary.name

    @property
    def users(self) -> tuple[int, ...]:
        """The ids of its users, ascending."""
        return self.vocabulary.users

    @property
    def models(self) -> tuple[Model, ...]:
        """The models that it uses, by id."""
        return self.vocabulary.models

    def model(self, id: str) -> Model | None:  # noqa: A002  the API's name
        """Give the model of that id, if it is one of the organization's or a usual one."""
        return next((model for model in (*self.models, *_MODELS) if model.id == id), None)

    @cached_property
    def jobs(self) -> tuple[int, ...]:
        """The ids of its jobs, ascending."""
        llm = {habit.job_id for habit in self.vocabulary.llm}
        return tuple(sorted(llm | {habit.job_id for habit in self.vocabulary.matching}))


@lru_cache(maxsize=2048)
def _vocabulary(seed: int, profile: str, organization_id: int) -> Vocabulary:
    return draw(PROFILES[profile](organization_id), "vocabulary", seed, profile, organization_id)


def default_ids(profile: str, count: int) -> tuple[int, ...]:
    """Give the ids of ``count`` organizations: 1, 2, 3 …; the ``edge`` profile has extreme ones from the second on."""
    extremes = (1, 2**31, 2**63 - 1, 2**53 + 1) if profile == "edge" else ()
    return (*extremes, *range(len(extremes) + 1, count + 1))[:count]


@st.composite
def _realistic(draw: st.DrawFn, organization_id: int) -> Vocabulary:
    models = draw(st.lists(st.sampled_from(_MODELS), min_size=2, max_size=4, unique=True))
    users, jobs, matching_jobs = (_ids(draw, organization_id, least) for least in (4, 7, 2))
    llm = llm_usage(
        **_common(organization_id),
        id=1,
        jobId=st.sampled_from(jobs),
        userId=st.sampled_from(users),
        modelId=st.sampled_from([model.id for model in models]),
        inputTokens=_between(250, 24_000),
        outputTokens=_between(30, 1_900),
        runTime=_between(2, 40),
        credits=0,
    )
    matching = matching_usage(
        **_common(organization_id),
        jobId=st.sampled_from(matching_jobs),
        userId=st.sampled_from(users),
        numRecords=_between(8_000, 900_000),
        runTime=_between(60, 1_800),
    )
    return Vocabulary(
        name=f"{draw(st.sampled_from(words.PLACES))} {draw(st.sampled_from(words.TRADES))}",
        users=users,
        models=_by_id(models),
        llm=tuple(_llm_habit(draw(llm), models) for _ in range(12)),
        matching=tuple(_matching_habit(draw(matching)) for _ in range(4)),
    )


@st.composite
def _edge(draw: st.DrawFn, organization_id: int) -> Vocabulary:
    names = (*words.ODD_MODELS, *draw(st.lists(_ODD_TEXT, min_size=4, max_size=4)))
    models = [Model(name, 0, 0) for name in dict.fromkeys(names)]
    micro_credits = st.integers(0, 10**10) | st.sampled_from([0, 1, 10**6])
    ids = {"jobId": _ODD_IDS, "userId": _ODD_IDS}
    llm = [
        draw(llm_usage(**_common(organization_id), **ids, id=1, modelId=model.id, credits=micro_credits))
        for model in models
        for _ in range(2)
    ]
    matching = [draw(matching_usage(**_common(organization_id), **ids)) for _ in range(8)]
    return Vocabulary(
        name=draw(st.sampled_from(words.ODD_NAMES)),
        users=tuple(sorted({record["userId"] for record in (*llm, *matching)})),
        models=_by_id(models),
        llm=tuple(_llm_habit(record, models) for record in llm),
        matching=tuple(_matching_habit(record) for record in matching),
        matches=organization_id % 3 != 2,
    )


PROFILES = {"realistic": _realistic, "edge": _edge}
"""``realistic``: usage as a person would expect it. ``edge``: the extremes that the contract allows."""


def _between(least: int, most: int) -> SearchStrategy[int]:
    """Draw whole numbers so that versions of Hypothesis agree: they read one that begins at 0 alike, others not."""
    return st.integers(0, most - least).map(lambda number: least + number)


_ODD_IDS = _between(1, 10**7) | _between(1, LARGEST_ID) | st.sampled_from([1, 2**31, 2**53 + 1, LARGEST_ID])
_MODELS = tuple(Model(*row) for row in words.MODELS)
_ODD_TEXT = st.lists(st.sampled_from(words.LETTERS), max_size=40).map("".join)


_PRIME = 90_000_049


def _common(organization_id: int) -> Record:
    """Fix what a habit leaves open."""
    return {"organizationId": organization_id, "runId": 1, "runCreatedAt": "2024-01-01T00:00:00.000Z"}


def _ids(draw: st.DrawFn, organization_id: int, least: int) -> tuple[int, ...]:
    """Draw ids of eight digits that no organization shares with another, and that look like any other."""
    numbers = draw(st.lists(st.integers(0, 89_999), min_size=least, max_size=2 * least, unique=True))
    unique = (number * 1000 + organization_id % 1000 for number in numbers)
    return tuple(sorted(10_000_000 + number * 61_803_397 % _PRIME for number in unique))


def _llm_habit(record: Record, models: Iterable[Model]) -> LlmHabit:
    return LlmHabit(
        job_id=record["jobId"],
        user_id=record["userId"],
        model=next(model for model in models if model.id == record["modelId"]),
        input_tokens=record["inputTokens"],
        output_tokens=record["outputTokens"],
        run_time=record["runTime"],
        fee=record["credits"],
    )


def _matching_habit(record: Record) -> MatchingHabit:
    return MatchingHabit(
        job_id=record["jobId"],
        user_id=record["userId"],
        task=record["task"],
        num_records=record["numRecords"],
        run_time=record["runTime"],
    )


def _by_id(models: Iterable[Model]) -> tuple[Model, ...]:
    return tuple(sorted(models, key=lambda model: model.id))
