"""What the documentation leaves open, read otherwise."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from ..standin import KEY, LLM, MATCHING, SUMMARY, Answer, Question, Refused, Standin
from ..standin_runs import DAY, NOW, millis, moment
from .bodies import times_in_batches
from .table import VARIATIONS, Variation, around, legal
from .usage import made


def bounded(start: bool, end: bool) -> Callable[..., Any]:
    """Return a window with inclusive or exclusive bounds."""

    def within(api, right, run, question):
        after = question.start is None or question.start < run.at or (start and question.start == run.at)
        return after and (question.end is None or run.at < question.end or (end and run.at == question.end))

    return within


@legal()
def exclusive_bounds(api):
    """Both bounds are exclusive."""
    api.bend("within", bounded(False, False))


@legal()
def exclusive_start(api):
    """The start is exclusive."""
    api.bend("within", bounded(False, True))


@legal()
def exclusive_end(api):
    """The end is exclusive."""
    api.bend("within", bounded(True, False))


@legal()
def bounds_that_differ_by_operation(api):
    """Bounds are inclusive in lists and exclusive in summaries."""
    exclusive = bounded(False, False)
    api.bend("within", lambda api, right, run, question: (
        exclusive(api, right, run, question) if question.operation == SUMMARY else right(run, question)))  # fmt: skip


@legal()
def exclusive_bounds_in_batches(api):
    """Both bounds are exclusive, and many runs share one time."""
    api.bend("shape", times_in_batches)
    api.bend("within", bounded(False, False))


def reckoned(zone: str) -> Callable[..., Any]:
    """Reckon the default window in a time zone."""

    def default_window(api, right, question):
        if question.operation == MATCHING:
            return question
        today = moment(api.now()).astimezone(ZoneInfo(zone)).replace(hour=0, minute=0, second=0, microsecond=0)
        return question.but(start=millis(today.replace(day=1)), end=millis(today + timedelta(days=1)) - 1)

    return default_window


DAYS = {
    "mid-month": NOW,
    "first-day": datetime(2026, 6, 1, 3, 4, 5, tzinfo=UTC),
    "last-day": datetime(2026, 5, 31, 21, 4, 5, tzinfo=UTC),
}
ODD_TIMES = {
    "new-year": datetime(2026, 1, 1, 0, 0, 30, tzinfo=UTC),
    "leap-day": datetime(2028, 2, 29, 23, 59, 50, tzinfo=UTC),
    "end-of-summer-time": datetime(2026, 11, 1, 6, 30, tzinfo=UTC),
}


def monthly(zone: str, day: str, at: datetime) -> None:
    """Enter a default window that is reckoned in a zone, at a time where that matters."""

    def bend(api: Standin) -> None:
        api.bend("default_window", reckoned(zone))
        api.extra.append(made(LLM, at - timedelta(seconds=20), id=9))

    unusual = f"the default window is reckoned in {zone}; it is {at}"
    VARIATIONS.append(Variation(f"month-of-{zone}-on-{day}", unusual, bend, at=at, combines=at == NOW))


for _zone in ("America/Chicago", "Asia/Tokyo", "Pacific/Kiritimati", "Etc/GMT+12", "UTC"):
    for _day, _at in DAYS.items():
        monthly(_zone, _day, _at)
for _zone in ("America/Chicago", "UTC"):
    for _day, _at in ODD_TIMES.items():
        monthly(_zone, _day, _at)


@around("understand")
def reversed_window_gets_400(api, right, operation, query):
    """A window that does not begin before it ends is refused."""
    question = right(operation, query)
    if question.dated and None not in (question.start, question.end) and question.start >= question.end:
        raise Refused(400, "bad_request", "The window does not begin before it ends.")
    return question


@around("default_window")
def default_window_ends_now(api, right, question):
    """The default window ends now."""
    return right(question) if question.operation == MATCHING else right(question).but(end=api.now())


@legal()
def default_window_for_matching(api):
    """Matching usage has the default window of LLM usage."""
    api.bend("default_window", lambda api, right, question: right(question.but(operation=LLM)).but(
        operation=question.operation))  # fmt: skip


@around("default_window")
def thirty_days_of_matching(api, right, question):
    """Matching usage without dates is that of thirty days."""
    return question.but(start=api.now() - 30 * DAY) if question.operation == MATCHING else right(question)


@around("understand")
def defaults_for_each_date(api, right, operation, query):
    """Each date has its own default: a start alone ends with today, an end alone begins with the month."""
    question = right(operation, query)
    if not question.dated:
        return question
    window = Standin.default_window(api, question.but(operation=LLM, given=frozenset()))
    return question.but(
        start=window.start if question.start is None else question.start,
        end=window.end if question.end is None else question.end,
    )


def start_by_default(name: str, unusual: str, start: Callable[[int], int]) -> None:
    """Enter a default for the start where an end alone is given."""

    def understand(api, right, operation, query):
        question = right(operation, query)
        alone = question.start is None and question.end is not None
        return question.but(start=start(question.end)) if alone else question

    def bend(api: Standin) -> None:
        api.bend("understand", understand)

    VARIATIONS.append(Variation(name, unusual, bend))


start_by_default("an-end-alone-is-its-months", "an end alone begins with the month of the end",
                 lambda end: millis(moment(end).replace(day=1, hour=0, minute=0, second=0, microsecond=0)))  # fmt: skip
start_by_default("an-end-alone-is-thirty-days", "an end alone begins thirty days before", lambda end: end - 30 * DAY)


def refused_alone(name: str) -> None:
    """Enter a date that is refused without the other."""

    def understand(api, right, operation, query):
        if set(query) & {"start_date", "end_date"} == {name}:
            raise Refused(400, "bad_request", f"The given request was not as expected: {name} cannot be alone.")
        return right(operation, query)

    def bend(api: Standin) -> None:
        api.bend("understand", understand)

    VARIATIONS.append(Variation(f"{name.replace('_', '-')}-alone-refused", f"{name} alone is refused", bend))


refused_alone("start_date")
refused_alone("end_date")


@around("understand")
def start_after_end_refused(api, right, operation, query):
    """A window that ends before it starts is refused."""
    question = right(operation, query)
    if question.start is not None and question.end is not None and question.start > question.end:
        raise api.unreadable("start_date", query["start_date"])
    return question


@around("date")
def dates_without_time_are_whole_days(api, right, name, text):
    """An end without a time means the end of that day."""
    whole = name == "end_date" and re.fullmatch(r"\d{4}-\d\d-\d\d", text)
    return right(name, text) + (DAY - 1 if whole else 0)


@around("date")
def dates_without_time_are_chicagos(api, right, name, text):
    """A date without a time means midnight in Chicago."""
    if not re.fullmatch(r"\d{4}-\d\d-\d\d", text):
        return right(name, text)
    return millis(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo("America/Chicago")))


@legal()
def unreadable_parameters_ignored(api):
    """A parameter that cannot be read is as good as none."""

    def reading(api, right, *given):
        try:
            return right(*given)
        except Refused:
            if given[0] == "id":
                raise
            return None

    for method in ("integer", "date", "task"):
        api.bend(method, reading)


def refused_with(status: int, name: str) -> Callable[..., Any]:
    """Refuse parameters with another status."""
    return lambda api, right, parameter, text: Refused(status, name, f"{parameter} is invalid.")


@legal()
def unreadable_parameters_get_422(api):
    """A parameter that cannot be read gets 422."""
    api.bend("unreadable", refused_with(422, "unprocessable_entity"))


@legal()
def unreadable_parameters_get_404(api):
    """A parameter that cannot be read gets 404."""
    api.bend("unreadable", refused_with(404, "not_found"))


@around("understand", combines=False)
def unreadable_parameters_find_nothing(api, right, operation, query):
    """A parameter that cannot be read matches nothing."""
    try:
        return right(operation, query)
    except Refused:
        return Question(operation, org=1, start=1, end=0)


@around("total")
def unknown_organization_costs_nothing(api, right, question):
    """The summary of an organization that does not exist is 0."""
    return right(question) if question.org in api.daily else {"credits": 0, "organizationId": question.org}


@around("understand")
def unknown_organization_gets_404(api, right, operation, query):
    """An organization that does not exist gets 404 in lists, too."""
    question = right(operation, query)
    if question.org is not None and question.org not in {**api.daily, **api.daily_matching}:
        raise Refused.unknown()
    return question


@around("total")
def summary_of_nothing_gets_404(api, right, question):
    """The summary of a window without usage is 404."""
    if not api.select(question):
        raise Refused.unknown()
    return right(question)


def summary_of_nothing(
    name: str, unusual: str, *, at: datetime = NOW, ago: int | None = None, no_data: bool = True
) -> None:
    """Enter a summary of nothing that is 404, at a time when this month has no usage, or with one old run alone."""

    def bend(api: Standin) -> None:
        api.bend("total", summary_of_nothing_gets_404)
        if ago is not None:
            api.extra.append(made(LLM, NOW - timedelta(days=ago)))

    sparse = {} if ago is None else {"daily": {1: 0, 2: 0}}
    VARIATIONS.append(
        Variation(f"summary-of-nothing-gets-404-{name}", unusual, bend, circumstances=sparse, at=at, combines=False,
                  no_data=no_data))  # fmt: skip


summary_of_nothing("as-a-month-begins", "a month just began, and its summary is 404",
                   at=datetime(2026, 6, 1, 0, 0, 5, tzinfo=UTC), no_data=False)  # fmt: skip
for _ago in (40, 400):
    summary_of_nothing(f"but-{_ago}-days-ago", f"one run is {_ago} days old, and later summaries are 404", ago=_ago)


@around("find")
def unknown_id_gets_400(api, right, question):
    """An id that does not exist gets 400."""
    try:
        return right(question)
    except Refused:
        raise api.unreadable("id", str(question.id)) from None


@around("find")
def unknown_id_gets_403(api, right, question):
    """An id that does not exist gets 403, as one that the caller may not see."""
    try:
        return right(question)
    except Refused:
        raise Refused(403, "forbidden", "You may not see this.") from None


@around("error")
def errors_without_description(api, right, status, name, sentence):
    """Error bodies have no errorDescription."""
    answer = right(status, name, sentence)
    answer.body = api.encode("error", {"error": name, "code": status})
    return answer


@around("error")
def refused_key_without_body(api, right, status, name, sentence):
    """401 has its challenge and no body."""
    answer = right(status, name, sentence)
    return Answer(401, b"", {"WWW-Authenticate": "Basic"}) if status == 401 else answer


@around("admit")
def refused_key_in_other_words(api, right, request):
    """A missing key and a wrong one are told apart."""
    if request.key not in (None, KEY):
        raise Refused(401, "invalid_token", "This token has expired or never was.")
    right(request)
