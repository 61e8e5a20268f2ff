"""The fake behaves as chosen where the documentation leaves room: each answer by itself, and any of them together."""

from __future__ import annotations

import json
from collections import OrderedDict
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta, timezone
from decimal import ROUND_HALF_EVEN, Decimal
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import requests
from click.testing import CliRunner
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from civis_usage.commands.serve import serve
from civis_usage.fixtures.fake_server import UsageServer
from civis_usage.mock_server import server
from civis_usage.mock_server.app import create_app
from civis_usage.mock_server.settings import Settings
from civis_usage.schemas import load, swagger, validator
from civis_usage.schemas.behavior import (
    DEFAULT,
    QUESTIONS,
    InvalidBehavior,
    differences,
    parse,
    read_file,
    resolve,
)

from .serve_process import serving

NOW = "2026-04-20T12:00:00Z"
KEY = {"Authorization": "Bearer a-key-of-the-tests"}
RECORDS: tuple[dict[str, Any], ...] = (
    {"id": 30, "organization_id": 1, "run_created_at": "2026-02-10T08:00:00Z", "credits": 0.125},
    {"id": 10, "organization_id": 1, "run_created_at": "2026-04-01T03:00:00Z", "credits": 0.0375},
    {"id": 20, "organization_id": 1, "run_created_at": "2026-04-17T00:00:00Z", "credits": 1.0051},
    {"id": 40, "organization_id": 1, "run_created_at": "2026-04-17T15:00:00Z", "credits": 0.0004},
    {"id": 50, "organization_id": 2, "run_created_at": "2026-04-18T09:00:00Z", "credits": 3},
    {"run_id": 7, "organization_id": 1, "run_created_at": "2026-03-05T09:00:00Z", "task": "IDR"},
    {"run_id": 3, "organization_id": 1, "run_created_at": "2026-04-10T09:00:00Z", "task": "CDM"},
    {"run_id": 9, "organization_id": 2, "run_created_at": "2026-04-11T09:00:00Z", "task": "IDR"},
)
FEBRUARY = "2026-02-01T00:00:00Z"
APRIL = "2026-04-01T00:00:00Z"
THE_17TH = "2026-04-17T00:00:00Z"


def client_of(behavior: dict[str, Any], **more: Any) -> Any:
    return create_app(
        Settings(**{"now": NOW, "generated": False, "data": RECORDS, "behavior": behavior, **more})
    ).test_client()


def seen(client: Any, path: str) -> Any:
    """Return the ids of a list (run ids for matching), the credits of a summary, a record, or an error's status."""
    answer = client.get(path, headers=KEY)
    if answer.status_code != 200:
        validator("error").validate(answer.json)
        assert answer.json["code"] == answer.status_code
        return answer.status_code
    if isinstance(answer.json, list):
        return [record.get("id", record["runId"]) for record in answer.json]
    return answer.json["credits"]


