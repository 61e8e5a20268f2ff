"""Responses as typed records.

A record is an immutable mapping with snake_case names, and its documented fields are attributes as well::

    record.credits, record["credits"], dict(record), record == {"id": 5, ...}

A field that the API sends as ``null`` is ``None``, although it is documented and typed otherwise: that happens live
(recorded for other resources). An additional field keeps the name that it has on the wire: ``record["costCenter"]``. A
documented field always wins; an additional one that is called ``run_id`` is in ``record.additional`` only.
"""

import copy
import math
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING, Any, ClassVar, Self, TypeVar

from ..schemas import times
from .errors import ConfigurationError, InvalidResponse

if TYPE_CHECKING:
    # pandas brings no types: with pandas-stubs they are known, without them they are Any.
    from pandas import DataFrame  # type: ignore[import-not-found,import-untyped,unused-ignore]

__all__ = ["LLMOrganizationSummary", "LLMUsage", "MatchingUsage", "Record", "Records", "camel_case", "short_repr"]


@cache
def camel_case(name: str) -> str:
    """Return the name on the wire of a field: ``run_created_at`` is ``runCreatedAt``."""
    return re.sub("_(.)", lambda match: match[1].upper(), name)


def short_repr(value: object) -> str:
    """Return a value for a message: whole if it is short, else what it is, so that no secret is cut and missed."""
    text = repr(value)
    return text if len(text) <= 60 else f"a {type(value).__name__} of {len(text)} characters"


@dataclass(frozen=True, slots=True, eq=False)
class Record(Mapping[str, Any]):
    """What all records have in common."""

    additional: Mapping[str, Any] = field(default_factory=dict, kw_only=True, repr=False)
    """Fields that are not documented, under the names that they have on the wire."""

    field_types: ClassVar[Mapping[str, type]] = {}
    """The documented fields by their snake_case names, each with its type."""

    def __init_subclass__(cls) -> None:
        cls.field_types = cls.__annotations__

    @classmethod
    def from_json(cls, body: Mapping[str, Any]) -> Self:
        """Return the record of a JSON object.

        Raises:
            ValueError: if a documented field is missing, or its value cannot be converted; ``null`` is ``None``.
        """
        rest = dict(body)
        documented = {}
        for name, kind in cls.field_types.items():
            wire = camel_case(name)
            try:
                documented[name] = _convert(wire, rest.pop(wire), kind)
            except KeyError:
                raise ValueError(f"the documented field {wire} is missing") from None
        return cls(**documented, additional=rest)

    def json(self, snake_case: bool = True) -> dict[str, Any]:
        """Return a dictionary of your own; with ``snake_case=False`` under the names on the wire."""
        if snake_case:
            return copy.deepcopy(dict(self))
        documented = {camel_case(name): getattr(self, name) for name in self.field_types}
        return copy.deepcopy({**documented, **self.additional})

    def to_pandas(self) -> "DataFrame":
        """Return a data frame of one row; see :meth:`Records.to_pandas`."""
        return Records(type(self), [self]).to_pandas()

    def __getitem__(self, name: str) -> Any:
        return getattr(self, name) if name in self.field_types else self.additional[name]

    def __iter__(self) -> Iterator[str]:
        return iter({**self.field_types, **self.additional})

    def __len__(self) -> int:
        return len({**self.field_types, **self.additional})

    def __hash__(self) -> int:
        return hash(tuple(getattr(self, name) for name in self.field_types))


class _Run(Record):
    """What the records of both kinds of run share."""

    __slots__ = ()

    @property
    def created_at(self) -> datetime | None:
        """When the run was created, as an aware datetime.

        Raises:
            InvalidResponse: if ``run_created_at`` is not a timestamp as documented.
        """
        text = self["run_created_at"]
        try:
            return None if text is None else times.parse(text)
        except ValueError as error:
            raise InvalidResponse(f"The response is not as documented: run_created_at: {error}.") from None


