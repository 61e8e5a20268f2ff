"""Windows that are wrong: their bounds, and the default one."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from ..standin import LLM, MATCHING, SUMMARY, Question, Standin
from ..standin_runs import DAY, HOUR, Run, noise
from .table import ANY, LISTS, WINDOWED, age, deviates, width


def windows(about: str, **more: Any) -> Callable[..., Any]:
    """Enter a wrong reading of a window, for every operation that has one."""
    return deviates("select", *WINDOWED, about=about, **more)


@windows("start_date")
def start_ignored(api, right, question):
    """The start of the window is ignored."""
    return right(question.but(start=None) if question.dated else question)


@windows("end_date")
def end_ignored(api, right, question):
    """The end of the window is ignored."""
    return right(question.but(end=None) if question.dated else question)


@windows("start_date")
def start_ignored_when_alone(api, right, question):
    """The start is ignored where no end is given."""
    return right(question if "end_date" in question.given else question.but(start=None))


@windows("end_date")
def end_ignored_when_alone(api, right, question):
    """The end is ignored where no start is given."""
    return right(question if "start_date" in question.given else question.but(end=None))


@deviates("select", *LISTS, about="org_id", circumstances={"days": 900})
def organization_ignored_with_an_end_alone(api, right, question):
    """The organization is ignored where an end is given and no start, and usage goes back two years and a half."""
    alone = question.start is None and question.end is not None
    return right(question.but(org=None) if alone else question)


@deviates("select", MATCHING, about="task", circumstances={"days": 900})
def task_ignored_with_an_end_alone(api, right, question):
    """The task is ignored where an end is given and no start, and usage goes back two years and a half."""
    alone = question.start is None and question.end is not None
    return right(question.but(task=None) if alone else question)


@windows("start_date")
def first_day_lost(api, right, question):
    """The window starts a day late."""
    return right(question.but(start=question.start + DAY) if question.dated and question.start else question)


@windows("end_date")
def last_day_lost(api, right, question):
    """The window ends a day early."""
    return right(question.but(end=question.end - DAY) if question.dated and question.end else question)


@windows("end_date")
def day_after_included(api, right, question):
    """The window ends a day late."""
    return right(question.but(end=question.end + DAY) if question.dated and question.end else question)


@windows("start_date")
def first_hour_lost(api, right, question):
    """The window starts an hour late."""
    return right(question.but(start=question.start + HOUR) if question.dated and question.start else question)


@windows("end_date")
def last_hour_lost(api, right, question):
    """The window ends an hour early."""
    return right(question.but(end=question.end - HOUR) if question.dated and question.end else question)


@windows("start_date")
def hours_shifted(api, right, question):
    """The window lies five hours early: times read as another zone's."""
    if not question.dated:
        return right(question)
    shifted = {name: at - 5 * HOUR for name in ("start", "end") if (at := getattr(question, name)) is not None}
    return right(question.but(**shifted))


