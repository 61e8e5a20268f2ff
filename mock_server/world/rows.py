"""The table of runs that a layout deals out to the days, made from an organization's habits."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from struct import iter_unpack
from typing import Literal, TypeVar

from ..wire import csv_field, string
from .drawing import bits
from .vocabulary import LlmHabit, MatchingHabit, Organization

__all__ = ["ROWS", "Form", "LlmRow", "MatchingRow", "llm_rows", "matching_rows"]

ROWS = 2048
"""Runs in a table; a power of two, so that sixteen bits point everywhere alike."""


Form = Literal["json", "csv"]
"""A body as the API sends it, or a line of CSV."""

LlmRow = tuple[int, str, str, int, str, int, int]
"""Jitter (16 bits), text between the ids and the date, text before the credits, input tokens, text after them;
micro-credits, and those for each further input token."""

MatchingRow = tuple[int, str, str, int, str, str]
"""Jitter (16 bits), text between run id and date, text before the number of records, that, text after it; task."""

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


def llm_rows(organization: Organization, key: tuple[object, ...], form: Form) -> list[LlmRow]:
    """Make the table of LLM runs, written out as far as they are alike on every day; ``key`` is what chance needs."""
    heads = {habit: _head(organization.id, habit, form) for habit in organization.vocabulary.llm}
    return [
        _llm_row(habit, heads[habit], form, jitter, size, length)
        for habit, jitter, size, length in _chances(organization.vocabulary.llm, organization.profile, key)
    ]


def matching_rows(organization: Organization, key: tuple[object, ...], form: Form) -> list[MatchingRow]:
    """Make the table of matching runs, as :func:`llm_rows` makes that of LLM runs."""
    heads = {habit: _head(organization.id, habit, form) for habit in organization.vocabulary.matching}
    return [
        _matching_row(habit, heads[habit], form, jitter, size, length)
        for habit, jitter, size, length in _chances(organization.vocabulary.matching, organization.profile, key)
    ]


def _llm_row(habit: LlmHabit, head: str, form: Form, jitter: int, size: int, length: int) -> LlmRow:
    model, run_time = habit.model, habit.run_time * length >> 8
    input_tokens, output_tokens = habit.input_tokens * size >> 8, habit.output_tokens * length >> 8
    price = habit.fee + input_tokens * model.input_rate + output_tokens * model.output_rate
    if form == "json":
        middle = f'","runTime":{run_time},"credits":'
        end = f',"outputTokens":{output_tokens},"modelId":{string(model.id)}}}'
    else:
        middle, end = f",{run_time},", f",{output_tokens},{csv_field(model.id)}"
    return jitter, head, middle, input_tokens, end, price, model.input_rate


def _matching_row(habit: MatchingHabit, head: str, form: Form, jitter: int, size: int, length: int) -> MatchingRow:
    run_time = habit.run_time * length >> 8
    if form == "json":
        middle, end = f'","runTime":{run_time},"numRecords":', f',"task":{string(habit.task)}}}'
    else:
        middle, end = f",{run_time},", f",{csv_field(habit.task)}"
    return jitter, head, middle, habit.num_records * size >> 8, end, habit.task


def _head(organization_id: int, habit: LlmHabit | MatchingHabit, form: Form) -> str:
    job, user = habit.job_id, habit.user_id
    if form == "csv":
        return f",{job},{user},{organization_id},"
    return f',"jobId":{job},"userId":{user},"organizationId":{organization_id},"runCreatedAt":"'


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
