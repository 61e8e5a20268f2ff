"""Replacing whatever could say whose usage an answer shows, field by field as the contract names them.

=====================================  ===============================================================================
``id`` and what ends in ``Id``         replaced by a pseudonym, in answers and in questions alike; not ``modelId``
the time                               kept, or moved
amounts                                kept, or scaled
``modelId``, ``task``, error names     kept: the API's own vocabulary
an error's sentence                    left out
what the contract does not name        the field's name is kept, its value replaced by a pseudonym
a body that is not JSON                left out
headers                                those of the contract only; an ETag, being a digest of the body, by a pseudonym
=====================================  ===============================================================================
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from civis_usage.recordings.blur import PLAIN, Blur
from civis_usage.recordings.pseudonyms import Pseudonyms
from civis_usage.schemas import OPERATIONS, load

__all__ = ["LEFT_OUT", "Replacement"]

LEFT_OUT = "(left out of the recording)"
"""What stands for a sentence of the API's."""

_KINDS = {"id": "id", "org_id": "organizationId"}
"""The parameters that hold identifiers, and the fields that hold the same ones."""
_DATES = ("start_date", "end_date")
_SNAKE_CASE = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
_HEADERS: Mapping[str, str] = {
    "content-type": r"[a-z]+/[a-z0-9.+-]+",
    "retry-after": r"[0-9.]+",
    "x-ratelimit-limit": "[0-9]+",
    "x-ratelimit-remaining": "[0-9]+",
    "www-authenticate": r"(Bearer|Basic)\b",
    "etag": "",
    "x-request-id": "",
}
"""The headers that are kept, and how much of each: what is more is replaced."""
_PAGES = re.compile("x-pagination-[a-z-]+")
"""Headers that lists must not have: that they are there is kept, and a number in them."""


class Replacement:
    """Translates between the check, which sees pseudonyms, and the API, which knows originals.

    Args:
        pseudonyms: replaces identifiers.
        blur: moves times and scales amounts.
        redact: takes the key out of a text that is kept, should the API echo it.
    """

    def __init__(self, pseudonyms: Pseudonyms, blur: Blur = PLAIN, redact: Callable[[str], str] = str) -> None:
        self.pseudonyms = pseudonyms
        self.blur = blur
        self._redact = redact

    def asked(self, parameters: Mapping[str, Any]) -> dict[str, Any]:
        """Give the parameters that the API is to be asked with, for those that the check asks with."""
        return {name: self._meant(name, value) for name, value in parameters.items()}

    def _meant(self, name: str, value: Any) -> Any:
        if name in _KINDS and isinstance(value, int):
            return self.pseudonyms.meant(_KINDS[name], value)
        return self.blur.moved(value, back=True) if name in _DATES else value

    def body(self, operation: str, status: int, content: bytes) -> dict[str, Any]:
        """Give what is kept of a body, as the fields ``body`` or ``text`` of an exchange."""
        try:
            read = json.loads(content.decode("utf-8"), parse_constant=_refuse)
        except (ValueError, RecursionError):
            return {"text": _placeholder(content)}
        if status != 200:
            return {"body": self._error(read)}
        if isinstance(read, list):
            return {"body": [self._record(operation, item) for item in read]}
        return {"body": self._record(operation, read)}

    def headers(self, headers: Mapping[str, str]) -> dict[str, str]:
        """Give what is kept of the headers, names in lower case."""
        lower = {name.lower(): value for name, value in headers.items()}
        kept = {name: self._header(name, lower[name], form) for name, form in _HEADERS.items() if name in lower}
        pages = {name: self._header(name, value, "[0-9]+") for name, value in lower.items() if _PAGES.fullmatch(name)}
        return kept | pages

    def _header(self, name: str, value: str, form: str) -> str:
        if name == "www-authenticate":
            scheme = re.match(form, value)
            return scheme[0] if scheme else "Other"
        if name == "content-type":
            value = value.partition(";")[0].strip()
        if name == "etag" and value.startswith("W/"):
            return f"W/{self.pseudonyms.text(name, value[2:])}"
        if re.fullmatch(form, value, re.IGNORECASE):
            return self._redact(value)
        return self.pseudonyms.text(name, value)

    def _record(self, operation: str, item: Any) -> Any:
        if not isinstance(item, dict):
            return self.pseudonyms.value("item", item)
        roles = _roles(OPERATIONS[operation].body)
        return {self._redact(name): self._field(roles.get(name, ""), name, value) for name, value in item.items()}

    def _field(self, role: str, name: str, value: Any) -> Any:
        if role == "time" and isinstance(value, str | int | float):
            return _without_words(self.blur.moved(value))
        if role == "amount" and isinstance(value, int | float) and not isinstance(value, bool):
            return self.blur.scaled(name, value)
        if role == "amount" and isinstance(value, str) and (scaled := self.blur.scaled_text(name, value)) is not None:
            return scaled
        if role == "model" and isinstance(value, str):
            return self._redact(value)
        return value if value in _listed(role) else self.pseudonyms.value(name, value)

    def _error(self, body: Any) -> Any:
        if not isinstance(body, dict):
            return self.pseudonyms.value("item", body)
        return {self._redact(name): self._of_error(name, value) for name, value in body.items()}

    def _of_error(self, name: str, value: Any) -> Any:
        if name == "errorDescription" and isinstance(value, str):
            return LEFT_OUT
        if name == "error" and isinstance(value, str) and _SNAKE_CASE.fullmatch(value):
            return self._redact(value)
        if name == "code" and isinstance(value, int) and 0 <= value < 1000:
            return value
        return self.pseudonyms.value(name, value)


@cache
def _roles(schema: str) -> dict[str, str]:
    """Tell what each documented field of a body is."""
    return {name: _role(name, spec) for name, spec in load(schema)["properties"].items()}


def _role(name: str, spec: Mapping[str, Any]) -> str:
    if spec.get("format") == "date-time":
        return "time"
    if spec["type"] == "string":
        return "|".join(spec["enum"]) if "enum" in spec else "model"
    return "identifier" if name == "id" or name.endswith("Id") else "amount"


def _listed(role: str) -> list[str]:
    return role.split("|") if "|" in role else []


def _without_words(time: Any) -> Any:
    """Give a time without letters but those of RFC 3339: what else stands there is no time, and may be anything."""
    return re.sub(r"[^\W\d_TtZz]", "x", time) if isinstance(time, str) else time


def _placeholder(content: bytes) -> str:
    """Give what stands for a body that is not JSON: no JSON either, beginning as it did."""
    if not content.strip():
        return ""
    begin = content.lstrip()[:1].decode("latin-1")
    return f"{begin if begin in '[{' else ''}{LEFT_OUT}"


def _refuse(name: str) -> Any:
    raise ValueError(f"{name} is no JSON number")
