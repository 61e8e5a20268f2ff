"""The sentences of causes, from responses made by hand: what they single out is named, and nothing else."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest

from civis_usage.contract_tests.collect.evidence import Evidence
from civis_usage.contract_tests.collect.interaction import Credentials, Interaction
from civis_usage.contract_tests.config import Config
from civis_usage.contract_tests.results import Verdict
from civis_usage.contract_tests.runner import report
from civis_usage.schemas import OPERATIONS

AT = datetime(2026, 5, 19, 15, 26, 7, tzinfo=UTC)
NOW = int(AT.timestamp())
SUMMARY = "get_llm_organization_summary"
PARAMS: dict[str, dict[str, Any]] = {
    "get_llm": {"id": 7},
    "list_llm": {"org_id": 1, "start_date": "2026-05-01T00:00:00Z", "end_date": "2026-05-10T00:00:00Z"},
    SUMMARY: {"org_id": 1},
    "list_matching": {"org_id": 1, "start_date": "2026-05-01T00:00:00Z", "end_date": "2026-05-10T00:00:00Z"},
}
REFUSED = {"error": "unauthorized", "errorDescription": "The key is missing, or it was refused.", "code": 401}
CHALLENGE = {"www-authenticate": 'Bearer realm="API"'}


def answer(
    operation: str,
    body: Any,
    status: int = 200,
    credentials: Credentials = Credentials.VALID,
    headers: dict[str, str] | None = None,
    **params: Any,
) -> Interaction:
    content = json.dumps(body).encode()
    kind = {"content-type": "application/json"}
    return Interaction(
        operation, params or PARAMS[operation], credentials, AT, status, {**kind, **(headers or {})}, content
    )


def refusal(operation: str, credentials: Credentials, headers: dict[str, str] = CHALLENGE) -> Interaction:
    return answer(operation, REFUSED, 401, credentials, headers)


def run(at: datetime, number: int, **more: Any) -> dict[str, Any]:
    """Return a record of LLM usage of one credit."""
    created = at.strftime("%Y-%m-%dT%H:%M:%S.000Z")
    return {
        "id": number, "runId": number, "jobId": 3, "userId": 4, "organizationId": 1, "runCreatedAt": created,
        "runTime": 60, "credits": 1.0, "inputTokens": 5, "outputTokens": 6, "modelId": "gpt-4o",
    } | more  # fmt: skip


def hourly(hours: int = 240, **more: Any) -> list[dict[str, Any]]:
    """Return runs on the hour from 1 May 2026 on, the newest first."""
    start = datetime(2026, 5, 1, tzinfo=UTC)
    return [run(start + timedelta(hours=hour), 1000 + hour, **more) for hour in reversed(range(hours))]


def within(runs: Iterable[dict[str, Any]], start: str, end: str) -> list[dict[str, Any]]:
    return [each for each in runs if start <= each["runCreatedAt"] <= end]


def listed(body: list[dict[str, Any]], start: str, end: str) -> Interaction:
    return answer("list_llm", body, org_id=1, start_date=start, end_date=end)


def sentences(*answers: Interaction) -> list[str]:
    """Return the causes for which a report fails an API that answered so."""
    numbered = tuple(replace(each, number=number) for number, each in enumerate(answers))
    evidence = Evidence(numbered, NOW, 1262304000, NOW - 86400, (1,))
    made = report(Config("http://127.0.0.1:1", "key", (1,), now=lambda: AT), evidence)
    assert made.unjudged is None
    return [cause.sentence for cause in made.causes if cause.verdict is Verdict.FAILED]


EMPTY = listed([], "2026-05-01T00:00:00Z", "2026-05-10T00:00:00Z")
"""What a right API answers, so that there is something to judge."""


def test_one_operation_that_answers_a_wrong_key_is_named() -> None:
    right = [refusal(name, Credentials.INVALID) for name in OPERATIONS if name != "get_llm"]
    wrong = answer("get_llm", {"id": 7}, credentials=Credentials.INVALID)
    assert sentences(EMPTY, *right, wrong) == ["get_llm answers 200 instead of 401 to a wrong key"]


def test_operations_that_refuse_keys_alike_share_a_sentence() -> None:
    keys = (Credentials.INVALID, Credentials.NONE)
    bare = [refusal(name, key, {}) for name in OPERATIONS for key in keys]
    (sentence,) = sentences(EMPTY, *bare)
    assert sentence.startswith(
        "every operation answers 401 without WWW-Authenticate to a request without a key and to a"
    )


@pytest.mark.parametrize(
    ("body", "said"), [([], "200 with an empty list"), (REFUSED, "200 with an error"), ([{}], "200")], ids=str
)
def test_what_a_wrong_key_gets_is_said(body: Any, said: str) -> None:
    wrong = answer("list_matching", body, credentials=Credentials.INVALID)
    assert sentences(EMPTY, wrong) == [f"list_matching answers {said} instead of 401 to a wrong key"]


def test_a_right_key_that_is_refused_by_bearer_is_said_to_come_after_a_refusal() -> None:
    pair = refusal("list_matching", Credentials.NONE), refusal("list_matching", Credentials.BEARER)
    (sentence,) = sentences(EMPTY, *pair)
    assert sentence.startswith("list_matching answers 401 to the right key, sent as Bearer after the same request")


def test_a_key_that_is_refused_everywhere_after_a_wrong_one_is_one_cause() -> None:
    before = answer("list_matching", [])
    after = [refusal(name, Credentials.BEARER) for name in OPERATIONS] + [refusal("list_llm", Credentials.VALID)]
    wrong = refusal("list_llm", Credentials.INVALID)
    assert sentences(EMPTY, before, wrong, *after) == [
        "every operation refuses the right key (401) after requests without it"
    ]


def test_a_key_that_was_refused_before_any_wrong_one_is_not_said_to_be_refused_after_it() -> None:
    wrong = refusal("list_llm", Credentials.INVALID)
    refused = [refusal(name, Credentials.VALID) for name in OPERATIONS]
    assert not [each for each in sentences(EMPTY, refused[0], wrong, *refused) if "after" in each]


def test_an_end_is_off_by_what_the_records_leave_possible() -> None:
    runs = hourly()
    whole = listed(runs, "2026-05-01T00:00:00Z", "2026-05-11T00:00:00Z")
    cut = [
        listed(within(runs, f"2026-05-02T0{hour}", "2026-05-02T09:30"), f"2026-05-02T0{hour}:00:00Z",
               "2026-05-02T12:00:00Z")
        for hour in (0, 5)
    ]  # fmt: skip
    (sentence,) = sentences(whole, *cut)
    assert sentence.startswith(
        "end_date of list_llm is off by 1 hour to 3 hours: records within the window are missing"
    )


def test_a_field_that_differs_is_followed_by_where_it_is_different() -> None:
    runs, others = hourly(48), hourly(48, jobId=5)
    start, end = "2026-05-01T00:00:00Z", "2026-05-10T00:00:00Z"
    undated = answer("list_llm", others, org_id=1)
    (sentence,) = sentences(listed(runs, start, end), listed(runs, start, "2026-05-09T00:00:00Z"), undated)
    assert sentence == (
        "jobId differs between the responses of list_llm in 48 records: it is different when only org_id is given"
    )


def test_all_records_of_short_windows_are_missing_in_windows_of_that_length() -> None:
    runs = hourly()
    whole = listed(runs, "2026-05-01T00:00:00Z", "2026-05-11T00:00:00Z")
    short = [listed([], f"2026-05-0{day}T00:00:00Z", f"2026-05-0{day}T12:00:00Z") for day in (2, 3)]
    undated = answer("list_llm", runs, org_id=1)
    (sentence,) = sentences(whole, *short, undated)
    assert sentence == "all 22 records are missing in list_llm in windows of at most 1 day"


def test_one_response_to_every_request_ignores_all_that_it_does_not_follow() -> None:
    kept = within(hourly(), "2026-05-03T00", "2026-05-03T04:30")
    windows = [f"2026-05-0{day}T00:00:00Z" for day in range(1, 8)]
    same = [listed(kept, start, end) for start, end in pairwise(windows)]
    (sentence,) = sentences(*same)
    assert sentence.startswith(
        "list_llm ignores start_date and end_date: the same 5 records come to each of 6 requests"
    )


def summed(amount: float, **dates: str) -> Interaction:
    return answer(SUMMARY, {"credits": amount, "organizationId": 1}, org_id=1, **dates)


MAY = {"start_date": "2026-05-01T00:00:00Z", "end_date": "2026-05-11T00:00:00Z"}
FIFTH = {"start_date": "2026-05-05T00:00:00Z", "end_date": "2026-05-11T00:00:00Z"}


def test_a_summary_of_another_start_is_said_to_ignore_it() -> None:
    runs = hourly()
    lists = listed(runs, **_dates(MAY)), listed(within(runs, "2026-05-05", "2026-05-11"), **_dates(FIFTH))
    (sentence,) = sentences(*lists, summed(240, **MAY), summed(240, **FIFTH))
    assert "get_llm_organization_summary ignores start_date" in sentence


def test_summaries_that_are_wrong_alike_are_not_said_to_ignore_a_date() -> None:
    runs = within(hourly(), "2026-05-05", "2026-05-11")  # both windows have the same usage
    lists = listed(runs, **_dates(MAY)), listed(runs, **_dates(FIFTH))
    (sentence,) = sentences(*lists, summed(120, **MAY), summed(120, **FIFTH))
    assert "ignores" not in sentence


def _dates(window: dict[str, str]) -> dict[str, str]:
    return {"start": window["start_date"], "end": window["end_date"]}


def test_a_field_of_a_wrong_type_in_one_list_is_no_run_with_two_values() -> None:
    right = hourly(48)
    wrong = [right[0] | {"jobId": True}, *right[1:]]
    whole = ("2026-05-01T00:00:00Z", "2026-05-04T00:00:00Z")
    (sentence,) = sentences(listed(wrong, *whole), listed(right, *whole))
    assert sentence.startswith("jobId is a boolean instead of an integer in 1 of")


def test_an_api_that_shows_the_end_of_each_window_does_not_ignore_the_start() -> None:
    runs = hourly()

    def clamped(start: str, end: str) -> Interaction:
        return listed(within(runs, start, end)[:48], start, end)

    (sentence, *_) = sentences(
        clamped("2026-05-01T00:30:00Z", "2026-05-09T00:30:00Z"),
        clamped("2026-05-03T00:30:00Z", "2026-05-09T00:30:00Z"),
        clamped("2026-05-02T00:30:00Z", "2026-05-05T00:30:00Z"),
        clamped("2026-05-04T00:30:00Z", "2026-05-05T12:30:00Z"),
    )
    assert "ignores" not in sentence


def test_a_cache_that_forgets_the_start_is_named() -> None:
    runs = hourly()
    kept = within(runs, "2026-05-07T00:30:00Z", "2026-05-09T00:30:00Z")
    (sentence, *_) = sentences(
        listed(kept, "2026-05-07T00:30:00Z", "2026-05-09T00:30:00Z"),
        listed(kept, "2026-05-03T00:30:00Z", "2026-05-09T00:30:00Z"),
        listed(kept, "2026-05-01T00:30:00Z", "2026-05-09T00:30:00Z"),
        listed(
            within(runs, "2026-05-02T00:30:00Z", "2026-05-05T00:30:00Z"), "2026-05-02T00:30:00Z", "2026-05-05T00:30:00Z"
        ),
    )
    assert (
        sentence == "list_llm ignores start_date: the same 48 records come to 3 requests that differ in it (a cache?)"
    )
