"""One record as a user gives it: in the API's names or Python's, whole or partial, valid or refused in a sentence."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from functools import cache, partial
from typing import TYPE_CHECKING, Any

from ...schemas import load, times
from ...schemas.json_format import snake_case, wire_name
from ...schemas.text import did_you_mean
from .organization import LARGEST_ID
from .pool import FIELDS, Kind, Record

if TYPE_CHECKING:
    from jsonschema import Draft202012Validator

__all__ = ["FileRecord", "GivenRecord", "InvalidRecord", "is_field", "read_record", "validate"]


class InvalidRecord(ValueError):  # noqa: N818  named for what is wrong
    """A record cannot be loaded. Its text is one sentence: which record, which field, what it says, and the remedy."""

    def __init__(
        self,
        problem: str,
        remedy: str,
        *,
        number: int | None = None,
        line: int | None = None,
        field: str | None = None,
    ) -> None:
        """Say what is wrong with ``field`` of the ``number``-th record (from 1), which begins in a file's ``line``."""
        self.problem, self.remedy, self.number, self.line, self.field = problem, remedy, number, line, field
        place = "" if number is None else f"record {number}"
        if line is not None:
            place = f"{place} (line {line})" if place else f"line {line}"
        super().__init__(": ".join([*filter(None, (place, field)), f"{problem}; {remedy}"]))

    def __reduce__(self) -> tuple[Any, ...]:
        """Support ``pickle``, so that another process can show it."""
        made = partial(type(self), number=self.number, line=self.line, field=self.field)
        return made, (self.problem, self.remedy)


class FileRecord(dict[str, Any]):
    """A record as a file has it."""

    line: int | None = None
    """The line in which it begins."""


@dataclass(frozen=True)
class GivenRecord:
    """A record as it was given, under the wire's names and without what is not loaded."""

    kind: Kind
    values: Record
    number: int
    line: int | None
    written: Mapping[str, str] = field(default_factory=dict)
    """The name of each value as it was given."""

    def invalid(self, problem: str, remedy: str, field: str | None = None) -> InvalidRecord:
        """Return the error that names this record, the problem and the remedy."""
        return InvalidRecord(problem, remedy, number=self.number, line=self.line, field=field)


def read_record(record: object, number: int, undocumented: dict[str, None]) -> GivenRecord:
    """Return the ``number``-th record as it is loaded; the fields that are left out of it go to ``undocumented``.

    Raises:
        InvalidRecord: what it is cannot be told, or a field is not one of its kind, or its value is another type.
    """
    line = getattr(record, "line", None)
    if not isinstance(record, Mapping):
        raise InvalidRecord(
            f"{_shown(record)} is not a record", 'write an object such as {"credits": 0.25}', number=number, line=line
        )
    values: Record = {}
    written: dict[str, str] = {}
    for name, value in record.items():
        wire = wire_name(str(name))
        if wire in values:
            raise InvalidRecord(f"{wire!r} is given twice, as {name!r} too", "leave one out", number=number, line=line)
        values[wire] = value
        written[wire] = str(name)
    read = GivenRecord("llm", values, number, line, written)
    kind = _kind(read, values.pop("kind", None))
    other = FIELDS["matching" if kind == "llm" else "llm"]
    fields = FIELDS[kind]
    kept: Record = {}
    for name, value in values.items():
        if name in fields:
            kept[name] = _plain(value, fields[name], partial(read.invalid, field=name))
        elif name in other and _is_null(value):
            continue
        elif fields.keys() <= values.keys() and name not in other:
            undocumented[name] = None
        else:
            raise _unknown(f"{_AN[kind]} usage record", name, list(fields), read)
    return GivenRecord(kind, kept, number, line, written)


_AN = {"llm": "an LLM", "matching": "a matching"}
_DISTINCTIVE: dict[Kind, set[str]] = {
    "llm": FIELDS["llm"].keys() - FIELDS["matching"].keys(),
    "matching": FIELDS["matching"].keys() - FIELDS["llm"].keys(),
}


def _kind(read: GivenRecord, kind: object) -> Kind:
    if kind == "llm" or kind == "matching":
        return kind
    if not _is_null(kind):
        raise read.invalid(f"{_shown(kind)} is not a kind of usage", "write llm or matching", "kind")
    given = {name for name, value in read.values.items() if not _is_null(value)}
    found: list[Kind] = [name for name, fields in _DISTINCTIVE.items() if fields & given]
    if not found:  # a null in a field that only one kind has says which kind it is, and is refused there
        found = [name for name, fields in _DISTINCTIVE.items() if fields & read.values.keys()]
    if len(found) == 1:
        return found[0]
    if found:
        llm, matching = (sorted(_DISTINCTIVE[name] & read.values.keys())[0] for name in ("llm", "matching"))
        raise read.invalid(f"{llm!r} is a field of LLM usage, but {matching!r} of matching usage", "leave one out")
    for name in read.values:
        if not is_field(name):
            raise _unknown("a usage record", name, [each for fields in FIELDS.values() for each in fields], read)
    raise read.invalid(
        "nothing says whether it is LLM or matching usage",
        'add "kind": "llm" or "kind": "matching", or a field that only one of them has',
    )


