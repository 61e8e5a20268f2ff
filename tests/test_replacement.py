"""What of an answer goes into a recording: each part of it by its own rule."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from civis_usage.client.redaction import Secret
from civis_usage.contract_tests.check_defaults import readings
from civis_usage.contract_tests.recorder import shifts
from civis_usage.recordings.blur import Blur
from civis_usage.recordings.pseudonyms import Pseudonyms
from civis_usage.recordings.replacement import LEFT_OUT, Replacement

RECORD = {
    "id": 702314487,
    "runId": 302144871,
    "jobId": 91834520,
    "userId": 512187654,
    "organizationId": 471100815,
    "runCreatedAt": "2026-04-17T17:26:07.000Z",
    "runTime": 38,
    "credits": 0.4125,
    "inputTokens": 18250,
    "outputTokens": 912,
    "modelId": "anthropic.claude-3-5-sonnet-20240620-v1:0",
}
IDENTIFIERS = ("id", "runId", "jobId", "userId", "organizationId")
BLUR = Blur(days=365, credits=0.75, counts=2_000_000)


def replacing(blur: Blur = Blur(), key: str = "") -> Replacement:  # noqa: B008 - a value
    return Replacement(Pseudonyms(b"s" * 32), blur, Secret(key).redact)


def body_of(value: Any, operation: str = "list_llm", status: int = 200, **more: Any) -> Any:
    return replacing(**more).body(operation, status, json.dumps(value).encode())["body"]


def test_identifiers_are_replaced_and_all_else_stays():
    (replaced,) = body_of([RECORD])
    assert {name for name in RECORD if replaced[name] != RECORD[name]} == set(IDENTIFIERS)
    assert list(replaced) == list(RECORD)


@pytest.mark.parametrize("blur", [Blur(), BLUR], ids=["plain", "blurred"])
@pytest.mark.parametrize("field", [*RECORD, "unheardOf"])
@pytest.mark.parametrize("number", ["1e999", "-1e999"])
def test_a_number_beyond_all_numbers_is_written_as_one_that_json_has(field, number, blur):
    content = json.dumps([RECORD | {field: "here"}]).replace('"here"', number).encode()
    for operation, status in (("list_llm", 200), ("list_matching", 200), ("list_llm", 400)):
        json.dumps(replacing(blur).body(operation, status, content)["body"], allow_nan=False)


def test_a_question_reaches_the_api_with_originals():
    replacement = replacing()
    (replaced,) = replacement.body("list_llm", 200, json.dumps([RECORD]).encode())["body"]
    asked = {"org_id": replaced["organizationId"], "task": "IDR", "start_date": "2026-04-01T00:00:00Z"}
    assert replacement.asked(asked) == asked | {"org_id": 471100815}
    assert replacement.asked({"id": replaced["id"]}) == {"id": 702314487}


def test_an_identifier_is_the_same_in_every_answer():
    replacement = replacing()
    listed = replacement.body("list_llm", 200, json.dumps([RECORD]).encode())["body"][0]
    single = replacement.body("get_llm", 200, json.dumps(RECORD).encode())["body"]
    summary = {"credits": 0.4125, "organizationId": 471100815}
    total = replacement.body("get_llm_organization_summary", 200, json.dumps(summary).encode())["body"]
    assert single == listed
    assert total == {"credits": 0.4125, "organizationId": listed["organizationId"]}


@pytest.mark.parametrize(
    "value", ["Jane Doe", 302144871, 1.5, ["jane@example.com"], {"owner": {"name": "Jane Doe"}}, {"jane": 1}]
)
def test_what_is_not_documented_keeps_its_name_and_its_type_only(value):
    (replaced,) = body_of([RECORD | {"jobOwner": value}])
    assert type(replaced["jobOwner"]) is type(value)
    shown = json.dumps(replaced["jobOwner"])
    assert not [each for each in ("Jane", "jane", "example", "302144871", "1.5") if each in shown], shown


@pytest.mark.parametrize("field", IDENTIFIERS)
@pytest.mark.parametrize("value", ["302144871", "run-abc", 302144871.0, ["302144871"], {"id": 302144871}])
def test_an_identifier_of_a_wrong_type_is_replaced_in_it(field, value):
    (replaced,) = body_of([RECORD | {field: value}])
    assert type(replaced[field]) is type(value)
    assert "302144871" not in json.dumps(replaced[field]) and "run-abc" not in json.dumps(replaced[field])


@pytest.mark.parametrize("field", RECORD)
def test_null_stays_null_and_missing_stays_missing(field):
    assert body_of([RECORD | {field: None}])[0][field] is None
    assert field not in body_of([{name: value for name, value in RECORD.items() if name != field}])[0]


def test_a_sentence_of_the_api_is_left_out():
    error = {"error": "not_found", "errorDescription": "Jane may not see organization 471100815.", "code": 404}
    assert body_of(error, status=404) == {"error": "not_found", "errorDescription": LEFT_OUT, "code": 404}


def test_an_error_of_another_form_keeps_its_form_only():
    replaced = body_of({"message": "Jane Doe", "error": "Not Found", "code": "404"}, status=404)
    assert replaced.keys() == {"message", "error", "code"}
    assert "Jane" not in str(replaced) and replaced["error"] != "Not Found" and " " in replaced["error"]


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (b"", ""),
        (b"<html>Jane Doe</html>", LEFT_OUT),
        (b'[{"id": 302144871', f"[{LEFT_OUT}"),
        (b'{"credits": NaN}', f"{{{LEFT_OUT}"),
        ('["é"]'.encode("latin-1"), f"[{LEFT_OUT}"),
    ],
)
def test_what_is_not_json_is_left_out_and_stays_no_json(content, text):
    assert replacing().body("list_llm", 200, content) == {"text": text}
    with pytest.raises(json.JSONDecodeError):
        json.loads(text)


def test_of_the_headers_the_contract_s_are_kept():
    headers = {
        "Content-Type": "application/json; charset=utf-8",
        "X-RateLimit-Limit": "1000",
        "X-RateLimit-Remaining": "997",
        "WWW-Authenticate": 'Bearer realm="Jane Doe"',
        "Retry-After": "3",
        "Set-Cookie": "session=Jane",
        "Server": "internal-17",
        "Location": "https://jane.example.com/",
        "X-User": "Jane",
    }
    assert replacing().headers(headers) == {
        "content-type": "application/json",
        "x-ratelimit-limit": "1000",
        "x-ratelimit-remaining": "997",
        "www-authenticate": "Bearer",
        "retry-after": "3",
    }


def test_digests_and_ids_in_headers_are_replaced_in_their_form():
    headers = {"ETag": 'W/"00c1a2b3c4d5e6f700c1a2b3c4d5e6f7"', "X-Request-Id": "8a6e0804-2bd0-4672-b79d-d97027f9071a"}
    replaced = replacing().headers(headers)
    assert replaced["etag"].startswith('W/"') and len(replaced["etag"]) == len(headers["ETag"])
    assert replaced["etag"] != headers["ETag"]
    assert replaced["x-request-id"] != headers["X-Request-Id"]
    assert "x-pagination-total-pages" in replacing().headers({"X-Pagination-Total-Pages": "4"})


def test_a_key_that_the_api_echoes_is_hidden():
    key = "0123-a-key-of-somebody"
    replaced = body_of([RECORD | {"modelId": f"model for {key}", key: 1}], key=key)
    assert key not in json.dumps(replaced)
    assert replaced[0]["modelId"] == "model for ***"


# -- blur


def test_a_blurred_record_has_other_times_and_amounts():
    (replaced,) = body_of([RECORD], blur=BLUR)
    assert replaced["runCreatedAt"] == "2025-04-17T17:26:07.000Z"
    assert replaced["credits"] == pytest.approx(0.309375)
    assert (replaced["runTime"], replaced["inputTokens"]) == (76, 36500)
    assert replaced["modelId"] == RECORD["modelId"]


@pytest.mark.parametrize("date", ["2026-04-17T17:26:07.000Z", "2026-04-17T19:26:07+02:00", "2026-04-17"])
def test_a_question_of_a_blurred_recording_asks_for_the_real_time_in_its_notation(date):
    moved = BLUR.moved(date)
    assert moved[:10] == "2025-04-17" and moved[10:] == date[10:]
    assert replacing(BLUR).asked({"start_date": moved}) == {"start_date": date}


@pytest.mark.parametrize("value", ["tomorrow", "2026-02-30T00:00:00Z", None, True])
def test_what_is_no_day_is_not_moved(value):
    assert BLUR.moved(value) == value


@settings(deadline=None)
@given(st.lists(st.integers(0, 2**70), min_size=2, max_size=20, unique=True))
def test_different_counts_stay_different(counts):
    blur = Blur.drawn([31])
    assert len({blur.scaled("inputTokens", each) for each in counts if each < 2**61}) == len(
        [each for each in counts if each < 2**61]
    )


@settings(deadline=None)
@given(st.lists(st.integers(0, 10**9), max_size=50))
def test_a_sum_of_scaled_credits_is_the_scaled_sum(millionths):
    blur = Blur.drawn([31])
    spent = [each / 10**6 for each in millionths]
    scaled = sum(blur.scaled("credits", each) for each in spent)
    assert scaled == pytest.approx(blur.scaled("credits", sum(spent)), rel=1e-9, abs=1e-9)


@settings(deadline=None, max_examples=40)
@given(st.datetimes(datetime(2016, 1, 1), datetime(2060, 1, 1)))
def test_moved_times_keep_what_this_month_and_today_mean_in_every_zone(moment):
    now = int(moment.replace(tzinfo=UTC).timestamp())
    found = shifts(now)
    assert found, "there is always a month to move to"
    for days in (found[0], found[-1]):
        assert 28 <= days <= 5 * 366
        here = [(window.start - days * 86400, window.end - days * 86400) for window in readings(now)]
        assert [(window.start, window.end) for window in readings(now - days * 86400)] == here
    assert (moment - timedelta(days=found[0])).day == moment.day
