"""Responses as the API gives them: JSON bodies, errors, and the headers that go with them."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Sequence
from email.utils import formatdate
from http import HTTPStatus
from typing import Any

from flask import Flask, Response, request
from werkzeug.exceptions import HTTPException, MethodNotAllowed, NotFound

from ..schemas.json_format import encode
from ..schemas.text import escape
from .rate_limit import RateLimitStatus
from .stubs import Stub

__all__ = [
    "API_HEADERS",
    "JSON",
    "REALM",
    "ApiError",
    "add_etag",
    "bad_request",
    "finish",
    "ok",
    "register_error_handlers",
    "stubbed",
]

JSON = "application/json; charset=utf-8"

MAX_REASON = 350
"""Characters of the reason why a request is refused."""

REALM = "Civis Platform API"
"""What a key is for, in ``WWW-Authenticate``."""

API_HEADERS = {
    "X-Frame-Options": "SAMEORIGIN",
    "X-XSS-Protection": "1; mode=block",
    "X-Content-Type-Options": "nosniff",
    "X-Download-Options": "noopen",
    "X-Permitted-Cross-Domain-Policies": "none",
    "Referrer-Policy": "strict-origin-when-cross-origin",
    "Access-Control-Allow-Origin": "null",
    "Vary": "Origin",
    "Cache-Control": "private, no-store",
    "Pragma": "no-cache",
    "Expires": "0",
    "Content-Security-Policy": "frame-ancestors 'self' *.civisanalytics.com",
}
"""The headers that are the same on every answer of the API (recorded)."""

_DESCRIPTIONS = {
    400: "The given request was not as expected.",
    401: "The API key is missing, or it was refused.",
    403: "You do not have permission to do this.",
    404: "The requested resource could not be found.",
    405: "The requested endpoint does not answer this method.",
    500: "Something went wrong on the server.",
}
_WITHOUT_DESCRIPTION = frozenset({429, 503})
_PHRASES = {status.value: status.phrase for status in HTTPStatus} | {
    413: "Payload Too Large",
    414: "URI Too Long",
    416: "Range Not Satisfiable",
    422: "Unprocessable Entity",
}
"""Python's, but for those that differ between its versions: a body is the same on each."""
_NO_ENDPOINT = "The requested endpoint could not be found."
_BEARER = f'Bearer realm="{REALM}", error="invalid_token", error_description="{_DESCRIPTIONS[401]}"'

Headers = Sequence[tuple[str, str]]


class ApiError(Exception):
    """A request that is answered with an error: its status, its description, and more headers if any."""

    def __init__(self, status: int, description: str | None = None, headers: Headers = ()) -> None:
        super().__init__(status, description)
        self.status = status
        self.description = description
        self.headers = headers


def bad_request(reason: str) -> ApiError:
    """Return the 400 for a request that cannot be read; ``reason`` names what, its value and the remedy.

    What the request said may stand in it: it is escaped, and cut where it is no sentence any more.
    """
    shown = reason if len(reason) <= MAX_REASON else f"{reason[: MAX_REASON - 1]}…"
    return ApiError(400, f"The given request was not as expected: {escape(shown)}")


def ok(body: bytes | Iterable[bytes]) -> Response:
    """Return a successful response; a body that is an iterator is sent while it is made."""
    return Response(body, content_type=JSON)


def stubbed(stub: Stub) -> Response:
    """Return the response of a stub."""
    return Response(stub.encoded(), stub.status, list(stub.headers.items()), content_type=JSON)


def finish(response: Response, rate_limit: RateLimitStatus, request_id: str, seconds: float, now: int) -> None:
    """Add what every response of the API has, and make it 304 where the client has it already (assumed).

    The headers are recorded: the constant ones, and the request's own; ``Date`` is the fake's ``now``.
    """
    add_etag(response)
    etag, _ = response.get_etag()
    if etag is not None and request.if_none_match.contains_weak(etag):
        response.status_code = 304
    response.headers.extend(
        {
            **API_HEADERS,
            "X-RateLimit-Limit": str(rate_limit.limit),
            "X-RateLimit-Remaining": str(rate_limit.remaining),
            "X-Request-Id": request_id,
            "X-Runtime": f"{seconds:.6f}",
            "Date": formatdate(now / 1000, usegmt=True),
        }
    )


def add_etag(response: Response) -> None:
    """Add the ``ETag`` to a successful response: the first 32 hex digits of the body's SHA-256 (recorded).

    A body that is made while it is sent has none.
    """
    if response.status_code == 200 and not response.is_streamed:
        response.set_etag(hashlib.sha256(response.get_data()).hexdigest()[:32], weak=True)


def register_error_handlers(app: Flask) -> None:
    """Let ``app`` answer every error in the API's form."""
    app.register_error_handler(ApiError, _api_error)
    app.register_error_handler(HTTPException, _http_error)


def _api_error(error: ApiError) -> Response:
    """Return the API's error response: ``error``, ``errorDescription`` and ``code``, in that order (recorded).

    429 and 503 have no ``errorDescription``; 401 has the ``WWW-Authenticate`` that clients need, and 429 the
    ``Retry-After`` that they honour (documented).
    """
    phrase = _PHRASES.get(error.status, "Error")
    body: dict[str, Any] = {"error": re.sub("[^a-z]+", "_", phrase.lower())}
    if error.status not in _WITHOUT_DESCRIPTION:
        description = error.description or _DESCRIPTIONS.get(error.status) or f"{phrase}."
        body["errorDescription"] = description.encode(errors="backslashreplace").decode()  # it may quote any input
    body["code"] = error.status
    response = Response(encode(body), f"{error.status} {phrase}", content_type=JSON)
    if error.status == 401:
        response.headers["WWW-Authenticate"] = _BEARER
    if error.status == 429:
        response.headers["Retry-After"] = "1"
    for name, value in error.headers:
        (response.headers.add if name == "WWW-Authenticate" else response.headers.set)(name, value)
    return response


def _http_error(error: HTTPException) -> Response:
    """Return the response to a request that no route takes (404, 405) or whose route failed (500)."""
    allowed = error.valid_methods if isinstance(error, MethodNotAllowed) else None
    headers = [("Allow", ", ".join(sorted(allowed)))] if allowed else []
    description = _NO_ENDPOINT if isinstance(error, NotFound) else None
    return _api_error(ApiError(error.code or 500, description, headers))
