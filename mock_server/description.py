"""The API's description of itself, in the three dialects that clients ask for."""

from __future__ import annotations

from functools import cache

from ..schemas import bundled_openapi, openapi_30, swagger
from .fake import Fake
from .usage import Values
from .wire import encode

__all__ = ["endpoints", "openapi"]


def endpoints(fake: Fake, asked: Values) -> bytes:
    """Give what ``GET /endpoints`` answers: Swagger 2.0, or OpenAPI 3.0 where a version 3 is asked for (documented)."""
    return _openapi_30() if str(asked.get("openapi_version", "")).startswith("3") else _swagger()


@cache
def openapi() -> bytes:
    """Give the contract as OpenAPI 3.1, in one piece."""
    return encode(bundled_openapi())


@cache
def _swagger() -> bytes:
    return encode(swagger())


@cache
def _openapi_30() -> bytes:
    return encode(openapi_30())
