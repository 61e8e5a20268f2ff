"""Stand-ins that break the contract, each in one way: the table behind ``test_check_mutations.py``.

A deviation is a function around one method of :class:`Standin`: ``function(api, right, …)``, where ``right`` is the
correct method. Its docstring says what is wrong. :func:`deviates` puts it into the table, once for each operation.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from .standin import GET, KEY, LLM, MATCHING, SUMMARY, Answer, Json, Question, Refused, Request, Standin
from .standin_runs import DAY, HOUR, MODELS, SECOND, Run, moment, noise

ANY = "any"
RELATED = {LLM: {LLM, SUMMARY, GET, ANY}, SUMMARY: {SUMMARY, ANY}, GET: {GET, ANY}, MATCHING: {MATCHING, ANY}}
"""Where a deviation of an operation may be reported: a wrong list of LLM usage shows in its sums and identities too."""

VIOLATED, JUDGED_OR_NOT, WARNED = frozenset({1}), frozenset({1, 3}), frozenset({0})


@dataclass(frozen=True)
class Deviation:
    """A stand-in that is wrong in one way, and how the check must end."""

    id: str
    operation: str
    """The operation that is wrong, or ``any``."""
    about: str
    """The field, the parameter or the promise that is broken."""
    wrong: str
    """What is wrong, in words."""
    method: str
    function: Callable[..., Any]
    exits: frozenset[int] = VIOLATED
    """The exit codes that are right; 0 stands for a warning, which ``--strict`` turns into 1."""
    organizations: tuple[int, ...] = (1,)
    places: frozenset[str] = frozenset()
    """The operations in which the function acts."""
    circumstances: Mapping[str, Any] = field(default_factory=dict)
    """How the stand-in is made."""

    @property
    def reported_by(self) -> set[str]:
        """The operations whose checks may report it."""
        return RELATED.get(self.operation, {GET, LLM, SUMMARY, MATCHING, ANY})

    def standin(self, **circumstances: Any) -> Standin:
        """Make the stand-in."""
        return Standin(**{**circumstances, **self.circumstances}).bend(self.method, self._where_it_acts)

    def _where_it_acts(self, api: Standin, right: Callable[..., Any], *given: Any) -> Any:
        operation = getattr(given[0], "operation", given[0]) if given else None
        if self.places and operation not in self.places:
            return right(*given)
        return self.function(api, right, *given)


DEVIATIONS: list[Deviation] = []


def deviates(method: str, *operations: str, about: str, also: tuple[str, ...] = (), **more: Any) -> Callable[..., Any]:
    """Enter a function into the table, once for each operation; it acts in that operation and those of ``also``."""

    def enter(function: Callable[..., Any]) -> Callable[..., Any]:
        name = function.__name__.strip("_").replace("_", "-")
        for operation in operations:
            places = frozenset() if operation == ANY else frozenset({operation, *also})
            id_ = f"{operation}: {name}"
            wrong = function.__doc__ or name
            DEVIATIONS.append(Deviation(id_, operation, about, wrong, method, function, places=places, **more))
        return function

    return enter


LISTS = (LLM, MATCHING)
WINDOWED = (LLM, MATCHING, SUMMARY)
SECOND_ORG = {"organizations": (1, 2)}


def age(api: Standin, run: Run) -> float:
    """Give the age of a run in days."""
    return (api.now() - run.at) / DAY


def width(api: Standin, question: Question) -> float:
    """Give the width of a window in days."""
    start = api.now() - api.days * DAY if question.start is None else question.start
    return ((api.now() if question.end is None else question.end) - start) / DAY


# ---- fields: each documented one, in each operation, wrong in one way -------------------------------------------------

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

    @deviates("total" if operation == SUMMARY else "render", operation, about=name)
    def mistaken(api: Standin, right: Callable[..., Any], *given: Any) -> Json:
        record = right(*given)
        MISTAKES[mistake](record, name)
        return record

    made = DEVIATIONS.pop()
    wrong = f"{name} is {mistake}"
    DEVIATIONS.append(Deviation(f"{operation}: {wrong}", operation, name, wrong, made.method, made.function,
                                places=made.places))  # fmt: skip


for _operation, _fields in FIELD_MISTAKES.items():
    for _name, _mistake in _fields.items():
        enter_field_mistake(_operation, _name, _mistake)


# ---- fields: only in some records, in some form -----------------------------------------------------------------------


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


# ---- dates ------------------------------------------------------------------------------------------------------------


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


# ---- the default window -----------------------------------------------------------------------------------------------


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


# ---- the organization -------------------------------------------------------------------------------------------------


@deviates("select", *LISTS, about="org_id")
def every_organization_listed(api, right, question):
    """The organization asked for is ignored: everybody's usage is answered."""
    return right(question.but(org=None))