SUMMARY = "/usage/llm/organization/{}/summary"
ALL_OF_1 = f"/usage/llm?org_id=1&start_date={FEBRUARY}"
UNTIL_17TH = f"/usage/llm?start_date={APRIL}&end_date={THE_17TH}"
EFFECTS: tuple[tuple[str, Any, str, Any], ...] = (
    ("start_bound", "inclusive", f"/usage/llm?start_date={THE_17TH}", [40, 20]),
    ("start_bound", "exclusive", f"/usage/llm?start_date={THE_17TH}", [40]),
    ("start_bound", "exclusive", "/usage/llm?start_date=2026-04-16T23:59:59.9995Z", [40, 20]),
    ("end_bound", "inclusive", UNTIL_17TH, [20, 10]),
    ("end_bound", "exclusive", UNTIL_17TH, [10]),
    ("end_bound", "exclusive", UNTIL_17TH.replace("00Z", "00.0005Z"), [20, 10]),
    ("end_bound", "exclusive", f"{SUMMARY.format(1)}?start_date={APRIL}&end_date={THE_17TH}", 0.0375),
    ("default_window_offset", "+00:00", "/usage/llm", [40, 20, 10]),
    ("default_window_offset", "-06:00", "/usage/llm", [40, 20]),
    ("default_window_offset", "-06:00", SUMMARY.format(1), 1.0055),
    ("matching_default_window", "open", "/usage/matching", [3, 7]),
    ("matching_default_window", "month_so_far", "/usage/matching", [3]),
    ("matching_default_window", 9, "/usage/matching", []),
    ("matching_default_window", 20, "/usage/matching", [3]),
    ("local_offset", "+00:00", "/usage/llm?start_date=2026-04-17", [40, 20]),
    ("local_offset", "-06:00", "/usage/llm?start_date=2026-04-17", [40]),
    ("local_offset", "+09:30", "/usage/llm?start_date=2026-04-01T12:30:00", [40, 20, 10]),
    ("local_offset", "+09:30", f"/usage/llm?start_date={THE_17TH}", [40, 20]),
    ("date_as_start", "start_of_day", "/usage/llm?start_date=2026-04-17", [40, 20]),
    ("date_as_start", "unreadable", "/usage/llm?start_date=2026-04-17", 400),
    ("date_as_start", "unreadable", f"/usage/llm?start_date={THE_17TH}", [40, 20]),
    ("date_as_end", "start_of_day", f"/usage/llm?start_date={APRIL}&end_date=2026-04-17", [20, 10]),
    ("date_as_end", "end_of_day", f"/usage/llm?start_date={APRIL}&end_date=2026-04-17", [40, 20, 10]),
    ("date_as_end", "unreadable", f"/usage/llm?start_date={APRIL}&end_date=2026-04-17", 400),
    ("start_alone", "open", f"/usage/llm?start_date={THE_17TH}", [40, 20]),
    ("start_alone", "bad_request", f"/usage/llm?start_date={THE_17TH}", 400),
    ("start_alone", "bad_request", UNTIL_17TH, [20, 10]),
    ("end_alone", "open", f"/usage/llm?end_date={THE_17TH}", [20, 10, 30]),
    ("end_alone", "month_so_far", f"/usage/llm?end_date={THE_17TH}", [20, 10]),
    ("end_alone", "month_so_far", "/usage/llm?end_date=2026-02-28T00:00:00Z", []),
    ("end_alone", "month_of_end", f"/usage/llm?end_date={THE_17TH}", [20, 10]),
    ("end_alone", "month_of_end", "/usage/llm?end_date=2026-02-28T00:00:00Z", [30]),
    ("end_alone", "month_of_end", "/usage/llm?end_date=0001-01-01T00:00:00Z", []),
    ("end_alone", 1, f"/usage/llm?end_date={THE_17TH}", [20]),
    ("end_alone", 16, f"/usage/llm?end_date={THE_17TH}", [20, 10]),
    ("end_alone", "bad_request", f"/usage/llm?end_date={THE_17TH}", 400),
    ("end_alone", "bad_request", f"/usage/matching?end_date={THE_17TH}", 400),
    ("start_after_end", "empty", f"/usage/llm?start_date={THE_17TH}&end_date={APRIL}", []),
    ("start_after_end", "bad_request", f"/usage/llm?start_date={THE_17TH}&end_date={APRIL}", 400),
    ("start_after_end", "bad_request", f"/usage/llm?start_date={THE_17TH}&end_date={THE_17TH}", [20]),
    ("org_id_omitted", "own_organization", "/usage/llm", [40, 20, 10]),
    ("org_id_omitted", "all_organizations", "/usage/llm", [50, 40, 20, 10]),
    ("org_id_omitted", "all_organizations", "/usage/matching", [9, 3, 7]),
    ("org_id_omitted", "all_organizations", "/usage/matching?task=IDR", [9, 7]),
    ("foreign_organization", "served", "/usage/llm?org_id=2", [50]),
    ("foreign_organization", "not_found", "/usage/llm?org_id=2", 404),
    ("foreign_organization", "not_found", SUMMARY.format(2), 404),
    ("foreign_organization", "not_found", "/usage/llm/50", 404),
    ("foreign_organization", "not_found", "/usage/llm/40", 0.0004),
    ("foreign_organization", "forbidden", "/usage/llm?org_id=2", 403),
    ("foreign_organization", "forbidden", SUMMARY.format(2), 403),
    ("foreign_organization", "forbidden", "/usage/llm/50", 403),
    ("foreign_organization", "forbidden", "/usage/llm/51", 404),
    ("foreign_organization", "empty", "/usage/llm?org_id=2", []),
    ("foreign_organization", "empty", SUMMARY.format(2), 0),
    ("foreign_organization", "empty", "/usage/llm/50", 404),
    ("foreign_organization", "empty", "/usage/matching?org_id=1", [3, 7]),
    ("unknown_organization_in_list", "empty", "/usage/llm?org_id=99", []),
    ("unknown_organization_in_list", "not_found", "/usage/llm?org_id=99", 404),
    ("unknown_organization_in_list", "forbidden", "/usage/matching?org_id=99", 403),
    ("unknown_organization_in_summary", "not_found", SUMMARY.format(99), 404),
    ("unknown_organization_in_summary", "zero", SUMMARY.format(99), 0),
    ("unknown_organization_in_summary", "forbidden", SUMMARY.format(99), 403),
    ("summary_without_usage", "zero", f"{SUMMARY.format(1)}?start_date=2026-04-18", 0),
    ("summary_without_usage", "not_found", f"{SUMMARY.format(1)}?start_date=2026-04-18", 404),
    ("summary_without_usage", "not_found", SUMMARY.format(1), 1.043),
    *(
        ("unreadable_parameter", answer, f"{path}{parameter}", expected)
        for path, parameter in (
            ("/usage/llm", "?org_id=abc"),
            ("/usage/llm", "?start_date=tomorrow"),
            ("/usage/llm", "?org_id="),
            ("/usage/llm", "?end_date=2026-02-30"),
        )
        for answer, expected in {
            "bad_request": 400,
            "unprocessable_entity": 422,
            "not_found": 404,
            "ignored": [40, 20, 10],
            "matches_nothing": [],
        }.items()
    ),
    ("unreadable_parameter", "ignored", "/usage/matching?task=XYZ", [3, 7]),
    ("unreadable_parameter", "matches_nothing", "/usage/matching?task=XYZ", []),
    ("unreadable_parameter", "matches_nothing", f"{SUMMARY.format(1)}?end_date=tomorrow", 0),
    ("unreadable_parameter", "ignored", "/usage/llm/abc", 404),
    ("blank_in_date_time", "unreadable", "/usage/llm?start_date=2026-04-17 00:00:00", 400),
    ("blank_in_date_time", "read", "/usage/llm?start_date=2026-04-17 00:00:00", [40, 20]),
    ("blank_in_date_time", "read", "/usage/llm?start_date=2026-04-17 02:00:00.5%2B02:00", [40]),
    ("blank_in_date_time", "read", "/usage/llm?start_date=2026-04-17 whenever", 400),
    ("record_decimals", "all", "/usage/llm/20", 1.0051),
    ("record_decimals", 2, "/usage/llm/20", 1.01),
    ("record_decimals", 2, "/usage/llm/40", 0),
    ("record_decimals", 3, "/usage/llm/10", 0.038),
    ("record_decimals", 2, SUMMARY.format(1), 1.043),
    ("summary_decimals", "all", SUMMARY.format(1), 1.043),
    ("summary_decimals", 2, SUMMARY.format(1), 1.04),
    ("list_order", "newest_first", ALL_OF_1, [40, 20, 10, 30]),
    ("list_order", "oldest_first", ALL_OF_1, [30, 10, 20, 40]),
    ("list_order", "highest_id_first", ALL_OF_1, [40, 30, 20, 10]),
    ("list_order", "lowest_id_first", ALL_OF_1, [10, 20, 30, 40]),
    ("list_order", "lowest_id_first", "/usage/matching", [3, 7]),
    ("list_order", "highest_id_first", "/usage/matching", [7, 3]),
)
"""A question, an answer, a request, and what comes of it."""