@windows("start_date")
def start_cut_to_its_day(api, right, question):
    """The time of day in the start is dropped."""
    return right(question.but(start=question.start // DAY * DAY) if question.dated and question.start else question)


@windows("end_date")
def end_stretched_to_its_day(api, right, question):
    """The time of day in the end is dropped, and the whole day answered."""
    if not (question.dated and question.end):
        return right(question)
    return right(question.but(end=question.end // DAY * DAY + DAY - 1))


@deviates("understand", *WINDOWED, about="start_date")
def offset_of_dates_ignored(api, right, operation, query):
    """``12:00:00+02:00`` is read as noon in UTC."""
    return right(operation, {name: re.sub(r"(T.*)[+-]\d\d:\d\d$", r"\1Z", text) for name, text in query.items()})


@deviates("date", ANY, about="start_date")
def dates_with_a_fraction_refused(api, right, name, text):
    """``12:00:00.000Z``, as the API itself writes times, gets 400."""
    if "." in text:
        raise api.unreadable(name, text)
    return right(name, text)


@deviates("select", MATCHING, about="list")
def third_of_everything_lost_without_dates(api, right, question):
    """Without dates, every third record of matching usage is left out."""
    return right(question) if question.dated else [run for run in right(question) if noise(run.run) % 3]


@deviates("select", *LISTS, about="start_date")
def wide_window_cut_to_a_month(api, right, question):
    """A window wider than 31 days is answered for its last 31."""
    end = api.now() if question.end is None else question.end
    return right(question.but(start=end - 31 * DAY) if width(api, question) > 31.5 else question)


@deviates("select", *WINDOWED, about="start_date")
def wide_window_loses_old_runs(api, right, question):
    """A window that reaches back over three months leaves out what is older than that."""
    if width(api, question) < 40:
        return right(question)
    return [run for run in right(question) if age(api, run) < 92]


@deviates("select", SUMMARY, about="credits")
def old_runs_not_summed(api, right, question):
    """Runs older than six months are listed and not added up."""
    return [run for run in right(question) if age(api, run) < 184]


@deviates("select", LLM, about="start_date")
def old_runs_not_listed(api, right, question):
    """Runs older than six months are added up and not listed."""
    return [run for run in right(question) if age(api, run) < 184]


def defaults(*operations: str, **more: Any) -> Callable[..., Any]:
    """Enter a wrong default window."""
    return deviates("default_window", *operations, about="default window", **more)


@defaults(LLM, SUMMARY)
def default_from_previous_month(api, right, question):
    """Without dates, the window begins with the month before."""
    window = right(question)
    return window.but(start=window.start - 30 * DAY)


@defaults(LLM, also=(SUMMARY,))
def default_from_previous_month_in_list_and_summary(api, right, question):
    """Without dates, list and summary alike begin with the month before."""
    window = right(question)
    return window.but(start=window.start - 30 * DAY)


@defaults(LLM, SUMMARY)
def default_is_today(api, right, question):
    """Without dates, the window is today."""
    return right(question).but(start=api.now() // DAY * DAY)


@defaults(LLM, SUMMARY)
def default_ends_yesterday(api, right, question):
    """Without dates, the window ends with yesterday, and yesterday with an evening in any time zone."""
    return right(question).but(end=api.now() // DAY * DAY - DAY)


@defaults(LLM, SUMMARY)
def default_is_everything(api, right, question):
    """Without dates, the window is open."""
    return question


@defaults(LLM)
def default_is_thirty_days(api, right, question):
    """Without dates, the window is the last thirty days."""
    return question.but(start=api.now() - 30 * DAY, end=api.now())


@defaults(SUMMARY)
def default_is_the_year(api, right, question):
    """Without dates, the window is the year so far."""
    return question.but(start=api.now() - 200 * DAY, end=api.now())


@defaults(LLM, also=(SUMMARY,))
def default_is_seven_days(api, right, question):
    """Without dates, list and summary answer for the last week."""
    return right(question).but(start=api.now() - 7 * DAY)


@defaults(LLM, SUMMARY)
def default_is_last_month(api, right, question):
    """Without dates, the window is the whole month before."""
    window = right(question)
    return window.but(start=window.start - 30 * DAY, end=window.start - 1)


@deviates("select", LLM, about="default window")
def default_window_leaves_records_out(api, right, question):
    """Without dates, every third record is left out."""
    found = right(question)
    return found if question.dated else [run for run in found if run.id % 3]


@deviates("render", LLM, about="default window")
def default_window_has_other_fields(api, right, question, run):
    """Without dates, records have no jobId."""
    record = right(question, run)
    if not question.dated:
        del record["jobId"]
    return record


@windows("start_date")
def start_cut_to_its_hour(api, right, question):
    """The minutes of the start are dropped."""
    return right(question.but(start=question.start // HOUR * HOUR) if question.dated and question.start else question)


@windows("end_date")
def end_cut_to_its_hour(api, right, question):
    """The minutes of the end are dropped."""
    return right(question.but(end=question.end // HOUR * HOUR) if question.dated and question.end else question)


@deviates("select", *LISTS, about="start_date")
def dates_ignored_without_organization(api, right, question):
    """The dates are ignored where no organization is named."""
    return right(question if "org_id" in question.given else question.but(start=None, end=None))


@defaults(LLM, SUMMARY, organizations=(1, 2))
def default_is_everything_for_the_second_organization(api, right, question):
    """Without dates, the second organization named gets its whole history."""
    return question if question.org == 2 else right(question)


def cached(api: Standin, question: Question, *key: Any) -> list[Run]:
    """Return the answer to the first question with the same key again."""
    if key not in api.memory:
        api.memory[key] = Standin.select(api, question)
    return api.memory[key]


@windows("end_date")
def cached_without_regard_to_the_end(api, right, question):
    """Answers are cached by operation, organization, task and start: the end is forgotten."""
    return cached(api, question, question.operation, question.org, question.task, question.start)


@windows("start_date")
def cached_by_organization(api, right, question):
    """Answers are cached by operation, organization and task: the window is forgotten."""
    return cached(api, question, question.operation, question.org, question.task)
