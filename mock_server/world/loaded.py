"""Records that a user loads: read, completed, validated, and kept in order; all of them or none."""

from __future__ import annotations

import threading
from bisect import bisect_left, bisect_right, insort
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Context, Decimal
from functools import cache, partial, reduce
from itertools import count
from typing import TYPE_CHECKING, Any

from ...schemas import load, times
from ...schemas.json_format import encode, snake_case, wire_name
from ...schemas.text import did_you_mean
from .ids import LLM_RUN, MATCHING_RUN, RECORD, loaded_id
from .organization import LARGEST_ID, Organization
from .pool import FIELDS, Kind, Record, price
from .schedule import Run
from .words import MODELS

if TYPE_CHECKING:
    from jsonschema import Draft202012Validator

__all__ = [
    "EXACT",
    "FileRecord",
    "HiddenRecord",
    "InvalidRecord",
    "Loaded",
    "Surroundings",
    "is_field",
    "load_records",
]

EXACT = Context(prec=1100)
"""Exact decimal sums of doubles."""


class HiddenRecord(UserWarning):
    """A record lies after the clock's now, so the fake does not show it yet."""


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


# -- the loaded records ----------------------------------------------------------------------------------------------


class _Log:
    """Records in the order of loading, with what finds them; only ever added to."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.records: list[tuple[Kind, Record]] = []
        self.texts: list[str] = []
        self.ids: dict[int, int] = {}
        self.run_ids: dict[int, int] = {}
        self.organizations: dict[int, int] = {}
        self.moments: dict[tuple[Kind, int], list[tuple[int, int, int]]] = {}
        """Time, number and index of each record of a kind and organization, ascending."""

    def add(self, kind: Kind, record: Record) -> None:
        index, organization = len(self.records), record["organizationId"]
        self.records.append((kind, record))
        self.texts.append(encode(record).decode())
        if kind == "llm":
            self.ids[record["id"]] = index
        self.run_ids.setdefault(record["runId"], index)
        self.organizations.setdefault(organization, index)
        moment = times.to_millis(times.parse(record["runCreatedAt"]))
        number = record["id" if kind == "llm" else "runId"]
        insort(self.moments.setdefault((kind, organization), []), (moment, number, index))


class Loaded:
    """The loaded records, in the order of loading. A value: adding records returns another.

    The values share one log, of which each sees the first ``size`` records, so that adding one costs the same however
    many there are.
    """

    def __init__(self, log: _Log | None = None, size: int = 0) -> None:
        self._log, self._size = log or _Log(), size

    def __len__(self) -> int:
        return self._size

    def add(self, records: Sequence[tuple[Kind, Record]]) -> Loaded:
        """Return these and ``records``, which are whole."""
        with self._log.lock:
            is_newest = len(self._log.records) == self._size
            log = self._log if is_newest else _Log()
            for kind, record in (*(() if is_newest else self._log.records[: self._size]), *records):
                log.add(kind, record)
            return Loaded(log, self._size + len(records))

    def records(self, newest: int | None = None) -> list[Record]:
        """Return the records, or the newest ones of them, whole, in the order of loading."""
        first = 0 if newest is None else max(0, self._size - newest)
        return [record for _, record in self._log.records[first : self._size]]

    @property
    def organizations(self) -> list[int]:
        """The ids of the organizations that the records name, in their order."""
        return [org_id for org_id, index in [*self._log.organizations.items()] if index < self._size]

    def has_organization(self, org_id: int) -> bool:
        """Return whether a record names the organization."""
        return self._log.organizations.get(org_id, self._size) < self._size

    def has_id(self, id: int) -> bool:  # noqa: A002  the API's name
        """Return whether an LLM usage record has this id."""
        return self._log.ids.get(id, self._size) < self._size

    def has_run_id(self, run_id: int) -> bool:
        """Return whether a record has this run id."""
        return self._log.run_ids.get(run_id, self._size) < self._size

    def by_id(self, id: int) -> Run | None:  # noqa: A002  the API's name
        """Return the LLM usage record of that id."""
        if not self.has_id(id):
            return None
        index = self._log.ids[id]
        return times.to_millis(times.parse(self._log.records[index][1]["runCreatedAt"])), id, self._log.texts[index]

    def window(self, kind: Kind, org_id: int, start: int | None, end: int, task: str | None = None) -> list[Run]:
        """Return the records of a window that includes both ends, oldest first; matching ones of one ``task`` only."""
        log = self._log
        return [
            (time, number, log.texts[index])
            for time, number, index in self._between(kind, org_id, start, end)
            if task is None or log.records[index][1]["task"] == task
        ]

    def credits(self, org_id: int, start: int | None, end: int) -> Decimal:
        """Return the exact sum of the credits of a window's LLM usage records."""
        found = self._between("llm", org_id, start, end)
        amounts = (Decimal(repr(self._log.records[index][1]["credits"])) for _, _, index in found)
        return reduce(EXACT.add, amounts, Decimal(0))

    def _between(self, kind: Kind, org_id: int, start: int | None, end: int) -> list[tuple[int, int, int]]:
        with self._log.lock:
            moments = self._log.moments.get((kind, org_id), [])
            first = 0 if start is None else bisect_left(moments, (start,))
            found = moments[first : bisect_right(moments, (end + 1,))]
        return [each for each in found if each[2] < self._size]


