"""Single records that are not the listed ones."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..standin import GET, LLM, Json, Question, Refused
from ..standin_runs import DAY, HOUR, Run, moment, noise
from .table import add, age, deviates


def single(about: str, change: Callable[[Run], dict[str, Json]], name: str) -> None:
    """Enter a single record whose field is of the right type and differs from the list's."""

    def differing(api, right, question, run):
        return right(question, run) | change(run)

    add(name, GET, about, name.replace("-", " "), "render", differing)


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


@deviates("find", GET, about="id")
def runs_of_zero_credits_not_found(api, right, question):
    """Runs that cost nothing are listed and cannot be fetched."""
    run = right(question)
    if not run.credits:
        raise Refused.unknown()
    return run


@deviates("find", GET, about="id")
def runs_of_this_month_not_found(api, right, question):
    """Runs of this month are listed and cannot be fetched yet."""
    run = right(question)
    if age(api, run) < 18:
        raise Refused.unknown()
    return run


@deviates("find", GET, about="id")
def neighbour_found(api, right, question):
    """The record before the one asked for is answered."""
    run = right(question)
    return api.select(Question(LLM, org=run.org, end=run.at))[-2:][0]


@deviates("render", GET, about="credits")
def half_of_the_single_records_differ(api, right, question, run):
    """Every second single record has other credits than the list says."""
    record = right(question, run)
    return record | ({"credits": record["credits"] + 0.25} if noise(run.id) % 2 else {})


@deviates("render", GET, about="outputTokens")
def single_record_changes_from_call_to_call(api, right, question, run):
    """The single record's tokens grow at each call."""
    return right(question, run) | {"outputTokens": run.tokens_out + len(api.journal)}
