"""From a response to its records, or to the exception that says what is wrong with it."""

from __future__ import annotations

from typing import Any, NoReturn, TypeVar

from civis_usage.schemas.json_format import InvalidJSON, decode
from civis_usage.schemas.text import escape

from .errors import InvalidResponse, RateLimited, error_class
from .excerpts import describe
from .records import Record, Records, short_repr
from .redaction import Secret
from .retries import retry_after
from .transport import Response

__all__ = ["parse_list", "parse_object"]

R = TypeVar("R", bound=Record)

_MAX_DESCRIPTION = 500


def parse_object(response: Response, kind: type[R], secret: Secret) -> R:
    """Return the record of a response that is one JSON object; no exception shows ``secret``.

    Raises:
        APIError: for an error status.
        InvalidResponse: for anything else that is not a record as documented.
    """
    body = _json(response, secret)
    if not isinstance(body, dict):
        _raise_invalid(response, f"the body is {_container(body)}, where one object is documented", secret)
    return _record(response, kind, body, "", secret)


def parse_list(response: Response, kind: type[R], secret: Secret) -> Records[R]:
    """Return the records of a response that is an array of JSON objects; raises what :func:`parse_object` does."""
    body = _json(response, secret)
    if not isinstance(body, list):
        _raise_invalid(response, f"the body is {_container(body)}, where an array is documented", secret)
    return Records(kind, (_record(response, kind, item, f"item {n}: ", secret) for n, item in enumerate(body)))


def _record(response: Response, kind: type[R], item: Any, where: str, secret: Secret) -> R:
    if not isinstance(item, dict):
        _raise_invalid(response, f"{where}{_container(item)}, where an object is documented", secret)
    try:
        return kind.from_json(item)
    except ValueError as error:
        _raise_invalid(response, f"{where}{error}", secret)


def _json(response: Response, secret: Secret) -> Any:
    if response.status_code >= 400:
        raise _api_error(response, secret)
    if response.status_code != 200:
        what = f"status {response.status_code}, where 200 is documented"
        _raise_invalid(response, f"{what}; this came: {_came(response, secret)}", secret)
    try:
        return decode(response.content)
    except InvalidJSON as error:
        if not response.content.strip():
            _raise_invalid(response, "the body is empty", secret)
        _raise_invalid(response, f"the body is not JSON ({error}); this came: {_came(response, secret)}", secret)


def _api_error(response: Response, secret: Secret) -> Exception:
    status, seconds = response.status_code, retry_after(response.headers)
    try:
        body = decode(response.content)
    except InvalidJSON:
        body = None
    fields = body if isinstance(body, dict) else {}
    description = _text(fields.get("errorDescription"), secret)
    error = error_class(status)(
        f"{description or _own_description(response, seconds, secret)} ({status}, {response.method} {response.url})",
        method=response.method,
        url=response.url,
        status=status,
        error=_text(fields.get("error"), secret),
        description=description,
    )
    if isinstance(error, RateLimited):
        error.retry_after = seconds
    return error


def _text(value: object, secret: Secret) -> str | None:
    if not isinstance(value, str) or not value.strip():
        return None
    text = "".join(character if character.isprintable() else " " for character in secret.redact(value))
    return escape(text.strip()[:_MAX_DESCRIPTION])


def _own_description(response: Response, seconds: float | None, secret: Secret) -> str:
    status = response.status_code
    if status == 429:
        return "Too many requests." if seconds is None else f"Too many requests; try again in {seconds:.12g} s."
    if status == 401:
        return "The API refuses the key."
    return f"The API responded with {status}; this came: {_came(response, secret)}."


def _came(response: Response, secret: Secret) -> str:
    return describe(response.status_code, response.headers, response.content, secret.redact)


def _raise_invalid(response: Response, what: str, secret: Secret) -> NoReturn:
    raise InvalidResponse(
        secret.redact(f"The response is not as documented: {what} ({response.method} {response.url})"),
        method=response.method,
        url=response.url,
        status=response.status_code,
    ) from None


def _container(value: object) -> str:
    return {dict: "an object", list: "an array", type(None): "null"}.get(type(value)) or short_repr(value)