@pytest.mark.parametrize(("question", "answer", "path", "expected"), EFFECTS)
def test_an_answer_has_its_effect(question: str, answer: Any, path: str, expected: Any) -> None:
    assert seen(client_of({question: answer}), path) == expected


@pytest.mark.parametrize("question", QUESTIONS.values(), ids=lambda each: each.id)
def test_every_answer_has_an_example_and_makes_a_difference(question: Any) -> None:
    examples = [(answer, path, expected) for id_, answer, path, expected in EFFECTS if id_ == question.id]
    values = {answer for answer, _, _ in examples}
    assert {each.value for each in question.answers if each.value is not None} <= values
    if any(each.value is None for each in question.answers):
        assert values - {each.value for each in question.answers}, "no example for a value of the range"
    for value in values - {question.default}:
        assert any(seen(client_of({}), path) != expected for answer, path, expected in examples if answer == value), (
            f"{value} is as the default"
        )


def test_a_record_in_a_list_is_rounded_as_by_id() -> None:
    client = client_of({"record_decimals": 2})
    listed = client.get(ALL_OF_1, headers=KEY).json
    assert [each["credits"] for each in listed] == [0.0, 1.01, 0.04, 0.12]
    assert all(client.get(f"/usage/llm/{each['id']}", headers=KEY).json == each for each in listed)


