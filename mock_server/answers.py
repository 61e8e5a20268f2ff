"""Answers as the API gives them: JSON bodies, errors, and the headers that go with them. WIRE.md is their source."""

from __future__ import annotations

import errno
import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from .limits import Standing
from .wire import encode

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

__all__ = [
    "API_HEADERS",
    "JSON",
    "Answer",
    "Body",
    "Headers",
    "Problem",
    "Stream",
    "conditional",
    "error",
    "headers",
    "ok",
]

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
_PHRASES = {status.value: status.phrase for status in HTTPStatus} | {
    413: "Payload Too Large",
    414: "URI Too Long",
    416: "Range Not Satisfiable",
    422: "Unprocessable Entity",
}
"""As Python has them, but for those that differ between its versions: a body is the same on each."""
_CHALLENGE = 'Bearer realm="Civis Platform API", error="invalid_token", error_description="{}"'


Headers = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Stream:
    """A body that is made while it is sent."""

    parts: Iterator[bytes]
    mark: str
    """Differs where two such bodies do, as far as a client can tell; it stands for the bytes in the ``ETag``."""


Body = bytes | Stream


class Answer(NamedTuple):
    """An answer, and how it ends. It is a WSGI application that gives itself."""

    status: int
    headers: Headers
    body: Body
    end: Literal["whole", "cut", "none"] = "whole"
    """``cut`` promises the whole body, sends half of it and hangs up; ``none`` hangs up without an answer."""

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Give status, headers and body; raises ``ConnectionResetError`` where it hangs up."""
        if self.end == "none":
            raise _reset()
        start_response(self.status_line, [*self._length(), *self.headers])
        if environ["REQUEST_METHOD"] == "HEAD":
            return []
        if isinstance(self.body, Stream):
            return self.body.parts
        return _half(self.body) if self.end == "cut" else [self.body]

    @property
    def status_line(self) -> str:
        """The status with its phrase, as WSGI wants it."""
        return f"{self.status} {_phrase(self.status)}"

    @property
    def whole(self) -> bytes:
        """The body in one piece."""
        return b"".join(self.body.parts) if isinstance(self.body, Stream) else self.body

    def adding(self, *headers: tuple[str, str]) -> Answer:
        """Give the same answer with more headers."""
        return Answer(self.status, (*self.headers, *headers), self.body, self.end)

    def without(self, *names: str) -> Answer:
        """Give the same answer without the headers of these names."""
        return self._replace(headers=tuple(header for header in self.headers if header[0] not in names))

    def _length(self) -> Headers:
        if isinstance(self.body, Stream) or self.status == 304:
            return ()
        return (("Content-Length", str(len(self.body))),)


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


def ok(body: Body) -> Answer:
    """Give a successful answer with the API's ``ETag``: the first 32 hex digits of the body's SHA-256 (recorded)."""
    etag = body.mark if isinstance(body, Stream) else hashlib.sha256(body).hexdigest()[:32]
    return Answer(200, (("Content-Type", JSON), ("ETag", f'W/"{etag}"')), body)


def conditional(answer: Answer, if_none_match: str | None) -> Answer:
    """Give 304 without a body in the place of an ``answer`` that the client has already (assumed)."""
    if if_none_match is None:
        return answer
    etags = [header for header in answer.headers if header[0] == "ETag"]
    had = [tag.strip().removeprefix("W/") for tag in if_none_match.split(",")]
    if any(etag.removeprefix("W/") in had or "*" in had for _, etag in etags):
        return Answer(304, tuple(etags), b"")
    return answer


def error(status: int, sentence: str | None = None, headers: Mapping[str, str] | None = None) -> Answer:
    """Give the API's error answer: ``error``, ``errorDescription`` and ``code``, in that order (recorded).

    429 and 503 have no ``errorDescription``, and 401 has the ``WWW-Authenticate`` that clients need (documented).
    """
    sentence = sentence or _SENTENCES.get(status) or f"{_phrase(status)}."
    body: dict[str, Any] = {"error": re.sub("[^a-z]+", "_", _phrase(status).lower())}
    if status not in _WITHOUT_SENTENCE:
        body["errorDescription"] = sentence.encode(errors="backslashreplace").decode()  # a sentence quotes its input
    body["code"] = status
    challenge = (("WWW-Authenticate", _CHALLENGE.format(_SENTENCES[401])),) if status == 401 else ()
    return Answer(status, (("Content-Type", JSON), *(headers or {}).items(), *challenge), encode(body))


def _phrase(status: int) -> str:
    return _PHRASES.get(status, "Error")


def _half(body: bytes) -> Iterator[bytes]:
    yield body[: len(body) // 2]
    raise _reset()


def _reset() -> ConnectionResetError:
    return ConnectionResetError(errno.ECONNRESET, "the fake hung up, as a fault told it to")
