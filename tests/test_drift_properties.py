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

from civis_usage.drift.comparison import compare
from civis_usage.drift.contract import read_contract
from civis_usage.drift.document import BadSpec, parse
from civis_usage.drift.form import Api, Shape
from civis_usage.drift.operations import read_api
from civis_usage.drift.proposal import propose
from civis_usage.drift.report import DriftReport, json_text, terminal_text
from civis_usage.drift.values import ANSWER, PARAMETER, compare_values
from civis_usage.schemas import bundled_openapi, swagger

Schema = dict[str, Any]
TEXTS = ["", "A", "B", "IDR"]
NUMBERS = [-1, 0, 1, 2.5, 3]
CONTRACT = read_contract()
REPORT = json.loads(resources.files("civis_usage.drift").joinpath("report.schema.json").read_text("utf-8"))


def _optional(**strategies: st.SearchStrategy[Any]) -> st.SearchStrategy[Schema]:
    return st.fixed_dictionaries({}, optional=strategies)


STRINGS = st.builds(
    dict,
    st.just({"type": "string"}),
).flatmap(
    lambda base: _optional(
        enum=st.lists(st.sampled_from(TEXTS), min_size=1, unique=True),
        minLength=st.integers(0, 2),
        maxLength=st.integers(1, 3),
        format=st.sampled_from(["date", "date-time"]),
    ).map(lambda more: base | more)
)
AMOUNTS = st.builds(
    lambda kind, more: {"type": kind} | more,
    st.sampled_from(["integer", "number"]),
    _optional(
        minimum=st.tuples(st.sampled_from(NUMBERS), st.booleans()),
        maximum=st.tuples(st.sampled_from(NUMBERS), st.booleans()),
    ),
)
SCALARS = st.builds(
    lambda schema, more: schema | more,
    STRINGS | AMOUNTS | st.just({"type": "boolean"}),
    _optional(null=st.just(True), apart=st.just(True)),
)


def _containers(inner: st.SearchStrategy[Schema]) -> st.SearchStrategy[Schema]:
    fields = st.dictionaries(st.sampled_from("abc"), st.tuples(inner, st.booleans()), max_size=3)
    return st.builds(
        lambda schema, more: schema | more,
        inner.map(lambda items: {"type": "array", "items": items})
        | fields.map(lambda each: {"type": "object", "fields": each}),
        _optional(null=st.just(True), apart=st.just(True), split=st.just(True)),
    )


SCHEMAS = st.recursive(SCALARS, _containers, max_leaves=6)
"""Schemas in no dialect: ``null`` allows it, ``apart`` puts it into the definitions, ``split`` into an ``allOf``."""


class Writer:
    """Writes schemas in one dialect."""

    def __init__(self, version: str) -> None:
        self.version = version
        self.definitions: dict[str, Schema] = {}

    def schema(self, told: Schema) -> Schema:
        kept = ("type", "enum", "minLength", "maxLength", "format")
        found: Schema = {key: value for key, value in told.items() if key in kept}
        if "items" in told:
            found["items"] = self.schema(told["items"])
        if "fields" in told:
            found["properties"] = {name: self.schema(inner) for name, (inner, _) in told["fields"].items()}
            found["required"] = [name for name, (_, required) in told["fields"].items() if required]
        self._bounds(found, told)
        if told.get("null"):
            self._allow_null(found)
        if told.get("split") and self.version != "3.1":
            required = found.pop("required", [])
            found = {"allOf": [found, {"required": required}]}
        return self._put_apart(found) if told.get("apart") and self.version != "3.0" else found

    def _bounds(self, found: Schema, told: Schema) -> None:
        for name in ("minimum", "maximum"):
            if name in told:
                number, out = told[name]
                exclusive = f"exclusive{name.capitalize()}"
                if not out:
                    found[name] = number
                elif self.version == "3.1":
                    found[exclusive] = number
                else:
                    found |= {name: number, exclusive: True}

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


def spec(version: str, answer: Schema, parameter: Schema) -> dict[str, Any]:
    """Write a spec in a dialect: one operation, with an answer and a parameter."""
    writer = Writer(version)
    body, asked = writer.schema(answer), writer.schema(parameter)
    if version == "2.0":
        inline = {"name": "p", "in": "body", "schema": asked}
        paths = {"/usage/x": {"get": {"parameters": [inline], "responses": {"200": {"schema": body}}}}}
        return {"swagger": "2.0", "produces": ["application/json"], "definitions": writer.definitions, "paths": paths}
    content = {"content": {"application/json": {"schema": body}}}
    parameters = [{"name": "p", "in": "body", "schema": asked}]
    paths = {"/usage/x": {"get": {"parameters": parameters, "responses": {"200": content}}}}
    return {"openapi": f"{version}.0", "components": {"schemas": writer.definitions}, "paths": paths}


