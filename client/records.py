"""The answers as typed values.

A record is an immutable mapping with snake_case keys, whose documented fields are attributes as well::

    record.credits, record["credits"], dict(record), record == {"id": 5, ...}

A field that the API sends as ``null`` is ``None``, although it is documented otherwise and typed so: that happens live
(recorded for other resources). Fields that nobody documented are kept.
"""

import copy
import math
import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar, Self, TypeVar

if TYPE_CHECKING:
    from pandas import DataFrame  # type: ignore[import-not-found,import-untyped,unused-ignore]  # see frames.py

__all__ = ["LLMOrganizationSummary", "LLMUsage", "MatchingUsage", "Record", "Records", "shown", "snake_case"]


def snake_case(name: str) -> str:
    """Give the Python name of a field: ``runCreatedAt`` is ``run_created_at``."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).lower()


def shown(value: object) -> str:
    """Give a value for a message: whole where it is short, else what it is, so that no secret is cut and missed."""
    text = repr(value)
    return text if len(text) <= 60 else f"a {type(value).__name__} of {len(text)} characters"


class Record(Mapping[str, Any]):
    """What the records have in common. A subclass's annotations are its documented fields, all of them required.

    Args:
        body: the JSON object as the API sent it.

    Raises:
        ValueError: if a documented field is missing or has another type than documented; ``null`` passes.
    """

    __slots__ = ("_body", "_fields")

    documented: ClassVar[Mapping[str, type]] = {}
    """The documented fields by their snake_case names, each with its type."""

    def __init_subclass__(cls) -> None:
        cls.documented = cls.__annotations__

    def __init__(self, body: Mapping[str, Any]):
        fields = {snake_case(name): value for name, value in body.items()}
        for name, kind in self.documented.items():
            if name not in fields:
                raise ValueError(f"the documented field {name} is missing")
            if not _is(fields[name], kind):
                raise ValueError(f"{name} is {shown(fields[name])}, not {_KINDS[kind]}")
        object.__setattr__(self, "_body", dict(body))
        object.__setattr__(self, "_fields", fields)

    def json(self, snake_case: bool = True) -> dict[str, Any]:
        """Give a dictionary of one's own; with ``snake_case=False`` under the names on the wire, as the API sent it."""
        return copy.deepcopy(self._fields if snake_case else self._body)

    def to_pandas(self) -> "DataFrame":
        """Give a data frame of one row; see :meth:`Records.to_pandas`."""
        return Records(type(self), [self]).to_pandas()

    def __getitem__(self, name: str) -> Any:
        return self._fields[name]

    def __getattr__(self, name: str) -> Any:
        try:
            return self._fields[name]
        except KeyError:
            raise AttributeError(f"{type(self).__name__} has no field {name!r}") from None

    def __iter__(self) -> Iterator[str]:
        return iter(self._fields)

    def __len__(self) -> int:
        return len(self._fields)

    def __hash__(self) -> int:
        return hash(tuple(self._fields[name] for name in self.documented))

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"{type(self).__name__} is read-only; json() gives a dictionary of your own")

    def __delattr__(self, name: str) -> None:
        self.__setattr__(name, None)

    def __dir__(self) -> list[str]:
        return [*super().__dir__(), *self._fields]

    def __reduce__(self) -> tuple[type[Self], tuple[dict[str, Any]]]:
        return type(self), (self._body,)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(f'{name}={value!r}' for name, value in self.items())})"


class _Run(Record):
    """What the records of both kinds of run share."""

    __slots__ = ()

    @property
    def created(self) -> datetime | None:
        """When the run was created, as an aware datetime.

        Raises:
            ValueError: if ``run_created_at`` is no timestamp as documented.
        """
        from ..schemas import times

        text = self["run_created_at"]
        return None if text is None else times.parse(text)


class LLMUsage(_Run):
    """One run of a large language model, and what it used."""

    __slots__ = ()

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
    """When the run was created, as the API wrote it; :attr:`created` is the same as a datetime."""
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


class MatchingUsage(_Run):
    """One run of a matching job. It has no id of its own."""

    __slots__ = ()

    run_id: int
    """The run that contributed this usage."""
    job_id: int
    """The job that the run belongs to."""
    user_id: int
    """Who ran it."""
    organization_id: int
    """That user's organization."""
    run_created_at: str
    """When the run was created, as the API wrote it; :attr:`created` is the same as a datetime."""
    run_time: int
    """Seconds that the run took."""
    num_records: int
    """Records that the run matched."""
    task: str
    """The kind of matching: ``IDR`` or ``CDM``."""


class LLMOrganizationSummary(Record):
    """The credits that an organization's LLM runs used within a window."""

    __slots__ = ()

    credits: float
    """Credits used."""
    organization_id: int
    """The organization."""


R = TypeVar("R", bound=Record)


class Records(list[R]):
    """The records of an answer: a list that knows their kind, so that an empty one has its columns too.

    Args:
        kind: what they are, such as :class:`LLMUsage`.
        records: for a list of one's own: ``Records(LLMUsage, april + may)``.
    """

    def __init__(self, kind: type[R], records: Iterable[R] = ()):
        super().__init__(records)
        self.kind = kind

    def to_pandas(self) -> "DataFrame":
        """Give the records as a pandas data frame, a row each, with the names that they have as attributes.

        A column's type does not depend on what the answer holds, nor on how much: ``Int64`` for integers, ``float64``
        for credits, ``string`` for text, ``datetime64[us, UTC]`` for ``run_created_at``, and each can hold what the API
        sent as ``null``. Fields that nobody documented come last, typed by their values; an object or an array is kept
        in its cell. A number that 64 bits do not hold makes its column one of Python objects.

        Raises:
            ConfigurationError: if pandas cannot be imported: ``pip install 'civis-usage-kit[pandas]'``.
            InvalidResponse: if a time is no date-time.
        """
        from .frames import frame

        return frame(self.kind, self)


_KINDS = {int: "an integer", float: "a number", str: "a string"}


def _is(value: Any, kind: type) -> bool:
    """Say whether ``value`` has the documented type, as JSON Schema reckons (1.0 is an integer), or is ``null``."""
    if value is None:
        return True
    if kind is str:
        return isinstance(value, str)
    if isinstance(value, float):
        return math.isfinite(value) and (kind is float or value.is_integer())
    return isinstance(value, int) and not isinstance(value, bool)
