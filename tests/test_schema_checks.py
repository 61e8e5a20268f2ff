"""Every response is judged by its JSON Schema as jsonschema judges it, and the words say what is wrong."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from civis_usage.contract_tests.checks import schema as schema_checks
from civis_usage.contract_tests.checks.schema import Kind, deviations
from civis_usage.contract_tests.collect.evidence import Evidence
from civis_usage.contract_tests.collect.interaction import Credentials, Failure, Interaction
from civis_usage.contract_tests.results import Finding, Outcome
from civis_usage.schemas import OPERATIONS, load, strategies, validator

from .recordings import AT, MATCHING, RECORD

BODIES = sorted({operation.body for operation in OPERATIONS.values()})
SUMMARY = {"organizationId": 5, "credits": 12.5}
BODY_OF = {"list_llm": RECORD, "get_llm": RECORD, "get_llm_organization_summary": SUMMARY, "list_matching": MATCHING}
ODD = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.sampled_from([1.0, -0.0, 12.5, 10**30, "", "IDR", "idr", "tomorrow", "2026-02-29T00:00:00Z", "2026-02-28"]),
    st.sampled_from(
        ["2026-02-28T24:00:00Z", "2026-02-28T23:59:60Z", "2026-02-28t01:02:03+02:00", "2026-02-28T01:02:03"]
    ),
    st.lists(st.integers(), max_size=2),
    st.dictionaries(st.text(max_size=2), st.integers(), max_size=2),
)


@st.composite
def bodies(draw: st.DrawFn, schema: str) -> Any:
    body = dict(draw(getattr(strategies, schema)()))
    for name in draw(st.lists(st.sampled_from(list(body)), max_size=3, unique=True)):
        if draw(st.booleans()):
            body[name] = draw(ODD)
        else:
            del body[name]
    return body if draw(st.integers(0, 20)) else draw(ODD)


# One record


@pytest.mark.parametrize("schema", BODIES)
@settings(max_examples=200, deadline=None)
@given(data=st.data())
def test_a_body_deviates_if_and_only_if_jsonschema_refuses_it(schema: str, data: st.DataObject) -> None:
    body = data.draw(bodies(schema))
    found = deviations(schema, body)
    assert bool(found) == (not validator(schema).is_valid(body)), f"{found} in {body}"


@pytest.mark.parametrize("schema", BODIES)
@settings(max_examples=100, deadline=None)
@given(data=st.data())
def test_each_field_that_jsonschema_refuses_deviates_once(schema: str, data: st.DataObject) -> None:
    body = data.draw(bodies(schema).filter(lambda body: isinstance(body, dict)))
    expected = [
        name
        for name, spec in load(schema)["properties"].items()
        if name not in body or not validator(schema).evolve(schema=spec).is_valid(body[name])
    ]
    assert [each.field for each in deviations(schema, body)] == expected


WITHOUT_CREDITS = {name: value for name, value in RECORD.items() if name != "credits"}


@pytest.mark.parametrize(
    ("schema", "body", "kind", "words"),
    [
        ("llm_usage", WITHOUT_CREDITS, Kind.MISSING, "credits is missing"),
        ("llm_usage", RECORD | {"credits": None}, Kind.NULL, "credits is null"),
        ("llm_usage", RECORD | {"credits": "5"}, Kind.TYPE, "credits is a string instead of a number"),
        ("llm_usage", RECORD | {"credits": True}, Kind.TYPE, "credits is a boolean instead of a number"),
        ("llm_usage", RECORD | {"runTime": 1.5}, Kind.TYPE, "runTime is a fraction instead of an integer"),
        ("llm_usage", RECORD | {"credits": float("inf")}, Kind.FORMAT, "credits is a number too large for any reader"),
        ("llm_usage", RECORD | {"runCreatedAt": "May"}, Kind.FORMAT, "runCreatedAt is not an RFC 3339 date-time"),
        ("matching_usage", MATCHING | {"task": "XYZ"}, Kind.VALUE, "task is a value other than IDR, CDM"),
        ("matching_usage", MATCHING | {"task": None}, Kind.NULL, "task is null"),
        ("llm_usage", None, Kind.BODY, "null instead of an object"),
        ("llm_usage", [RECORD], Kind.BODY, "array instead of an object"),
    ],
    ids=str,
)
def test_a_deviation_has_its_kind_and_says_what_is_wrong(schema: str, body: Any, kind: Kind, words: str) -> None:
    (found,) = deviations(schema, body)
    assert found.kind is kind
    assert words in found.words


@pytest.mark.parametrize("schema", BODIES)
def test_the_schemas_use_no_keyword_that_the_check_has_no_words_for(schema: str) -> None:
    for name, spec in load(schema)["properties"].items():
        assert {"type"} <= set(spec) <= {"type", "format", "enum", "description", "title", "examples"}, name


# The responses of a run


def answered(
    operation: str, body: Any, *, status: int = 200, content_type: str = "application/json; charset=utf-8", **more: Any
) -> Interaction:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    params: Mapping[str, Any] = {"id": 7} if operation == "get_llm" else {"org_id": 5}
    return Interaction(
        operation, params, Credentials.VALID, AT, status, {"content-type": content_type}, content, **more
    )


def judged(*interactions: Interaction) -> tuple[Outcome, Outcome]:
    """Return what the two schema checks of the operation say: of shapes, and of nulls."""
    now = int(AT.timestamp())
    evidence = Evidence(interactions, now, 0, now, organizations=(5,))
    operation = interactions[0].operation
    return schema_checks.shape(operation, evidence), schema_checks.nulls(operation, evidence)


def said(outcome: Outcome) -> list[tuple[str | None, str]]:
    return [(finding.field, finding.message) for finding in outcome.findings]


@pytest.mark.parametrize("operation", OPERATIONS)
def test_a_right_record_has_no_finding_whatever_else_it_carries(operation: str) -> None:
    right = BODY_OF[operation] | {"more": None}
    for outcome in judged(answered(operation, [right] if OPERATIONS[operation].many else right)):
        assert (outcome.findings, outcome.inconclusive) == ((), None)
        assert outcome.examined == "1 records in 1 responses"


def test_nulls_are_counted_apart_from_other_findings() -> None:
    null, other = RECORD | {"credits": None}, RECORD | {"credits": "5"}
    shape, nulls = judged(answered("list_llm", [RECORD, null]), answered("list_llm", [other]))
    assert said(nulls) == [("credits", "credits is null in 1 of 3 records of list_llm")]
    assert said(shape) == [("credits", "credits is a string instead of a number in 1 of 3 records of list_llm")]


def test_records_that_are_listed_again_and_again_are_counted_each_time() -> None:
    wrong = RECORD | {"runTime": "long"}
    shape, _ = judged(answered("list_llm", [wrong, wrong, RECORD]), answered("list_llm", [wrong]))
    assert said(shape) == [("runTime", "runTime is a string instead of an integer in 3 of 4 records of list_llm")]


WHOLE_BODIES: dict[str, tuple[str, Any, dict[str, Any], str]] = {
    "NaN": ("list_llm", b'[{"credits": NaN}]', {}, "NaN is not a JSON number"),
    "a web page": ("list_llm", b"[] ", {"content_type": "text/html"}, "text/html"),
    "nothing": ("list_llm", b"", {}, "empty body"),
    "no UTF-8": ("list_llm", b"\xff[]", {}, "not JSON"),
    "an envelope": ("list_llm", {"data": []}, {}, "object instead of an array"),
    "a null list": ("list_llm", None, {}, "null instead of an array"),
    "no content": ("list_llm", [], {"status": 204}, "answered 204 instead of 200"),
    "nested too deep": ("list_llm", b"[" * 100_000, {}, "not JSON"),
    "a null record": ("get_llm", None, {}, "null instead of an object"),
    "a null among records": ("list_llm", [RECORD, None], {}, "null instead of an object in 1 of 2 records of list_llm"),
    "a null summary": ("get_llm_organization_summary", None, {}, "null instead of an object"),
}


@pytest.mark.parametrize(("operation", "body", "more", "words"), WHOLE_BODIES.values(), ids=list(WHOLE_BODIES))
def test_a_body_of_another_kind_is_one_finding_of_its_shape(
    operation: str, body: Any, more: dict[str, Any], words: str
) -> None:
    shape, nulls = judged(answered(operation, body, **more))
    (finding,) = shape.findings
    assert words in finding.message
    assert finding.field is None
    assert nulls.findings == ()


def test_a_number_that_no_reader_can_hold_is_refused() -> None:
    text = json.dumps([RECORD]).replace("0.4125", "1e999").encode()
    shape, _ = judged(answered("list_llm", text))
    assert said(shape) == [("credits", "credits is a number too large for any reader in 1 of 1 records of list_llm")]


@pytest.mark.parametrize(
    "missing",
    [
        answered("list_llm", b"<h1>503</h1>", status=503),
        Interaction("list_llm", {"org_id": 5}, Credentials.VALID, AT, failure=Failure.TIMEOUT),
    ],
    ids=["busy", "timeout"],
)
def test_what_did_not_come_is_inconclusive_and_says_why(missing: Interaction) -> None:
    for outcome in judged(missing):
        assert outcome.findings == ()
        assert outcome.inconclusive == missing.unavailable


def test_a_finding_names_the_first_request_and_record_that_show_it() -> None:
    wrong = RECORD | {"runTime": "long"}
    first, second = answered("list_llm", [RECORD]), answered("list_llm", [wrong])
    (finding,) = judged(first, second)[0].findings
    assert isinstance(finding, Finding)
    assert finding.request == "/usage/llm?org_id=5"
    assert json.loads(finding.example or "") == wrong
