"""The example bodies get the verdict of their folder, and the strategies draw what their schemas allow."""

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from functools import cache
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, find, given, settings
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from civis_usage.fixtures import Body, bodies
from civis_usage.schemas import load, strategies, times, validator
from civis_usage.schemas.documents import BODIES

NAMED: dict[str, Callable[..., SearchStrategy[dict[str, Any]]]] = {
    "llm_usage": strategies.llm_usage,
    "matching_usage": strategies.matching_usage,
    "llm_organization_summary": strategies.llm_organization_summary,
    "error": strategies.error,
}
LARGEST = 2**63 - 1
quick = settings(max_examples=100, database=None, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@pytest.mark.parametrize("body", bodies("valid"), ids=str)
def test_a_valid_body_is_valid(body: Body) -> None:
    assert [error.message for error in validator(body.schema).iter_errors(body.value)] == []


@pytest.mark.parametrize("body", bodies("invalid"), ids=str)
def test_an_invalid_body_is_invalid(body: Body) -> None:
    assert not validator(body.schema).is_valid(body.value)


@pytest.mark.parametrize("body", [b for b in bodies("invalid") if isinstance(b.value, dict)], ids=str)
def test_one_thing_is_wrong_with_an_invalid_body(body: Body) -> None:
    found = list(validator(body.schema).iter_errors(body.value))
    errors = [error.message for error in found]
    fields = {tuple(error.path) for error in found}  # null is neither a string nor one of IDR and CDM: one mistake
    if body.about == "snake case keys":  # one mistake, made in every field
        assert all(message.endswith("is a required property") for message in errors)
    else:
        assert len(fields) == 1, errors


def test_there_are_examples_of_every_schema_under_either_verdict() -> None:
    valid = Counter(body.schema for body in bodies("valid"))
    invalid = Counter(body.schema for body in bodies("invalid"))
    assert set(valid) == set(invalid) == set(BODIES)
    assert valid.total() >= 6
    assert invalid.total() >= 30


def test_every_required_field_is_missing_once() -> None:
    missing = {
        (body.schema, field)
        for body in bodies("invalid")
        if body.about.startswith("without ")
        for field in set(load(body.schema)["required"]) - set(body.value)
    }
    assert missing == {(name, field) for name in BODIES for field in load(name)["required"]}


def test_a_third_verdict_is_refused() -> None:
    with pytest.raises(ValueError, match="not 'doubtful'"):
        bodies("doubtful")  # type: ignore[arg-type]


def test_reading_the_examples_does_not_import_hypothesis() -> None:
    script = (
        "import sys; from civis_usage.fixtures import bodies; list(bodies('valid')); print('hypothesis' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", script], capture_output=True, text=True).stdout.strip() == "False"


@pytest.mark.parametrize("name", BODIES)
def test_what_is_drawn_from_a_schema_is_valid_by_it(name: str) -> None:
    @quick
    @given(strategies.from_schema(load(name)))
    def holds(body: Any) -> None:
        validator(name).validate(body)

    holds()


@pytest.mark.parametrize("name", BODIES)
def test_what_a_named_strategy_draws_is_valid_and_survives_json(name: str) -> None:
    @quick
    @given(NAMED[name]())
    def holds(body: Any) -> None:
        validator(name).validate(body)
        assert json.loads(json.dumps(body)) == body

    holds()


@pytest.mark.parametrize("name", ["llm_usage", "matching_usage", "llm_organization_summary"])
def test_a_named_strategy_draws_every_field_and_nothing_negative(name: str) -> None:
    @quick
    @given(NAMED[name]())
    def holds(body: Any) -> None:
        assert list(body) == list(load(name)["properties"])
        assert all(value >= 0 for value in body.values() if isinstance(value, int | float))

    holds()


def test_times_are_written_as_the_api_writes_them_and_credits_have_six_decimals_at_most() -> None:
    @quick
    @given(strategies.llm_usage())
    def holds(body: Any) -> None:
        assert times.render(times.to_millis(times.parse(body["runCreatedAt"]))) == body["runCreatedAt"]
        assert round(body["credits"], 6) == body["credits"]

    holds()


@cache
def drawn(name: str) -> list[dict[str, Any]]:
    """Return 400 draws of a named strategy, the same in every run."""
    seen: list[dict[str, Any]] = []

    @settings(quick, max_examples=400, derandomize=True, phases=[Phase.generate])
    @given(NAMED[name]())
    def take(body: dict[str, Any]) -> None:
        seen.append(body)

    take()
    return seen


