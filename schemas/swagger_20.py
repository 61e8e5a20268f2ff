"""The API's description in Swagger 2.0, which the API serves and its clients build themselves from.

The Python package ``civis`` makes a method, and its command line a command, of every path. They need more than the
specification asks for: a ``type`` and a ``required`` on every parameter, and the successful answer, with its schema,
before all others. The command line also dies of a ``KeyError`` where the groups files, notebooks and jobs are missing,
so those get one path each, which says that it is not served.
"""

from functools import cache
from typing import Any

from .documents import BODIES
from .openapi import bundled_openapi, with_references

NOT_SERVED = ("files", "notebooks", "jobs")
"""Resources that the ``civis`` command counts on, and that are described here for its sake alone."""


@cache
def swagger() -> dict[str, Any]:
    """Return the Swagger 2.0 description, as ``GET /endpoints`` serves it.

    Every call gives the same object: read it, and copy it before changing anything.
    """
    source = bundled_openapi()
    paths = {path: {"get": _operation(methods["get"], source)} for path, methods in source["paths"].items()}
    return {
        "swagger": "2.0",
        "info": {key: value for key, value in source["info"].items() if key != "summary"},
        "produces": ["application/json"],
        "securityDefinitions": {
            "basic": {"type": "basic", "description": source["components"]["securitySchemes"]["basic"]["description"]},
            "bearer": {
                "type": "apiKey",
                "name": "Authorization",
                "in": "header",
                "description": "The word Bearer, a space, and the API key.",
            },
        },
        "security": source["security"],
        "paths": paths | {f"/{resource}/{{id}}": {"get": _placeholder(resource)} for resource in NOT_SERVED},
        "definitions": {name: _definition(source["components"]["schemas"][name]) for name in BODIES},
    }


def _operation(operation: dict[str, Any], source: dict[str, Any]) -> dict[str, Any]:
    responses = {
        status: _response(_resolved(response, source), source) for status, response in operation["responses"].items()
    }
    return operation | {
        "parameters": [_parameter(parameter) for parameter in operation["parameters"]],
        "responses": responses,
    }


def _parameter(parameter: dict[str, Any]) -> dict[str, Any]:
    plain = {key: value for key, value in parameter.items() if key not in ("schema", "example")}
    return {**plain, **parameter["schema"]}


def _response(response: dict[str, Any], source: dict[str, Any]) -> dict[str, Any]:
    headers = {name: _header(_resolved(header, source)) for name, header in response["headers"].items()}
    schema = with_references(response["content"]["application/json"]["schema"], _definition_reference)
    return {"description": response["description"], "schema": schema, "headers": headers}


def _header(header: dict[str, Any]) -> dict[str, Any]:
    return {"description": header["description"], **header["schema"]}


def _definition(schema: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in schema.items() if key != "examples"} | {"example": schema["examples"][0]}


def _definition_reference(reference: str) -> str:
    return reference.replace("#/components/schemas/", "#/definitions/")


def _resolved(node: dict[str, Any], source: dict[str, Any]) -> dict[str, Any]:
    if "$ref" not in node:
        return node
    found: Any = source
    for key in node["$ref"].removeprefix("#/").split("/"):
        found = found[key]
    return dict(found)


def _placeholder(resource: str) -> dict[str, Any]:
    return {
        "operationId": f"get_{resource}",
        "tags": [resource],
        "summary": f"Not served here: {resource}",
        "description": f"Only /usage is faked; the civis command does not start without a group {resource}.",
        "parameters": [
            {
                "name": "id",
                "in": "path",
                "required": True,
                "description": "Any number; the answer is always the same.",
                "type": "integer",
            }
        ],
        "responses": {
            "404": {"description": "There is no such endpoint here.", "schema": {"$ref": "#/definitions/error"}}
        },
    }
