"""Tasks that do not filter."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..standin import MATCHING
from .table import SECOND_ORG, age, deviates


def tasks(**more: Any) -> Callable[..., Any]:
    """Enter a wrong reading of the task."""
    return deviates("select", MATCHING, about="task", **more)


@tasks()
def task_ignored(api, right, question):
    """The task is ignored."""
    return right(question.but(task=None))


@tasks()
def task_ignored_when_dated(api, right, question):
    """The task is ignored where dates are given."""
    return right(question.but(task=None) if question.dated else question)


@tasks()
def task_ignored_without_dates(api, right, question):
    """The task is ignored where no dates are given."""
    return right(question if question.dated else question.but(task=None))


@tasks()
def idr_answers_with_everything(api, right, question):
    """IDR does not filter."""
    return right(question.but(task=None) if question.task == "IDR" else question)


@tasks()
def cdm_answers_with_everything(api, right, question):
    """CDM does not filter."""
    return right(question.but(task=None) if question.task == "CDM" else question)


@tasks()
def cdm_answers_with_idr(api, right, question):
    """CDM answers with IDR."""
    return right(question.but(task="IDR") if question.task == "CDM" else question)


@tasks()
def idr_finds_nothing(api, right, question):
    """IDR finds nothing: the comparison minds the case of its own spelling."""
    return [] if question.task == "IDR" else right(question)


@tasks()
def cdm_finds_nothing(api, right, question):
    """CDM finds nothing."""
    return [] if question.task == "CDM" else right(question)


@tasks()
def task_finds_half(api, right, question):
    """With a task, every second record is missing."""
    return right(question)[:: 2 if question.task else 1]


@tasks()
def task_drops_the_organization(api, right, question):
    """With a task, the organization is ignored."""
    return right(question.but(org=None) if question.task else question)


@tasks()
def task_drops_the_start(api, right, question):
    """With a task, the start of the window is ignored."""
    return right(question.but(start=None) if question.task else question)


@tasks()
def task_drops_the_end(api, right, question):
    """With a task, the end of the window is ignored."""
    return right(question.but(end=None) if question.task else question)


@tasks(**SECOND_ORG)
def task_ignored_for_the_second_organization(api, right, question):
    """The second organization named gets both tasks."""
    return right(question.but(task=None) if question.org == 2 else question)


@deviates("understand", MATCHING, about="task")
def task_refused(api, right, operation, query):
    """CDM is refused, though it is documented."""
    if query.get("task") == "CDM":
        raise api.unreadable("task", "CDM")
    return right(operation, query)


@tasks()
def task_ignored_with_start_alone(api, right, question):
    """The task is ignored where only a start is given."""
    alone = question.given & {"start_date", "end_date"} == {"start_date"}
    return right(question.but(task=None) if alone else question)


@tasks()
def task_ignored_with_end_alone(api, right, question):
    """The task is ignored where only an end is given."""
    alone = question.given & {"start_date", "end_date"} == {"end_date"}
    return right(question.but(task=None) if alone else question)


@tasks()
def task_ignored_without_organization(api, right, question):
    """The task is ignored where no organization is named."""
    return right(question if "org_id" in question.given else question.but(task=None))


@tasks()
def everything_called_by_the_task_asked_for(api, right, question):
    """The task does not filter: every record is said to be of the task asked for."""
    found = right(question.but(task=None))
    return [run._replace(task=question.task) for run in found] if question.task else found


@tasks()
def task_ignored_for_old_runs(api, right, question):
    """The task filters what is younger than three months."""
    return [run for run in right(question.but(task=None)) if run.task == question.task or not question.task
            or age(api, run) > 92]  # fmt: skip


@tasks()
def idr_unless_a_task_is_given(api, right, question):
    """Without a task, IDR alone is listed."""
    return right(question.but(task=question.task or "IDR"))