@dataclass(frozen=True, slots=True, eq=False)
class LLMUsage(_Run):
    """One run of a large language model, and what it used."""

    id: int
    """The record's own id: what ``get_llm`` takes."""
    run_id: int
    """The run that contributed this usage."""
    job_id: int
    """The job that the run belongs to."""
    user_id: int
    """Who ran it."""
    organization_id: int
    """That user's organization."""
    run_created_at: str
    """When the run was created, as the API wrote it; :attr:`created_at` is the same as a datetime."""
    run_time: int
    """Seconds that the run took."""
    credits: float
    """Credits used."""
    input_tokens: int
    """Tokens put in."""
    output_tokens: int
    """Tokens that came out."""
    model_id: str
    """The model used."""


@dataclass(frozen=True, slots=True, eq=False)
class MatchingUsage(_Run):
    """One run of a matching job. It has no id of its own."""

    run_id: int
    """The run that contributed this usage."""
    job_id: int
    """The job that the run belongs to."""
    user_id: int
    """Who ran it."""
    organization_id: int
    """That user's organization."""
    run_created_at: str
    """When the run was created, as the API wrote it; :attr:`created_at` is the same as a datetime."""
    run_time: int
    """Seconds that the run took."""
    num_records: int
    """Records that the run matched."""
    task: str
    """The kind of matching: ``IDR`` or ``CDM``."""


@dataclass(frozen=True, slots=True, eq=False)
class LLMOrganizationSummary(Record):
    """The credits that an organization's LLM runs used within a window."""

    credits: float
    """Credits used."""
    organization_id: int
    """The organization."""


R = TypeVar("R", bound=Record)


class Records(list[R]):
    """The records of a response: a list that knows their kind, so that an empty one has its columns too.

    Args:
        kind: what they are, such as :class:`LLMUsage`.
        records: for a list of your own: ``Records(LLMUsage, april + may)``.
    """

    def __init__(self, kind: type[R], records: Iterable[R] = ()):
        super().__init__(records)
        self.kind = kind

    def to_pandas(self) -> "DataFrame":
        """Return the records as a pandas data frame, a row each, the documented fields first.

        Their types do not depend on the records: ``Int64`` for integers, ``float64`` for credits, ``string`` for text,
        ``datetime64[us, UTC]`` for ``run_created_at``; each can hold a ``null``. A column with a number that 64 bits
        do not hold, and the additional fields, are Python objects.

        Raises:
            ConfigurationError: pandas cannot be imported: ``pip install 'civis-usage-kit[pandas]'``.
            InvalidResponse: a ``run_created_at`` is not a timestamp.
        """
        try:
            import pandas
        except ImportError as error:
            message = f"A data frame needs pandas, which cannot be imported ({error})"
            raise ConfigurationError(f"{message}: pip install 'civis-usage-kit[pandas]'") from error
        names = dict.fromkeys((*self.kind.field_types, *(name for record in self for name in record)))
        frame = pandas.DataFrame([dict(record) for record in self], columns=list(names), dtype=object)
        for name, kind in self.kind.field_types.items():
            if name == "run_created_at":
                moments = [getattr(record, "created_at", None) for record in self]
                frame[name] = pandas.Series(moments, dtype=object).astype("datetime64[us, UTC]")
            elif all(_fits(value, kind) for value in frame[name]):
                frame[name] = frame[name].astype({int: "Int64", float: "float64", str: "string"}[kind])
        return frame


_KINDS = {int: "an integer", float: "a number", str: "a string"}


def _convert(name: str, value: Any, kind: type) -> Any:
    """Return ``value`` as its documented type: ``1.0`` is an integer too, as in JSON Schema."""
    if value is None or (kind is str and isinstance(value, str)):
        return value
    if kind is not str and isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, float) and math.isfinite(value):
        if kind is float:
            return value
        if kind is int and value.is_integer():
            return int(value)
    raise ValueError(f"{name} is {short_repr(value)}, not {_KINDS[kind]}")


def _fits(value: Any, kind: type) -> bool:
    limit = {int: 2**63, float: 2**1023}.get(kind)
    return value is None or limit is None or -limit <= value < limit
