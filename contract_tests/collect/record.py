"""Usage records in a form that can be compared."""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

from civis_usage.schemas import load

from .window import FIRST, LAST, parse_timestamp

__all__ = ["Ignored", "Record", "as_float", "as_json", "excerpt", "identity", "record_id", "record_of"]

_LONGEST = 4000
"""Characters of a text that are kept, so that a key in it is whole when it is redacted; reports cut it shorter."""


@dataclass(frozen=True, eq=False)
class Record:
    """One usage record, normalised so that legal differences of notation make no difference.

    Instants count in whole seconds (responses may show fractions or not), credits in single precision (the documented
    format is ``float``), integers by value (``5`` and ``5.0`` are one number).
    """

    data: Mapping[str, Any]
    timestamp: int | None
    """When the run was created, in seconds since the epoch, and within the years 2 to 9998: what lies beyond counts as
    their ends. ``None`` where that cannot be read."""
    key: tuple[Any, ...]
    """The documented fields, normalised, in the schema's order: equal keys, equal records."""
    names: tuple[str, ...] = ()
    """The documented fields, in the same order."""
    ignored: frozenset[str] = frozenset()
    """Fields that are wrong by their shape in some response that shows the record: they are not compared."""

    @cached_property
    def org(self) -> Any:
        """The organization that the record names; ``None`` where it is wrong by its shape."""
        value = self.data.get("organizationId")
        return None if "organizationId" in self.ignored and type(value) is not int else value

    def is_of_task(self, task: object) -> bool | None:
        """Return whether the record belongs to a task; ``None`` if its own is wrong by its shape."""
        if task is None:
            return True
        value = self.data.get("task")
        return None if "task" in self.ignored and value not in ("IDR", "CDM") else value == task

    def differences(self, other: Record) -> tuple[str, ...]:
        """Return the fields that both keys have and that differ."""
        theirs = dict(zip(other.names, other.key, strict=True))
        mine = zip(self.names, self.key, strict=True)
        return tuple(name for name, value in mine if name in theirs and value != theirs[name])

    @cached_property
    def identity(self) -> object:
        """What names the usage in every response."""
        return identity(self.data)

    @cached_property
    def credits(self) -> float:
        """The credits, 0 where they are missing or not a number."""
        return as_float(self.data.get("credits")) or 0.0

    @cached_property
    def has_credits(self) -> bool:
        """Whether the credits are a number."""
        return as_float(self.data.get("credits")) is not None


def record_id(record: Record) -> int | None:
    """Return the record's id; 5 as well where it is written ``5.0``, and ``None`` where it is not a whole number."""
    value = record.data.get("id")
    if type(value) is int:
        return value
    return int(value) if type(value) is float and value.is_integer() else None


def identity(data: Mapping[str, Any]) -> object:
    """Return what names a usage in every response: its id, or its run where there is no usable id."""
    for name in ("id", "runId"):
        if isinstance(value := data.get(name), int | float):
            return name, value
    return as_json(data)


Ignored = Mapping[object, frozenset[str]]
"""Fields to leave out of comparisons, by the :func:`identity` of their record."""


@lru_cache(maxsize=1 << 17)
def record_of(schema: str, text: str, ignored: frozenset[str] = frozenset()) -> Record:
    """Return the record that ``text`` shows, a JSON object: the same one wherever it is shown.

    Args:
        schema: the name of its body schema.
        text: the object as :func:`as_json` writes it.
        ignored: fields to leave out of comparisons.
    """
    data, fields = json.loads(text), _fields(schema)
    key = tuple(None if name in ignored else _normal(data.get(name), *kinds) for name, kinds in fields.items())
    at = data.get("runCreatedAt")
    second = _second(at) if isinstance(at, str) else None
    timestamp = None if second is None else max(FIRST, min(second, LAST))
    return Record(data, timestamp, key, _names(schema), ignored)


@lru_cache
def _names(schema: str) -> tuple[str, ...]:
    return tuple(_fields(schema))


@lru_cache
def _fields(schema: str) -> Mapping[str, tuple[bool, bool]]:
    """Return whether each documented field is a time, and whether a number."""
    properties = load(schema)["properties"]
    return {
        name: (spec.get("format") == "date-time", spec.get("type") == "number") for name, spec in properties.items()
    }


def as_float(value: object) -> float | None:
    """Return a number as a float; ``None`` where it is none, or so large that no reader of JSON keeps it."""
    try:
        return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None
    except OverflowError:
        return None


as_json = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False, default=str).encode
"""Return a value as compact JSON."""


def excerpt(value: object) -> str:
    """Return ``value`` on one line: bytes as text, anything else as compact JSON."""
    if isinstance(value, bytes):
        text = value[: 4 * _LONGEST].decode("utf-8", "replace")
    else:
        text = value if isinstance(value, str) else as_json(value)
    text = " ".join(text.split())
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"


def _normal(value: Any, is_time: bool, is_number: bool) -> Any:
    kind = type(value)
    if kind is str:
        second = _second(value) if is_time else None
        return value if second is None else second
    if kind is int or kind is float:
        return _single(value) if is_number else value
    return None if value is None else f"{kind.__name__} {as_json(value)}"


def _single(value: float) -> float:
    try:
        return float(struct.unpack("<f", struct.pack("<f", value))[0])
    except (OverflowError, struct.error):  # of a float, and of an integer, that is too large
        return value


_second = lru_cache(maxsize=1 << 17)(parse_timestamp)
