"""The OpenAPI document that a fake serves works on that fake: each example is what it answers with."""

from __future__ import annotations

import json
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from civis_usage.mock_server.app import create_app
from civis_usage.mock_server.settings import Settings
from civis_usage.schemas import validator

NOW = "2026-04-20T12:00:00Z"
KEY = {"Authorization": "Bearer a-key-of-the-tests"}
WORLDS: dict[str, dict[str, Any]] = {
    "realistic": {},
    "edge": {"profile": "edge"},
    "one organization alone": {"organizations": {7: 3, 8: 3}, "behavior": {"foreign_organization": "not_found"}},
    "a first organization without usage": {"organizations": {7: 0, 8: 3}},
    "the user's records": {
        "generated": False,
        "data": ({"credits": 1.5, "organizationId": 417}, {"task": "CDM", "organizationId": 5}),
    },
}


@pytest.fixture(params=WORLDS)
def app(request):
    return create_app(Settings(now=NOW, **WORLDS[request.param]))


def document(app) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(app.test_client().get("/openapi.json").text)
    return found


def operations(app) -> list[tuple[str, dict[str, Any]]]:
    return [(path, methods["get"]) for path, methods in document(app)["paths"].items()]


def test_each_request_of_the_examples_is_answered_by_the_example(app):
    for path, operation in operations(app):
        given = {each["name"]: each["example"] for each in operation["parameters"]}
        in_path = {each["name"] for each in operation["parameters"] if each["in"] == "path"}
        query = {name: value for name, value in given.items() if name not in in_path}
        response = app.test_client().get(path.format(**given), query_string=query, headers=KEY)
        assert response.status_code == 200, (path, given)
        example = operation["responses"]["200"]["content"]["application/json"]["example"]
        assert json.loads(response.text) == example != []


def test_the_examples_of_the_schemas_are_of_the_world_and_keep_them(app):
    schemas = document(app)["components"]["schemas"]
    organizations = app.test_client().get("/_fake/health").json["organizations"]
    for name, schema in schemas.items():
        for example in schema["examples"]:
            assert validator(name).is_valid(example)
            assert name == "error" or example["organizationId"] in organizations
    Draft202012Validator.check_schema(schemas["llm_usage"])


def test_an_empty_world_has_no_examples_of_records():
    app = create_app(Settings(now=NOW, generated=False))
    text = app.test_client().get("/openapi.json").text
    for _, operation in operations(app):
        assert not [each for each in operation["parameters"] if "example" in each]
        assert "example" not in operation["responses"]["200"]["content"]["application/json"]
    assert "organizationId" in text and '"organizationId":1' not in text


ERRORS = {
    "400": ("/usage/llm?org_id=abc", {}, None),
    "401": ("/usage/llm", {"Authorization": ""}, None),
    "404": ("/usage/llm/1", {}, None),
    "429": ("/usage/llm", {}, "status=429"),
    "500": ("/usage/llm", {}, "status=500"),
    "503": ("/usage/llm", {}, "status=503"),
}


@pytest.mark.parametrize("status", ERRORS)
def test_each_error_has_an_example_of_its_own_which_is_the_fakes_response(status):
    path, headers, fault = ERRORS[status]
    app = create_app(Settings(now=NOW))
    if fault is not None:
        app.extensions["civis_usage"].faults.add(fault)
    response = app.test_client().get(path, headers=KEY | headers)
    responses = document(app)["paths"]["/usage/llm"]["get"]["responses"]
    described = document(app)["components"]["responses"][responses[status]["$ref"].rpartition("/")[2]]
    assert described["content"]["application/json"]["example"] == json.loads(response.text)
    assert str(response.status_code) == status