def api(version: str, answer: Schema, parameter: Schema) -> Api:
    return read_api("the spec", json.loads(json.dumps(spec(version, answer, parameter))))


@settings(max_examples=300, deadline=None)
@given(SCHEMAS, SCALARS)
def test_what_a_spec_says_does_not_depend_on_its_dialect(answer: Schema, parameter: Schema) -> None:
    swagger, *others = (api(version, answer, parameter) for version in ("2.0", "3.0", "3.1"))
    for other in others:
        assert swagger.operations == other.operations
        assert compare(swagger, other) == ()


@settings(deadline=None)
@given(SCHEMAS, SCHEMAS)
def test_two_specs_have_no_differences_only_if_they_say_the_same(one: Schema, other: Schema) -> None:
    first, second = (api("3.1", each, {"type": "string"}) for each in (one, other))
    same = _unordered(first.operations[0].answer) == _unordered(second.operations[0].answer)
    assert (compare(first, second) == ()) == same
    assert (compare(second, first) == ()) == same


def _unordered(shape: Shape) -> Any:
    fields = {each.name: (each.required, _unordered(each.shape)) for each in shape.fields}
    items = None if shape.items is None else _unordered(shape.items)
    return shape.types, shape.format, shape.enum, shape.bounds, fields, items


VALUES: list[Any] = [None, True, *NUMBERS, *TEXTS, "ABCD", {}, [], [None], ["A"], [1], [{}], {"a": None}, {"a": "A"}]
VALUES += [{"a": 1}, {"b": True}, {"a": 1, "b": "B"}, {"a": {}, "c": []}, {"a": [1], "b": {"a": 1}, "c": 0}]


def let_through(schema: Schema) -> set[int]:
    """Give the numbers of the values that a judge of JSON Schema lets through."""
    writer = Writer("3.1")
    document = writer.schema(schema) | {"components": {"schemas": writer.definitions}}
    judge = Draft202012Validator(document)
    return {number for number, value in enumerate(VALUES) if judge.is_valid(value)}


def breaks(old: Schema, new: Schema, side: Any) -> bool:
    shapes = [api("3.1", each, {"type": "string"}).operations[0].answer for each in (old, new)]
    return any(each.weight == "breaking" for each in compare_values("x", "x", *shapes, side))


@settings(max_examples=300, deadline=None)
@given(SCHEMAS, SCHEMAS)
def test_no_answer_that_the_contract_excludes_is_called_harmless(old: Schema, new: Schema) -> None:
    if not breaks(old, new, ANSWER):
        assert let_through(new) <= let_through(old)


@settings(max_examples=300, deadline=None)
@given(SCALARS, SCALARS)
def test_no_parameter_that_the_contract_allows_is_refused_by_what_is_called_harmless(old: Schema, new: Schema) -> None:
    if not breaks(old, new, PARAMETER):
        assert let_through(old) <= let_through(new)


@settings(deadline=None)
@given(SCALARS, SCALARS)
def test_what_is_harmless_in_an_answer_is_breaking_in_a_parameter(old: Schema, new: Schema) -> None:
    shapes = [api("3.1", each, {"type": "string"}).operations[0].answer for each in (old, new)]
    answers, parameters = (list(compare_values("x", "x", *shapes, side)) for side in (ANSWER, PARAMETER))
    for answer, parameter in zip(answers, parameters, strict=True):
        assert {answer.weight, parameter.weight} in ({"breaking", "compatible"}, {"breaking"})


def test_the_judge_of_the_properties_can_tell_values_apart() -> None:
    assert let_through({"type": "string"}) < let_through({"type": "string", "null": True})
    assert breaks({"type": "string"}, {"type": "integer"}, ANSWER)


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
    """Give the way to every place of a JSON value."""
    inner = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    return [path, *(way for key, value in inner for way in places(value, (*path, key)))]


def damaged(document: Any, way: tuple[Any, ...], value: Any) -> Any:
    """Give a copy of a document in which ``value`` stands at the end of ``way``."""
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
        spec = read_api("the spec", parse("the spec", text.encode()))
    except BadSpec as error:
        assert str(error).startswith("the spec ")
        assert len(str(error)) < 400
    else:
        differences = compare(CONTRACT.api, spec)
        report = DriftReport("0", "x", spec.dialect, differences)
        jsonschema.validate(json.loads(json_text(report)), REPORT)
        assert len(terminal_text(report, wording=True).splitlines()) >= len(differences)
        contract = propose(CONTRACT, spec)
        assert all(json.loads(each) for each in contract.files.values())