def test_credits_are_rounded_wherever_a_long_list_is_cut() -> None:
    record = {"organization_id": 1, "credits": 0.123456, "model_id": 'a"credits":1.23456,' * 9}
    data = [{"id": number, **record} for number in range(1, 4000)]
    listed = client_of({"record_decimals": 2}, data=data).get("/usage/llm", headers=KEY)
    assert len(listed.data) > 1 << 20
    assert {each["credits"] for each in listed.json} == {0.12}
    assert {each["modelId"] for each in listed.json} == {record["model_id"]}


# -- any behavior ------------------------------------------------------------------------------------------------------


def answers(id_: str) -> st.SearchStrategy[Any]:
    """Draw an answer to a question: each of its words as often as any of its numbers, or of its offsets."""
    words = [each.value for each in QUESTIONS[id_].answers if each.value is not None]
    others = [value for value in QUESTIONS[id_].values if value not in words]
    return st.one_of([st.just(word) for word in words] + [st.sampled_from(others)] * bool(others))


BEHAVIORS = st.fixed_dictionaries({}, optional={id_: answers(id_) for id_ in QUESTIONS})
ORGANIZATIONS = {1: 3, 2: 2}


@cache
def everything() -> dict[str, list[dict[str, Any]]]:
    """Return all records of a small world, generated and loaded, until now."""
    fake = create_app(mixed({})).extensions["civis_usage"]
    return {
        kind: [
            record
            for org in ORGANIZATIONS
            for record in json.loads(b"".join(fake.world.pieces(kind, org, now=fake.clock.now())))
        ]
        for kind in ("llm", "matching")
    }


def mixed(behavior: dict[str, Any]) -> Settings:
    since = datetime(2026, 2, 20).date()
    return Settings(now=NOW, organizations=ORGANIZATIONS, since=since, data=RECORDS, behavior=behavior)


EXACT = [record["run_created_at"] for record in RECORDS]
DATES = st.none() | st.sampled_from(
    [
        *EXACT,
        "2026-04-17T00:00:00.0004Z",
        "2026-04-16T23:59:59.9999Z",
        "2026-04-17",
        "2026-04-18",
        "2026-03-01",
        "2026-04-17T00:00:00",
        "2026-04-17T09:00:00+09:00",
        "2026-04-17 00:00:00",
        "2026-03-31 21:00:00-06:00",
        "tomorrow",
        "",
    ]
)
REQUESTS = st.fixed_dictionaries(
    {
        "kind": st.sampled_from(["llm", "matching", "summary"]),
        "org_id": st.sampled_from([None, "1", "1", "2", "99", "abc", ""]),
        "start_date": DATES,
        "end_date": DATES,
        "task": st.sampled_from([None, None, "IDR", "XYZ"]),
    }
)


Bound = tuple[datetime, bool] | None
"""An end of a window, and whether it belongs to it."""


