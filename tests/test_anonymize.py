"""Anonymizing a recording: what is replaced, what is kept, and what relates before relates afterwards."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from civis_usage.client.redaction import Secret
from civis_usage.contract_tests.collect.interaction import Interaction
from civis_usage.contract_tests.recording.anonymize import PLACEHOLDER, anonymize
from civis_usage.contract_tests.recording.cassette import Recording, render

from .recordings import IDENTIFIERS, RECORD, answered, recording

SECRET, OTHER = b"s" * 32, b"t" * 32
NUMBERS = st.integers(-(2**70), 2**70) | st.integers(0, 300) | st.sampled_from([0, 2**53 - 1, 2**53, 2**63 - 1])
JSON = st.recursive(
    st.none() | st.booleans() | NUMBERS | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


def anonymized(*interactions: Interaction, key: str = "", secret: bytes = SECRET, **more: Any) -> Recording:
    return anonymize(recording(*interactions, **more), redact=Secret(key).redact, secret=secret)


def body_of(value: Any, operation: str = "list_llm", status: int = 200, key: str = "") -> Any:
    (interaction,) = anonymized(answered(value, operation, status), key=key).interactions
    return json.loads(interaction.body)


# -- identifiers


def test_identifiers_are_replaced_and_all_else_stays() -> None:
    (replaced,) = body_of([RECORD])
    assert {name for name in RECORD if replaced[name] != RECORD[name]} == set(IDENTIFIERS)
    assert list(replaced) == list(RECORD)


def test_an_identifier_is_the_same_in_every_response_and_in_the_parameters() -> None:
    done = anonymized(
        answered([RECORD]),
        replace(answered(RECORD, "get_llm"), params={"id": RECORD["id"]}),
        answered({"credits": 0.4125, "organizationId": RECORD["organizationId"]}, "get_llm_organization_summary"),
    )
    (listed,), single, summary = (json.loads(each.body) for each in done.interactions)
    assert single == listed
    assert summary == {"credits": 0.4125, "organizationId": listed["organizationId"]}
    assert [dict(each.params) for each in done.interactions] == [
        {"org_id": listed["organizationId"]},
        {"id": listed["id"]},
        {"org_id": listed["organizationId"]},
    ]
    assert done.organizations == (listed["organizationId"],)


def test_one_number_in_two_fields_gets_two_pseudonyms() -> None:
    (replaced,) = body_of([RECORD | {"jobId": 7, "userId": 7}])
    assert replaced["jobId"] != replaced["userId"]


def test_a_number_that_the_check_made_up_stays() -> None:
    """It asks for it again when the recording is judged."""
    nobody = replace(answered(RECORD | {"id": 999}, "get_llm"), params={"id": 999})
    done = anonymize(recording(nobody), made_up=(999,))
    assert dict(done.interactions[0].params) == {"id": 999}
    assert json.loads(done.interactions[0].body)["id"] == 999


def test_an_organization_that_the_user_named_is_replaced_even_if_no_response_shows_it() -> None:
    done = anonymized(answered([]), organizations=(471100815,))
    assert dict(done.interactions[0].params) == {"org_id": done.organizations[0]} != {"org_id": 471100815}


def test_other_parameters_stay() -> None:
    params = {"org_id": "abc", "start_date": "2026-04-01T00:00:00Z", "task": "IDR"}
    (interaction,) = anonymized(replace(answered([]), params=params)).interactions
    assert dict(interaction.params) == params


@settings(deadline=None)
@given(st.lists(NUMBERS, max_size=50, unique=True))
def test_no_two_identifiers_get_the_same_pseudonym_and_each_keeps_its_sign(numbers: list[int]) -> None:
    replaced = [each["jobId"] for each in body_of([RECORD | {"jobId": number} for number in numbers])]
    assert len(set(replaced)) == len(numbers)
    for number, pseudonym in zip(numbers, replaced, strict=True):
        assert pseudonym != number and (pseudonym < 0) == (number < 0) and abs(pseudonym) < 2**53


@settings(deadline=None)
@given(JSON)
def test_the_same_secret_gives_the_same_pseudonyms_and_every_value_keeps_its_type(value: Any) -> None:
    first, second = (body_of([RECORD | {"more": value}])[0]["more"] for _ in range(2))
    assert first == second
    assert form(first) == form(value)


def form(value: Any) -> Any:
    if isinstance(value, list):
        return [form(item) for item in value]
    return sorted(map(str, map(form, value.values()))) if isinstance(value, dict) else type(value).__name__


def test_another_secret_gives_other_pseudonyms_and_by_default_it_is_random() -> None:
    raw = recording(answered([RECORD]))
    one, other = (anonymize(raw, secret=secret).organizations for secret in (SECRET, OTHER))
    assert one != other
    assert anonymize(raw).organizations != anonymize(raw).organizations


def test_two_names_of_one_unknown_object_do_not_become_one() -> None:
    (replaced,) = body_of([RECORD | {"more": {"a": 1, "b": 2}}])
    assert len(replaced["more"]) == 2


# -- what does not keep the contract


@pytest.mark.parametrize(
    "value", ["Jane Doe", 302144871, 1.5, ["jane@example.com"], {"owner": {"name": "Jane Doe"}}, {"jane": 1}]
)
def test_a_field_that_is_not_documented_keeps_its_name_and_its_type_only(value: Any) -> None:
    (replaced,) = body_of([RECORD | {"jobOwner": value}])
    assert type(replaced["jobOwner"]) is type(value)
    shown = json.dumps(replaced["jobOwner"])
    assert not [each for each in ("Jane", "jane", "example", "302144871", "1.5") if shown == each or each in shown[1:]]


@pytest.mark.parametrize("field", IDENTIFIERS)
@pytest.mark.parametrize("value", ["302144871", "run-abc", 302144871.0, ["302144871"], {"id": 302144871}])
def test_an_identifier_of_a_wrong_type_is_replaced_in_it(field: str, value: Any) -> None:
    (replaced,) = body_of([RECORD | {field: value}])
    assert type(replaced[field]) is type(value)
    assert "302144871" not in json.dumps(replaced[field]) and "run-abc" not in json.dumps(replaced[field])


@pytest.mark.parametrize("field", RECORD)
def test_null_stays_null_and_missing_stays_missing(field: str) -> None:
    assert body_of([RECORD | {field: None}])[0][field] is None
    assert field not in body_of([{name: value for name, value in RECORD.items() if name != field}])[0]


@pytest.mark.parametrize("field", ["credits", "runTime", "inputTokens"])
@pytest.mark.parametrize("value", [-1, 0, 0.5, "0.5", "12"])
def test_an_amount_stays_also_as_text(field: str, value: Any) -> None:
    assert body_of([RECORD | {field: value}])[0][field] == value


@pytest.mark.parametrize("field", ["credits", "runCreatedAt", "task"])
def test_words_in_a_field_of_another_kind_are_replaced(field: str) -> None:
    assert "Jane" not in json.dumps(body_of([RECORD | {field: "Jane Doe"}]))


@pytest.mark.parametrize("literal", ["1e999", "0.10", "5.0", "1E2", "-0.0"])
def test_a_number_keeps_its_notation(literal: str) -> None:
    content = json.dumps([RECORD | {"credits": "here"}]).replace('"here"', literal)
    (interaction,) = anonymized(answered(content.encode())).interactions
    assert f'"credits":{literal},' in interaction.body.decode()


def test_a_name_that_comes_twice_comes_twice() -> None:
    content = b'[{"credits":1,"credits":2,"id":702314487}]'
    (interaction,) = anonymized(answered(content)).interactions
    assert re.fullmatch(r'\[\{"credits":1,"credits":2,"id":[0-9]{16}\}\]', interaction.body.decode())


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (b"", ""),
        (b"<html>Jane Doe</html>", PLACEHOLDER),
        (b'[{"id": 302144871', f"[{PLACEHOLDER}"),
        (b'{"credits": NaN}', f"{{{PLACEHOLDER}"),
        ('["é"]'.encode("latin-1"), f"[{PLACEHOLDER}"),
    ],
)
def test_what_is_not_json_is_left_out_and_stays_not_json(content: bytes, text: str) -> None:
    (interaction,) = anonymized(answered(content)).interactions
    assert interaction.body.decode() == text
    with pytest.raises(json.JSONDecodeError):
        json.loads(text)


# -- errors and headers


def test_a_sentence_of_the_api_is_left_out() -> None:
    error = {"error": "not_found", "errorDescription": "Jane may not see organization 471100815.", "code": 404}
    assert body_of(error, status=404) == {"error": "not_found", "errorDescription": PLACEHOLDER, "code": 404}


def test_an_error_of_another_form_keeps_its_form_only() -> None:
    replaced = body_of({"message": "Jane Doe", "error": "Not Found", "code": "404"}, status=404)
    assert replaced.keys() == {"message", "error", "code"}
    assert "Jane" not in str(replaced) and replaced["error"] != "Not Found" and replaced["code"] != "404"


def test_equal_etags_stay_equal_and_others_do_not() -> None:
    sent = (replace(answered([]), headers={"etag": etag}) for etag in ('W/"1"', 'W/"1"', 'W/"2"'))
    first, same, other = (each.headers["etag"] for each in anonymized(*sent).interactions)
    assert first == same != other


def test_of_the_headers_the_contracts_are_kept_without_what_identifies() -> None:
    headers = {
        "content-type": "application/json; charset=utf-8",
        "cache-control": "public, max-age=60, x-jane",
        "etag": 'W/"00c1a2b3c4d5e6f700c1a2b3c4d5e6f7"',
        "x-request-id": "8a6e0804-2bd0-4672-b79d-d97027f9071a",
        "x-ratelimit-limit": "1000",
        "x-ratelimit-remaining": "997",
        "x-pagination-total-pages": "4",
        "www-authenticate": 'Bearer realm="Jane Doe"',
        "retry-after": "3",
        "set-cookie": "session=Jane",
        "server": "internal-17",
        "location": "https://jane.example.com/",
        "x-user": "Jane",
    }
    (interaction,) = anonymized(replace(answered([]), headers=headers)).interactions
    etag = interaction.headers["etag"]
    assert re.fullmatch('W/"[0-9a-f]{32}"', etag) and etag != headers["etag"]
    assert dict(interaction.headers) == {
        "cache-control": "public, max-age=60, ",
        "content-type": "application/json",
        "etag": etag,
        "x-request-id": PLACEHOLDER,
        "x-ratelimit-limit": "1000",
        "x-ratelimit-remaining": "997",
        "x-pagination-total-pages": PLACEHOLDER,
        "www-authenticate": "Bearer",
        "retry-after": "3",
    }


def test_a_key_that_the_api_echoes_is_hidden() -> None:
    key = "0123-a-key-of-somebody"
    replaced = body_of([RECORD | {"modelId": f"model for {key}", key: 1}], key=key)
    assert key not in json.dumps(replaced)
    assert replaced[0]["modelId"] == "model for ***"


def test_everything_else_of_a_recording_stays() -> None:
    raw = recording(answered([RECORD]), replace(answered(b""), status=None, failure="unreachable"))
    done = anonymize(raw)
    bare = [replace(each, organizations=(), interactions=()) for each in (raw, done)]
    assert bare[0] == bare[1]
    for before, after in zip(raw.interactions, done.interactions, strict=True):
        for name in ("operation", "credentials", "sent_at", "status", "failure"):
            assert getattr(after, name) == getattr(before, name)


# -- wherever somebody's data stand

WORD, NUMBER = "Jane", 4711471147114711
PLANTED = st.recursive(
    st.sampled_from([WORD, f"{WORD} Doe", f"<{NUMBER}>", str(NUMBER), NUMBER, -NUMBER, float(NUMBER)]),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.just(WORD) | st.text(max_size=2), inner, max_size=2),
    max_leaves=4,
)
PLACES = [*IDENTIFIERS, "task", "unheardOf", "error", "errorDescription", "code", "message"]


@settings(deadline=None)
@given(
    st.dictionaries(st.sampled_from(PLACES), PLANTED, min_size=1),
    st.sampled_from(["get_llm", "list_llm", "list_matching", "get_llm_organization_summary"]),
    st.sampled_from([200, 202, 404, 500]),
    st.booleans(),
    st.dictionaries(st.sampled_from(["etag", "x-request-id", "content-type", "www-authenticate", "x-user"]), PLANTED),
)
def test_nothing_of_it_is_in_the_file(
    planted: dict[str, Any], operation: str, status: int, is_list: bool, headers: dict[str, Any]
) -> None:
    body: Any = RECORD | planted
    answer = replace(
        answered([body, RECORD] if is_list else body, operation, status),
        headers={name: str(value) for name, value in headers.items()},
    )
    text = render(anonymized(answer, replace(answered(RECORD, "get_llm"), params={"id": RECORD["id"]})))
    assert WORD not in text and str(NUMBER) not in text
    assert not [name for name in IDENTIFIERS if str(RECORD[name]) in text]


@pytest.mark.parametrize("hidden", [WORD, NUMBER])
def test_the_search_would_find_it(hidden: Any) -> None:
    assert str(hidden) in render(recording(answered([RECORD | {"jobId": hidden}])))