@deviates("select", *LISTS, about="org_id")
def every_organization_listed_when_dated(api, right, question):
    """The organization is ignored where dates are given."""
    return right(question.but(org=None) if question.dated else question)


@deviates("select", *LISTS, about="org_id")
def every_organization_listed_without_dates(api, right, question):
    """The organization is ignored where no dates are given."""
    return right(question if question.dated else question.but(org=None))


@deviates("select", SUMMARY, about="org_id")
def every_organization_summed(api, right, question):
    """Everybody's credits are added up."""
    return right(question.but(org=None))


@deviates("select", SUMMARY, about="org_id")
def every_organization_summed_without_dates(api, right, question):
    """Everybody's credits are added up where no dates are given."""
    return right(question if question.dated else question.but(org=None))


@deviates("select", *WINDOWED, about="org_id", organizations=(2,))
def own_organization_answered(api, right, question):
    """The organization asked for is ignored: the caller's own is answered."""
    return right(question.but(org=1))


@deviates("select", *WINDOWED, about="org_id", **SECOND_ORG)
def first_organization_answered_for_the_second(api, right, question):
    """The second organization named gets the first one's usage."""
    return right(question.but(org=1) if question.org == 2 else question)


@deviates("select", *LISTS, about="organizationId", **SECOND_ORG)
def first_organization_relabelled_as_the_second(api, right, question):
    """The second organization named gets the first one's usage under its own number."""
    if question.org != 2:
        return right(question)
    return [run._replace(org=2) for run in right(question.but(org=1))]


@deviates("select", *LISTS, about="org_id")
def some_records_of_another_organization(api, right, question):
    """One record in twenty is another organization's."""
    return [run for run in right(question.but(org=None)) if run.org == question.org or noise(run.run) % 20 == 0]


@deviates("select", *LISTS, about="org_id", **SECOND_ORG)
def dates_ignored_for_the_second_organization(api, right, question):
    """The second organization named gets its whole history for every window."""
    return right(question.but(start=None, end=None) if question.org == 2 else question)


@deviates("select", SUMMARY, about="org_id", **SECOND_ORG)
def start_ignored_for_the_second_organization(api, right, question):
    """The second organization's sum begins with its history."""
    return right(question.but(start=None) if question.org == 2 else question)


@deviates("select", LLM, about="list", **SECOND_ORG)
def list_cut_at_twenty_for_the_second_organization(api, right, question):
    """The second organization named gets no more than twenty records."""
    found = right(question)
    return found[-20:] if question.org == 2 else found


@deviates("find", GET, about="id", **SECOND_ORG)
def records_of_the_second_organization_not_found(api, right, question):
    """Records that are listed for the second organization named cannot be fetched."""
    run = right(question)
    if run.org == 2:
        raise Refused.unknown()
    return run


@deviates("spent", SUMMARY, about="credits", **SECOND_ORG)
def sum_doubled_for_the_second_organization(api, right, question):
    """The second organization's credits are counted twice."""
    return right(question) * (2 if question.org == 2 else 1)


