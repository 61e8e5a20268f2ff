"""The contract is what it says it is: JSON Schema 2020-12, OpenAPI 3.1, and timestamps of RFC 3339."""

import json
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from importlib import resources
from typing import Any

import jsonschema
import jsonschema_rs
import pytest
from schemathesis.specs.openapi.definitions import OPENAPI_30, OPENAPI_31, SWAGGER_20  # the official metaschemas

from civis_usage import schemas
from civis_usage.schemas import OPERATIONS, bundled_openapi, load, openapi_30, swagger, times, validator
from civis_usage.schemas.documents import BODIES, NAMES
from civis_usage.schemas.formats import FORMATS


def references_in(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        yield from ([node["$ref"]] if "$ref" in node else [])
        for value in node.values():
            yield from references_in(value)
    if isinstance(node, list):
        for item in node:
            yield from references_in(item)


def target(document: dict[str, Any], reference: str) -> Any:
    found: Any = document
    for key in reference.removeprefix("#/").split("/"):
        found = found[key]
    return found


@pytest.mark.parametrize("name", BODIES)
def test_a_body_schema_is_valid_json_schema_2020_12(name: str) -> None:
    assert load(name)["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    jsonschema.Draft202012Validator.check_schema(load(name))
    jsonschema_rs.meta.validate(load(name))


@pytest.mark.parametrize("name", BODIES)
def test_a_body_schema_has_a_title_its_own_id_and_a_description_for_every_field(name: str) -> None:
    schema = load(name)
    assert schema["title"]
    assert schema["$id"].endswith(f"/{name}.json")
    for field, described in schema["properties"].items():
        assert described["description"].endswith("."), f"{name}.{field} has no description"


@pytest.mark.parametrize("name", BODIES)
def test_the_examples_in_a_schema_are_valid_by_it(name: str) -> None:
    assert load(name)["examples"]
    for example in load(name)["examples"]:
        validator(name).validate(example)


@pytest.mark.parametrize("name", BODIES)
def test_additional_fields_are_allowed(name: str) -> None:
    assert "additionalProperties" not in load(name)
    assert validator(name).is_valid({**load(name)["examples"][0], "more": [1, {"two": None}]})


@pytest.mark.parametrize("name", BODIES)
def test_every_format_that_a_schema_names_is_checked(name: str) -> None:
    used = {field["format"] for field in load(name)["properties"].values() if "format" in field}
    assert used <= set(FORMATS)


def test_tomorrow_is_no_timestamp() -> None:
    body = {**load("llm_usage")["examples"][0], "runCreatedAt": "tomorrow"}
    (error,) = validator("llm_usage").iter_errors(body)
    assert list(error.path) == ["runCreatedAt"]


def test_every_file_of_the_contract_is_known_by_name() -> None:
    files = {file.name for file in resources.files("civis_usage.schemas").iterdir() if file.name.endswith(".json")}
    assert files == {f"{name}.json" for name in NAMES}


def test_an_unknown_schema_is_refused_with_the_names_there_are() -> None:
    with pytest.raises(KeyError, match=r"'billing'; there are llm_usage, matching_usage"):
        load("billing")


@pytest.mark.parametrize(
    ("document", "metaschema"),
    [
        (load("openapi"), OPENAPI_31),
        (bundled_openapi(), OPENAPI_31),
        (openapi_30(), OPENAPI_30),
        (swagger(), SWAGGER_20),
    ],
    ids=["the file, 3.1", "bundled, 3.1", "3.0", "2.0"],
)
def test_a_description_is_valid_by_the_metaschema_of_its_dialect(document: Any, metaschema: Any) -> None:
    judge = jsonschema_rs.validator_for(metaschema)
    assert [f"{error.message} at {error.instance_path}" for error in judge.iter_errors(document)] == []
    assert not judge.is_valid({**document, "paths": []})


@pytest.mark.parametrize("document", [bundled_openapi(), openapi_30(), swagger()], ids=["3.1", "3.0", "2.0"])
def test_a_served_description_refers_to_itself_alone(document: dict[str, Any]) -> None:
    references = set(references_in(document))
    assert references
    for reference in references:
        assert reference.startswith("#/"), f"{reference} leads out of the document"
        assert target(document, reference)


def test_the_file_refers_to_the_body_schemas_beside_it() -> None:
    outward = {reference for reference in references_in(load("openapi")) if not reference.startswith("#/")}
    assert outward == {f"{name}.json" for name in BODIES}


def test_every_operation_documents_its_errors_and_its_security() -> None:
    assert load("openapi")["security"] == [{"basic": []}, {"bearer": []}]
    for path, methods in bundled_openapi()["paths"].items():
        statuses = list(methods["get"]["responses"])
        assert statuses[0] == "200", path
        assert {"401", "404", "429"} < set(statuses), path
        assert ("400" in statuses) == any(p["in"] == "query" for p in methods["get"]["parameters"]), path


def test_a_401_must_say_how_to_present_a_key() -> None:
    assert bundled_openapi()["components"]["headers"]["WWWAuthenticate"]["required"] is True


def test_the_descriptions_change_only_the_dialect() -> None:
    assert bundled_openapi()["openapi"] == load("openapi")["openapi"]
    assert openapi_30()["openapi"] == "3.0.3"
    assert swagger()["swagger"] == "2.0"
    assert list(openapi_30()["paths"]) == list(load("openapi")["paths"])
    assert set(load("openapi")["paths"]) == {path for path in swagger()["paths"] if path.startswith("/usage")}


def test_openapi_3_0_has_nothing_that_only_3_1_knows() -> None:
    text = json.dumps(openapi_30())
    for keyword in ("$schema", "$id", "examples", "jsonSchemaDialect", "webhooks"):
        assert f'"{keyword}"' not in text
    assert "summary" not in openapi_30()["info"]


def test_making_one_dialect_leaves_the_others_as_they_were() -> None:
    before = json.dumps(load("openapi")), json.dumps(bundled_openapi())
    openapi_30.cache_clear()
    swagger.cache_clear()
    openapi_30(), swagger()
    assert (json.dumps(load("openapi")), json.dumps(bundled_openapi())) == before


def test_a_swagger_parameter_has_its_type_and_its_need_inline() -> None:
    for path, methods in swagger()["paths"].items():
        for parameter in methods["get"]["parameters"]:
            assert {"type", "required", "description"} <= set(parameter), (path, parameter)
            assert "schema" not in parameter, (path, parameter)


def test_swagger_says_of_what_it_does_not_serve_that_it_does_not() -> None:
    placeholders = {
        path: methods["get"] for path, methods in swagger()["paths"].items() if not path.startswith("/usage")
    }
    assert set(placeholders) == {"/files/{id}", "/notebooks/{id}", "/jobs/{id}"}
    for operation in placeholders.values():
        assert operation["summary"].startswith("Not served here")
        assert list(operation["responses"]) == ["404"]


def test_operations_read_as_the_contract_says() -> None:
    assert {name: (each.path, each.body, each.many) for name, each in OPERATIONS.items()} == {
        "get_llm": ("/usage/llm/{id}", "llm_usage", False),
        "list_llm": ("/usage/llm", "llm_usage", True),
        "get_llm_organization_summary": (
            "/usage/llm/organization/{org_id}/summary",
            "llm_organization_summary",
            False,
        ),
        "list_matching": ("/usage/matching", "matching_usage", True),
    }
    assert [
        (p.name, p.place, p.type, p.format, p.required, p.enum) for p in OPERATIONS["list_matching"].parameters
    ] == [
        ("org_id", "query", "integer", None, False, None),
        ("task", "query", "string", None, False, ("IDR", "CDM")),
        ("start_date", "query", "string", "date-time", False, None),
        ("end_date", "query", "string", "date-time", False, None),
    ]
    assert OPERATIONS["get_llm"].url(id=7) == "/usage/llm/7"


def test_reading_timestamps_imports_neither_jsonschema_nor_a_file_of_the_contract() -> None:
    script = (
        "import sys; from civis_usage.schemas import times; "
        "print([m for m in sys.modules if m.startswith(('jsonschema', 'civis_usage.schemas.'))])"
    )
    shown = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout
    assert shown.strip() == "['civis_usage.schemas.times']"


def test_the_public_names_are_there_and_no_others() -> None:
    for name in schemas.__all__:
        assert getattr(schemas, name) is not None
        assert name in dir(schemas)
    with pytest.raises(AttributeError, match="has no attribute 'operations_of_yesterday'"):
        schemas.operations_of_yesterday  # type: ignore[attr-defined]  # noqa: B018


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-04-17T17:26:07.000Z", datetime(2026, 4, 17, 17, 26, 7, tzinfo=UTC)),
        ("2026-04-17T17:26:07Z", datetime(2026, 4, 17, 17, 26, 7, tzinfo=UTC)),
        ("2026-04-17t17:26:07z", datetime(2026, 4, 17, 17, 26, 7, tzinfo=UTC)),
        ("2026-04-17T19:26:07+02:00", datetime(2026, 4, 17, 17, 26, 7, tzinfo=UTC)),
        ("2026-04-17T17:26:07-00:00", datetime(2026, 4, 17, 17, 26, 7, tzinfo=UTC)),
        ("2026-04-17T17:26:07.5Z", datetime(2026, 4, 17, 17, 26, 7, 500000, tzinfo=UTC)),
        ("2026-04-17T17:26:07.1234567891Z", datetime(2026, 4, 17, 17, 26, 7, 123456, tzinfo=UTC)),
        ("2024-02-29T00:00:00Z", datetime(2024, 2, 29, tzinfo=UTC)),
        ("2016-12-31T23:59:60.9Z", datetime(2017, 1, 1, tzinfo=UTC)),
        ("2016-12-31T15:59:60-08:00", datetime(2017, 1, 1, tzinfo=UTC)),
        ("0001-01-01T00:00:00Z", datetime(1, 1, 1, tzinfo=UTC)),
    ],
)
def test_a_date_time_is_read(text: str, moment: datetime) -> None:
    assert times.parse(text) == moment


