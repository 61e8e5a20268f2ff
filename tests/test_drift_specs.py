"""Reading specs: every notation of the same thing, cut specs, and what is no spec at all."""

from __future__ import annotations

import json
from copy import deepcopy
from typing import Any

import pytest

from civis_usage.contract_tests.drift.compare import compare
from civis_usage.contract_tests.drift.errors import InvalidSpec
from civis_usage.contract_tests.drift.spec import contract, describe, read_spec
from civis_usage.schemas import bundled_openapi, openapi_30, swagger

from .drift_changes import LIST, MATCHING, SINGLE, SUMMARY, Spec


def differences(spec: Spec, *, base_path: str = "") -> list[str]:
    """Return the differences but for wording, a line each."""
    found = compare(contract(), read_spec("the spec", json.dumps(spec).encode(), base_path=base_path))
    return [f"{each.severity} {each.operation} {each.sentence}" for each in found if each.severity != "wording"]


def openapi() -> Spec:
    return deepcopy(bundled_openapi())


def schemas(spec: Spec) -> Any:
    return spec["components"]["schemas"]


def operation(spec: Spec, path: str) -> Any:
    return spec["paths"][path]["get"]


# -- other notations of the same


def with_prefixed_paths(spec: Spec) -> None:
    spec["servers"] = [{"url": "https://api.civisanalytics.com/usage"}]
    spec["paths"] = {path.removeprefix("/usage"): item for path, item in spec["paths"].items()}


def with_shared_parameters(spec: Spec) -> None:
    spec["components"]["parameters"] = {"Org/Id": operation(spec, MATCHING)["parameters"][0]}
    for path in (MATCHING, LIST):
        del operation(spec, path)["parameters"][0]
        spec["paths"][path]["parameters"] = [{"$ref": "#/components/parameters/Org~1Id"}]


def with_a_shared_answer(spec: Spec) -> None:
    spec["components"]["responses"]["Usage"] = operation(spec, SINGLE)["responses"]["200"]
    operation(spec, SINGLE)["responses"]["200"] = {"$ref": "#/components/responses/Usage"}


def with_a_shared_path(spec: Spec) -> None:
    spec["components"]["pathItems"] = {"One": spec["paths"][SINGLE]}
    spec["paths"][SINGLE] = {"$ref": "#/components/pathItems/One"}


def with_other_names_in_paths(spec: Spec) -> None:
    for path, name, other in ((SINGLE, "id", "usageId"), (SUMMARY, "org_id", "o")):
        item = spec["paths"].pop(path)
        next(each for each in item["get"]["parameters"] if each["name"] == name)["name"] = other
        spec["paths"][path.replace(f"{{{name}}}", f"{{{other}}}")] = item


def with_parameter_contents(spec: Spec) -> None:
    parameter = operation(spec, MATCHING)["parameters"][1]
    parameter["content"] = {"application/json": {"schema": parameter.pop("schema")}}


def with_any_media(spec: Spec) -> None:
    for item in spec["paths"].values():
        content = item["get"]["responses"]["200"]["content"]
        content["*/*"] = content.pop("application/json")


def with_ranges_of_statuses(spec: Spec) -> None:
    for item in spec["paths"].values():
        item["get"]["responses"]["2XX"] = item["get"]["responses"].pop("200")


def with_a_default_answer(spec: Spec) -> None:
    for item in spec["paths"].values():
        item["get"]["responses"] = {"default": item["get"]["responses"]["200"]}


def with_words_beside_references(spec: Spec) -> None:
    schema = operation(spec, SINGLE)["responses"]["200"]["content"]["application/json"]["schema"]
    schema["description"] = "One."


def with_slashes_at_the_end(spec: Spec) -> None:
    spec["paths"] = {f"{path}/": item for path, item in spec["paths"].items()}


def without_a_version(spec: Spec) -> None:
    del spec["openapi"]


def with_other_servers_too(spec: Spec) -> None:
    spec["servers"] = [{"url": "https://{host}/v2", "variables": {"host": {"default": "x"}}}, {"url": "https://y"}]


def with_nulls_for_what_is_absent(spec: Spec) -> None:
    for item in spec["paths"].values():
        item["parameters"] = item["summary"] = item["get"]["requestBody"] = item["get"]["description"] = None


NOTATIONS = [value for name, value in list(globals().items()) if name.startswith(("with_", "without_"))]


