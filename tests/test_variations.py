"""Legal variations: each answers with the same usage, keeps the contract, and stays out of what a test looks at."""

from __future__ import annotations

import json
import re
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from civis_usage.client import UsageClient
from civis_usage.fixtures.fake_server import UsageServer
from civis_usage.mock_server import Settings
from civis_usage.mock_server.coverage import read
from civis_usage.mock_server.variations import (
    EXAMPLES,
    VARIATIONS,
    InvalidVariation,
    find,
    from_environment,
    other_answers,
    render,
)
from civis_usage.schemas import validator
from civis_usage.schemas.behavior import DEFAULT, QUESTIONS
from civis_usage.schemas.json_format import encode

NOW = "2026-04-30T12:00:00Z"
WINDOW = {"start_date": "2026-04-20T00:00:00Z", "end_date": "2026-05-01T00:00:00Z"}
RECORD = {"organizationId": 1, "credits": 12.5, "modelId": "R&D <模型>", "runCreatedAt": "2026-04-21T00:00:00.000Z"}
FORMS = [each for each in VARIATIONS.values() if each.changes_bodies]


@pytest.fixture
def server(request: pytest.FixtureRequest) -> Any:
    """Return a function that starts the fake with variations."""
    started = []

    def start(*variations: str, **settings: Any) -> UsageServer:
        started.append(UsageServer(Settings(**{"now": NOW, "variations": variations, **settings})))
        return started[-1]

    yield start
    for each in started:
        each.stop()


def body_of(server: UsageServer, path: str = "/usage/llm", **query: str) -> bytes:
    return server.app.test_client().get(path, query_string=WINDOW | query, auth=("key", "")).get_data()


@pytest.mark.parametrize("variation", FORMS, ids=lambda each: each.id)
def test_a_form_says_the_same_in_other_words(variation: Any, server: Any) -> None:
    plain, varied = server(data=(RECORD,)), server(variation.id, data=(RECORD,))
    for path in ("/usage/llm", "/usage/matching", "/usage/llm/organization/1/summary"):
        before, after = body_of(plain, path), body_of(varied, path)
        if path == "/usage/llm" and variation.id != "whole_credits":
            assert after != before
        records = json.loads(after)
        for record in records if isinstance(records, list) else [records]:
            schema = "matching_usage" if "task" in record else "llm_usage" if "id" in record else SUMMARY
            validator(schema).validate(record)
        documented = _documented(before)
        assert _documented(after) == documented
    if variation.id == "keys_reversed":
        assert list(json.loads(body_of(varied))[0]) == list(json.loads(body_of(plain))[0])[::-1]


SUMMARY = "llm_organization_summary"


def _documented(body: bytes) -> Any:
    """Return a body without additional fields, with exact numbers."""
    value = json.loads(body, parse_float=Decimal)
    records = value if isinstance(value, list) else [value]
    return [{name: each[name] for name in sorted(each) if name not in ("costCenter", "labels")} for each in records]


@pytest.mark.parametrize("amount", [0.0, 5.0, 12.5, -0.25, 1e-7, 1e22, 1_000_000.125])
def test_credits_keep_their_value_however_they_are_written(amount: float) -> None:
    for id_ in ("whole_credits", "exponents"):
        text = render(encode([{"credits": amount}]), [VARIATIONS[id_]])
        assert json.loads(text) == [{"credits": amount}]
    assert render(b'{"credits":12.5}', [VARIATIONS["exponents"]]) == b'{"credits":125e-1}'
    assert render(b'{"credits":5.0}', [VARIATIONS["whole_credits"]]) == b'{"credits":5}'


def test_a_text_that_looks_like_credits_stays() -> None:
    body = encode([{"modelId": '"credits":5.0, "credits" : 1.5', "credits": 2.0}])
    for variation in FORMS:
        assert json.loads(render(body, [variation]))[0]["modelId"] == '"credits":5.0, "credits" : 1.5'


@pytest.mark.parametrize(("id_", "status"), [("one_429", 429), ("one_503", 503)])
def test_trouble_comes_once_to_each_operation_and_is_not_in_the_journal(id_: str, status: int, server: Any) -> None:
    usage = server(id_)
    client = usage.app.test_client()
    for _ in range(2):
        for path in ("/usage/llm", "/usage/matching"):
            statuses = [client.get(path, auth=("key", "")).status_code for _ in range(3)]
            assert statuses == [status, 200, 200]
        assert [call.status for call in usage.journal] == [200] * 4
        assert len(usage.faults) == 0
        usage.reset()


def test_a_test_that_sets_faults_meets_those_alone(server: Any) -> None:
    usage = server("one_429")
    usage.faults.add("list_llm status=500 first=1")
    statuses = [usage.app.test_client().get("/usage/llm", auth=("key", "")).status_code for _ in range(2)]
    assert statuses == [500, 200]


def test_a_429_asks_for_no_wait(server: Any) -> None:
    response = server("one_429").app.test_client().get("/usage/llm", auth=("key", ""))
    assert response.headers["Retry-After"] == "0"


