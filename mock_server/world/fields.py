"""What a record of one's own may say: its fields and their values, as the schemas have them.

:class:`BadRecord` is what every module that takes a user's records raises.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from difflib import get_close_matches
from functools import partial
from typing import Any

from ...schemas import load, times
from .history import Kind
from .orgs import LARGEST_ID

__all__ = ["FIELDS", "BadRecord", "checked", "kind_of", "known", "shown"]

FIELDS: dict[Kind, dict[str, dict[str, Any]]] = {
    "llm": load("llm_usage")["properties"],
    "matching": load("matching_usage")["properties"],
}
"""The fields of each kind of record by their names on the wire, in the schema's order, each with its schema."""

_TELLING: dict[Kind, frozenset[str]] = {
    "llm": frozenset(FIELDS["llm"]) - frozenset(FIELDS["matching"]),
    "matching": frozenset(FIELDS["matching"]) - frozenset(FIELDS["llm"]),
}


_A: dict[Kind, str] = {"llm": "an LLM", "matching": "a matching"}


class BadRecord(ValueError):  # noqa: N818  named for what is wrong
    """A record cannot be loaded. Its text is one sentence: which record, which field, what it says, and the remedy."""

    def __init__(
        self, problem: str, remedy: str, *, number: int | None = None, field: str | None = None, unit: str = "record"
    ) -> None:
        """Say that ``field`` of the ``number``-th (from 1) record, or line, has a problem, and what would mend it."""
        self.number = number
        self.field = field
        self.problem = problem
        self.remedy = remedy
        self.unit = unit
        place = [f"{unit} {number}"] if number is not None else []
        super().__init__(": ".join([*place, *([field] if field else []), f"{problem}; {remedy}"]))

    def __reduce__(self) -> tuple[Any, ...]:
        """Tell how it is made, for ``pickle``: another process may be the one to show it."""
        made = partial(type(self), number=self.number, field=self.field, unit=self.unit)
        return made, (self.problem, self.remedy)


def kind_of(values: Mapping[str, Any], kind: object, number: int) -> Kind:
    """Tell whether a record is LLM or matching usage, by its fields or by the ``kind`` that it names.

    Raises:
        BadRecord: ``kind`` names none, or a field belongs to neither, or they belong to both or to neither alone.
    """
    if kind is not None:
        if kind == "llm" or kind == "matching":
            return kind
        raise BadRecord(f"{shown(kind)} is no kind of usage", "write llm or matching", number=number, field="kind")
    for name in values:
        known(name, number)
    telling = [name for name, fields in _TELLING.items() if fields & values.keys()]
    if len(telling) == 1:
        return telling[0]
    if telling:
        llm, matching = (sorted(_TELLING[name] & values.keys())[0] for name in ("llm", "matching"))
        raise BadRecord(f"{llm!r} is of LLM usage, but {matching!r} of matching usage", "leave one out", number=number)
    raise BadRecord(
        "nothing tells whether it is LLM or matching usage",
        'add "kind": "llm" or "kind": "matching", or a field that only one of them has',
        number=number,
    )


def known(name: str, number: int, unit: str = "record") -> None:
    """Demand that some kind of record has a field called ``name``.

    Raises:
        BadRecord: none has; the text says which is meant, perhaps.
    """
    if not any(name in fields for fields in FIELDS.values()):
        raise _unknown("a usage record", name, [field for fields in FIELDS.values() for field in fields], number, unit)


def checked(kind: Kind, values: Mapping[str, Any], number: int) -> dict[str, Any]:
    """Give the values of a record's fields, whole or partial, if the schema allows them; times in the API's form.

    Raises:
        BadRecord: there is no such field, or its value is not what the schema asks for.
    """
    fields = FIELDS[kind]
    for name in values:
        if name not in fields:
            raise _unknown(f"{_A[kind]} usage record", name, list(fields), number)
    result = {}
    for name, value in values.items():
        try:
            result[name] = _CHECKS[fields[name]["type"]](value, fields[name])
        except ValueError as problem:
            raise BadRecord(str(problem), _remedy(fields[name]), number=number, field=name) from None
    return result


def _unknown(whose: str, name: str, fields: list[str], number: int, unit: str = "record") -> BadRecord:
    near = get_close_matches(name, fields, n=1, cutoff=0.5)
    remedy = f"did you mean {near[0]!r}?" if near else f"they are {', '.join(dict.fromkeys(fields))}"
    return BadRecord(f"{shown(name)} is no field of {whose}", remedy, number=number, unit=unit)


def _integer(value: object, schema: Mapping[str, Any]) -> int:
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        raise ValueError(f"{shown(value)} is not a whole number")
    if abs(value) > LARGEST_ID:
        raise ValueError(f"{shown(value)} does not fit into 64 bits")
    return value


_LARGEST = 1e290


def _number(value: object, schema: Mapping[str, Any]) -> int | float:
    if isinstance(value, bool) or not isinstance(value, int | float) or value != value:
        raise ValueError(f"{shown(value)} is not a number")
    if abs(value) > _LARGEST:
        raise ValueError(f"{shown(value)} is too large: a sum of such could not be written")
    return value


def _text(value: object, schema: Mapping[str, Any]) -> str:
    if schema.get("format") == "date-time":
        return _moment(value)
    if not isinstance(value, str):
        raise ValueError(f"{shown(value)} is not a text")
    if "enum" in schema and value not in schema["enum"]:
        raise ValueError(f"{shown(value)} is not one of {', '.join(schema['enum'])}")
    try:
        value.encode()
    except UnicodeEncodeError:
        raise ValueError(f"{shown(value)} has half of a character (a lone surrogate)") from None
    return value


def _moment(value: object) -> str:
    try:
        moment = value if isinstance(value, datetime) else times.parse(value if isinstance(value, str) else "")
        return times.render(times.to_millis(moment))
    except (ValueError, TypeError, OverflowError):
        raise ValueError(f"{shown(value)} is not a moment") from None


_CHECKS: dict[str, Callable[[object, Mapping[str, Any]], Any]] = {
    "integer": _integer,
    "number": _number,
    "string": _text,
}


def _remedy(schema: Mapping[str, Any]) -> str:
    example = {"integer": "a number such as 1200", "number": "a number such as 0.25"}.get(schema["type"], "text")
    if schema.get("format") == "date-time":
        example = "a date and time such as 2026-04-17T17:26:07.000Z"
    if "enum" in schema:
        example = " or ".join(schema["enum"])
    return f"write {example}, or leave the field out to have it filled in"


def shown(value: object) -> str:
    """Give a value as a message quotes it, cut to a readable length."""
    text = "null" if value is None else repr(value)
    return text if len(text) <= 60 else f"{text[:57]}…"
