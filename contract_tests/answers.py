"""What the API answered: one answer, read strictly, and the records in it in a form that can be compared."""

from __future__ import annotations

import json
import struct
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

from civis_usage.schemas import OPERATIONS, load, times

__all__ = ["Answer", "Record", "Unusable", "as_records", "excerpt", "id_of"]


class Unusable(Exception):  # noqa: N818 - named by what happened
    """An answer that a question cannot be settled with; its text says why. The shape checks report such answers."""


@dataclass(frozen=True)
class Answer:
    """One answer of the API, as it came."""

    operation: str
    request: str
    """Path and query, as sent: ``/usage/llm?org_id=1``."""
    status: int
    headers: Mapping[str, str]
    """Names in lower case."""
    body: bytes
    asked: Mapping[str, Any]
    """The parameters, by their documented names."""
    legitimate: bool = True
    """Whether the question was one that the documentation promises a 200 for."""

    @property
    def media_type(self) -> str:
        """The content type without its parameters, in lower case."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()

    @cached_property
    def json(self) -> Any:
        """The body as JSON, read strictly: UTF-8, and no ``NaN`` or ``Infinity``.

        Raises:
            Unusable: where the body is not JSON.
        """
        try:
            return json.loads(self.body.decode("utf-8"), parse_constant=_refuse_constant)
        except (ValueError, RecursionError) as error:
            raise Unusable(f"{self.request} answered what is not JSON ({error}): {excerpt(self.body)}") from None

    @cached_property
    def records(self) -> list[Record]:
        """The usage records in the body, a list's or the single one; what is no object is left out.

        Raises:
            Unusable: where the body is not JSON.
        """
        items = self.json if isinstance(self.json, list) else [self.json]
        return as_records(OPERATIONS[self.operation].body, items)

    @property
    def is_json(self) -> bool:
        """Whether the body is JSON, whatever its content type says."""
        try:
            self.json  # noqa: B018 - asked for its error only
        except Unusable:
            return False
        return True


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON number")


def excerpt(value: Any, length: int = 300) -> str:
    """Give ``value`` as one short line: bytes as text, anything else as compact JSON."""
    if isinstance(value, bytes):
        text = value[: 4 * length].decode("utf-8", "replace")
    elif isinstance(value, str):
        text = value
    else:
        text = json.dumps(value, separators=(",", ":"), ensure_ascii=False, default=str)
    text = " ".join(text.split())
    return text if len(text) <= length else text[: length - 1] + "…"


@dataclass(frozen=True, eq=False)
class Record:
    """One usage record, normalised so that legal differences of notation make no difference.

    Instants count in whole seconds (answers may show fractions or not), credits in single precision (the documented
    format is ``float``), integers by value (``5`` and ``5.0`` are one number).
    """

    data: Mapping[str, Any]
    second: int | None
    """When the run was created, in seconds since the epoch; ``None`` where that cannot be read."""
    facts: tuple[Any, ...]
    """The documented fields, normalised, in the schema's order: equal facts, equal records."""

    @property
    def org(self) -> Any:
        """The organization that the record names."""
        return self.data.get("organizationId")

    @property
    def credits(self) -> float:
        """The credits, 0 where they are missing or no number."""
        value = self.data.get("credits")
        return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else 0.0


def id_of(record: Record) -> int | None:
    """Give the record's id; 5 as well where it is written ``5.0``, and ``None`` where it is no whole number."""
    value = record.data.get("id")
    whole = type(value) is int or (type(value) is float and value.is_integer())
    return int(value) if whole else None  # type: ignore[arg-type]  # a number by now


def as_records(schema: str, items: Iterable[Any]) -> list[Record]:
    """Normalise the objects among ``items`` by the body schema called ``schema``; what is no object is left out."""
    fields = tuple(load(schema)["properties"].items())
    return [_record(item, fields) for item in items if isinstance(item, dict)]


def _record(data: Mapping[str, Any], fields: tuple[tuple[str, Any], ...]) -> Record:
    facts = tuple(_normal(data.get(name), spec) for name, spec in fields)
    at = data.get("runCreatedAt")
    return Record(data, _second(at) if isinstance(at, str) else None, facts)


def _normal(value: Any, spec: Mapping[str, Any]) -> Any:
    if spec.get("format") == "date-time":
        second = _second(value) if isinstance(value, str) else None
        if second is not None:
            return second
    if isinstance(value, bool) or not isinstance(value, int | float | str | None):
        return f"{type(value).__name__} {excerpt(value)}"
    if spec.get("type") == "number" and isinstance(value, int | float):
        return _single(value)
    return value


def _single(value: float) -> float:
    try:
        return float(struct.unpack("<f", struct.pack("<f", value))[0])
    except OverflowError:
        return float(value)


@lru_cache(maxsize=1 << 17)
def _second(text: str) -> int | None:
    try:
        return times.to_millis(times.parse(text)) // 1000
    except ValueError:
        return None
