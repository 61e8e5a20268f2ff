"""What a fault does to a response."""

from __future__ import annotations

import errno
import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NoReturn

from flask import Response

from ...schemas.json_format import encode
from .rule import Fault
from .schema import text_of

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

__all__ = ["HangUp", "headers", "mutate_records", "mutate_response"]


class HangUp(Response):
    """No response: the server closes the connection without a byte."""

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> NoReturn:
        """Raise the error after which servers close the connection."""
        raise _reset()


def headers(fault: Fault) -> list[tuple[str, str]]:
    """Return the headers of the error that a fault answers with: a 429 always has ``Retry-After``, 1 by default."""
    wait = 1 if fault.retry_after is None and fault.status == 429 else fault.retry_after
    return [] if wait is None else [("Retry-After", text_of(wait))]


def mutate_records(fault: Fault | None, response: Response) -> None:
    """Cut a list off, and make the fault's fields null, of another type or missing in every record."""
    if fault is None or response.status_code != 200:
        return
    if fault.limit is None and not (fault.null or fault.missing or fault.wrong_type):
        return
    body = json.loads(response.get_data())
    if fault.limit is not None:
        del body[fault.limit :]
    for record in body if isinstance(body, list) else [body]:
        _mutate(fault, record)
    response.set_data(encode(body))


def mutate_response(fault: Fault | None, response: Response) -> Response:
    """Return the response as the fault lets it through: with another content type, malformed, truncated, or none."""
    if fault is None:
        return response
    if fault.disconnect:
        return HangUp()
    if fault.content_type is not None:
        response.headers["Content-Type"] = fault.content_type
    if fault.malformed:
        response.set_data(response.get_data()[:-1] + b",")  # no JSON ends with a comma
        del response.headers["ETag"]
    if fault.truncate:
        body = response.get_data()
        response.response = _half(body)
        response.headers["Content-Length"] = str(len(body))
    return response


def _mutate(fault: Fault, record: dict[str, Any]) -> None:
    for name in fault.wrong_type:
        if name in record:
            record[name] = _of_another_type(record[name])
    for name in fault.null:
        if name in record:
            record[name] = None
    for name in fault.missing:
        record.pop(name, None)


def _of_another_type(value: object) -> object:
    return len(value) if isinstance(value, str) else str(value)


def _half(body: bytes) -> Iterator[bytes]:
    yield body[: len(body) // 2]
    raise _reset()


def _reset() -> ConnectionResetError:
    return ConnectionResetError(errno.ECONNRESET, "a fault closes the connection")
