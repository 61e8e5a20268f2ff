"""API descriptions of ``/usage``: the contract's, one in a file, and the API's own."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from civis_usage.client.errors import ConfigurationError, UsageError
from civis_usage.client.excerpts import describe as what_came
from civis_usage.schemas import bundled_openapi
from civis_usage.schemas.json_format import InvalidJSON, decode

from .errors import InvalidSpec, SpecUnavailable
from .statements import Reader, Statement

if TYPE_CHECKING:
    from civis_usage.client.transport import Transport

__all__ = [
    "PATH",
    "ApiDescription",
    "contract",
    "describe",
    "fetch_spec",
    "read_answer",
    "read_spec",
]

PATH = "/endpoints"
"""Where the API describes itself (documented)."""


@dataclass(frozen=True)
class ApiDescription:
    """What a description says of ``/usage``."""

    dialect: str
    """``Swagger 2.0``, ``OpenAPI 3.1.0``; ``a spec without a version`` where it does not say."""
    statements: Mapping[Statement, Any] = field(repr=False)
    names: Mapping[str, str]
    """Of each operation its ``operationId``, or method and path where it has none."""


def read_spec(source: str, content: bytes, *, base_path: str = "") -> ApiDescription:
    """Return what a spec says of ``/usage``.

    Args:
        source: what the spec is called in messages.
        content: JSON in UTF-8, UTF-16 or UTF-32.
        base_path: the path of the base URL that answered with it, without a slash at its end.

    Raises:
        InvalidSpec: it is not JSON, does not describe the API, or cannot be understood.
    """
    try:
        document = decode(content)
    except InvalidJSON as error:
        raise InvalidSpec(f"{source} is not JSON ({error}): save the spec as JSON, not as YAML.") from None
    return describe(document, source, base_path=base_path)


def describe(document: object, source: str = "the spec", *, base_path: str = "") -> ApiDescription:
    """Return what a parsed document says of ``/usage``; see :func:`read_spec`."""
    if not isinstance(document, dict) or not isinstance(document.get("paths"), dict):
        raise InvalidSpec(f"{source} is not a spec: a Swagger 2.0 or OpenAPI 3 document has an object 'paths'.")
    dialect = _dialect(source, document)
    try:
        reader = Reader(document, base_path=base_path, siblings=not dialect.startswith(("Swagger", "OpenAPI 3.0")))
        statements = dict(reader.statements())
    except InvalidSpec as error:
        raise InvalidSpec(f"{source} cannot be understood: {error}.") from None
    except RecursionError:
        raise InvalidSpec(f"{source} cannot be understood: its schemas are nested too deeply.") from None
    if not reader.names:
        count = len(document["paths"])
        raise InvalidSpec(f"{source} is not the API's spec, or cut: of its {count} paths none is under /usage.")
    return ApiDescription(dialect, statements, reader.names)


@cache
def contract() -> ApiDescription:
    """Return what the contract says of ``/usage``."""
    return describe(bundled_openapi(), "openapi.json")


def fetch_spec(transport: Transport) -> ApiDescription:
    """Request the API's own spec, and return what it says of ``/usage``.

    Raises:
        SpecUnavailable: the API did not answer with its spec.
    """
    try:
        response = transport.get(PATH)
    except ConfigurationError:
        raise
    except UsageError as error:
        raise SpecUnavailable(str(error)) from None
    try:
        return read_answer(transport.base_url, response.status_code, response.content, response.headers)
    except SpecUnavailable as error:
        raise SpecUnavailable(transport.secret.redact(str(error))) from None


def read_answer(
    base_url: str, status: int, content: bytes, headers: Mapping[str, str] = MappingProxyType({})
) -> ApiDescription:
    """Return what the API's response to ``GET /endpoints`` says of ``/usage``.

    Raises:
        SpecUnavailable: the response is not the API's spec.
    """
    source = f"{base_url}{PATH}"
    if status == 401:
        raise SpecUnavailable("the API refused the key (401): set CIVIS_API_KEY to a valid one")
    if status != 200:
        came = what_came(status, headers, content)
        raise SpecUnavailable(f"{source} answered {status} instead of the API's spec; this came: {came}")
    try:
        return describe(decode(content), source, base_path=urlsplit(base_url).path)
    except InvalidJSON as error:
        problem = f"{source} is not JSON ({error})"
    except InvalidSpec as error:
        problem = str(error).removesuffix(".")
    raise SpecUnavailable(f"{problem}; this came: {what_came(status, headers, content)}")


def _dialect(source: str, document: Mapping[str, Any]) -> str:
    for key, name in (("swagger", "Swagger"), ("openapi", "OpenAPI")):
        if key in document:
            version = str(document[key])
            if not re.fullmatch(r"2\.0|3\.\d+(\.\d+)?", version):
                raise InvalidSpec(f"{source} is {name} {version[:20]!r}: only Swagger 2.0 and OpenAPI 3 are read.")
            return f"{name} {version}"
    return "a spec without a version"