EDGES: list[tuple[str, str, Callable[[Any], bool]]] = [
    *[
        (name, f, lambda v: v == LARGEST)
        for name in ("llm_usage", "matching_usage")
        for f in ("runId", "organizationId")
    ],
    *[(name, "runTime", lambda v: v == 0) for name in ("llm_usage", "matching_usage")],
    *[(name, "runTime", lambda v: v > 86400) for name in ("llm_usage", "matching_usage")],
    *[(name, "runCreatedAt", lambda v: "-02-29T" in v) for name in ("llm_usage", "matching_usage")],
    *[(name, "runCreatedAt", lambda v: v.endswith("T23:59:59.999Z")) for name in ("llm_usage", "matching_usage")],
    *[(name, "runCreatedAt", lambda v: v.endswith("-01T00:00:00.000Z")) for name in ("llm_usage", "matching_usage")],
    *[(name, "credits", lambda v: v == 0) for name in ("llm_usage", "llm_organization_summary")],
    *[(name, "credits", lambda v: v > 0 and v == int(v)) for name in ("llm_usage", "llm_organization_summary")],
    *[(name, "credits", lambda v: v == 1e-6) for name in ("llm_usage", "llm_organization_summary")],
    ("llm_usage", "id", lambda v: v == 1),
    ("llm_usage", "id", lambda v: v > 2**53),
    ("llm_usage", "inputTokens", lambda v: v == 0),
    ("llm_usage", "outputTokens", lambda v: v > 2**32),
    ("llm_usage", "modelId", lambda v: v == ""),
    ("llm_usage", "modelId", lambda v: "<" in v and "&" in v),
    ("llm_usage", "modelId", lambda v: not v.isascii()),
    ("llm_usage", "modelId", lambda v: len(v) == 255),
    ("llm_usage", "modelId", lambda v: "anthropic" in v),
    ("matching_usage", "numRecords", lambda v: v == 0),
    ("matching_usage", "numRecords", lambda v: v > 2**32),
    ("matching_usage", "task", lambda v: v == "IDR"),
    ("matching_usage", "task", lambda v: v == "CDM"),
    ("llm_organization_summary", "organizationId", lambda v: v == LARGEST),
    *[("error", "code", lambda v, code=code: v == code) for code in strategies.ERRORS],  # type: ignore[misc]
]


@pytest.mark.parametrize(("name", "field", "edge"), EDGES, ids=[f"{i}-{n}.{f}" for i, (n, f, _) in enumerate(EDGES)])
def test_a_strategy_reaches_its_edges(name: str, field: str, edge: Callable[[Any], bool]) -> None:
    values = [body[field] for body in drawn(name)]
    assert any(edge(value) for value in values), f"{len(values)} draws of {name} show no such {field}"


@pytest.mark.parametrize("name", ["llm_usage", "matching_usage", "llm_organization_summary"])
def test_fields_can_be_fixed_by_value_or_strategy_in_either_spelling(name: str) -> None:
    @quick
    @given(NAMED[name](organizationId=7), NAMED[name](organization_id=st.sampled_from([8, 9])))
    def holds(by_wire_name: Any, by_python_name: Any) -> None:
        assert by_wire_name["organizationId"] == 7
        assert by_python_name["organizationId"] in (8, 9)

    holds()


def test_a_field_can_be_fixed_to_what_the_contract_forbids() -> None:
    assert find(strategies.llm_usage(credits=None), lambda _: True)["credits"] is None


def test_a_field_that_does_not_exist_is_refused_with_those_that_do() -> None:
    with pytest.raises(TypeError, match=r"no field 'price'; it has id, runId"):
        strategies.llm_usage(price=5)


def test_429_and_503_go_without_a_sentence() -> None:
    @quick
    @given(strategies.error())
    def holds(body: Any) -> None:
        assert ("errorDescription" not in body) == (body["code"] in (429, 503))

    holds()


def test_a_list_of_records_can_be_drawn_from_a_schema() -> None:
    schema = {"type": "array", "items": load("matching_usage")}
    unshrunk = settings(phases=[Phase.generate], database=None)  # shrinking takes half a minute
    records = find(strategies.from_schema(schema), lambda drawn: len(drawn) == 2, settings=unshrunk)
    assert all(validator("matching_usage").is_valid(record) for record in records)


@pytest.mark.parametrize(
    ("schema", "reason"),
    [
        ({"type": "integer", "multipleOf": 3}, "the keyword 'multipleOf'"),
        ({"type": "null"}, "the type 'null'"),
        ({"type": "string", "format": "uuid"}, "the format 'uuid'"),
    ],
)
def test_a_schema_beyond_the_contracts_means_is_refused_not_guessed_at(schema: dict[str, Any], reason: str) -> None:
    with pytest.raises(NotImplementedError, match=reason):
        strategies.from_schema(schema)


def test_overriding_a_property_that_a_schema_lacks_is_refused() -> None:
    with pytest.raises(TypeError, match="no property 'price'"):
        strategies.from_schema(load("llm_usage"), price=st.just(5))
    with pytest.raises(TypeError, match="has no properties to narrow"):
        strategies.from_schema({"type": "integer"}, price=st.just(5))