class Model:
    """What a behavior means, said once more: over all records, one by one, in Python's datetimes."""

    def __init__(self, behavior: dict[str, Any], request: dict[str, Any]) -> None:
        self.behavior = {**DEFAULT, **behavior}
        self.request = request
        self.now = datetime.fromisoformat(NOW)
        self.matches = True

    def expected(self) -> int | list[dict[str, Any]] | Decimal:
        """Return the records of a list, the credits of a summary, or an error's status."""
        kind, behavior = self.request["kind"], self.behavior
        try:
            start, end = (self.read(self.date, name) for name in ("start_date", "end_date"))
            task = self.read(self.task, "task") if kind == "matching" else None
            organizations = self.organizations()
            first, last = self.window(start, end)
        except Refused as refused:
            return refused.status
        found = [
            record
            for record in everything()["matching" if kind == "matching" else "llm"]
            if self.matches
            and record["organizationId"] in organizations
            and (task is None or record["task"] == task)
            and within(datetime.fromisoformat(record["runCreatedAt"]), first, last)
        ]
        if kind == "summary":
            if not found and organizations and behavior["summary_without_usage"] == "not_found":
                return 404
            total = sum((Decimal(str(record["credits"])) for record in found), Decimal(0))
            return rounded(total, behavior["summary_decimals"])
        number = "runId" if kind == "matching" else "id"
        if behavior["list_order"] in ("newest_first", "oldest_first"):
            found.sort(key=lambda record: (record["runCreatedAt"], record[number]))
        else:
            found.sort(key=lambda record: record[number])
        if behavior["list_order"] in ("newest_first", "highest_id_first"):
            found.reverse()
        if kind == "matching":
            return found
        decimals = behavior["record_decimals"]
        return [{**each, "credits": float(rounded(Decimal(str(each["credits"])), decimals))} for each in found]

    def read(self, reading: Callable[[str, str], Any], name: str) -> Any:
        text = self.request[name]
        if text is None:
            return None
        try:
            return reading(name, text)
        except ValueError:
            statuses = {"bad_request": 400, "unprocessable_entity": 422, "not_found": 404}
            meaning = self.behavior["unreadable_parameter"]
            if meaning in statuses:
                raise Refused(statuses[meaning]) from None
            self.matches &= meaning == "ignored"
            return None

    def date(self, name: str, text: str) -> datetime:
        is_date = len(text) == 10
        if is_date and self.behavior["date_as_start" if name == "start_date" else "date_as_end"] == "unreadable":
            raise ValueError(text)
        if " " in text and self.behavior["blank_in_date_time"] == "unreadable":
            raise ValueError(text)
        read = datetime.fromisoformat(text)
        if is_date and name == "end_date" and self.behavior["date_as_end"] == "end_of_day":
            read = read.replace(hour=23, minute=59, second=59, microsecond=999000)
        return read if read.tzinfo else read.replace(tzinfo=self.zone("local_offset"))

    @staticmethod
    def task(name: str, text: str) -> str:
        if text not in ("IDR", "CDM"):
            raise ValueError(text)
        return text

    @staticmethod
    def integer(name: str, text: str) -> int:
        return int(text)

    def zone(self, question: str) -> timezone:
        return timezone(datetime.strptime(self.behavior[question], "%z").utcoffset() or timedelta())

    def organizations(self) -> set[int]:
        in_summary = self.request["kind"] == "summary"
        mine = {1: "served", 2: self.behavior["foreign_organization"]}
        org = int(self.request["org_id"]) if in_summary else self.read(self.integer, "org_id")
        if org is None:
            everybody = self.behavior["org_id_omitted"] == "all_organizations"
            return {1, *(each for each, meaning in mine.items() if everybody and meaning == "served")}
        unknown = self.behavior[f"unknown_organization_in_{'summary' if in_summary else 'list'}"]
        meaning = mine.get(org, unknown)
        if meaning in ("not_found", "forbidden"):
            raise Refused(404 if meaning == "not_found" else 403)
        return {org} if meaning == "served" else set()

    def window(self, start: datetime | None, end: datetime | None) -> tuple[Bound, Bound]:
        behavior, zone = self.behavior, self.zone("default_window_offset")
        if not self.matches:
            return None, None
        this_month = self.now.astimezone(zone).replace(day=1, hour=0, minute=0, second=0)
        if start is None and end is None:
            days = behavior["matching_default_window"]
            if self.request["kind"] != "matching" or days == "month_so_far":
                return (this_month, True), None
            return (None if days == "open" else (self.now - timedelta(days), True)), None
        if start is not None and end is not None and start > end and behavior["start_after_end"] == "bad_request":
            raise Refused(400)
        if "bad_request" in (end is None and behavior["start_alone"], start is None and behavior["end_alone"]):
            raise Refused(400)
        last = None if end is None else (end, behavior["end_bound"] == "inclusive")
        if start is not None:
            return (start, behavior["start_bound"] == "inclusive"), last
        assert end is not None
        match behavior["end_alone"]:
            case "month_so_far":
                return (this_month, True), last
            case "month_of_end":
                return (end.astimezone(zone).replace(day=1, hour=0, minute=0, second=0, microsecond=0), True), last
            case int() as days:
                return (end - timedelta(days), True), last
        return None, last