@deviates("total", SUMMARY, about="organizationId", organizations=(2,))
def summary_says_the_own_organization(api, right, question):
    """The summary always says the caller's own organization."""
    return right(question) | {"organizationId": 1}


@deviates("total", SUMMARY, about="organizationId")
def summary_says_another_organization_without_dates(api, right, question):
    """The summary of the default window says organization 0."""
    return right(question) | ({} if question.dated else {"organizationId": 0})


# ---- lists ------------------------------------------------------------------------------------------------------------


@deviates("order", *LISTS, about="list")
def list_cut_at_fifty(api, right, question, runs):
    """A list ends after fifty records."""
    return right(question, runs)[:50]


@deviates("order", *LISTS, about="list")
def list_cut_at_a_hundred(api, right, question, runs):
    """A list ends after a hundred records."""
    return right(question, runs)[:100]


@deviates("order", LLM, about="list")
def list_cut_at_a_hundred_oldest_first(api, right, question, runs):
    """A list begins with the oldest record and ends after a hundred."""
    return runs[:100]


@deviates("order", *LISTS, about="list")
def list_cut_at_a_thousand(api, right, question, runs):
    """A list ends after a thousand records."""
    return right(question, runs)[:1000]


@deviates("select", LLM, about="list", also=(SUMMARY,))
def list_and_sum_cut_at_a_hundred(api, right, question):
    """A list ends after a hundred records, and the summary adds up the same hundred."""
    return right(question)[-100:]


@deviates("select", LLM, about="list", also=(SUMMARY,))
def list_and_sum_cut_at_a_thousand(api, right, question):
    """A list ends after a thousand records, and the summary adds up the same thousand."""
    return right(question)[-1000:]


