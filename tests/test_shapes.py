"""The check's own reading of the body schemas agrees with jsonschema, and tells what is wrong."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from civis_usage.contract_tests.answers import Answer
from civis_usage.contract_tests.shapes import Shape, Tally
from civis_usage.schemas import OPERATIONS, load, strategies, validator

BODIES = {"llm_usage", "matching_usage", "llm_organization_summary"}
ODD = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False, allow_infinity=False),
    st.sampled_from([1.0, -0.0, 12.5, 10**30, "", "IDR", "idr", "tomorrow", "2026-02-29T00:00:00Z", "2026-02-28"]),
    st.sampled_from(
        ["2026-02-28T24:00:00Z", "2026-02-28T23:59:60Z", "2026-02-28t01:02:03+02:00", "2026-02-28T01:02:03"]
    ),
    st.lists(st.integers(), max_size=2),
    st.dictionaries(st.text(max_size=2), st.integers(), max_size=2),
)


@st.composite
def bodies(draw, schema):
    body = dict(draw(getattr(strategies, schema)()))
    names = list(body)
    for name in draw(st.lists(st.sampled_from(names), max_size=2, unique=True)):
        if draw(st.booleans()):
            body[name] = draw(ODD)
        else:
            del body[name]
    return body if draw(st.integers(0, 20)) else draw(ODD)


@pytest.mark.parametrize("schema", sorted(BODIES))
@settings(max_examples=200, deadline=None)
@given(data=st.data())
def test_a_body_has_deviations_if_and_only_if_jsonschema_refuses_it(schema, data):
    body = data.draw(bodies(schema))
    found = list(Shape(load(schema)).deviations(body))
    assert bool(found) == (not validator(schema).is_valid(body)), f"{found} in {body}"


def tally(operation, *bodies, content_type="application/json; charset=utf-8", status=200):
    counted = Tally(operation)
    for body in bodies:
        text = body if isinstance(body, bytes) else json.dumps(body).encode()
        counted.add(Answer(operation, "/usage", status, {"content-type": content_type}, text, {}))
    return counted


RECORD = {
    "id": 1,
    "runId": 2,
    "jobId": 3,
    "userId": 4,
    "organizationId": 5,
    "runCreatedAt": "2026-04-17T17:26:07.000Z",
    "runTime": 6,
    "credits": 7,
    "inputTokens": 8,
    "outputTokens": 9,
    "modelId": "m",
}


def test_a_right_record_has_no_finding_whatever_else_it_carries():
    assert tally("get_llm", RECORD, {**RECORD, "more": None}).findings() == ()


def test_nulls_are_counted_apart_from_other_findings():
    counted = tally("list_llm", [RECORD, {**RECORD, "credits": None}], [{**RECORD, "credits": "5"}])
    assert [(finding.field, finding.message) for finding in counted.nulls()] == [
        ("credits", "null in credits: 1 of 3 records")
    ]
    assert [(finding.field, finding.message) for finding in counted.others()] == [
        ("credits", "string instead of number in credits: 1 of 3 records")
    ]


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ({"bodies": [b'[{"credits": NaN}]']}, "NaN is no JSON number"),
        ({"bodies": [b"[] "], "content_type": "text/html"}, "text/html"),
        ({"bodies": [b""]}, "not JSON"),
        ({"bodies": [b"\xff[]"]}, "not JSON"),
        ({"bodies": [{"data": []}]}, "object instead of an array"),
        ({"bodies": [[]], "status": 204}, "answered 204"),
    ],
    ids=str,
)
def test_an_answer_that_is_no_list_is_one_finding(answer, words):
    bodies = answer.pop("bodies")
    (finding,) = tally("list_llm", *bodies, **answer).findings()
    assert words in finding.message


def test_every_operation_has_a_flat_body():
    for operation in OPERATIONS.values():
        for spec in load(operation.body)["properties"].values():
            assert spec["type"] in ("integer", "number", "string"), "Shape reads flat schemas only"
