"""The page of the HTTP surface: what the contract says of each request, and what the fake answers when it is asked."""

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
    "X-Runtime": "seconds that the answer took, with six decimals",
    "ETag": "on successful answers: `W/` and the first 32 hex digits of the body's SHA-256 (not on the fake's lists of "
    "more than 16 MB, which are sent while they are made)",
    "Date": "the fake's clock",
}
"""Headers whose value differs from answer to answer."""
TRANSPORT = {"Content-Type", "Content-Length"}


def http_surface() -> str:
    """Give the page."""
    contract = bundled_openapi()
    return page(
        "HTTP surface",
        "What the contract says of the requests and their answers. The same is served as OpenAPI 3.1 at "
        "`/openapi.json`, and as the API itself does (Swagger 2.0, or OpenAPI 3.0 with `?openapi_version=3.0`) at "
        "`/endpoints`. What the fake adds for itself is under [its controls](controls.md).",
        "Keys travel by HTTP Basic, as the user name with an empty password, or as `Authorization: Bearer KEY`. "
        "Answers are compact JSON in UTF-8; names are camelCase in bodies, snake_case in queries. No list is "
        "paginated: it holds everything in its window.",
        *(part for path, methods in contract["paths"].items() for part in _operation(path, methods["get"])),
        *(part for name in contract["components"]["schemas"] for part in _body(name)),
        "## Errors",
        "As the fake answers them. Their form is recorded, but for the body of the 401, which is assumed; which of "
        "them a request gets may be [assumed](../background/evidence.md#what-the-fake-assumes).",
        table(["request", "status", "body", "headers"], _errors()),
        "## Headers of every answer",
        "Recorded; the fake sends them all. A 429 has `Retry-After` beside them: seconds to wait before the next try.",
        table(["header", "value"], _headers()),
    )


def _operation(path: str, operation: Mapping[str, Any]) -> Iterator[str]:
    yield f"## {operation['operationId']}"
    yield f"`GET {path}`"
    yield operation["description"]
    rows = ([code(each["name"]), each["in"], _type(each["schema"]), each["description"]] for each in _given(operation))
    yield table(["parameter", "in", "type", "meaning"], rows)
    yield table(["status", "answer"], ([status, _answer(answer)] for status, answer in operation["responses"].items()))


def _given(operation: Mapping[str, Any]) -> list[Any]:
    return list(operation["parameters"])


def _answer(answer: Mapping[str, Any]) -> str:
    if "$ref" in answer:
        name = answer["$ref"].rpartition("/")[2]
        return f"{bundled_openapi()['components']['responses'][name]['description']} [Error](#error)."
    schema = answer["content"]["application/json"]["schema"]
    name = schema.get("items", schema)["$ref"].rpartition("/")[2]
    title = load(name)["title"]
    return f"{answer['description']} {'Array of ' if 'items' in schema else ''}[{title}](#{_slug(title)})."


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
    fixed = {name for name, _ in _answered("/usage/llm")}
    for method, address, headers in ERRORS:
        answer = _client().open(address, method=method, headers=headers)
        more = [code(f"{name}: {value}") for name, value in answer.headers if name not in fixed]
        prefer = f", `Prefer: {headers['Prefer']}`" if "Prefer" in headers else ""
        keyless = "" if headers else " without a key"
        request = f"`{method} {address}`{keyless}{prefer}"
        yield [request, str(answer.status_code), code(answer.get_data(as_text=True)), ", ".join(more)]


def _headers() -> Iterator[list[str]]:
    for name, value in _answered("/usage/llm"):
        if name not in TRANSPORT:
            yield [code(name), CHANGING.get(name) or code(value)]


def _answered(address: str) -> list[tuple[str, str]]:
    return [*_client().get(address, headers=ANY).headers.items()]


def _client() -> FlaskClient:
    return create_app(Settings(generated=False)).test_client()