def within(at: datetime, start: Bound, end: Bound) -> bool:
    after = start is None or at > start[0] or (at == start[0] and start[1])
    return after and (end is None or at < end[0] or (at == end[0] and end[1]))


class Refused(Exception):  # noqa: N818  an answer
    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


def rounded(amount: Decimal, decimals: Any) -> Decimal:
    if decimals == "all":
        return amount
    return amount.quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_EVEN)


@settings(max_examples=100, deadline=None, database=None, suppress_health_check=list(HealthCheck))
@given(behavior=BEHAVIORS, requests=st.lists(REQUESTS, min_size=1, max_size=12))
def test_any_behavior_is_coherent_and_valid(behavior: dict[str, Any], requests: list[dict[str, Any]]) -> None:
    client = create_app(mixed(behavior)).test_client()
    for request in requests:
        if request["kind"] == "summary":
            request["org_id"] = request["org_id"] if request["org_id"] in ("1", "2", "99") else "1"
        expected = Model(behavior, request).expected()
        given_ = {name: text for name, text in request.items() if text is not None and name != "kind"}
        kind = request["kind"]
        path = SUMMARY.format(given_.pop("org_id")) if kind == "summary" else f"/usage/{kind}"
        if kind != "matching":
            given_.pop("task", None)
        answer = client.get(path, query_string=given_, headers=KEY)
        event(f"{kind} {answer.status_code}")
        if isinstance(expected, int):
            assert answer.status_code == expected, (request, answer.data)
            validator("error").validate(answer.json)
        elif isinstance(expected, Decimal):
            assert answer.json == {"credits": float(expected), "organizationId": int(request["org_id"])}, request
            validator("llm_organization_summary").validate(answer.json)
        else:
            assert answer.json == expected, request
            for record in expected[:3]:
                validator(f"{kind}_usage").validate(record)
                if kind == "llm":
                    assert client.get(f"/usage/llm/{record['id']}", headers=KEY).json == record


# -- the real client ---------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def civis_client() -> Iterator[Callable[[str], Any]]:
    """Return a function that makes a ``civis.APIClient`` of a base URL."""
    import civis

    spec = json.loads(json.dumps(swagger()), object_pairs_hook=OrderedDict)
    with pytest.MonkeyPatch.context() as patch:

        def client(url: str) -> Any:
            patch.setenv("CIVIS_API_ENDPOINT", url)
            return civis.APIClient(api_key="any-key", local_api_spec=spec)

        yield client


@settings(max_examples=12, deadline=None, database=None, suppress_health_check=list(HealthCheck))
@given(behavior=BEHAVIORS)
def test_the_real_civis_client_works_with_any_behavior(
    civis_client: Callable[[str], Any], behavior: dict[str, Any]
) -> None:
    from civis.base import CivisAPIError

    app = create_app(mixed(behavior))
    window = {"start_date": "2026-04-01T00:00:00.5Z", "end_date": "2026-04-19T00:00:00.5Z"}
    with server.start(app) as running:
        usage = civis_client(running.url).usage
        raw = app.test_client()
        for kind, method in (("llm", usage.list_llm), ("matching", usage.list_matching)):
            direct = raw.get(f"/usage/{kind}", query_string={"org_id": 1, **window}, headers=KEY).json
            assert [each["run_id"] for each in method(org_id=1, **window)] == [each["runId"] for each in direct] != []
        [first, *_] = usage.list_llm(org_id=1, **window)
        assert usage.get_llm(first["id"]) == first
        direct = raw.get(SUMMARY.format(1), query_string=window, headers=KEY).json
        assert usage.get_llm_organization_summary(1, **window)["credits"] == direct["credits"]
        with pytest.warns(FutureWarning, match="get_llm_organization_summary"):
            assert usage.list_llm_organization_summary(1, **window)["credits"] == direct["credits"]
        for path, call in (
            ("/usage/llm", lambda: usage.list_llm(start_date=str(datetime(2026, 4, 1)))),
            ("/usage/matching", lambda: usage.list_matching(org_id=2)),
            (SUMMARY.format(99), lambda: usage.get_llm_organization_summary(99)),
        ):
            query = {"/usage/llm": {"start_date": "2026-04-01 00:00:00"}, "/usage/matching": {"org_id": 2}}
            status = raw.get(path, query_string=query.get(path), headers=KEY).status_code
            if status == 200:
                call()
            else:
                with pytest.raises(CivisAPIError) as raised:
                    call()
                assert raised.value.status_code == status


