"""Properties of the comparison: what a schema says does not depend on its notation, and no break is called harmless."""

from __future__ import annotations

import json
from importlib import resources
from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from civis_usage.contract_tests.drift.compare import Difference, compare
from civis_usage.contract_tests.drift.errors import InvalidSpec
from civis_usage.contract_tests.drift.report import DriftReport, json_text, terminal_text
from civis_usage.contract_tests.drift.spec import ApiDescription, contract, describe, read_spec
from civis_usage.schemas import bundled_openapi, swagger

Schema = dict[str, Any]
TEXTS = ["", "A", "B", "IDR"]
NUMBERS = [-1, 0, 1, 2.5, 3]
REPORT = json.loads(resources.files("civis_usage.contract_tests.drift").joinpath("report.schema.json").read_text())


def _optional(**strategies: st.SearchStrategy[Any]) -> st.SearchStrategy[Schema]:
    return st.fixed_dictionaries({}, optional=strategies)


def _joined(*parts: st.SearchStrategy[Schema]) -> st.SearchStrategy[Schema]:
    return st.tuples(*parts).map(lambda each: {key: value for part in each for key, value in part.items()})


STRINGS = _joined(
    st.just({"type": "string"}),
    _optional(
        enum=st.lists(st.sampled_from(TEXTS), min_size=1, unique=True),
        minLength=st.integers(0, 2),
        maxLength=st.integers(1, 3),
        format=st.sampled_from(["date", "date-time"]),
    ),
)
AMOUNTS = _joined(
    st.sampled_from([{"type": "integer"}, {"type": "number"}]),
    _optional(minimum=st.sampled_from(NUMBERS), maximum=st.sampled_from(NUMBERS)),
)
SCALARS = _joined(STRINGS | AMOUNTS | st.just({"type": "boolean"}), _optional(null=st.just(True), apart=st.just(True)))


def _containers(inner: st.SearchStrategy[Schema]) -> st.SearchStrategy[Schema]:
    fields = st.dictionaries(st.sampled_from("abc"), st.tuples(inner, st.booleans()), max_size=3)
    return _joined(
        inner.map(lambda items: {"type": "array", "items": items})
        | fields.map(lambda each: {"type": "object", "fields": each}),
        _optional(null=st.just(True), apart=st.just(True)),
    )


SCHEMAS = st.recursive(SCALARS, _containers, max_leaves=6)
"""Schemas in no dialect: ``null`` allows it, ``apart`` puts it into the definitions."""


class Writer:
    """Writes schemas in one dialect."""

    def __init__(self, version: str) -> None:
        self.version = version
        self.definitions: dict[str, Schema] = {}

    def schema(self, plain: Schema) -> Schema:
        found: Schema = {key: value for key, value in plain.items() if key not in ("items", "fields", "null", "apart")}
        if "items" in plain:
            found["items"] = self.schema(plain["items"])
        if "fields" in plain:
            found["properties"] = {name: self.schema(inner) for name, (inner, _) in plain["fields"].items()}
            found["required"] = [name for name, (_, required) in plain["fields"].items() if required]
        if plain.get("null"):
            self._allow_null(found)
        return self._put_apart(found) if plain.get("apart") else found

    def _allow_null(self, found: Schema) -> None:
        if self.version == "3.1":
            found["type"] = [found["type"], "null"]
            if "enum" in found:
                found["enum"] = [*found["enum"], None]
        else:
            found["nullable" if self.version == "3.0" else "x-nullable"] = True

    def _put_apart(self, schema: Schema) -> Schema:
        name = f"Thing/{len(self.definitions)}~"
        self.definitions[name] = schema
        home = "definitions" if self.version == "2.0" else "components/schemas"
        return {"$ref": f"#/{home}/{name.replace('~', '~0').replace('/', '~1')}"}


def spec(version: str, response: Schema, parameter: Schema) -> dict[str, Any]:
    """Return a spec in a dialect: one operation, with a response and a parameter."""
    writer = Writer(version)
    body, sent = writer.schema(response), writer.schema(parameter)
    if version == "2.0":
        inline = {"name": "p", "in": "query", **sent}
        if "$ref" in sent:
            inline = {"name": "p", "in": "query", **writer.definitions[f"Thing/{len(writer.definitions) - 1}~"]}
        paths = {"/usage/x": {"get": {"parameters": [inline], "responses": {"200": {"schema": body}}}}}
        return {"swagger": "2.0", "produces": ["application/json"], "definitions": writer.definitions, "paths": paths}
    content = {"content": {"application/json": {"schema": body}}}
    parameters = [{"name": "p", "in": "query", "schema": sent}]
    paths = {"/usage/x": {"get": {"parameters": parameters, "responses": {"200": content}}}}
    return {"openapi": f"{version}.0", "components": {"schemas": writer.definitions}, "paths": paths}


def api(version: str, response: Schema, parameter: Schema) -> ApiDescription:
    return describe(json.loads(json.dumps(spec(version, response, parameter))))


@settings(max_examples=300, deadline=None)
@given(SCHEMAS, SCALARS)
def test_what_a_spec_says_does_not_depend_on_its_dialect(response: Schema, parameter: Schema) -> None:
    first, *others = (api(version, response, parameter) for version in ("2.0", "3.0", "3.1"))
    for other in others:
        assert first.statements == other.statements
        assert compare(first, other) == ()