def test_a_late_run_appears_after_the_first_response_of_its_organization(server: Any) -> None:
    usage = server("late_run", data=(RECORD,), generated=False)
    assert len(json.loads(body_of(usage))) == 1
    late = json.loads(body_of(usage))
    assert [each["modelId"] for each in late] == ["a-late-run", RECORD["modelId"]]
    assert late[0]["runCreatedAt"] == "2026-04-30T11:59:59.000Z"
    assert json.loads(body_of(usage, f"/usage/llm/{late[0]['id']}")) == late[0]
    assert json.loads(body_of(usage, "/usage/llm/organization/1/summary"))["credits"] == 13.5
    assert len(usage.fake.loaded()) == 1, "the test's own records are as they were"
    usage.reset()
    assert len(json.loads(body_of(usage))) == 1


def test_large_ids_and_extremes_keep_the_organizations_and_what_a_test_says(server: Any) -> None:
    for id_ in ("large_ids", "extremes"):
        usage = server(id_)
        assert [each.id for each in usage.fake.world.organizations] == [1, 2, 3]
        assert all(each["id"] > 2**62 for each in json.loads(body_of(usage, org_id="2")))
        made = usage.records.llm(id=7, credits=0.5)
        assert (made.id, made.credits) == (7, 0.5)
        assert made.run_id > 2**62
    assert json.loads(body_of(server("large_ids")))[0]["userId"] > 2**62


def test_the_content_type_is_spelled_differently(server: Any) -> None:
    response = server("content_type").app.test_client().get("/usage/llm", auth=("key", ""))
    assert response.headers["Content-Type"] == "application/json;charset=UTF-8"


def test_an_answer_to_an_open_question_is_a_variation(server: Any) -> None:
    usage = server("end_bound=exclusive", behavior={"end_bound": "inclusive", "list_order": "oldest_first"})
    assert (usage.fake.behavior["end_bound"], usage.fake.behavior["list_order"]) == ("exclusive", "oldest_first")
    usage.reset()
    assert usage.fake.behavior["end_bound"] == "exclusive"


def test_the_environment_chooses_it_for_every_fake(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CIVIS_USAGE_VARIATION", "keys_reversed, end_bound=exclusive")
    assert from_environment() == ("keys_reversed", "end_bound=exclusive")
    assert [each.id for each in UsageServer().fake.variations] == ["keys_reversed", "end_bound=exclusive"]
    assert UsageServer(Settings(variations=())).fake.variations == ()


@pytest.mark.parametrize(
    ("id_", "message"),
    [
        ("key_reversed", "there is no variation 'key_reversed': did you mean 'keys_reversed'"),
        ("end_bound=open", "end_bound cannot be 'open': use inclusive or exclusive"),
        ("end_bond=exclusive", "did you mean 'end_bound'"),
        ("bogus", "one_503, slow, or QUESTION=ANSWER, such as end_bound=exclusive"),
        ("list_order", "is a question: name an answer, such as list_order=newest_first, list_order=oldest_first, "),
    ],
)
def test_an_unknown_variation_is_refused_with_a_sentence(id_: str, message: str) -> None:
    with pytest.raises(InvalidVariation, match=message):
        find(id_)


# -- which are met -----------------------------------------------------------------------------------------------------


def test_the_other_answers_to_what_was_looked_up(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CIVIS_USAGE_COVERAGE", str(tmp_path))
    usage = UsageServer({"behavior": {"end_bound": "exclusive"}})
    with UsageClient("key", usage.url) as client:
        client.list_llm(org_id=1, start_date="2026-04-01T00:00:00Z", end_date="2026-04-02T00:00:00Z")
    usage.stop()
    met = read(tmp_path)
    assert met == {
        "list_llm",
        *("start_bound=inclusive", "end_bound=exclusive", "record_decimals=all", "list_order=newest_first"),
    }
    assert [each.id for each in other_answers(met)] == [
        "start_bound=exclusive",
        "end_bound=inclusive",
        "record_decimals=2",
        *("list_order=oldest_first", "list_order=highest_id_first", "list_order=lowest_id_first"),
    ]


def test_each_question_has_another_answer() -> None:
    for question in QUESTIONS.values():
        found = other_answers([f"{question.id}={DEFAULT[question.id]}"])
        assert found, question.id
        ranges = [answer for answer in question.answers if answer.value is None]
        assert bool(ranges) == (question.id in EXAMPLES), question.id


def test_the_guide_names_every_variation() -> None:
    page = (Path(__file__).parent.parent / "docs" / "worlds.md").read_text(encoding="utf-8")
    section = page.partition("\n## What a program assumes\n")[2].partition("\n## ")[0]
    rows = [line.split("|")[1] for line in section.splitlines() if line.startswith("| `") and "=" not in line[:20]]
    assert set(re.findall(r"`([^`=]+)`", " ".join(rows))) == set(VARIATIONS)
