"""Fields that are wrong: each documented one in each operation, and in some records alone."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from ..standin import GET, LLM, MATCHING, SUMMARY, Json, Standin
from ..standin_runs import DAY, HOUR, MODELS, SECOND, moment, noise, stamp
from .table import SECOND_ORG, add, age, deviates, width

MISTAKES: dict[str, Callable[[dict[str, Json], str], Any]] = {
    "null": lambda record, name: record.update({name: None}),
    "missing": lambda record, name: record.pop(name),
    "text": lambda record, name: record.update({name: str(record[name])}),
    "number": lambda record, name: record.update({name: 17}),
    "fraction": lambda record, name: record.update({name: record[name] + 0.5}),
    "true": lambda record, name: record.update({name: True}),
    "list": lambda record, name: record.update({name: [record[name]]}),
    "object": lambda record, name: record.update({name: {"value": record[name]}}),
    "in snake_case": lambda record, name: record.update({re.sub("([A-Z])", r"_\1", name).lower(): record.pop(name)}),
}
FIELD_MISTAKES = {
    LLM: {
        "id": "text", "runId": "null", "jobId": "missing", "userId": "fraction", "organizationId": "in snake_case",
        "runCreatedAt": "null", "runTime": "text", "credits": "null", "inputTokens": "missing", "outputTokens": "true",
        "modelId": "number",
    },
    GET: {
        "id": "missing", "runId": "text", "jobId": "list", "userId": "null", "organizationId": "object",
        "runCreatedAt": "missing", "runTime": "fraction", "credits": "text", "inputTokens": "null",
        "outputTokens": "text", "modelId": "null",
    },
    MATCHING: {
        "runId": "fraction", "jobId": "text", "userId": "missing", "organizationId": "null", "runCreatedAt": "number",
        "runTime": "missing", "numRecords": "null", "task": "null",
    },
    SUMMARY: {"credits": "text", "organizationId": "missing"},
}  # fmt: skip


def enter_field_mistake(operation: str, name: str, mistake: str) -> None:
    """Enter a deviation that makes a mistake in a field of every record."""

    def mistaken(api: Standin, right: Callable[..., Any], *given: Any) -> Json:
        record = right(*given)
        MISTAKES[mistake](record, name)
        return record

    wrong = f"{name} is {mistake}"
    add(wrong, operation, name, wrong, "total" if operation == SUMMARY else "render", mistaken)


for _operation, _fields in FIELD_MISTAKES.items():
    for _name, _mistake in _fields.items():
        enter_field_mistake(_operation, _name, _mistake)


@deviates("render", LLM, about="credits", also=(GET,))
def credits_null_in_one_record_of_fifty(api, right, question, run):
    """One record in fifty has null credits, in the list and by id alike."""
    return right(question, run) | ({"credits": None} if noise(run.id) % 50 == 0 else {})


@deviates("render", MATCHING, about="numRecords")
def count_null_in_one_record_of_fifty(api, right, question, run):
    """One record in fifty has a null count."""
    return right(question, run) | ({"numRecords": None} if noise(run.run) % 50 == 0 else {})


@deviates("render", LLM, about="credits", also=(GET,))
def credits_null_where_they_are_zero(api, right, question, run):
    """A run that cost nothing has null credits."""
    return right(question, run) | ({} if run.credits else {"credits": None})


@deviates("render", LLM, about="outputTokens", also=(GET,))
def tokens_missing_for_a_rare_model(api, right, question, run):
    """Runs of a model that one run in twenty uses have no outputTokens."""
    record = right(question, run)
    if run.model == MODELS[2]:
        del record["outputTokens"]
    return record


@deviates("render", LLM, about="runTime", also=(GET,))
def run_time_null_in_runs_of_today(api, right, question, run):
    """Runs younger than twelve hours have no run time yet."""
    return right(question, run) | ({"runTime": None} if age(api, run) < 0.5 else {})


@deviates("render", LLM, about="modelId", also=(GET,))
def model_null_before_three_months_ago(api, right, question, run):
    """Records older than three months lost their model."""
    return right(question, run) | ({"modelId": None} if age(api, run) > 92 else {})


@deviates("render", LLM, about="userId", also=(GET,))
def user_null_before_six_months_ago(api, right, question, run):
    """Records older than six months lost their user."""
    return right(question, run) | ({"userId": None} if age(api, run) > 184 else {})


@deviates("render", MATCHING, about="jobId")
def job_null_before_six_months_ago(api, right, question, run):
    """Records older than six months lost their job."""
    return right(question, run) | ({"jobId": None} if age(api, run) > 184 else {})


@deviates("render", LLM, about="credits", **SECOND_ORG)
def credits_null_in_the_second_organization(api, right, question, run):
    """Only the second organization named has null credits."""
    return right(question, run) | ({"credits": None} if run.org == 2 else {})


@deviates("render", MATCHING, about="runTime", **SECOND_ORG)
def run_time_as_text_in_the_second_organization(api, right, question, run):
    """Only the second organization named has run times as text."""
    return right(question, run) | ({"runTime": str(run.seconds)} if run.org == 2 else {})


@deviates("render", LLM, about="runCreatedAt", also=(GET,))
def time_without_offset(api, right, question, run):
    """Times have no offset from UTC, which date-time demands."""
    return right(question, run) | {"runCreatedAt": moment(run.at).strftime("%Y-%m-%dT%H:%M:%S")}


@deviates("render", LLM, about="runCreatedAt", also=(GET,))
def time_is_a_day(api, right, question, run):
    """Times are dates alone."""
    return right(question, run) | {"runCreatedAt": moment(run.at).strftime("%Y-%m-%d")}


@deviates("render", MATCHING, about="runCreatedAt")
def time_as_http_writes_it(api, right, question, run):
    """Times look like Fri, 17 Apr 2026 17:26:07 GMT."""
    return right(question, run) | {"runCreatedAt": moment(run.at).strftime("%a, %d %b %Y %H:%M:%S GMT")}


@deviates("render", MATCHING, about="runCreatedAt")
def time_impossible_in_some(api, right, question, run):
    """One time in thirty is on the 30th of February."""
    wrong = {"runCreatedAt": "2026-02-30T12:00:00.000Z"} if noise(run.run) % 30 == 0 else {}
    return right(question, run) | wrong


@deviates("render", GET, about="runCreatedAt")
def time_in_seconds_as_text(api, right, question, run):
    """The single record's time is a count of seconds, as text."""
    return right(question, run) | {"runCreatedAt": str(run.at // SECOND)}


@deviates("render", LLM, about="id")
def ids_beyond_doubles_are_rounded(api, right, question, run):
    """Ids of 64 bits come through a double, so that they name no record."""
    return right(question, run) | {"id": int(float(run.id + 2**60))}


@deviates("render", MATCHING, about="task")
def task_unknown_in_some(api, right, question, run):
    """One record in twenty has a task that is not in the enumeration."""
    return right(question, run) | ({"task": "DEDUPE"} if noise(run.run) % 20 == 0 else {})


@deviates("render", MATCHING, about="task")
def task_in_lower_case(api, right, question, run):
    """Tasks are written idr and cdm."""
    return right(question, run) | {"task": run.task.lower()}


def shown(name: str, wrong: str, write: Callable[[int], str]) -> None:
    """Enter times that are valid and not true, wherever they are shown."""
    for operation in (LLM, MATCHING):

        def render(api, right, question, run):
            return right(question, run) | {"runCreatedAt": write(run.at)}

        add(name, operation, "runCreatedAt", wrong, "render", render, also=(GET,) if operation == LLM else ())


shown("times-five-hours-early", "times are another zone's, and called UTC", lambda at: stamp(at - 5 * HOUR))
shown("times-an-hour-late", "times are those of summer, and called UTC", lambda at: stamp(at + HOUR))
shown("times-of-twelve-hours", "afternoons are shown as mornings",
      lambda at: stamp(at - 12 * HOUR if at % DAY >= 13 * HOUR else at))  # fmt: skip
shown("times-at-midnight", "times are shown as midnight of their day", lambda at: stamp(at // DAY * DAY))
shown("times-a-year-early", "times are shown a year early", lambda at: stamp(at - 365 * DAY))


@deviates("render", LLM, about="runId", also=(GET,))
def run_missing_in_one_record_of_eighty(api, right, question, run):
    """One record in eighty has no run."""
    record = right(question, run)
    if noise(run.id, 5) % 80 == 0:
        del record["runId"]
    return record


@deviates("render", MATCHING, about="task")
def task_null_before_six_months_ago(api, right, question, run):
    """Records older than six months lost their task, though the filter knows it."""
    return right(question, run) | ({"task": None} if age(api, run) > 184 else {})


@deviates("render", LLM, about="inputTokens", also=(GET,))
def large_counts_as_floats(api, right, question, run):
    """Counts above eighty thousand are written with a fraction."""
    return right(question, run) | ({"inputTokens": run.tokens_in + 0.5} if run.tokens_in > 80_000 else {})


@deviates("render", LLM, about="jobId")
def job_missing_in_lists_alone_when_wide(api, right, question, run):
    """Windows of more than three months have records without a job."""
    record = right(question, run)
    if width(api, question) > 92:
        del record["jobId"]
    return record