@settings(deadline=None)
@given(SCHEMAS, SCHEMAS)
def test_two_specs_have_no_differences_only_if_they_say_the_same(one: Schema, other: Schema) -> None:
    first, second = (api("3.1", each, {"type": "string"}) for each in (one, other))
    same = first.statements == second.statements
    assert (compare(first, second) == ()) == same
    assert (compare(second, first) == ()) == same


VALUES: list[Any] = [None, True, *NUMBERS, *TEXTS, "ABCD", {}, [], [None], ["A"], [1], [{}], {"a": None}, {"a": "A"}]
VALUES += [{"a": 1}, {"b": True}, {"a": 1, "b": "B"}, {"a": {}, "c": []}, {"a": [1], "b": {"a": 1}, "c": 0}]


def allowed(schema: Schema) -> set[int]:
    """Return the numbers of the values that jsonschema finds valid."""
    writer = Writer("3.1")
    document = writer.schema(schema) | {"components": {"schemas": writer.definitions}}
    validator = Draft202012Validator(document)
    return {number for number, value in enumerate(VALUES) if validator.is_valid(value)}


def differences(old: Schema, new: Schema, *, side: str) -> tuple[Difference, ...]:
    fixed = {"type": "string"}
    first, second = (api("3.1", each, fixed) if side == "response" else api("3.1", fixed, each) for each in (old, new))
    return compare(first, second)


def breaks(old: Schema, new: Schema, *, side: str) -> bool:
    return any(each.severity == "breaking" for each in differences(old, new, side=side))


@settings(max_examples=300, deadline=None)
@given(SCHEMAS, SCHEMAS)
def test_no_response_that_the_contract_excludes_is_called_harmless(old: Schema, new: Schema) -> None:
    if not breaks(old, new, side="response"):
        assert allowed(new) <= allowed(old)


@settings(max_examples=300, deadline=None)
@given(SCALARS, SCALARS)
def test_no_parameter_that_the_contract_allows_is_refused_by_what_is_called_harmless(old: Schema, new: Schema) -> None:
    if not breaks(old, new, side="parameter"):
        assert allowed(old) <= allowed(new)


@settings(deadline=None)
@given(SCALARS, SCALARS)
def test_what_is_harmless_in_a_response_is_breaking_in_a_parameter(old: Schema, new: Schema) -> None:
    responses, parameters = (differences(old, new, side=side) for side in ("response", "parameter"))
    for response, parameter in zip(responses, parameters, strict=True):
        assert {response.severity, parameter.severity} in ({"breaking", "compatible"}, {"breaking"})


def test_the_oracle_of_the_properties_can_tell_values_apart() -> None:
    assert allowed({"type": "string"}) < allowed({"type": "string", "null": True})
    assert breaks({"type": "string"}, {"type": "integer"}, side="response")


@pytest.mark.parametrize("version", ["2.0", "3.0", "3.1"])
def test_the_writer_writes_what_it_should(version: str) -> None:
    written = json.dumps(spec(version, {"type": "string", "null": True, "apart": True}, {"type": "integer"}))
    assert {"2.0": "x-nullable", "3.0": '"nullable"', "3.1": '["string", "null"]'}[version] in written


# -- damaged specs

KEYWORDS = [
    "$ref",
    "type",
    "enum",
    "const",
    "items",
    "properties",
    "required",
    "allOf",
    "oneOf",
    "minimum",
    "get",
    "in",
]
KEYWORDS += [
    "exclusiveMinimum",
    "pattern",
    "default",
    "schema",
    "content",
    "name",
    "200",
    "url",
    "multipleOf",
    "nullable",
]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.just("#/definitions/error"),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYWORDS) | st.text(), inner, max_size=3)
    ),
    max_leaves=6,
)


def places(node: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Return the way to every place of a JSON value."""
    inner = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    return [path, *(way for key, value in inner for way in places(value, (*path, key)))]


def damaged(document: Any, way: tuple[Any, ...], value: Any) -> Any:
    """Return a copy of a document in which ``value`` stands at the end of ``way``."""
    if not way:
        return value
    copy = dict(document) if isinstance(document, dict) else list(document)
    copy[way[0]] = damaged(copy[way[0]], way[1:], value)
    return copy


@pytest.mark.parametrize("whole", [swagger(), bundled_openapi()], ids=["2.0", "3.1"])
@settings(deadline=None)
@given(data=st.data())
def test_a_damaged_spec_is_compared_or_refused_with_a_sentence(whole: dict[str, Any], data: st.DataObject) -> None:
    way = data.draw(st.sampled_from(places(whole)))
    text = json.dumps(damaged(whole, way, data.draw(JSON)))
    try:
        spec = read_spec("the spec", text.encode())
    except InvalidSpec as error:
        assert str(error).startswith("the spec ")
        assert len(str(error)) < 400
    else:
        differences = compare(contract(), spec)
        report = DriftReport("0", "x", spec.dialect, differences)
        jsonschema.validate(json.loads(json_text(report)), REPORT)
        assert len(terminal_text(report, wording=True).splitlines()) >= len(differences)