# -- files, --set and settings -----------------------------------------------------------------------------------------


@settings(max_examples=50, deadline=None, database=None, suppress_health_check=list(HealthCheck))
@given(chosen=BEHAVIORS, version=st.booleans())
def test_a_file_says_what_was_written_and_what_it_lacks_has_its_default(
    tmp_path: Path, chosen: dict[str, Any], version: bool
) -> None:
    lines = [f"{id_} = {json.dumps(value)}  # why" for id_, value in chosen.items()]
    (tmp_path / "behavior.toml").write_text("\n".join(["version = 1"] * version + lines), encoding="utf-8")
    assert read_file(tmp_path / "behavior.toml") == chosen
    assert resolve(chosen) == {**DEFAULT, **chosen}
    assert differences(resolve(chosen)) == {id_: value for id_, value in chosen.items() if value != DEFAULT[id_]}
    assert [parse(f"{id_}={value}") for id_, value in chosen.items()] == [*chosen.items()]


WRONG = (
    ('end_bounds = "exclusive"', "there is no question 'end_bounds': did you mean 'end_bound'?"),
    ('end-bound = "exclusive"', "there is no question 'end-bound': did you mean 'end_bound'?"),
    ("zzz = 1", "there is no question 'zzz': use one of start_bound, end_bound"),
    ('end_bound = "open"', "end_bound cannot be 'open': use inclusive or exclusive"),
    ("record_decimals = 7", "record_decimals cannot be 7: use all or a whole number from 2 to 5"),
    ("record_decimals = 6", "record_decimals cannot be 6: use all or"),
    ("record_decimals = 2.0", "record_decimals cannot be 2.0: use all or"),
    ("end_alone = 0", "end_alone cannot be 0: use open, month_so_far, month_of_end, a whole number of days from 1 to"),
    ("end_alone = true", "end_alone cannot be True: use open"),
    (
        'local_offset = "+14:30"',
        "local_offset cannot be '+14:30': use an offset from -12:00 to +14:00 in quarters of an hour, such as -06:00",
    ),
    ('local_offset = "+05:20"', "local_offset cannot be '+05:20': use"),
    ('local_offset = "-00:00"', "local_offset cannot be '-00:00': use"),
    ('local_offset = "+05:30\\n"', "local_offset cannot be '+05:30\\n': use"),
    ("local_offset = 02:00:00", "local_offset cannot be datetime.time(2, 0): use"),
    ('[list_order]\nis = "newest_first"', "list_order cannot be {'is': 'newest_first'}: use newest_first, oldest"),
    ("guessed = 1", "guessed cannot be 1: write it as a table, [guessed]"),
    ("[guessed]\nend_bound = 1", "end_bound cannot be 1: use inclusive or exclusive"),
    ("observed = 1", "observed cannot be 1: write it as a table, [observed]"),
    (
        "[observed]\nend_bounds = 2026-04-17T17:26:07Z",
        "observed has no question 'end_bounds': did you mean 'end_bound'?",
    ),
    ("[observed]\nend_bound = 2026-04-17T17:26:07Z", "observed.end_bound has no answer: add the answer, or delete its"),
    *(
        (f'end_bound = "inclusive"\n[observed]\nend_bound = {at}', f"observed.end_bound cannot be {shown}: write it as")
        for at, shown in (
            ("2026-04-17", "datetime.date(2026, 4, 17)"),
            ("2026-04-17T17:26:07", "2026-04-17T17:26:07"),
            ('"2026-04-17T17:26:07Z"', "'2026-04-17T17:26:07Z'"),
        )
    ),
    ("version = 2\nthe_future = 1", "version 2 is newer than version 1, the newest that can be read here: upgrade"),
    ('version = "1"', "version cannot be '1': use 1, or leave it out"),
    ("version = 0", "version cannot be 0: use 1"),
    ("end_bound: exclusive", 'is not TOML, such as end_bound = "exclusive"'),
)


