"""Deviations from what is only recorded: warnings, which ``--strict`` makes fail."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..standin import GET, LLM, MATCHING, Answer, Refused
from ..standin_runs import SECOND, noise
from .table import ANY, WARNED, add, deviates


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
        wrong = f"one run in five has negative {name}"
        add(f"negative-{name}", operation, "recorded", wrong, "shape", shape, everywhere=True, exits=WARNED)


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
