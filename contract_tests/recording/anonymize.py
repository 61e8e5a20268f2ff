"""Anonymizing: one pass over a recording that replaces whatever could say whose usage it shows.

=====================================  ===============================================================================
``id`` and what ends in ``Id``         replaced by a pseudonym, in responses and in parameters alike; not ``modelId``
times, amounts                         kept
``modelId``, ``task``, error names     kept: the API's own vocabulary
an error's sentence                    left out
what the contract does not name        the field's name is kept, its value replaced by a pseudonym
a body that is not JSON                left out
headers                                those of the contract only, without what could identify anybody
=====================================  ===============================================================================

Pseudonyms are consistent, and integers keep their order, so what relates in the responses relates in the recording.
They come from HMAC-SHA-256 with a random key that is thrown away, so nothing leads back but the order.
"""

from __future__ import annotations

import hmac
import json
import re
import secrets
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import replace
from functools import cache
from itertools import count
from typing import Any

from civis_usage.contract_tests.collect.interaction import Interaction
from civis_usage.schemas import OPERATIONS, load

from .cassette import Recording

__all__ = ["PLACEHOLDER", "anonymize"]

PLACEHOLDER = "(left out of the recording)"
"""What stands for a text of the API's."""
LOW, HIGH = 4 * 10**15, 9 * 10**15
"""Pseudonyms lie between them: exact in every reader of JSON, and too large to be met as an original by chance."""

_PARAMETERS = {"id": "id", "org_id": "organizationId"}
"""The parameters that hold identifiers, and the fields that hold the same ones."""
_HEADERS = {
    "cache-control": r"((public|private|no-store|no-cache|must-revalidate|(s-maxage|max-age)=[0-9]+)(, *|\b))+",
    "content-type": r"[a-z]+/[a-z0-9.+-]+",
    "etag": "",
    "retry-after": r"[0-9.]+",
    "www-authenticate": r"(Bearer|Basic)\b",
    "x-ratelimit-limit": "-?[0-9.]+",
    "x-ratelimit-remaining": "-?[0-9.]+",
    "x-request-id": "",
}
"""The headers that are kept, and how each value must begin to be kept so far."""
_PAGINATION = re.compile("x-pagination-[a-z-]+")
"""Headers that lists must not have: their names are kept."""
_INTEGER = re.compile("-?[1-9][0-9]{0,30}")
_SNAKE_CASE = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")


def anonymize(
    recording: Recording,
    *,
    made_up: Collection[int] = (),
    redact: Callable[[str], str] = str,
    secret: bytes | None = None,
) -> Recording:
    """Return ``recording`` without anybody's identifiers.

    Args:
        recording: what the API answered.
        made_up: identifiers that the check itself made up; they stay, since it will ask for them again.
        redact: takes the key out of the texts that are kept, should the API echo it.
        secret: the key of the pseudonyms; left out, a random one that is thrown away.
    """
    pseudonymizer = _Pseudonymizer(secret or secrets.token_bytes(32), redact, made_up)
    pseudonymizer.recording(recording)  # meets every number
    pseudonymizer.keep_order()
    return pseudonymizer.recording(recording)