@deviates("answer", ANY, about="list")
def list_in_pages(api, right, request):
    """Lists are paginated: the first fifty records, and headers that say how many pages there are."""
    answer = right(request)
    records = json.loads(answer.body)
    if isinstance(records, list):
        pages = {"X-Pagination-Current-Page": "1", "X-Pagination-Total-Pages": str(len(records) // 50 + 1)}
        answer.body, answer.headers = api.encode(LLM, records[:50]), answer.headers | pages
    return answer


@deviates("order", *LISTS, about="list")
def oldest_record_lost(api, right, question, runs):
    """The oldest record of every list is missing."""
    return right(question, runs)[:-1]


@deviates("order", *LISTS, about="list")
def newest_record_lost(api, right, question, runs):
    """The newest record of every list is missing."""
    return right(question, runs)[1:]


@deviates("order", *LISTS, about="list")
def some_records_lost_in_long_lists(api, right, question, runs):
    """A list of more than 150 records lacks every tenth."""
    return [run for index, run in enumerate(right(question, runs)) if len(runs) <= 150 or index % 10 != 9]


@deviates("order", *LISTS, about="list")
def records_twice_in_long_lists(api, right, question, runs):
    """A list of more than 100 records repeats every hundredth, as overlapping pages do."""
    return [twin for index, run in enumerate(right(question, runs)) for twin in [run] * (1 + (index % 100 == 99))]


@deviates("order", LLM, about="list")
def every_record_twice(api, right, question, runs):
    """Every record stands twice in the list."""
    return [*right(question, runs), *runs]


@deviates("select", LLM, about="list")
def a_model_not_listed(api, right, question):
    """Runs of one model are added up and not listed."""
    return [run for run in right(question) if run.model != MODELS[1]]


@deviates("render", LLM, about="runTime")
def fields_lost_in_long_lists(api, right, question, run):
    """Wide windows answer with records of fewer fields."""
    record = right(question, run)
    if width(api, question) > 8:
        del record["runTime"]
    return record


# ---- one question, one answer -----------------------------------------------------------------------------------------


@deviates("render", LLM, about="stability")
def credits_change_from_call_to_call(api, right, question, run):
    """Credits differ a little at each call."""
    return right(question, run) | {"credits": (run.credits + noise(run.id, len(api.journal)) % 1000) / 1e6}


@deviates("render", LLM, about="stability")
def run_time_changes_in_some_from_call_to_call(api, right, question, run):
    """The run time of one record in ten grows at each call."""
    grown = run.seconds + (len(api.journal) if run.id % 10 == 3 else 0)
    return right(question, run) | {"runTime": grown}


@deviates("select", *LISTS, about="stability")
def records_come_and_go(api, right, question):
    """At each call, another twentieth of the records is missing."""
    return [run for run in right(question) if noise(run.run, len(api.journal)) % 20]


@deviates("render", MATCHING, about="stability")
def counts_change_from_call_to_call(api, right, question, run):
    """The number of records matched differs at each call."""
    return right(question, run) | {"numRecords": run.records + len(api.journal)}


@deviates("spent", SUMMARY, about="stability")
def sum_changes_from_call_to_call(api, right, question):
    """The sum grows by a hundredth at each call."""
    return right(question) * (100 + len(api.journal)) // 100


@deviates("render", LLM, about="stability")
def credits_depend_on_the_window(api, right, question, run):
    """Wide windows answer with credits after a discount."""
    return right(question, run) | {"credits": run.credits * (0.9 if width(api, question) > 8 else 1) / 1e6}


@deviates("render", LLM, about="stability")
def ids_differ_from_call_to_call(api, right, question, run):
    """Records are numbered anew at each call."""
    return right(question, run) | {"id": run.id * 1000 + len(api.journal)}


# ---- the task ---------------------------------------------------------------------------------------------------------


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


# ---- the single record ------------------------------------------------------------------------------------------------


def single(about: str, change: Callable[[Run], dict[str, Json]], name: str) -> None:
    """Enter a single record whose field is of the right type and differs from the list's."""

    @deviates("render", GET, about=about)
    def differing(api, right, question, run):
        return right(question, run) | change(run)

    made = DEVIATIONS.pop()
    DEVIATIONS.append(Deviation(f"{GET}: {name}", GET, about, name.replace("-", " "), "render", differing,
                                places=made.places))  # fmt: skip


single("id", lambda run: {"id": run.run}, "id-is-the-run-id")
single("runId", lambda run: {"runId": run.id}, "run-id-is-the-id")
single("jobId", lambda run: {"jobId": run.job + 1}, "job-of-another")
single("userId", lambda run: {"userId": 1}, "user-is-the-caller")
single("organizationId", lambda run: {"organizationId": run.org + 1}, "organization-of-another")
single("runCreatedAt", lambda run: {"runCreatedAt": moment(run.at - 5 * HOUR).strftime("%Y-%m-%dT%H:%M:%S.000Z")},
       "local-time-called-utc")  # fmt: skip
single("runTime", lambda run: {"runTime": run.seconds * 1000 + 1}, "run-time-in-milliseconds")
single("credits", lambda run: {"credits": run.credits * 1.1 / 1e6 + 0.01}, "credits-with-tax")
single("inputTokens", lambda run: {"inputTokens": run.tokens_out}, "input-tokens-are-output-tokens")
single("outputTokens", lambda run: {"outputTokens": run.tokens_in + run.tokens_out}, "output-tokens-are-all-tokens")
single("modelId", lambda run: {"modelId": run.model.split(".")[-1].upper()}, "model-spelt-otherwise")


@deviates("find", GET, about="id")
def old_records_not_found(api, right, question):
    """Records older than three months are listed and cannot be fetched."""
    run = right(question)
    if age(api, run) > 92:
        raise Refused.unknown()
    return run


@deviates("find", GET, about="id")
def very_old_records_not_found(api, right, question):
    """Records older than six months are listed and cannot be fetched."""
    run = right(question)
    if age(api, run) > 184:
        raise Refused.unknown()
    return run


@deviates("render", GET, about="modelId")
def old_records_differ(api, right, question, run):
    """Fetched by id, records older than six months have another model."""
    return right(question, run) | ({"modelId": "archived"} if age(api, run) > 184 else {})


@deviates("find", GET, about="id")
def records_fetched_by_run_id(api, right, question):
    """The number in the path is taken for the run's: ``id = (run - 5000000000) / 2``."""
    return right(question.but(id=((question.id or 0) - 5_000_000_000) // 2))


@deviates("find", GET, about="id")
def single_record_always_the_same(api, right, question):
    """Every id, known or not, answers with the newest record."""
    return api.select(Question(LLM, org=1, start=api.now() - 9 * DAY))[-1]


@deviates("find", GET, about="id")
def unknown_id_answers_with_another_record(api, right, question):
    """An id that does not exist answers with somebody's record."""
    try:
        return right(question)
    except Refused:
        return api.select(Question(LLM, org=3))[-1]


def unknown_id_answers(value: Json) -> Callable[..., Any]:
    """Answer with a value where the id does not exist."""

    def route(api, right, request):
        try:
            return right(request)
        except Refused as refusal:
            if request.path.startswith("/usage/llm/") and refusal.args[0] == 404 and "summary" not in request.path:
                return GET, value
            raise

    return route


@deviates("route", GET, about="id")
def unknown_id_answers_null(api, right, request):
    """An id that does not exist answers 200 and null."""
    return unknown_id_answers(None)(api, right, request)


@deviates("route", GET, about="id")
def unknown_id_answers_with_an_empty_object(api, right, request):
    """An id that does not exist answers 200 and {}."""
    return unknown_id_answers({})(api, right, request)


@deviates("route", GET, about="id")
def unknown_id_answers_200_with_an_error(api, right, request):
    """An id that does not exist answers 200 with an error body."""
    sentence = "The requested resource could not be found."
    return unknown_id_answers({"error": "not_found", "errorDescription": sentence, "code": 404})(api, right, request)


@deviates("render", GET, about="record")
def single_record_in_a_list(api, right, question, run):
    """The single record comes as a list of one."""
    return [right(question, run)]


@deviates("render", GET, about="record")
def single_record_wrapped(api, right, question, run):
    """The single record comes inside an object."""
    return {"usage": right(question, run)}


# ---- the summary ------------------------------------------------------------------------------------------------------


def sums(wrong: str, change: Callable[[int], float], name: str) -> None:
    """Enter a summary whose credits are wrong."""

    @deviates("spent", SUMMARY, about="credits")
    def wrong_sum(api, right, question):
        return change(right(question))

    made = DEVIATIONS.pop()
    DEVIATIONS.append(Deviation(f"{SUMMARY}: {name}", SUMMARY, "credits", wrong, "spent", wrong_sum,
                                places=made.places))  # fmt: skip


sums("credits are counted twice", lambda spent: spent * 2, "credits-doubled")
sums("credits are cut to whole ones", lambda spent: spent // 1_000_000 * 1_000_000, "credits-truncated")
sums("credits are 2 % too many", lambda spent: spent * 102 // 100, "credits-two-percent-off")
sums("one credit too many", lambda spent: spent + 1_000_000, "one-credit-too-many")
sums("credits are in millionths", lambda spent: spent * 1_000_000, "credits-in-millionths")
sums("credits are always nought", lambda spent: 0, "credits-always-zero")


@deviates("total", SUMMARY, about="credits")
def credits_null_where_nothing_was_used(api, right, question):
    """The summary of a window without usage has null credits."""
    summary = right(question)
    return summary | ({} if summary["credits"] else {"credits": None})


@deviates("select", SUMMARY, about="credits")
def sum_of_the_newest_hundred(api, right, question):
    """Only the newest hundred runs are added up."""
    return right(question)[-100:]


@deviates("select", SUMMARY, about="credits")
def sum_of_the_newest_thousand(api, right, question):
    """Only the newest thousand runs are added up."""
    return right(question)[-1000:]


@deviates("select", SUMMARY, about="credits")
def a_model_not_summed(api, right, question):
    """Runs of one model are listed and not added up."""
    return [run for run in right(question) if run.model != MODELS[1]]


@deviates("select", SUMMARY, about="credits")
def newest_run_not_summed(api, right, question):
    """The newest run of a window is listed and not added up."""
    return right(question)[:-1]


@deviates("spent", SUMMARY, about="credits")
def tokens_summed(api, right, question):
    """Tokens are added up in place of credits."""
    return sum(run.tokens_in for run in api.select(question)) * 1_000_000


@deviates("total", SUMMARY, about="record")
def summary_in_a_list(api, right, question):
    """The summary comes as a list of one, as the deprecated method's annotation says."""
    return [right(question)]


@deviates("select", SUMMARY, about="start_date")
def dates_ignored_in_the_summary(api, right, question):
    """The summary adds up the whole history, whatever the dates."""
    return right(question.but(start=None, end=None))


# ---- JSON, its type and its transport ---------------------------------------------------------------------------------


def asks(request: Request) -> str:
    """Give the operation that a request asks for."""
    match request.path.strip("/").split("/")[1:]:
        case ["llm"]:
            return LLM
        case ["llm", "organization", _, "summary"]:
            return SUMMARY
        case ["llm", _]:
            return GET
    return MATCHING


def good_answers(name: str, wrong: str, change: Callable[[Answer], Any], *operations: str, **more: Any) -> None:
    """Enter a change to the good answers of each operation named."""
    for operation in operations:

        def changed(api, right, request, operation=operation):
            answer = right(request)
            if answer.status == 200 and asks(request) == operation:
                change(answer)
            return answer

        about = "JSON"
        DEVIATIONS.append(Deviation(f"{operation}: {name}", operation, about, wrong, "answer", changed, **more))


def rewrites(change: Callable[[bytes], bytes]) -> Callable[[Answer], None]:
    """Change the body alone."""

    def rewrite(answer: Answer) -> None:
        answer.body = change(answer.body)

    return rewrite


def retypes(content_type: str) -> Callable[[Answer], None]:
    """Change the content type alone."""

    def retype(answer: Answer) -> None:
        answer.headers["Content-Type"] = content_type

    return retype


def in_place_of_credits(text: bytes) -> Callable[[Answer], None]:
    """Write ``text`` in place of the first number of credits."""
    return rewrites(lambda body: re.sub(rb'"credits":[^,}]+', b'"credits":' + text, body, count=1))


ERROR = b'{"error":"internal_error","errorDescription":"Something went wrong.","code":500}'
ALL = (GET, LLM, SUMMARY, MATCHING)
good_answers("html-type", "a right body under text/html", retypes("text/html; charset=utf-8"), *ALL)
good_answers("plain-type", "a right body under text/plain", retypes("text/plain"), LLM)
good_answers("no-type", "a right body without a type", lambda answer: answer.headers.pop("Content-Type"), MATCHING)
good_answers("nan", "credits are NaN, which is no JSON", in_place_of_credits(b"NaN"), LLM, GET, SUMMARY)
good_answers("infinity", "credits are Infinity, which is no JSON", in_place_of_credits(b"Infinity"), SUMMARY)
good_answers("minus-infinity", "credits are -Infinity, which is no JSON", in_place_of_credits(b"-Infinity"), LLM)
good_answers("beyond-doubles", "credits are 1e999, beyond any double", in_place_of_credits(b"1e999"), GET)
good_answers("trailing-garbage", "text after the body", rewrites(lambda body: body + b"\n<!-- 0.07 s -->"), *ALL)
good_answers("two-values", "the body stands twice", rewrites(lambda body: body + body), SUMMARY)
good_answers("cut", "the body is cut in the middle", rewrites(lambda body: body[: len(body) // 2]), LLM, MATCHING)
good_answers("lines", "one record a line", rewrites(lambda body: body[1:-1].replace(b"},{", b"}\n{")), MATCHING)
good_answers("python", "written as Python", rewrites(lambda body: repr(json.loads(body)).encode()), LLM)
good_answers("json-in-json", "the body is a string of JSON", rewrites(lambda body: json.dumps(body.decode()).encode()),
             SUMMARY)  # fmt: skip
good_answers("wrapped", "the list inside an object", rewrites(lambda body: b'{"data":' + body + b"}"), LLM, MATCHING,
             SUMMARY)  # fmt: skip
good_answers("by-id-object", "the list as an object by number",
             rewrites(lambda body: json.dumps(dict(enumerate(json.loads(body)))).encode()), LLM)  # fmt: skip
good_answers("empty", "200 with an empty body", rewrites(lambda body: b""), *ALL)
good_answers("error-in-200", "200 with an error body", rewrites(lambda body: ERROR), *ALL)
good_answers("null", "200 with null", rewrites(lambda body: b"null"), LLM, MATCHING)
good_answers("null-for-empty", "null in place of an empty list",
             rewrites(lambda body: b"null" if body == b"[]" else body), LLM, MATCHING)  # fmt: skip
good_answers("latin-1", "the body is in Latin-1",
             rewrites(lambda body: body.decode().replace("claude", "cläude").encode("latin-1")), LLM)  # fmt: skip


def no_content(answer: Answer) -> None:
    """Answer 204."""
    answer.status, answer.body = 204, b""


def no_content_for_empty(answer: Answer) -> None:
    """Answer 204 in place of an empty list."""
    if answer.body == b"[]":
        no_content(answer)


good_answers("no-content", "204 in place of an answer", no_content, LLM, SUMMARY)
good_answers("no-content-for-empty", "204 in place of an empty list", no_content_for_empty, LLM)


def fails(status: int, body: bytes = ERROR, content_type: str = "application/json") -> Callable[[Answer], None]:
    """Answer with an error."""

    def fail(answer: Answer) -> None:
        answer.status, answer.body, answer.headers = status, body, {"Content-Type": content_type}

    return fail


good_answers("fails", "an operation always answers 500", fails(500), *ALL, exits=JUDGED_OR_NOT)
good_answers("gone", "an operation is no longer there",
             fails(404, b'{"error":"not_found","errorDescription":"The requested endpoint could not be found.","code":404}'),
             MATCHING, SUMMARY, exits=JUDGED_OR_NOT)  # fmt: skip
good_answers(
    "html", "an operation answers with a page", fails(200, b"<html>Sign in</html>", "text/html"), LLM, MATCHING
)


# ---- keys -------------------------------------------------------------------------------------------------------------


@deviates("admit", ANY, about="key")
def missing_key_accepted(api, right, request):
    """A request without a key is answered."""
    if request.key is not None:
        right(request)


@deviates("admit", ANY, about="key")
def wrong_key_accepted(api, right, request):
    """A request with a wrong key is answered."""
    if request.key is None:
        right(request)


@deviates("admit", ANY, about="key")
def keys_never_looked_at(api, right, request):
    """Every request is answered."""


def unguarded(operation: str) -> None:
    """Enter an operation that asks for no key."""

    def admit(api, right, request):
        if request.key is not None or asks(request) != operation:
            right(request)

    wrong = "one operation asks for no key"
    DEVIATIONS.append(Deviation(f"{operation}: missing-key-accepted", operation, "key", wrong, "admit", admit))


for _operation in ALL:
    unguarded(_operation)


@deviates("admit", ANY, about="key")
def refused_key_gets_403(api, right, request):
    """A wrong key gets 403, from which clients do not raise the error for refused keys."""
    if request.key not in (None, KEY):
        raise Refused(403, "forbidden", "The API key is not known.")
    right(request)


@deviates("admit", ANY, about="key")
def refused_key_gets_404(api, right, request):
    """A wrong key gets 404."""
    if request.key not in (None, KEY):
        raise Refused.unknown()
    right(request)


@deviates("error", ANY, about="key")
def no_challenge(api, right, status, name, sentence):
    """401 comes without WWW-Authenticate, which clients read."""
    answer = right(status, name, sentence)
    answer.headers.pop("WWW-Authenticate", None)
    return answer


@deviates("answer", ANY, about="key")
def refused_key_gets_an_empty_list(api, right, request):
    """A wrong key gets 200 and an empty list."""
    return right(request) if request.key in (None, KEY) else Answer(200, b"[]", {"Content-Type": "application/json"})


@deviates("answer", ANY, about="key")
def missing_key_gets_a_page(api, right, request):
    """A request without a key gets 200 and a page for signing in."""
    return right(request) if request.key else Answer(200, b"<html>Sign in</html>", {"Content-Type": "text/html"})


# ---- rules that are recorded: warnings --------------------------------------------------------------------------------


def warned(method: str, *operations: str, about: str = "recorded", **more: Any) -> Callable[..., Any]:
    """Enter a deviation from a rule that is only recorded."""
    return deviates(method, *operations, about=about, exits=WARNED, **more)


@warned("error", ANY)
def not_found_is_a_page(api, right, status, name, sentence):
    """404 comes as HTML."""
    answer = right(status, name, sentence)
    return Answer(404, b"<h1>Not found</h1>", {"Content-Type": "text/html"}) if status == 404 else answer


@warned("error", ANY)
def error_body_without_code(api, right, status, name, sentence):
    """The error body of 404 lacks its code."""
    answer = right(status, name, sentence)
    if status == 404:
        answer.body = api.encode("error", {"error": name, "errorDescription": sentence})
    return answer


@warned("error", ANY)
def error_body_with_another_code(api, right, status, name, sentence):
    """The error body of 404 says 500."""
    answer = right(status, name, sentence)
    if status == 404:
        answer.body = api.encode("error", {"error": name, "errorDescription": sentence, "code": 500})
    return answer


@warned("unreadable", ANY)
def unreadable_parameter_gets_500(api, right, name, text):
    """A parameter that cannot be read gets 500."""
    return Refused(500, "internal_error", "Something went wrong.")


@warned("answer", ANY)
def unreadable_parameter_gets_a_page(api, right, request):
    """A parameter that cannot be read gets 500 and a page."""
    try:
        return right(request)
    except Refused as refusal:
        if refusal.args[0] != 400:
            raise
        return Answer(500, b"<h1>We are sorry</h1>", {"Content-Type": "text/html"})


@warned("find", GET)
def unknown_id_gets_500(api, right, question):
    """An id that does not exist gets 500."""
    try:
        return right(question)
    except Refused:
        raise Refused(500, "internal_error", "Something went wrong.") from None


def negative(name: str, *operations: str) -> None:
    """Enter runs that have a negative field, the same wherever they are told of."""

    def shape(api, right, run):
        made = right(run)
        return made._replace(**{name: -1 - getattr(made, name)}) if noise(made.run) % 5 == 0 else made

    for operation in operations:
        DEVIATIONS.append(Deviation(f"{operation}: negative-{name}", operation, "recorded", f"negative {name}", "shape",
                                    shape, exits=WARNED))  # fmt: skip


negative("credits", LLM)
negative("seconds", LLM)
negative("tokens_in", LLM)
negative("tokens_out", LLM)
negative("records", MATCHING)


@warned("finish", ANY)
def page_headers(api, right, request, answer):
    """Whole lists come with the headers of pages."""
    answer.headers["X-Pagination-Total-Pages"] = "1"
    return answer


@warned("stamp", ANY)
def times_without_milliseconds(api, right, at):
    """Times are to the second."""
    return right(at // SECOND * SECOND).replace(".000", "")
