"""From an HTTP answer to its JSON, or to the exception that says what is wrong with it."""

from __future__ import annotations

import json
from typing import Any, NoReturn, TypeVar

import requests

from .errors import InvalidResponse, RateLimited, error_class
from .records import Record, Records, shown
from .retries import retry_after
from .secret import Secret

__all__ = ["Reader"]

R = TypeVar("R", bound=Record)

_LONGEST_SENTENCE = 500


class Reader:
    """Reads answers; what it says of them never shows ``secret``."""

    def __init__(self, secret: Secret):
        self._secret = secret

    def one(self, response: requests.Response, kind: type[R]) -> R:
        """Make a record of an answer that is one JSON object.

        Raises:
            APIError: for an error status.
            InvalidResponse: for anything else that is not a record as documented.
        """
        body = self._json(response)
        if not isinstance(body, dict):
            self._deviates(response, f"the body is {_container(body)}, where one object is documented")
        return self._make(response, kind, body, "")

    def many(self, response: requests.Response, kind: type[R]) -> Records[R]:
        """Make records of an answer that is an array of JSON objects; raises what :meth:`one` does."""
        body = self._json(response)
        if not isinstance(body, list):
            self._deviates(response, f"the body is {_container(body)}, where an array is documented")
        for number, item in enumerate(body):
            if not isinstance(item, dict):
                self._deviates(response, f"item {number} is {_container(item)}, where an object is documented")
        made = (self._make(response, kind, item, f"item {number}: ") for number, item in enumerate(body))
        return Records(kind, made)

    def _make(self, response: requests.Response, kind: type[R], item: dict[str, Any], where: str) -> R:
        try:
            return kind(item)
        except ValueError as error:
            self._deviates(response, f"{where}{error}")

    def _json(self, response: requests.Response) -> Any:
        if response.status_code >= 400:
            self._refused(response)
        if not 200 <= response.status_code <= 299:
            self._deviates(response, f"status {response.status_code}, where 200 is documented{_location(response)}")
        try:
            return json.loads(response.content, parse_constant=_no_json)
        except (ValueError, RecursionError):
            beginning = self._secret.redact(response.content[:2000].decode(errors="replace"))[:60]
            what = f"the body is not JSON, it begins {beginning!r}" if beginning else "the body is empty"
            self._deviates(response, what)

    def _refused(self, response: requests.Response) -> NoReturn:
        status = response.status_code
        error_name, description = self._of_api(response)
        error = error_class(status)(
            f"{description or _own_sentence(response)} ({status}, {self._request(response)})",
            method=response.request.method,
            url=self._url(response),
            status=status,
            error=error_name,
            description=description,
        )
        if isinstance(error, RateLimited):
            error.retry_after = retry_after(response.headers)
        raise error

    def _of_api(self, response: requests.Response) -> tuple[str | None, str | None]:
        """Give the API's name and sentence for an error, each ``None`` where the body has none."""
        try:
            body = json.loads(response.content)
        except (ValueError, RecursionError):
            body = None
        found = body if isinstance(body, dict) else {}
        return self._text(found.get("error")), self._text(found.get("errorDescription"))

    def _text(self, value: object) -> str | None:
        if not isinstance(value, str) or not value.strip():
            return None
        text = "".join(character if character.isprintable() else " " for character in self._secret.redact(value))
        return text.strip()[:_LONGEST_SENTENCE]

    def _deviates(self, response: requests.Response, what: str) -> NoReturn:
        raise InvalidResponse(
            self._secret.redact(f"The answer is not as documented: {what} ({self._request(response)})"),
            method=response.request.method,
            url=self._url(response),
            status=response.status_code,
        ) from None

    def _request(self, response: requests.Response) -> str:
        return f"{response.request.method} {self._url(response)}"

    def _url(self, response: requests.Response) -> str:
        return self._secret.redact(response.request.url or "")


def _own_sentence(response: requests.Response) -> str:
    if response.status_code == 429:
        seconds = retry_after(response.headers)
        return "Too many requests." if seconds is None else f"Too many requests; try again in {seconds:g} s."
    if response.status_code == 401:
        return "The API refuses the key."
    return f"The API answered {response.status_code} without saying why."


def _location(response: requests.Response) -> str:
    return f" (to {response.headers['Location']!r})" if "Location" in response.headers else ""


def _container(value: object) -> str:
    return {dict: "an object", list: "an array", type(None): "null"}.get(type(value)) or shown(value)


def _no_json(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no JSON")