class _Pseudonymizer:
    def __init__(self, secret: bytes, redact: Callable[[str], str], made_up: Collection[int]) -> None:
        self._secret = secret
        self._redact = redact
        self._numbers = {(kind, number): number for kind in _PARAMETERS.values() for number in made_up}
        self._made_up = frozenset(self._numbers)
        self._taken = set(self._numbers)

    def recording(self, recording: Recording) -> Recording:
        return replace(
            recording,
            organizations=tuple(self.number("organizationId", each) for each in recording.organizations),
            interactions=tuple(map(self.interaction, recording.interactions)),
            further=tuple(map(self.interaction, recording.further)),
        )

    def keep_order(self) -> None:
        """Deal the pseudonyms of each kind out anew, so that they are in the order of what they stand for."""
        drawn = {name: pseudonym for name, pseudonym in self._numbers.items() if name not in self._made_up}
        for kind in {kind for kind, _ in drawn}:
            values = sorted(value for each, value in drawn if each == kind)
            pseudonyms = sorted(drawn[kind, value] for value in values)
            self._numbers.update({(kind, value): each for value, each in zip(values, pseudonyms, strict=True)})

    def interaction(self, interaction: Interaction) -> Interaction:
        params = {name: self._parameter(name, value) for name, value in interaction.params.items()}
        headers = dict(self._headers(interaction.headers))
        return replace(interaction, params=params, headers=headers, body=self._body(interaction))

    def number(self, kind: str, value: int) -> int:
        """Return the pseudonym of an integer; no two of one kind have the same."""
        if (kind, value) not in self._numbers:
            sign = -1 if value < 0 else 1
            drawn = (sign * (LOW + self._draw(kind, value, attempt) % (HIGH - LOW)) for attempt in count())
            found = next(each for each in drawn if each != value and (kind, each) not in self._taken)
            self._numbers[kind, value] = found
            self._taken.add((kind, found))
        return self._numbers[kind, value]

    def text(self, kind: str, value: str) -> str:
        """Return the pseudonym of a text; that of an integer in digits is its integer's."""
        if _INTEGER.fullmatch(value):
            return str(self.number(kind, int(value)))
        return f"text-{self._draw(kind, value) % 16**16:016x}" if value else value

    def value(self, kind: str, value: Any) -> Any:
        """Return the pseudonym of any JSON value, of its type; ``null`` and booleans stay."""
        if isinstance(value, list):
            return [self.value(kind, each) for each in value]
        if isinstance(value, _Object):
            return _Object([(self.text(kind, name), self.value(f"{kind}.{name}", each)) for name, each in value.pairs])
        if isinstance(value, str):
            return self.text(kind, value)
        if isinstance(value, _Float):
            whole = _whole(value)
            return _Float(
                f"{self._draw(kind, value.text) % LOW}.5" if whole is None else f"{self.number(kind, whole)}.0"
            )
        return value if value is None or isinstance(value, bool) else self.number(kind, value)

    def _draw(self, kind: str, value: int | str, attempt: int = 0) -> int:
        message = "\0".join((kind, repr(value), str(attempt)))
        return int.from_bytes(hmac.digest(self._secret, message.encode("utf-8", "surrogatepass"), "sha256"))

    def _parameter(self, name: str, value: Any) -> Any:
        return self.number(_PARAMETERS[name], value) if name in _PARAMETERS and isinstance(value, int) else value

    def _headers(self, headers: Mapping[str, str]) -> Iterator[tuple[str, str]]:
        for name, value in headers.items():
            if name in _HEADERS or _PAGINATION.fullmatch(name):
                kept = re.match(_HEADERS.get(name, ""), value, re.IGNORECASE)
                yield name, self._etag(value) if name == "etag" else kept[0] if kept and kept[0] else PLACEHOLDER

    def _etag(self, value: str) -> str:
        """Return an ETag in the place of another one: equal for equal ones, since it is that of equal bodies."""
        return f'W/"{self._draw("etag", value) % 16**32:032x}"'

    def _body(self, interaction: Interaction) -> bytes:
        if interaction.json_error is not None:
            return _placeholder(interaction.body)
        body = _parse(interaction.body)
        if interaction.status != 200:
            body = self._fields(body, self._error_field)
        else:
            roles = _roles(OPERATIONS[interaction.operation].body)

            def record_field(name: str, value: Any) -> Any:
                return self._record_field(roles.get(name, ""), name, value)

            is_list = isinstance(body, list)
            items = [self._fields(item, record_field) for item in (body if is_list else [body])]
            body = items if is_list else items[0]
        return _dump(body).encode()

    def _fields(self, item: Any, change: Callable[[str, Any], Any]) -> Any:
        if not isinstance(item, _Object):
            return self.value("item", item)
        return _Object([(self._redact(name), change(name, value)) for name, value in item.pairs])

    def _record_field(self, role: str, name: str, value: Any) -> Any:
        is_number = isinstance(value, int | _Float) and not isinstance(value, bool)
        if role == "time" and isinstance(value, str):  # letters that RFC 3339 does not have may say anything
            return re.sub(r"[^\W\d_TtZz]", "x", value)
        if role in ("time", "amount") and (is_number or _is_number_in_text(value)):
            return value
        if role == "model" and isinstance(value, str):
            return self._redact(value)
        return value if isinstance(value, str) and value in role.split("|") else self.value(name, value)

    def _error_field(self, name: str, value: Any) -> Any:
        if name == "errorDescription" and isinstance(value, str):
            return PLACEHOLDER
        if name == "error" and isinstance(value, str) and _SNAKE_CASE.fullmatch(value):
            return self._redact(value)
        if name == "code" and isinstance(value, int) and 0 <= value < 1000:
            return value
        return self.value(name, value)


@cache
def _roles(schema: str) -> dict[str, str]:
    """Return what each documented field of a body is: ``identifier``, ``time``, ``amount``, ``model``, or its enum."""
    return {name: _role(name, field) for name, field in load(schema)["properties"].items()}


def _role(name: str, field: Mapping[str, Any]) -> str:
    if field.get("format") == "date-time":
        return "time"
    if field["type"] == "string":
        return "|".join(field["enum"]) if "enum" in field else "model"
    return "identifier" if name == "id" or name.endswith("Id") else "amount"


def _is_number_in_text(value: object) -> bool:
    return isinstance(value, str) and re.fullmatch(r"-?[0-9]{1,20}(\.[0-9]{1,20})?", value) is not None


# -- JSON as it was written: floats keep their digits, and objects their names, also those that come twice


class _Object:
    def __init__(self, pairs: list[tuple[str, Any]]) -> None:
        self.pairs = pairs


class _Float:
    def __init__(self, text: str) -> None:
        self.text = text


def _parse(content: bytes) -> Any:
    return json.loads(content, parse_float=_Float, object_pairs_hook=_Object)


def _dump(value: Any) -> str:
    if isinstance(value, _Object):
        return "{" + ",".join(f"{json.dumps(name)}:{_dump(each)}" for name, each in value.pairs) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(_dump, value)) + "]"
    return value.text if isinstance(value, _Float) else json.dumps(value)


def _whole(value: object) -> int | None:
    """Return the integer that a JSON number stands for, also where it is written ``5.0``."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    read = float(value.text) if isinstance(value, _Float) else 0.5
    return int(read) if read.is_integer() and abs(read) < 2**53 else None


def _placeholder(content: bytes) -> bytes:
    """Return what stands for a body that is not JSON: not JSON either, beginning as it did."""
    begin = content.lstrip()[:1]
    return (begin if begin in (b"[", b"{") else b"") + (PLACEHOLDER.encode() if begin else b"")
