"""Combinations of parameters that go wrong, and caches that forget a parameter."""

from __future__ import annotations

import copy
from itertools import combinations

from ..standin import LLM, MATCHING, SUMMARY, Request
from .table import SECOND_ORG, add, asks, deviates

PARAMETERS = {
    LLM: ("org_id", "start_date", "end_date"),
    MATCHING: ("org_id", "task", "start_date", "end_date"),
    SUMMARY: ("start_date", "end_date"),
}


def refuses(operation: str, given: tuple[str, ...]) -> None:
    """Enter a documented combination of parameters that gets 400."""

    def understand(api, right, asked, query):
        if set(query) - ({"org_id"} if asked == SUMMARY else set()) == set(given):
            raise api.unreadable("the query", "&".join(given))
        return right(asked, query)

    named = " and ".join(given) or "no parameter"
    add(f"refused-with-{named.replace(' ', '-')}-alone", operation, "parameters",
        f"a request with {named} and nothing else gets 400", "understand", understand)  # fmt: skip


for _operation, _names in PARAMETERS.items():
    for _size in range(len(_names) + 1):
        for _given in combinations(_names, _size):
            # A summary that refuses one date alone does so in the only combination there is: that is a legal reading.
            if _operation != SUMMARY or _size != 1:
                refuses(_operation, _given)


def forgets(operation: str, name: str, given: tuple[str, ...]) -> None:
    """Enter a parameter that is ignored in one combination alone."""
    attribute = {"org_id": "org", "task": "task", "start_date": "start", "end_date": "end"}[name]

    def select(api, right, question):
        return right(question.but(**{attribute: None}) if question.given == set(given) else question)

    add(f"{name}-forgotten-with-{'-and-'.join(given)}", operation, name,
        f"{name} is ignored where {' and '.join(given)} are given", "select", select)  # fmt: skip


forgets(MATCHING, "org_id", ("org_id", "task"))
forgets(MATCHING, "org_id", ("org_id", "task", "start_date", "end_date"))
forgets(MATCHING, "task", ("org_id", "task"))
forgets(MATCHING, "task", ("task", "start_date", "end_date"))
forgets(MATCHING, "task", ("org_id", "task", "end_date"))
forgets(MATCHING, "end_date", ("org_id", "task", "start_date", "end_date"))
forgets(MATCHING, "start_date", ("task", "start_date", "end_date"))
forgets(LLM, "org_id", ("org_id", "end_date"))
forgets(LLM, "start_date", ("start_date", "end_date"))
forgets(LLM, "end_date", ("org_id", "start_date", "end_date"))
forgets(SUMMARY, "start_date", ("org_id", "start_date", "end_date"))


def remembered(api, right, request: Request, *ignored: str):
    """Return the first answer to a request that differs in nothing but the parameters ``ignored``."""
    kept = api.memory.setdefault("kept", {})
    key = request.path, request.key, *sorted(item for item in request.query.items() if item[0] not in ignored)
    if key not in kept:
        kept[key] = right(request)
    return copy.deepcopy(kept[key])


@deviates("answer", LLM, MATCHING, about="org_id", **SECOND_ORG)
def cached_without_regard_to_the_organization(api, right, request):
    """Answers are cached by dates and task: org_id is forgotten."""
    return remembered(api, right, request, "org_id")


@deviates("answer", MATCHING, about="task")
def cached_without_regard_to_the_task(api, right, request):
    """Answers are cached by organization and dates: task is forgotten."""
    return remembered(api, right, request, "task")


@deviates("answer", LLM, MATCHING, SUMMARY, about="start_date")
def cached_without_regard_to_the_start(api, right, request):
    """Answers are cached by organization, task and end: start_date is forgotten."""
    return remembered(api, right, request, "start_date")


@deviates("answer", LLM, MATCHING, SUMMARY, about="start_date")
def cached_by_path(api, right, request):
    """Answers are cached by path: the whole query is forgotten."""
    return remembered(api, right, request, "org_id", "task", "start_date", "end_date")


@deviates("answer", LLM, MATCHING, about="org_id")
def wide_cache_answers_the_narrow(api, right, request):
    """Without org_id a list covers everybody, and its cached answer is given to the same request with an org_id."""
    api.default_org = lambda question: question
    kept = api.memory.setdefault("wide", {})
    key = asks(request), *sorted(item for item in request.query.items() if item[0] != "org_id")
    answer = right(request)
    if "org_id" not in request.query:
        kept[key] = answer
    return copy.deepcopy(kept.get(key, answer))