@pytest.mark.parametrize(
    "text",
    [
        "",
        "tomorrow",
        "2026-04-17",
        "2026-04-17T17:26",
        "2026-04-17T17:26:07",
        "2026-04-17 17:26:07Z",
        "2026-04-17T17:26:07.Z",
        "2026-04-17T17:26:07,5Z",
        "2026-04-17T17:26:07Z\n",
        "2026-04-17T17:26:07+0200",
        "2026-04-17T17:26:07+24:00",
        "2026-02-29T00:00:00Z",
        "2026-13-01T00:00:00Z",
        "2026-04-31T00:00:00Z",
        "2026-04-17T24:00:00Z",
        "2026-04-17T17:60:00Z",
        "2026-04-17T17:26:61Z",
        "2016-12-31T15:59:60Z",
        "9999-12-31T23:59:60Z",
        "0000-01-01T00:00:00Z",
        "٢٠٢٦-04-17T17:26:07Z",
        "+2026-04-17T17:26:07Z",
        "x" * 100_000,
    ],
)
def test_what_is_no_date_time_is_refused_in_one_short_sentence(text: str) -> None:
    with pytest.raises(ValueError) as refusal:
        times.parse(text)
    assert len(str(refusal.value)) < 200


@pytest.mark.parametrize(
    ("millis", "text"),
    [
        (0, "1970-01-01T00:00:00.000Z"),
        (-1, "1969-12-31T23:59:59.999Z"),
        (1776446767000, "2026-04-17T17:26:07.000Z"),
        (253402300799999, "9999-12-31T23:59:59.999Z"),
    ],
)
def test_milliseconds_are_written_as_the_api_writes_them_and_read_back(millis: int, text: str) -> None:
    assert times.render(millis) == text
    assert times.to_millis(times.parse(text)) == millis


def test_a_fraction_of_a_millisecond_counts_for_nothing() -> None:
    assert times.to_millis(times.parse("1970-01-01T00:00:00.0019Z")) == 1
    assert times.to_millis(times.parse("1969-12-31T23:59:59.9985Z")) == -2


def test_moments_out_of_the_calendar_are_counted_all_the_same() -> None:
    assert times.to_millis(times.parse("0001-01-01T00:00:00+23:59")) < times.to_millis(
        times.parse("0001-01-01T00:00:00Z")
    )
