"""Changes of a Swagger 2.0 spec, made by hand, one of each kind, and what each means: there, and the way back."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

Spec = dict[str, Any]

MATCHING = "/usage/matching"
LIST = "/usage/llm"
SINGLE = "/usage/llm/{id}"
SUMMARY = "/usage/llm/organization/{org_id}/summary"
NAMES = {
    MATCHING: "list_matching",
    LIST: "list_llm",
    SINGLE: "get_llm",
    SUMMARY: "get_llm_organization_summary",
}


@dataclass(frozen=True)
class Change:
    """One change of a spec."""

    id: str
    make: Callable[[Spec], None]
    operation: str
    location: str
    keyword: str
    forth: str
    """The severity of the change."""
    back: str
    """The severity of its undoing, where the changed spec is the contract."""

    def made(self, spec: Spec) -> Spec:
        changed = deepcopy(spec)
        self.make(changed)
        return changed

    def __str__(self) -> str:
        return self.id


def operation(spec: Spec, path: str) -> Spec:
    found: Spec = spec["paths"][path]["get"]
    return found


def answer(spec: Spec, path: str) -> Spec:
    found: Spec = operation(spec, path)["responses"]["200"]
    return found


def record(spec: Spec, path: str) -> Spec:
    schema = answer(spec, path)["schema"]
    found: Spec = spec["definitions"][schema.get("items", schema)["$ref"].rpartition("/")[2]]
    return found


def field(spec: Spec, path: str, name: str) -> Spec:
    found: Spec = record(spec, path)["properties"][name]
    return found


def parameter(spec: Spec, path: str, name: str) -> Spec:
    found: Spec = next(each for each in operation(spec, path)["parameters"] if each["name"] == name)
    return found


def without_field(spec: Spec) -> None:
    del record(spec, MATCHING)["properties"]["runTime"]
    record(spec, MATCHING)["required"].remove("runTime")


def without_fields(spec: Spec) -> None:
    del record(spec, SUMMARY)["properties"], record(spec, SUMMARY)["required"]


def new_field(spec: Spec) -> None:
    inner = {
        "type": "object",
        "required": ["n"],
        "properties": {"n": {"type": "number", "x-nullable": True, "enum": [1, 2]}},
    }
    record(spec, MATCHING)["properties"]["more"] = {"type": "array", "items": inner, "maxItems": 3}


def list_to_object(spec: Spec) -> None:
    answer(spec, MATCHING)["schema"] = answer(spec, MATCHING)["schema"]["items"]


def object_to_list(spec: Spec) -> None:
    answer(spec, SUMMARY)["schema"] = {"type": "array", "items": answer(spec, SUMMARY)["schema"]}


def without_schema(spec: Spec) -> None:
    del answer(spec, SUMMARY)["schema"]


def retyped(spec: Spec) -> None:
    field(spec, SUMMARY, "credits").update(type="string")
    del field(spec, SUMMARY, "credits")["format"]


def without_parameter(spec: Spec) -> None:
    operation(spec, MATCHING)["parameters"].remove(parameter(spec, MATCHING, "start_date"))


def by_post(spec: Spec) -> None:
    spec["paths"][MATCHING]["post"] = spec["paths"][MATCHING].pop("get")


def accepted(spec: Spec) -> None:
    responses = operation(spec, SUMMARY)["responses"]
    responses["202"] = responses.pop("200")


def also_accepted(spec: Spec) -> None:
    operation(spec, SUMMARY)["responses"]["202"] = {"description": "Not yet."}


def renamed_in_path(spec: Spec) -> None:
    parameter(spec, SINGLE, "id")["name"] = "usage_id"
    spec["paths"]["/usage/llm/{usage_id}"] = spec["paths"].pop(SINGLE)


def enum_in_words(spec: Spec) -> None:
    del field(spec, MATCHING, "task")["enum"]
    field(spec, MATCHING, "task")["description"] = 'What it was. One of ["IDR", "CDM"].'


def other_enum_in_words(spec: Spec) -> None:
    enum_in_words(spec)
    field(spec, MATCHING, "task")["description"] = 'What it was. One of ["IDR", "CDM", "XYZ"].'


ITEM, SUM = "response[]", "response"
TASK, ORG, FROM = "parameter task", "parameter org_id", "parameter start_date"
B, C, D, W = "breaking", "compatible", "deprecated", "wording"
M, S = NAMES[MATCHING], NAMES[SUMMARY]


def op(node: Callable[[Spec], Spec], **values: Any) -> Callable[[Spec], None]:
    """Return the change that sets ``values`` at a place of a spec; ``None`` takes away."""

    def make(spec: Spec) -> None:
        for key, value in values.items():
            if value is None:
                del node(spec)[key]
            else:
                node(spec)[key] = value

    return make


def at_operation(**values: Any) -> Callable[[Spec], None]:
    return op(lambda spec: operation(spec, MATCHING), **values)


def at_field(name: str, **values: Any) -> Callable[[Spec], None]:
    return op(lambda spec: field(spec, MATCHING, name), **values)


def at_parameter(name: str, **values: Any) -> Callable[[Spec], None]:
    return op(lambda spec: parameter(spec, MATCHING, name), **values)


def new_operation(spec: Spec) -> None:
    spec["paths"]["/usage/storage"] = {"get": {"responses": {"200": {"schema": {"type": "object"}}}}}


def new_parameter(**more: Any) -> Callable[[Spec], None]:
    told = {"name": "page", "in": "query", "required": False, "type": "integer"} | more
    return lambda spec: operation(spec, MATCHING)["parameters"].append(told)


CHANGES = (
    Change("operation-new", new_operation, "GET /usage/storage", "operation", "operation", C, B),
    Change("operation-gone", lambda s: s["paths"].pop(MATCHING), M, "operation", "operation", B, C),
    Change("base-path", lambda s: s.update(basePath="/v2"), "*", "operation", "base path", B, B),
    Change("status", accepted, S, SUM, "status", B, B),
    Change("status-more", also_accepted, S, SUM, "status", B, B),
    Change("media-type", at_operation(produces=["text/csv"]), M, SUM, "media type", B, B),
    Change("operation-deprecated", at_operation(deprecated=True), M, "operation", "deprecated", D, C),
    Change(
        "operation-warned-of", at_operation(**{"x-deprecation-warning": "Soon."}), M, "operation", "deprecated", D, C
    ),
    Change("summary", at_operation(summary="Else"), M, "operation", "summary", W, W),
    Change("list-to-object", list_to_object, M, SUM, "type", B, B),
    Change("object-to-list", object_to_list, S, SUM, "type", B, B),
    Change("answer-undescribed", without_schema, S, SUM, "type", B, C),
    Change("fields-undescribed", without_fields, S, "*", "field", B, C),
    Change("items-undescribed", lambda s: answer(s, MATCHING)["schema"].pop("items"), M, ITEM, "type", B, C),
    Change("field-gone", without_field, M, f"{ITEM}.runTime", "field", B, C),
    Change("field-new", new_field, M, f"{ITEM}.more", "field", C, B),
    Change("field-retyped", retyped, S, f"{SUM}.credits", "type", B, B),
    Change("field-to-object", at_field("runTime", type="object"), M, f"{ITEM}.runTime", "type", B, B),
    Change("field-nullable", at_field("runTime", **{"x-nullable": True}), M, f"{ITEM}.runTime", "type", B, C),
    Change("field-format", at_field("runCreatedAt", format="date"), M, f"{ITEM}.runCreatedAt", "format", B, B),
    Change("field-without-format", at_field("runCreatedAt", format=None), M, f"{ITEM}.runCreatedAt", "format", B, C),
    Change(
        "field-optional", lambda s: record(s, MATCHING)["required"].remove("task"), M, f"{ITEM}.task", "required", B, C
    ),
    Change("none-required", lambda s: record(s, SUMMARY).pop("required"), S, "*", "required", B, C),
    Change("enum-wider", at_field("task", enum=["IDR", "CDM", "XYZ"]), M, f"{ITEM}.task", "enum", B, C),
    Change("enum-wider-in-words", other_enum_in_words, M, f"{ITEM}.task", "enum", B, C),
    Change("enum-narrower", at_field("task", enum=["IDR"]), M, f"{ITEM}.task", "enum", C, B),
    Change("enum-other", at_field("task", enum=["IDR", "XYZ"]), M, f"{ITEM}.task", "enum", B, B),
    Change("enum-gone", at_field("task", enum=None), M, f"{ITEM}.task", "enum", B, C),
    Change("enum-in-words", enum_in_words, M, f"{ITEM}.task", "enum notation", W, W),
    Change("field-bounded", at_field("runTime", minimum=0), M, f"{ITEM}.runTime", "minimum", C, B),
    Change("field-deprecated", at_field("runTime", deprecated=True), M, f"{ITEM}.runTime", "deprecated", D, C),
    Change("field-described", at_field("runTime", description="Else"), M, f"{ITEM}.runTime", "description", W, W),
    Change("parameter-gone", without_parameter, M, FROM, "parameter", B, C),
    Change("parameter-needed", at_parameter("org_id", required=True), M, ORG, "required", B, C),
    Change("parameter-retyped", at_parameter("org_id", type="string"), M, ORG, "type", B, B),
    Change("parameter-narrower", at_parameter("task", enum=["IDR"]), M, TASK, "enum", B, C),
    Change("parameter-wider", at_parameter("task", enum=["IDR", "CDM", "XYZ"]), M, TASK, "enum", C, B),
    Change("parameter-enum-gone", at_parameter("task", enum=None), M, TASK, "enum", C, B),
    Change("parameter-bounded", at_parameter("org_id", minimum=1), M, ORG, "minimum", B, C),
    Change("parameter-short", at_parameter("task", maxLength=3), M, TASK, "maxLength", B, C),
    Change("parameter-pattern", at_parameter("task", pattern="^[A-Z]+$"), M, TASK, "pattern", B, C),
    Change("parameter-format", at_parameter("start_date", format="date"), M, FROM, "format", B, B),
    Change("parameter-default", at_parameter("task", default="IDR"), M, TASK, "default", C, B),
    Change(
        "parameter-moved",
        at_parameter("task", **{"in": "header"}),
        M,
        TASK,
        "in",
        B,
        B,
    ),
    Change("parameter-deprecated", at_parameter("task", deprecated=True), M, TASK, "deprecated", D, C),
    Change("parameter-new", new_parameter(), M, "parameter page", "parameter", C, B),
    Change("parameter-new-needed", new_parameter(required=True), M, "parameter page", "parameter", B, B),
    Change(
        "body-new-needed",
        new_parameter(**{"name": "body", "in": "body", "required": True, "schema": {"type": "object"}}),
        M,
        "request body",
        "parameter",
        B,
        B,
    ),
    Change(
        "path-parameter-renamed",
        renamed_in_path,
        "get_llm",
        "path parameter 1",
        "name",
        W,
        W,
    ),
)
