"""Making a whole record of a partial one, from the vocabulary that the strategies drew."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from ...schemas import times
from ..wire import MICRO
from .fields import FIELDS
from .history import Kind
from .rhythm import DAY
from .vocabulary import LlmHabit, MatchingHabit, Organization

__all__ = ["completed", "recently"]


Habit = TypeVar("Habit", LlmHabit, MatchingHabit)


def completed(kind: Kind, values: Mapping[str, Any], organization: Organization, index: int) -> dict[str, Any]:
    """Give a whole record, its fields in the schema's order.

    What ``values`` leave out is as in one of the organization's habits, in turn by ``index``; credits follow from the
    tokens and the model's price. ``values`` must name the ids of record and run, the organization and the time.
    """
    if values.keys() == FIELDS[kind].keys():
        whole = values  # and no vocabulary has to be drawn
    elif kind == "llm":
        whole = _llm(values, organization, _in_turn(organization.vocabulary.llm, index))
    else:
        whole = _matching(values, _in_turn(organization.vocabulary.matching, index))
    return {name: whole[name] for name in FIELDS[kind]}


def recently(now: int, back: int) -> str:
    """Give the whole second that lies ``back`` seconds before ``now``, but not before the day (UTC) began.

    So a record that is loaded without a time lies in the default window, which begins with the month.
    """
    return times.render(max(now // 1000 * 1000 - back * 1000, now // DAY * DAY))


def _in_turn(habits: Sequence[Habit], index: int) -> Habit:
    return habits[index % len(habits)]


def _llm(values: Mapping[str, Any], organization: Organization, habit: LlmHabit) -> dict[str, Any]:
    whole = {
        "jobId": habit.job_id,
        "userId": habit.user_id,
        "runTime": habit.run_time,
        "inputTokens": habit.input_tokens,
        "outputTokens": habit.output_tokens,
        "modelId": habit.model.id,
        **values,
    }
    model = organization.model(whole["modelId"]) or habit.model
    spent = habit.fee + whole["inputTokens"] * model.input_rate + whole["outputTokens"] * model.output_rate
    return {"credits": spent / MICRO, **whole}


def _matching(values: Mapping[str, Any], habit: MatchingHabit) -> dict[str, Any]:
    return {
        "jobId": habit.job_id,
        "userId": habit.user_id,
        "runTime": habit.run_time,
        "numRecords": habit.num_records,
        "task": habit.task,
        **values,
    }
