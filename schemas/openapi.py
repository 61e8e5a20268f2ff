"""The API's description as one OpenAPI document, for those who cannot follow references to other files."""

from collections.abc import Callable
from copy import deepcopy
from functools import cache
from typing import Any

from .documents import BODIES, load

SERVERS = [{"url": "/"}]
"""A served description speaks of the server that serves it; the file in the repository, of the live API."""


@cache
def bundled_openapi() -> dict[str, Any]:
    """Return the OpenAPI 3.1 description with the body schemas inside, as ``GET /openapi.json`` serves it.

    Every call gives the same object: read it, and copy it before changing anything.
    """
    document: dict[str, Any] = with_references(load("openapi"), _inward)
    document["servers"] = SERVERS
    document["components"]["schemas"] = {name: _without(load(name), "$schema", "$id") for name in BODIES}
    return document


@cache
def openapi_30() -> dict[str, Any]:
    """Return the same description in OpenAPI 3.0, as ``GET /endpoints?openapi_version=3.0`` serves it.

    What 3.0 does not know (a summary of the whole, several examples of a schema) is left out.
    """
    document = deepcopy(bundled_openapi())
    document["openapi"] = "3.0.3"
    del document["info"]["summary"]
    for schema in document["components"]["schemas"].values():
        schema["example"] = schema.pop("examples")[0]
    return document


def with_references(node: Any, rewrite: Callable[[str], str]) -> Any:
    """Return a copy of a JSON value in which every ``$ref`` is rewritten."""
    if isinstance(node, dict):
        return {
            key: rewrite(value) if key == "$ref" else with_references(value, rewrite) for key, value in node.items()
        }
    if isinstance(node, list):
        return [with_references(item, rewrite) for item in node]
    return node


def _inward(reference: str) -> str:
    return f"#/components/schemas/{reference.removesuffix('.json')}" if reference.endswith(".json") else reference


def _without(schema: dict[str, Any], *keys: str) -> dict[str, Any]:
    return {key: deepcopy(value) for key, value in schema.items() if key not in keys}