@pytest.mark.parametrize("rewrite", NOTATIONS, ids=lambda each: each.__name__)
def test_another_notation_of_the_same_is_no_difference(rewrite: Any) -> None:
    spec = openapi()
    rewrite(spec)
    assert spec != bundled_openapi()
    assert differences(spec) == []


@pytest.mark.parametrize("version", ["3.0.3", "2.0"])
def test_what_stands_beside_a_reference_counts_from_openapi_31_on_only(version: str) -> None:
    spec: Spec = deepcopy(swagger() if version == "2.0" else openapi_30())
    answer = operation(spec, SINGLE)["responses"]["200"]
    (answer if version == "2.0" else answer["content"]["application/json"])["schema"]["x-nullable"] = True
    assert differences(spec) == []


def test_beside_a_reference_of_openapi_31_more_may_be_demanded() -> None:
    spec = openapi()
    operation(spec, MATCHING)["parameters"][1]["schema"] = {"$ref": "#/components/schemas/Task", "enum": ["IDR"]}
    schemas(spec)["Task"] = {"type": "string", "enum": ["IDR", "CDM"]}
    assert differences(spec) == ["breaking list_matching parameter task: enum CDM, IDR → IDR"]


@pytest.mark.parametrize(
    "nullable",
    [
        {"type": ["integer", "null"]},
        {"$ref": "#/components/schemas/Number"},
        {"type": "integer", "nullable": True},
    ],
)
def test_a_null_is_seen_in_every_notation(nullable: Spec) -> None:
    spec = openapi()
    schemas(spec)["Number"] = {"type": ["null", "integer"]}
    schemas(spec)["matching_usage"]["properties"]["runTime"] = nullable
    assert differences(spec) == ["breaking list_matching response[].runTime: type integer → integer, null"]


def test_a_nested_object_is_compared_field_by_field() -> None:
    spec = openapi()
    inner = {
        "type": "object",
        "properties": {"n": {"type": "array", "items": {"type": "object", "properties": {"x": {}}}}},
    }
    schemas(spec)["matching_usage"]["properties"]["more"] = inner
    assert differences(spec) == ["compatible list_matching response[].more: field none → object"]
    own = describe(deepcopy(spec))
    del inner["properties"]["n"]["items"]["properties"]["x"]
    found = compare(own, describe(spec))
    assert [(each.location, each.keyword) for each in found] == [("response[].more.n[].x", "field")]


# -- where the API is


@pytest.mark.parametrize(
    ("base", "at", "moved"),
    [("/v2", "", True), ("/v2", "/v2", False), ("/", "", False), ("", "/proxy", False), ("/v2/", "/v2", False)],
)
def test_a_base_path_is_a_move_unless_the_api_was_asked_there(base: str, at: str, moved: bool) -> None:
    spec = deepcopy(swagger()) | {"basePath": base}
    assert len(differences(spec, base_path=at)) == (4 if moved else 0)


# -- cut specs


def test_a_spec_of_the_usage_paths_alone_is_enough() -> None:
    paths = {path: item for path, item in swagger()["paths"].items() if path.startswith("/usage")}
    assert differences({"paths": paths, "definitions": swagger()["definitions"]}) == []


def test_neighbours_with_a_similar_name_and_broken_neighbours_are_passed_over() -> None:
    spec = openapi()
    spec["paths"]["/usage_limits/llm"] = {"get": {"responses": 3}}
    spec["paths"]["/jobs"] = {"$ref": "#/nowhere"}
    assert differences(spec) == []


