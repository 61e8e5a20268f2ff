"""The stand-in is right before it is bent: it keeps the contract that deviations are measured by."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from civis_usage.schemas import validator

from .deviations import DEVIATIONS, Deviation
from .legal import VARIATIONS
from .standin import KEY, LLM, MATCHING, Answer, Question, Request, Standin
from .standin_runs import DAY, HOUR, NOW, millis, stamp
from .standin_server import Server, serving

BASIC = {"Authorization": f"Bearer {KEY}"}


@pytest.fixture
def api() -> Standin:
    return Standin(now=lambda: millis(NOW))


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with serving() as server:
        yield server


def ask(api: Standin, target: str, **headers: str) -> Answer:
    return api.respond(Request("GET", target, headers or BASIC))


def body(api: Standin, target: str) -> Any:
    answer = ask(api, target)
    assert answer.status == 200, answer
    return json.loads(answer.body)


@pytest.mark.parametrize(
    ("target", "schema"),
    [
        ("/usage/llm?org_id=2&start_date=2026-04-01", "llm_usage"),
        ("/usage/matching?org_id=1&task=CDM", "matching_usage"),
    ],
)
def test_its_records_are_valid(api: Standin, target: str, schema: str) -> None:
    records = body(api, target)
    assert len(records) > 100
    assert [error.message for record in records for error in validator(schema).iter_errors(record)] == []


def test_its_summary_and_its_errors_are_valid(api: Standin) -> None:
    validator("llm_organization_summary").validate(body(api, "/usage/llm/organization/1/summary"))
    for target, status in [("/usage/llm/1", 404), ("/usage", 404), ("/usage/llm?org_id=x", 400)]:
        answer = ask(api, target)
        assert answer.status == status
        validator("error").validate(json.loads(answer.body))


def test_a_listed_record_is_fetched_by_its_id(api: Standin) -> None:
    for record in body(api, "/usage/llm?org_id=3&start_date=2025-06-01"):
        assert body(api, f"/usage/llm/{record['id']}") == record


def test_a_window_has_what_lies_in_it(api: Standin) -> None:
    everything = body(api, "/usage/llm?org_id=1&end_date=2027-01-01")
    start, end = stamp(millis(NOW) - 100 * DAY), stamp(millis(NOW) - 70 * DAY)
    inside = [record for record in everything if start <= record["runCreatedAt"] <= end]
    assert 100 < len(inside) < len(everything) / 5
    assert body(api, f"/usage/llm?org_id=1&start_date={start}&end_date={end}") == inside


def test_the_default_window_is_this_month(api: Standin) -> None:
    assert body(api, "/usage/llm") == body(api, "/usage/llm?org_id=1&start_date=2026-05-01&end_date=2026-05-20")


@pytest.mark.parametrize("daily", [12, 400], ids=["quiet", "busy"])
def test_a_summary_is_the_sum_of_its_list(daily: int) -> None:
    api = Standin(now=lambda: millis(NOW), daily={1: daily, 2: 1})
    for window in ["", "?start_date=2026-04-11T10:00:00Z", "?start_date=2026-04-11T10:00:00Z&end_date=2026-05-02"]:
        listed = body(api, f"/usage/llm{window or '?'}&org_id=1")
        total = body(api, f"/usage/llm/organization/1/summary{window}")
        assert total["credits"] == pytest.approx(sum(record["credits"] for record in listed), abs=1e-6)


def test_tasks_divide_matching_usage(api: Standin) -> None:
    both = body(api, "/usage/matching?org_id=1")
    tasks = {task: body(api, f"/usage/matching?org_id=1&task={task}") for task in ("IDR", "CDM")}
    assert {name: [record for record in both if record["task"] == name] for name in tasks} == tasks
    assert all(tasks.values())


def test_only_its_key_is_accepted_by_either_scheme(server: Server) -> None:
    server.standin = Standin()
    url = f"{server.url}/usage/matching"
    assert requests.get(url, auth=(KEY, ""), timeout=5).status_code == 200
    assert requests.get(url, headers=BASIC, timeout=5).status_code == 200
    assert [requests.get(url, auth=auth, timeout=5).status_code for auth in [None, ("x", "")]] == [401, 401]
    assert server.standin.wrong_keys == 1


def test_an_unknown_record_has_the_recorded_error_body(api: Standin) -> None:
    sentence = "The requested resource could not be found."
    answer = ask(api, "/usage/llm/1")
    assert json.loads(answer.body) == {"error": "not_found", "errorDescription": sentence, "code": 404}
    assert ask(api, "/usage/llm/1", Authorization="").headers["WWW-Authenticate"]


def test_the_tables_name_each_case_once() -> None:
    for table in (DEVIATIONS, VARIATIONS):
        ids = [each.id for each in table]
        assert len(set(ids)) == len(ids)


def standin(**more: Any) -> Standin:
    return Standin(
        **{"now": lambda: millis(NOW), "daily": {1: 1.5, 2: 1, 3: 1}, "daily_matching": {1: 1.5, 2: 1, 3: 1}} | more
    )


def around_a_run() -> Iterator[Request]:
    """Yield windows that begin or end some minutes before or after a run, written with an offset as well."""
    paths = {LLM: ["/usage/llm?", "/usage/llm/organization/1/summary?"], MATCHING: ["/usage/matching?"]}
    for kind, targets in paths.items():
        for run in standin().select(Question(kind, org=1))[-30:-24]:
            for moment in (
                stamp(run.at - HOUR // 3),
                stamp(run.at + HOUR // 3),
                stamp(run.at).replace("Z", "%2B01:00"),
            ):
                for target in targets:
                    yield Request("GET", f"{target}start_date={moment}", BASIC)
                    yield Request("GET", f"{target}end_date={moment}", BASIC)


def questions() -> Iterator[Request]:
    """Yield requests of which every deviation answers one or another wrongly."""
    day, hour = "2026-05-13", "T15:30:00Z"
    dates = ["", f"start_date=2025-07-01{hour}&end_date={day}{hour}", f"start_date=2025-07-01{hour}",
             f"start_date={day}{hour}&end_date=2027-01-01", f"end_date={day}{hour}", "start_date=2027-01-01",
             f"start_date=2025-07-01{hour}&end_date=2026-05-01{hour}",
             f"start_date=2026-05-11{hour}&end_date={day}{hour}",
             f"start_date={day}T15:30:00%2B02:00", f"end_date={day}T15:30:00%2B02:00"]  # fmt: skip
    yield from (Request("GET", target, {}) for target in ["/usage/llm/1", "/usage/llm", "/usage/matching"])
    yield Request("GET", "/usage/llm/organization/1/summary", {})
    yield Request("GET", "/usage/llm", {"Authorization": "Bearer wrong"})
    yield from (Request("GET", f"/usage/llm{end}", BASIC) for end in ["/1", "?org_id=x", "/5924660046", "/abc"])
    for org in (1, 2):
        runs = standin().select(Question(LLM, org=org))
        yield from (Request("GET", f"/usage/llm/{run.id}", BASIC) for run in [runs[0], *runs[-400::19], runs[-1]])
        for window in dates:
            yield Request("GET", f"/usage/llm?org_id={org}&{window}", BASIC)
            yield Request("GET", f"/usage/matching?org_id={org}&{window}", BASIC)
            yield Request("GET", f"/usage/llm/organization/{org}/summary?{window}", BASIC)
    for window in dates:
        for rest in ["task=IDR&org_id=1", "task=CDM&org_id=1", "task=IDR", "task=IDR&org_id=2"]:
            yield Request("GET", f"/usage/matching?{rest}&{window}", BASIC)
        yield Request("GET", f"/usage/llm?{window}", BASIC)
    yield from around_a_run()
    for target in ("/usage/llm?org_id=1", "/usage/matching?org_id=1", "/usage/llm/organization/1/summary"):
        yield Request("GET", target, BASIC)
        yield Request("GET", target, {})  # after it was answered to the key


def told(api: Standin, request: Request) -> tuple[int, bytes, dict[str, str]]:
    answer = api.respond(request)
    headers = {name: value for name, value in answer.headers.items() if name != "X-Request-Id"}
    if headers.get("X-RateLimit-Remaining", "").isdecimal():
        headers["X-RateLimit-Remaining"] = "some"
    return answer.status, answer.body, headers


@pytest.fixture(scope="module")
def right_answers() -> list[tuple[Request, tuple[int, bytes, dict[str, str]]]]:
    api = standin()
    return [(request, told(api, request)) for request in questions()]


SHOWN_BY_THE_CHECK = {"combinations", "cuts", "late", "refusals", "replicas"}
"""The modules whose deviations need keys, orders or windows of the check's own: test_check_mutations.py shows them."""
SHOWN_BY_QUESTIONS = [
    each for each in DEVIATIONS if each.function.__module__.rpartition(".")[2] not in SHOWN_BY_THE_CHECK
]


@pytest.mark.parametrize("deviation", SHOWN_BY_QUESTIONS, ids=lambda deviation: deviation.id)
def test_a_deviation_shows_in_some_answer(deviation: Deviation, right_answers: Any) -> None:
    api = deviation.bend(standin(**deviation.circumstances))
    if deviation.circumstances:
        right = standin(**deviation.circumstances)
        right_answers = ((request, told(right, request)) for request in questions())
    assert any(told(api, request) != answer for request, answer in right_answers), deviation.wrong
