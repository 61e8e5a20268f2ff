"""The page of the HTTP surface: each request as the contract has it, with responses of the fake."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from flask.testing import FlaskClient

from civis_usage.mock_server.app import create_app
from civis_usage.mock_server.settings import Settings
from civis_usage.schemas import bundled_openapi, load
from generators.markdown import code, fenced, page, table

ANY = {"Authorization": "Bearer any-key"}
ERRORS: tuple[tuple[str, str, dict[str, str]], ...] = (
    ("GET", "/usage/llm?org_id=abc", ANY),
    ("GET", "/usage/llm", {}),
    ("GET", "/usage/llm/0", ANY),
    ("GET", "/usage/nothing", ANY),
    ("POST", "/usage/llm", ANY),
    ("GET", "/usage/llm", ANY | {"Prefer": "code=429"}),
    ("GET", "/usage/llm", ANY | {"Prefer": "code=500"}),
    ("GET", "/usage/llm", ANY | {"Prefer": "code=503"}),
)
"""Requests that show the errors: method, address, headers."""
CHANGING = {
    "X-RateLimit-Limit": "requests in a window, 1000 on the live API",
    "X-RateLimit-Remaining": "requests left in this window; it does not fall evenly",
    "X-Request-Id": "a UUID of the request",
    "X-Runtime": "seconds that the response took, with six decimals",
    "ETag": "on successful responses: `W/` and the first 32 hex digits of the body's SHA-256 (not on the fake's lists "
    "of more than 16 MB, which are streamed)",
    "Date": "the fake's clock",
}
"""Headers whose value differs from response to response."""
TRANSPORT = {"Content-Type", "Content-Length"}


def http_surface() -> str:
    """Return the page."""
    contract = bundled_openapi()
    return page(
        "HTTP surface",
        "The requests of the API and their responses. The fake serves the same as OpenAPI 3.1 at `/openapi.json` and, "
        "as the API does, as Swagger 2.0 at `/endpoints` (OpenAPI 3.0 with `?openapi_version=3.0`). Its own endpoints "
        "are on [another page](controls.md).",
        "The key is sent by HTTP Basic, as the user name with an empty password, or as `Authorization: Bearer KEY`. "
        "Responses are compact JSON in UTF-8; names are camelCase in bodies and snake_case in queries. Lists are not "
        "paginated: a list has everything in its window.",
        *(part for path, methods in contract["paths"].items() for part in _operation(path, methods["get"])),
        *(part for name in contract["components"]["schemas"] for part in _body(name)),
        "## Errors",
        "The fake's. Their form is recorded, except the body of the 401, which is assumed; for some requests it is "
        "[assumed](../background/evidence.md#what-the-fake-assumes) which error they get.",
        table(["request", "status", "body", "headers"], _errors()),
        "## Headers of every response",
        "Recorded; the fake sends them all. A 429 also has `Retry-After`: the seconds to wait before the next request.",
        table(["header", "value"], _headers()),
    )


def _operation(path: str, operation: Mapping[str, Any]) -> Iterator[str]:
    yield f"## {operation['operationId']}"
    yield f"`GET {path}`"
    yield operation["description"]
    rows = ([code(each["name"]), each["in"], _type(each["schema"]), each["description"]] for each in _given(operation))
    yield table(["parameter", "in", "type", "meaning"], rows)
    yield table(
        ["status", "response"], ([status, _response(answer)] for status, answer in operation["responses"].items())
    )


def _given(operation: Mapping[str, Any]) -> list[Any]:
    return list(operation["parameters"])


def _response(response: Mapping[str, Any]) -> str:
    if "$ref" in response:
        name = response["$ref"].rpartition("/")[2]
        return f"{bundled_openapi()['components']['responses'][name]['description']} [Error](#error)."
    schema = response["content"]["application/json"]["schema"]
    name = schema.get("items", schema)["$ref"].rpartition("/")[2]
    title = load(name)["title"]
    return f"{response['description']} {'Array of ' if 'items' in schema else ''}[{title}](#{_slug(title)})."


def _body(name: str) -> Iterator[str]:
    schema = load(name)
    yield f"## {schema['title']}"
    yield schema["description"]
    rows = (
        [code(field), _type(each), "yes" if field in schema["required"] else "no", each["description"]]
        for field, each in schema["properties"].items()
    )
    yield table(["field", "type", "required", "meaning"], rows)
    yield fenced("json", json.dumps(schema["examples"][0], indent=2))


def _type(schema: Mapping[str, Any]) -> str:
    words = f"{schema['type']}, {schema['format']}" if "format" in schema else schema["type"]
    return f"{words}: {' or '.join(map(code, schema['enum']))}" if "enum" in schema else words


def _slug(title: str) -> str:
    return title.lower().replace(" ", "-")


def _errors() -> Iterator[list[str]]:
    fixed = {name for name, _ in _headers_of("/usage/llm")}
    for method, address, headers in ERRORS:
        response = _client().open(address, method=method, headers=headers)
        more = [code(f"{name}: {value}") for name, value in response.headers if name not in fixed]
        prefer = f", `Prefer: {headers['Prefer']}`" if "Prefer" in headers else ""
        keyless = "" if headers else " without a key"
        request = f"`{method} {address}`{keyless}{prefer}"
        yield [request, str(response.status_code), code(response.get_data(as_text=True)), ", ".join(more)]


def _headers() -> Iterator[list[str]]:
    for name, value in _headers_of("/usage/llm"):
        if name not in TRANSPORT:
            yield [code(name), CHANGING.get(name) or code(value)]


def _headers_of(address: str) -> list[tuple[str, str]]:
    return [*_client().get(address, headers=ANY).headers.items()]


def _client() -> FlaskClient:
    return create_app(Settings(generated=False)).test_client()