# -- loading ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Surroundings:
    """The world that records are loaded into."""

    organization_id: int
    """Whose usage a record is that names no organization."""
    organization: Callable[[int], Organization]
    """Returns the organization from whose pools the records of an organization are completed."""
    is_generated: Callable[[int], bool]
    """Returns whether an id is that of a generated record, now or later."""
    profile: str
    now: int
    warn: Callable[[UserWarning], object]
    """Called with one sentence about a record that is loaded all the same."""


def load_records(records: Sequence[object], loaded: Loaded, world: Surroundings) -> Loaded:
    """Return ``loaded`` with ``records`` added, each whole.

    Fields may have their names on the wire or in Python's spelling; a field ``kind`` (``llm`` or ``matching``) says
    what a record is if its other fields do not. Records without a time get one shortly before now, a second apart.

    Raises:
        InvalidRecord: one of them cannot be loaded; none is.
    """
    undocumented: dict[str, None] = {}
    read = [_read(record, number, undocumented) for number, record in enumerate(records, 1)]
    _check_ids(read, loaded, world)
    numbers = _Numbers(loaded, read, world.profile)
    timeless = sum("runCreatedAt" not in each.values for each in read)
    whole: list[tuple[Kind, Record]] = []
    late = 0
    for index, each in enumerate(read, len(loaded)):
        values = each.values
        values.setdefault("organizationId", world.organization_id)
        if "runCreatedAt" not in values:
            values["runCreatedAt"] = _shortly_before(world.now, timeless)
            timeless -= 1
        numbers.fill_in(each.kind, values)
        record = _complete(each.kind, values, world, index)
        _validate(each, record)
        late += times.to_millis(times.parse(record["runCreatedAt"])) > world.now
        whole.append((each.kind, record))
    for name in undocumented:
        world.warn(UserWarning(f"The field {name!r} is not documented and was left out."))
    if late:
        many = "A record lies" if late == 1 else f"{late:,} records lie"
        seen = "and cannot be seen before the clock gets there"
        world.warn(HiddenRecord(f"{many} after the clock's now ({times.render(world.now)}) {seen}."))
    return loaded.add(whole)


@dataclass(frozen=True)
class _Read:
    """A record as it was given, under the wire's names and without what is not loaded."""

    kind: Kind
    values: Record
    number: int
    line: int | None
    written: Mapping[str, str] = field(default_factory=dict)
    """The name of each value as it was given."""

    def invalid(self, problem: str, remedy: str, field: str | None = None) -> InvalidRecord:
        return InvalidRecord(problem, remedy, number=self.number, line=self.line, field=field)


def _read(record: object, number: int, undocumented: dict[str, None]) -> _Read:
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
    read = _Read("llm", values, number, line, written)
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
    return _Read(kind, kept, number, line, written)


_AN = {"llm": "an LLM", "matching": "a matching"}
_DISTINCTIVE: dict[Kind, set[str]] = {
    "llm": FIELDS["llm"].keys() - FIELDS["matching"].keys(),
    "matching": FIELDS["matching"].keys() - FIELDS["llm"].keys(),
}


def _kind(read: _Read, kind: object) -> Kind:
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