@pytest.mark.parametrize(("text", "told"), WRONG)
def test_a_file_that_is_wrong_is_refused_with_one_sentence(tmp_path: Path, text: str, told: str) -> None:
    file = tmp_path / "behavior.toml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(InvalidBehavior) as refused:
        read_file(file)
    assert told in str(refused.value) and str(file) in str(refused.value)
    ended = CliRunner().invoke(serve, ["--behavior", str(file)], terminal_width=400)
    assert (ended.exit_code, told in " ".join(ended.output.split())) == (2, True), ended.output


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("end_bounds=exclusive", "there is no question 'end_bounds': did you mean 'end_bound'?"),
        ("end_bound=open", "end_bound cannot be 'open': use inclusive or exclusive"),
        ("end_alone=1000", "end_alone cannot be 1000: use open"),
        ("end_bound", "'end_bound' has no value: write it as end_bound=exclusive"),
        ("=exclusive", "there is no question ''"),
    ],
)
def test_a_wrong_answer_on_the_command_line_is_wrong_use(text: str, told: str) -> None:
    ended = CliRunner().invoke(serve, ["--set", text], terminal_width=400)
    assert (ended.exit_code, told in " ".join(ended.output.split())) == (2, True), ended.output


def test_a_file_that_is_not_there_or_not_text_is_wrong_use(tmp_path: Path) -> None:
    (tmp_path / "binary").write_bytes(b"\xff\xfe\x00")
    for name, told in (("nothing", "cannot be read: no such file"), ("binary", "is not UTF-8 text: save it as UTF-8")):
        with pytest.raises(InvalidBehavior, match=told):
            read_file(tmp_path / name)


def test_serve_names_what_is_not_the_default_and_set_overrides_the_file(tmp_path: Path) -> None:
    (tmp_path / "behavior.toml").write_text('end_bound = "exclusive"\nstart_bound = "inclusive"\nsummary_decimals = 3')
    options = ("--behavior", "behavior.toml", "--set", "summary_decimals=2", "--set", "list_order=oldest_first")
    with serving(*options, folder=tmp_path) as served:
        health = requests.get(f"{served.url}/_fake/health", timeout=10).json()
        listed = requests.get(f"{served.url}/usage/llm", headers=KEY, timeout=10).json()
    chosen = {"end_bound": "exclusive", "summary_decimals": 2, "list_order": "oldest_first"}
    assert health["behavior"] == chosen
    assert listed == sorted(listed, key=lambda record: record["runCreatedAt"])
    lines = "".join(served.said).splitlines()
    shown = [line[15:].strip() for line in lines[lines.index("  behavior       end_bound=exclusive") :][:3]]
    assert sorted(shown) == sorted(f"{id_}={value}" for id_, value in chosen.items())


def test_settings_and_fixtures_choose_too(tmp_path: Path) -> None:
    (tmp_path / "behavior.toml").write_text("summary_decimals = 2", encoding="utf-8")
    for behavior in ({"summary_decimals": 2}, tmp_path / "behavior.toml", str(tmp_path / "behavior.toml")):
        fake = UsageServer({"behavior": behavior, "now": NOW}).fake
        assert fake.health()["behavior"] == {"summary_decimals": 2}
    with pytest.raises(InvalidBehavior, match="did you mean 'summary_decimals'"):
        UsageServer({"behavior": {"summary_decimal": 2}})


def test_the_list_of_questions_is_a_valid_schema_whose_defaults_are_valid_by_it() -> None:
    schema = load("behavior")
    jsonschema.Draft202012Validator.check_schema(schema)
    judge = jsonschema.Draft202012Validator(schema)
    assert judge.is_valid({"version": 1, **DEFAULT}) and judge.is_valid({})
    assert not judge.is_valid({"end_bounds": "exclusive"}) and not judge.is_valid({"end_bound": "open"})
    for question in QUESTIONS.values():
        assert question.text.endswith("?") and question.evidence.endswith("."), question
        assert all(answer.description and answer.title for answer in question.answers)