def _unknown(whose: str, name: str, fields: list[str], read: GivenRecord) -> InvalidRecord:
    written = read.written[name]
    words = [snake_case(each) for each in fields] if "_" in written else fields
    meant = "organization_id" if name == "orgId" else written  # what the queries call it
    return read.invalid(f"{_shown(written)} is not a field of {whose}", did_you_mean(meant, dict.fromkeys(words)))


def is_field(name: str) -> bool:
    """Return whether some kind of record has a field of this name on the wire."""
    return any(name in fields for fields in FIELDS.values())


_EPOCH_MILLIS = range(946_684_800_000, 4_102_444_800_000)
"""Whole numbers that are read as milliseconds since 1970: those of the years 2000 to 2099."""


def _plain(value: Any, schema: Mapping[str, Any], invalid: Callable[[str, str], InvalidRecord]) -> Any:
    """Return a value as JSON has it, if it is one of Python's or NumPy's."""
    if isinstance(value, (list, tuple, dict)):
        raise invalid(f"{_shown(value)} is not {_wanted(schema)[0]}", _remedy(schema))
    if not isinstance(value, (str, date)) and hasattr(value, "item"):
        value = value.item()  # NumPy's scalars
    if schema.get("format") == "date-time":
        return _moment(value, schema, invalid)
    if isinstance(value, Decimal):
        if schema["type"] == "integer" and value.is_finite():
            if value.as_tuple().exponent > 0:  # type: ignore[operator]  # a whole number, as it is finite
                raise invalid(
                    f"{value} has lost digits", "export the column as whole numbers, not shortened by a spreadsheet"
                )
            return int(value) if value == value.to_integral_value() else float(value)
        return float(value)
    if schema["type"] == "integer" and isinstance(value, float) and value.is_integer():
        if abs(value) > 2**53:
            raise invalid(f"{value} has lost digits", "write it as a whole number, without a point or an exponent")
        return int(value)
    return value


def _moment(value: Any, schema: Mapping[str, Any], invalid: Callable[[str, str], InvalidRecord]) -> str:
    moment = int(value) if isinstance(value, Decimal) and value == value.to_integral_value() else value
    moment = moment.strip().replace(" ", "T", 1) if isinstance(moment, str) else moment
    try:
        if not isinstance(moment, int) or moment in _EPOCH_MILLIS:
            return times.render(times.moment(moment))
    except (ValueError, TypeError, OverflowError, AttributeError):
        pass
    raise invalid(f"{_shown(value)} is not {_wanted(schema)[0]}", _remedy(schema))


def _is_null(value: Any) -> bool:
    return (
        value is None or type(value).__name__ in ("NAType", "NaTType") or (isinstance(value, float) and value != value)
    )


def validate(read: GivenRecord, record: Record) -> None:
    """Refuse a record that, made whole as ``record``, is not valid.

    Raises:
        InvalidRecord: a field has a value that the contract does not allow, or that cannot be served or summed up.
    """
    from jsonschema.exceptions import best_match

    error = best_match(_validator(read.kind).iter_errors(record))
    if error is None:
        return
    field = str(error.path[0])
    schema = FIELDS[read.kind][field]
    problems = {
        "minimum": "does not fit into 64 bits" if schema["type"] == "integer" else "is too large to be summed up",
        "pattern": "has half a character (a lone surrogate)",
    }
    problems["maximum"] = problems["minimum"]
    problem = problems.get(str(error.validator), f"is not {_wanted(schema)[0]}")
    raise read.invalid(f"{_shown(error.instance)} {problem}", _remedy(schema), field)


@cache
def _validator(kind: Kind) -> Draft202012Validator:
    """Return the validator of what can be loaded: the contract's, and numbers that can be served and summed up."""
    from jsonschema import Draft202012Validator

    from ...schemas import validator

    limits: dict[str, Record] = {
        "integer": {"minimum": -LARGEST_ID - 1, "maximum": LARGEST_ID},
        "number": {"minimum": -1e290, "maximum": 1e290},
        "string": {"pattern": "^[^\ud800-\udfff]*$"},
    }
    schema = load(f"{kind}_usage")
    properties = {name: {**limits[each["type"]], **each} for name, each in schema["properties"].items()}
    checker = validator(f"{kind}_usage").format_checker
    return Draft202012Validator({**schema, "properties": properties}, format_checker=checker)


def _wanted(schema: Mapping[str, Any]) -> tuple[str, str]:
    """Return what a field's value must be, and an example."""
    if "enum" in schema:
        return f"one of {', '.join(schema['enum'])}", " or ".join(schema["enum"])
    if schema.get("format") == "date-time":
        return "a date and time", "one such as 2026-04-17T17:26:07.000Z"
    return {
        "integer": ("a whole number", "one such as 1200"),
        "number": ("a number", "one such as 0.25"),
        "string": ("a text", "a text"),
    }[schema["type"]]


def _remedy(schema: Mapping[str, Any]) -> str:
    return f"write {_wanted(schema)[1]}, or leave the field out to have it filled in"


def _shown(value: object) -> str:
    text = "null" if value is None else str(value) if isinstance(value, Decimal) else repr(value)
    return text if len(text) <= 60 else f"{text[:57]}…"