def test_a_new_operation_is_compatible_and_has_method_and_path_for_a_name() -> None:
    spec = openapi()
    spec["paths"]["/usage/storage"] = {"get": {"summary": "Disks", "responses": {}}}
    spec["paths"][LIST]["post"] = {"responses": {}}
    assert differences(spec) == [
        "compatible POST /usage/llm operation: operation none → POST /usage/llm",
        "compatible GET /usage/storage operation: operation none → Disks",
    ]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is not JSON"),
        (b"swagger: '2.0'", "is not JSON"),
        (b"\xff\xfe\xfa", "is not JSON"),
        (b"[" * 200_000, "the spec "),
        (b"[]", "is not a spec"),
        (b"null", "is not a spec"),
        (b"{}", "is not a spec"),
        (b'{"paths": []}', "is not a spec"),
        (b'{"swagger": "1.2", "paths": {}}', "Swagger '1.2'"),
        (b'{"openapi": "4.0", "paths": {}}', "OpenAPI '4.0'"),
        (b'{"openapi": {"3": 1}, "paths": {}}', "OpenAPI"),
        (b'{"paths": {}}', "0 paths none is under /usage"),
        (b'{"paths": {"/jobs": {}, "/usage_limits": {}}}', "2 paths none is under /usage"),
        (b'{"paths": {"/usage/llm": {}}}', "none is under /usage"),
        (b'{"paths": {"/usage/llm": 3}}', "/usage/llm: 3 stands where an object must be"),
        (b'{"paths": {"/usage/llm": {"get": []}}}', "/usage/llm: get is a list, not an object"),
        (b'{"paths": {"/usage/llm": {"get": {"parameters": {}}}}}', "parameters is an object, not a list"),
        (b'{"paths": {"/usage/llm": {"get": {"deprecated": "no"}}}}', "deprecated is 'no', not true or false"),
        (b'{"paths": {"/usage/llm": {"$ref": "#/x"}}}', "'#/x' leads nowhere"),
        (b'{"paths": {"/usage/llm": {"$ref": "#/paths/~1usage~1llm"}}}', "leads back to itself"),
        (b'{"servers": [{"url": "http://[x/"}], "paths": {"/usage/llm": {"get": {}}}}', "is not valid"),
    ],
)  # fmt: skip
def test_what_is_no_spec_is_told_in_one_sentence(content: bytes, said: str) -> None:
    with pytest.raises(InvalidSpec) as caught:
        read_spec("the spec", content)
    assert said in str(caught.value)
    assert str(caught.value).startswith("the spec ")
    assert len(str(caught.value)) < 300


@pytest.mark.parametrize(
    ("schema", "said"),
    [
        ({"$ref": "#/definitions/Gone"}, "'#/definitions/Gone' leads nowhere"),
        ({"$ref": "other.json#/X"}, "'other.json#/X' leads nowhere"),
        ({"$ref": "https://example.com/spec.json"}, "leads nowhere"),
        ({"$ref": "#anchor"}, "leads nowhere"),
        ({"$ref": "#/definitions/Round"}, "leads back to itself"),
        ({"$ref": "#/definitions/error/required/x"}, "leads nowhere"),
        ({"type": 3}, "type is 3, not a string"),
        ({"type": {"x": 1}}, "type is an object, not a string"),
        ({"enum": "A"}, "enum is 'A', not a list"),
        ({"required": "id"}, "required is 'id', not a list"),
        ({"properties": ["id"]}, "properties is a list, not an object"),
        ({"$ref": "#/definitions/Wide0"}, "too many"),
        ({"$ref": "#/definitions/Deep0"}, "nested too deeply"),
    ],
)
def test_a_schema_that_cannot_be_understood_is_told_in_one_sentence(schema: Spec, said: str) -> None:
    spec: Spec = deepcopy(swagger())
    spec["paths"][SINGLE]["get"]["responses"]["200"]["schema"] = schema
    spec["definitions"]["Round"] = {"$ref": "#/definitions/Circle"}
    spec["definitions"]["Circle"] = {"$ref": "#/definitions/Round"}
    for level in range(12):
        below = {"$ref": f"#/definitions/Wide{level + 1}"}
        spec["definitions"][f"Wide{level}"] = {"properties": dict.fromkeys("abcdefgh", below)}
    spec["definitions"]["Wide12"] = {}
    for level in range(2000):
        spec["definitions"][f"Deep{level}"] = {"items": {"$ref": f"#/definitions/Deep{level + 1}"}}
    spec["definitions"]["Deep2000"] = {}
    with pytest.raises(InvalidSpec) as caught:
        differences(spec)
    assert said in str(caught.value)
    assert len(str(caught.value)) < 300


def test_a_schema_that_contains_itself_is_compared_once_around() -> None:
    spec = openapi()
    schemas(spec)["llm_usage"]["properties"]["parent"] = {"$ref": "#/components/schemas/llm_usage"}
    assert [each.split(" response")[0] for each in differences(spec)] == ["compatible list_llm", "compatible get_llm"]
    own = describe(spec)
    assert compare(own, own) == ()


def test_a_schema_that_is_part_of_itself_has_an_end() -> None:
    spec = openapi()
    schemas(spec)["llm_usage"]["allOf"] = [{"$ref": "#/components/schemas/llm_usage"}]
    differences(spec)
