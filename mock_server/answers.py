"""Answers as the API gives them: JSON bodies, errors, and the headers that go with them. WIRE.md is their source."""

from __future__ import annotations

import errno
import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from flask import Request, Response

from .limits import Standing
from .wire import encode

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

__all__ = ["API_HEADERS", "JSON", "CutBody", "NoAnswer", "Problem", "conditional", "error", "headers", "ok"]

JSON = "application/json; charset=utf-8"

API_HEADERS = (
    ("X-Frame-Options", "SAMEORIGIN"),
    ("X-XSS-Protection", "1; mode=block"),
    ("X-Content-Type-Options", "nosniff"),
    ("X-Download-Options", "noopen"),
    ("X-Permitted-Cross-Domain-Policies", "none"),
    ("Referrer-Policy", "strict-origin-when-cross-origin"),
    ("Access-Control-Allow-Origin", "null"),
    ("Vary", "Origin"),
    ("Cache-Control", "private, no-store"),
    ("Pragma", "no-cache"),
    ("Expires", "0"),
    ("Content-Security-Policy", "frame-ancestors 'self' *.civisanalytics.com"),
)
"""The headers that are the same on every answer of the API (recorded)."""

_SENTENCES = {
    401: "The API key is missing, or it was refused.",
    403: "You do not have permission to do this.",
    404: "The requested resource could not be found.",
    405: "The requested endpoint does not answer this method.",
    500: "Something went wrong on the server.",
}
_WITHOUT_SENTENCE = frozenset({429, 503})
_CHALLENGE = 'Bearer realm="Civis Platform API", error="invalid_token", error_description="{}"'


class Problem(Exception):  # noqa: N818  a request's problem, not the program's
    """A request that gets an error for an answer: the HTTP status, the API's sentence, and more headers if any."""

    def __init__(self, status: int, sentence: str | None = None, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(status, sentence)
        self.status = status
        self.sentence = sentence
        self.headers = headers or {}

    @classmethod
    def bad(cls, reason: str) -> Problem:
        """Give the 400 of a request that cannot be read; ``reason`` names what, its value and the remedy."""
        return cls(400, f"The given request was not as expected: {reason}")


def headers(standing: Standing, request_id: str, seconds: float) -> list[tuple[str, str]]:
    """Give the headers that every answer of the API has (recorded): the fixed ones, and those of this request."""
    return [
        *API_HEADERS,
        ("X-RateLimit-Limit", str(standing.limit)),
        ("X-RateLimit-Remaining", str(standing.remaining)),
        ("X-Request-Id", request_id),
        ("X-Runtime", f"{seconds:.6f}"),
    ]


def ok(body: bytes) -> Response:
    """Give a successful answer with the API's ``ETag``: the first 32 hex digits of the body's SHA-256 (recorded)."""
    etag = hashlib.sha256(body).hexdigest()[:32]
    return Response(body, 200, [("ETag", f'W/"{etag}"')], content_type=JSON)


def conditional(answer: Response, request: Request) -> Response:
    """Give 304 without a body in the place of an ``answer`` that the client has already (assumed)."""
    if "If-None-Match" not in request.headers or "ETag" not in answer.headers:
        return answer
    etag, _ = answer.get_etag()
    if etag is None or not request.if_none_match.contains_weak(etag):
        return answer
    return Response(status=304, headers=[("ETag", answer.headers["ETag"])])


def error(status: int, sentence: str | None = None, headers: Mapping[str, str] | None = None) -> Response:
    """Give the API's error answer: ``error``, ``errorDescription`` and ``code``, in that order (recorded).

    429 and 503 have no ``errorDescription``, and 401 has the ``WWW-Authenticate`` that clients need (documented).
    """
    sentence = sentence or _SENTENCES.get(status) or f"{_phrase(status)}."
    body: dict[str, Any] = {"error": re.sub("[^a-z]+", "_", _phrase(status).lower())}
    if status not in _WITHOUT_SENTENCE:
        body["errorDescription"] = sentence
    body["code"] = status
    answer = Response(encode(body), status, headers or {}, content_type=JSON)
    if status == 401:
        answer.headers["WWW-Authenticate"] = _CHALLENGE.format(_SENTENCES[401])
    return answer


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Error"


class NoAnswer(Response):
    """An answer that never comes: raises ``ConnectionResetError`` before a header is sent, and the server hangs up."""

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Hang up."""
        raise _reset()


class CutBody(Response):
    """An answer whose body stops in the middle: the length is promised whole, then the server hangs up."""

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Send the headers and the first half of the body, then hang up."""
        body = b"".join(super().__call__(environ, start_response))
        return _half(body)


def _half(body: bytes) -> Iterator[bytes]:
    yield body[: len(body) // 2]
    raise _reset()


def _reset() -> ConnectionResetError:
    return ConnectionResetError(errno.ECONNRESET, "the fake hung up, as a fault told it to")
