"""The table of runs that a layout deals out to the days, made from an organization's habits."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from struct import iter_unpack
from typing import TypeVar

from .drawing import bits
from .vocabulary import LlmHabit, MatchingHabit, Organization
from .wire import csv_field, string

__all__ = ["ROWS", "LlmRow", "MatchingRow", "Texts", "llm_rows", "matching_rows"]

ROWS = 2048
"""Runs in a table; a power of two, so that sixteen bits point everywhere alike."""


@dataclass(frozen=True, slots=True)
class Texts:
    """What the runs of one habit have in common, written out: between the ids and the date, and at the end."""

    json_head: str
    json_tail: str
    csv_head: str
    csv_tail: str
    rate: int = 0
    """Micro-credits for each further input token."""


LlmRow = tuple[int, Texts, int, int, int, int]
"""Jitter (16 bits), texts, input tokens, output tokens, run time in seconds, micro-credits."""

MatchingRow = tuple[int, Texts, str, int, int]
"""Jitter (16 bits), texts, task, number of records, run time in seconds."""

Habit = TypeVar("Habit", LlmHabit, MatchingHabit)

_SPREADS = {
    # Quantiles of a log-normal distribution (sigma 0.8): most runs are small, a few are ten times as large.
    "realistic": (
        26, 46, 58, 67, 75, 82, 89, 96, 102, 108, 114, 120, 126, 132, 138, 143, 149, 155, 161, 167, 173, 179, 186, 192,
        198, 205, 212, 219, 226, 233, 240, 248, 256, 264, 273, 281, 290, 300, 309, 320, 330, 341, 353, 365, 378, 392,
        407, 422, 439, 457, 476, 497, 521, 546, 574, 606, 643, 685, 735, 796, 873, 978, 1136, 1434, 2560,
    ),
    # An extreme stays as it was drawn.
    "edge": (256,) * 65,
}  # fmt: skip
"""Sizes of runs in 256ths of their habit's, by 64ths of all runs."""


def llm_rows(organization: Organization, key: tuple[object, ...]) -> list[LlmRow]:
    """Make the table of LLM runs; ``key`` is what chance depends on."""
    texts = {habit: _llm_texts(organization.id, habit) for habit in organization.vocabulary.llm}
    return [
        _llm_row(jitter, habit, texts[habit], size, length)
        for habit, jitter, size, length in _chances(organization.vocabulary.llm, organization.profile, key)
    ]


def matching_rows(organization: Organization, key: tuple[object, ...]) -> list[MatchingRow]:
    """Make the table of matching runs; ``key`` is what chance depends on."""
    texts = {habit: _matching_texts(organization.id, habit) for habit in organization.vocabulary.matching}
    return [
        (jitter, texts[habit], habit.task, habit.num_records * size >> 8, habit.run_time * length >> 8)
        for habit, jitter, size, length in _chances(organization.vocabulary.matching, organization.profile, key)
    ]


def _llm_row(jitter: int, habit: LlmHabit, texts: Texts, size: int, length: int) -> LlmRow:
    input_tokens, output_tokens = habit.input_tokens * size >> 8, habit.output_tokens * length >> 8
    price = habit.fee + input_tokens * habit.model.input_rate + output_tokens * habit.model.output_rate
    return jitter, texts, input_tokens, output_tokens, habit.run_time * length >> 8, price


def _chances(habits: Sequence[Habit], profile: str, key: tuple[object, ...]) -> Iterator[tuple[Habit, int, int, int]]:
    """Give, for each run of the table, its habit, jitter and two sizes in 256ths."""
    spread, ranked = _SPREADS[profile], _ranked(habits)
    for pick, jitter, size, length in iter_unpack("<4H", bits(8 * ROWS, *key, "rows")):
        yield ranked[pick % len(ranked)], jitter, _quantile(spread, size), _quantile(spread, length)


def _ranked(habits: Sequence[Habit]) -> list[Habit]:
    """Repeat each habit by its rank: the second comes half as often as the first, the third a third as often."""
    return [habit for rank, habit in enumerate(habits, 1) for _ in range(60 // rank + 1)]


def _quantile(knots: Sequence[int], share: int) -> int:
    knot, rest = divmod(share, 1 << 10)
    return knots[knot] + ((knots[knot + 1] - knots[knot]) * rest >> 10)


def _llm_texts(organization_id: int, habit: LlmHabit) -> Texts:
    model = habit.model
    return _texts(organization_id, habit, f',"modelId":{string(model.id)}}}', csv_field(model.id), model.input_rate)


def _matching_texts(organization_id: int, habit: MatchingHabit) -> Texts:
    return _texts(organization_id, habit, f',"task":{string(habit.task)}}}', csv_field(habit.task))


def _texts(organization_id: int, habit: LlmHabit | MatchingHabit, tail: str, csv_tail: str, rate: int = 0) -> Texts:
    job, user = habit.job_id, habit.user_id
    return Texts(
        json_head=f',"jobId":{job},"userId":{user},"organizationId":{organization_id},"runCreatedAt":"',
        json_tail=tail,
        csv_head=f",{job},{user},{organization_id},",
        csv_tail=f",{csv_tail}",
        rate=rate,
    )
