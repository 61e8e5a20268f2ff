"""The contract says what the spec inside the installed package ``civis`` says: no more, no less, in other words."""

import inspect
import json
from collections.abc import Iterator, Mapping
from importlib import resources
from typing import Any

import pytest
from civis.resources._resources import parse_api_spec
from jsonref import JsonRef

from civis_usage.schemas import OPERATIONS, bundled_openapi, load, swagger

CIVIS: dict[str, Any] = json.loads(resources.files("civis.resources").joinpath("civis_api_spec.json").read_text())
DEFINITIONS = {
    "llm_usage": "UsageLLMUsage",
    "llm_organization_summary": "UsageLLMOrgUsageSummary",
    "matching_usage": "UsageMatchingStats",
}
TASKS = ["IDR", "CDM"]
"""The one enum of the resource. The spec of ``civis`` tells it in words alone, in the fields' descriptions."""


def usage_paths(spec: Mapping[str, Any]) -> dict[str, Any]:
    return {path: methods for path, methods in spec["paths"].items() if path.split("/")[1] == "usage"}


THEIRS = {"paths": usage_paths(CIVIS), "definitions": CIVIS["definitions"]}


def bare(described: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a program can rely on: all but words and examples, and the enum, which ``civis`` tells in words."""
    return {key: value for key, value in described.items() if key not in ("description", "enum", "example")}


def descriptions_in(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        for key, value in node.items():
            if key in ("description", "summary", "title") and isinstance(value, str):
                yield value
            yield from descriptions_in(value)
    if isinstance(node, list):
        for item in node:
            yield from descriptions_in(item)


def sentences(node: Any) -> set[str]:
    found = " ".join(f"{text}." for text in descriptions_in(node))
    return {sentence.strip().lower() for sentence in found.replace('"', ".").split(".") if len(sentence.split()) > 3}


def methods_of(spec: Any) -> dict[str, Any]:
    """Return the methods that the package ``civis`` makes of a spec, for the resource ``usage``."""
    resource = parse_api_spec(JsonRef.replace_refs(spec), "1.0")["usage"]
    return {name: method for name, method in vars(resource).items() if not name.startswith("__")}


def fields_returned(method: Any) -> dict[str, str]:
    return dict(inspect.signature(method).return_annotation.__annotations__)


def test_the_paths_and_their_methods_are_the_same() -> None:
    ours = {path: list(methods) for path, methods in load("openapi")["paths"].items()}
    theirs = {path: list(methods) for path, methods in usage_paths(CIVIS).items()}
    assert ours == theirs


@pytest.mark.parametrize("path", usage_paths(CIVIS))
def test_the_parameters_are_the_same_in_the_same_order(path: str) -> None:
    ours = [
        bare({**parameter, **parameter["schema"]}) for parameter in load("openapi")["paths"][path]["get"]["parameters"]
    ]
    for parameter in ours:
        del parameter["schema"]
    assert ours == [bare(parameter) for parameter in CIVIS["paths"][path]["get"]["parameters"]]


@pytest.mark.parametrize("path", usage_paths(CIVIS))
def test_the_swagger_parameters_are_the_same_in_the_same_order(path: str) -> None:
    ours = swagger()["paths"][path]["get"]["parameters"]
    assert [bare(parameter) for parameter in ours] == [
        bare(parameter) for parameter in CIVIS["paths"][path]["get"]["parameters"]
    ]


@pytest.mark.parametrize("path", usage_paths(CIVIS))
def test_the_answer_is_the_same_body_or_a_list_of_it(path: str) -> None:
    theirs = CIVIS["paths"][path]["get"]["responses"]["200"]["schema"]
    (operation,) = (each for each in OPERATIONS.values() if each.path == path)
    reference = {"$ref": f"#/definitions/{DEFINITIONS[operation.body]}"}
    assert theirs == ({"type": "array", "items": reference} if operation.many else reference)


def test_the_operations_use_every_body_that_civis_defines_for_them() -> None:
    assert {operation.body for operation in OPERATIONS.values()} == set(DEFINITIONS)


@pytest.mark.parametrize(("name", "definition"), DEFINITIONS.items(), ids=list(DEFINITIONS))
def test_a_body_has_the_same_fields_types_and_formats(name: str, definition: str) -> None:
    ours, theirs = load(name), CIVIS["definitions"][definition]
    assert ours["type"] == theirs["type"]
    assert list(ours["properties"]) == list(theirs["properties"])
    for field in theirs["properties"]:
        assert bare(ours["properties"][field]) == bare(theirs["properties"][field]), field


@pytest.mark.parametrize(("name", "definition"), DEFINITIONS.items(), ids=list(DEFINITIONS))
def test_a_body_requires_the_same_fields(name: str, definition: str) -> None:
    assert load(name)["required"] == CIVIS["definitions"][definition]["required"]


@pytest.mark.parametrize(("name", "definition"), DEFINITIONS.items(), ids=list(DEFINITIONS))
def test_a_body_has_no_other_keyword(name: str, definition: str) -> None:
    assert set(load(name)) - {"$schema", "$id", "title", "description", "examples"} == set(
        CIVIS["definitions"][definition]
    )


def test_the_only_enum_is_the_one_that_civis_tells_in_words() -> None:
    told = '["IDR", "CDM"]'
    ours = {(name, field) for name in DEFINITIONS for field, d in load(name)["properties"].items() if "enum" in d}
    theirs = {
        (name, field)
        for name, definition in DEFINITIONS.items()
        for field, d in CIVIS["definitions"][definition]["properties"].items()
        if told in d["description"]
    }
    assert ours == theirs == {("matching_usage", "task")}
    assert load("matching_usage")["properties"]["task"]["enum"] == TASKS
    assert [p.enum for p in OPERATIONS["list_matching"].parameters if p.name == "task"] == [tuple(TASKS)]
    assert [(o.id, p.name) for o in OPERATIONS.values() for p in o.parameters if p.enum] == [("list_matching", "task")]


def test_no_sentence_is_copied() -> None:
    theirs = sentences(usage_paths(CIVIS)) | sentences([CIVIS["definitions"][each] for each in DEFINITIONS.values()])
    ours = sentences([bundled_openapi(), swagger()])
    assert len(theirs) > 10
    assert ours & theirs == set()


def test_civis_makes_the_same_methods_of_the_swagger_that_is_served() -> None:
    ours, theirs = methods_of(swagger()), methods_of(THEIRS)
    assert set(ours) == set(theirs)
    assert set(OPERATIONS) | {"list_llm_organization_summary"} == set(ours)


@pytest.mark.parametrize("name", [*OPERATIONS, "list_llm_organization_summary"])
def test_a_method_has_the_same_signature_and_returns_the_same_fields(name: str) -> None:
    ours, theirs = methods_of(swagger())[name], methods_of(THEIRS)[name]
    assert inspect.signature(ours).parameters == inspect.signature(theirs).parameters
    assert fields_returned(ours) == fields_returned(theirs)
    assert inspect.signature(ours).return_annotation.__name__ == inspect.signature(theirs).return_annotation.__name__


@pytest.mark.parametrize("name", ["get_llm", "list_llm"])
def test_civis_can_document_its_methods_from_the_swagger(name: str) -> None:
    assert f"API URL: ``GET {OPERATIONS[name].path}``" in methods_of(swagger())[name].__doc__
    assert "run_created_at : str (date-time)" in methods_of(swagger())[name].__doc__


def test_the_civis_command_finds_the_groups_without_which_it_does_not_start() -> None:
    assert {"files", "notebooks", "jobs", "usage"} == set(parse_api_spec(JsonRef.replace_refs(swagger()), "1.0"))