def _unknown(whose: str, name: str, fields: list[str], read: _Read) -> InvalidRecord:
    written = read.written[name]
    words = [snake_case(each) for each in fields] if "_" in written else fields
    meant = "organization_id" if name == "orgId" else written  # what the queries call it
    return read.invalid(f"{_shown(written)} is not a field of {whose}", did_you_mean(meant, dict.fromkeys(words)))


def is_field(name: str) -> bool:
    """Return whether some kind of record has a field of this name on the wire."""
    return any(name in fields for fields in FIELDS.values())


# -- values ----------------------------------------------------------------------------------------------------------

_EPOCH_MILLIS = range(946_684_800_000, 4_102_444_800_000)
"""Whole numbers that are read as milliseconds since 1970: those of the years 2000 to 2099."""


def _plain(value: Any, schema: Mapping[str, Any], invalid: Callable[[str, str], InvalidRecord]) -> Any:
    """Return a value as JSON has it, if it is one of Python's or NumPy's that stands for such."""
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


def _validate(read: _Read, record: Record) -> None:
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


# -- completion ------------------------------------------------------------------------------------------------------


def _complete(kind: Kind, values: Record, world: Surroundings, index: int) -> Record:
    """Return a whole record: what ``values`` lack comes from a record of the pool, the credits from the tokens."""
    if len(values) < len(FIELDS[kind]):
        organization = world.organization(values["organizationId"])
        pool = organization.pool(kind).records
        drawn = pool[index % len(pool)]
        whole = {**drawn, **values}
        if "credits" not in values and values.keys() & {"inputTokens", "outputTokens", "modelId"}:
            whole["credits"] = _credits(whole, drawn, organization)
        values = whole
    return {name: values[name] for name in FIELDS[kind]}


def _credits(whole: Record, drawn: Record, organization: Organization) -> Any:
    models = {model.id: model for model in MODELS}
    model = models.get(whole["modelId"]) or models.get(drawn["modelId"])
    tokens = (whole["inputTokens"], whole["outputTokens"])
    if model is None or not all(isinstance(each, int) and abs(each) <= LARGEST_ID for each in tokens):
        return drawn["credits"]
    return price(whole, model)


def _shortly_before(now: int, back: int) -> str:
    """Return the whole second ``back`` seconds before ``now``, but not before the day (UTC) began.

    So a record that is loaded without a time lies in the default window, which begins with the month.
    """
    return times.render(max(now // 1000 * 1000 - back * 1000, now // times.DAY * times.DAY))


def _check_ids(read: Sequence[_Read], loaded: Loaded, world: Surroundings) -> None:
    seen: dict[int, int] = {}
    for each in read:
        id_ = each.values.get("id")
        if not isinstance(id_, int):
            continue
        holder = f"record {seen[id_]}" if id_ in seen else None
        if loaded.has_id(id_):
            holder = "a record loaded before"
        elif world.is_generated(id_):
            holder = "a generated record"
        if holder is not None:
            remedy = "choose another, or leave it out to have one given"
            raise each.invalid(f"{id_} is the id of {holder}", remedy, "id")
        seen[id_] = each.number


class _Numbers:
    """Hands out ids and run ids that nothing else in the world has."""

    def __init__(self, loaded: Loaded, read: Sequence[_Read], profile: str) -> None:
        self._loaded, self._profile = loaded, profile
        self._ids = {each.values.get("id") for each in read}
        self._run_ids = {each.values.get("runId") for each in read}
        self._counts = {numbered: count(len(loaded)) for numbered in (RECORD, LLM_RUN, MATCHING_RUN)}

    def fill_in(self, kind: Kind, values: Record) -> None:
        """Add the numbers that ``values`` lack."""
        if kind == "llm" and "id" not in values:
            free = (each for each in self._numbers(RECORD) if each not in self._ids and not self._loaded.has_id(each))
            values["id"] = next(free)
        if "runId" not in values:
            numbers = self._numbers(LLM_RUN if kind == "llm" else MATCHING_RUN)
            free = (each for each in numbers if each not in self._run_ids and not self._loaded.has_run_id(each))
            values["runId"] = next(free)

    def _numbers(self, numbered: int) -> Iterator[int]:
        return (loaded_id(self._profile, numbered, each) for each in self._counts[numbered])
