"""Records as a pandas data frame: a column for each field, whose type does not depend on what the records hold."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from ..schemas import times
from .errors import ConfigurationError, InvalidResponse
from .records import Record, shown

if TYPE_CHECKING:
    # pandas brings no types: with pandas-stubs they are known, without them they are Any.
    from pandas import DataFrame, Series  # type: ignore[import-not-found,import-untyped,unused-ignore]

__all__ = ["frame"]

_DTYPES: dict[type, str] = {bool: "boolean", int: "Int64", float: "float64", str: "string[python]"}
_TIMES = {"run_created_at"}
"""The fields that are documented as date-time."""
_NOT_A_TIME = -(2**63)
"""How pandas writes a missing moment among microseconds since the epoch."""


def frame(kind: type[Record], records: Sequence[Record]) -> DataFrame:
    """Give ``records`` as a data frame: the documented fields of ``kind`` first, then additional ones as they come.

    Raises:
        ConfigurationError: pandas cannot be imported.
        InvalidResponse: a time is no date-time.
    """
    pandas = _pandas()
    columns = {}
    for name, documented in kind.documented.items():
        values = [record[name] for record in records]
        columns[name] = _moments(pandas, name, values) if name in _TIMES else _column(pandas, values, documented)
    for name in dict.fromkeys(name for record in records for name in record):
        if name not in columns:
            values = [record.get(name) for record in records]
            columns[name] = _column(pandas, values, _kind(values))
    made: DataFrame = pandas.DataFrame(columns)
    return made


def _pandas() -> Any:
    try:
        import pandas
    except ImportError as error:
        raise ConfigurationError(
            f"A data frame needs pandas, which cannot be imported ({error}): pip install 'civis-usage-kit[pandas]'"
        ) from error
    return pandas


def _column(pandas: Any, values: list[Any], kind: type) -> Series[Any]:
    if kind is int:  # 1.0 is an integer, as JSON Schema reckons
        values = [None if value is None else int(value) for value in values]
    fits = all(value is None or _fits(value, kind) for value in values)
    column: Series[Any] = pandas.Series(values, dtype=_DTYPES.get(kind, "object") if fits else "object")
    return column


def _fits(value: Any, kind: type) -> bool:
    """Say whether 64 bits hold a number; one that they do not hold is kept as Python's own."""
    if kind is int:
        return bool(-(2**63) <= value < 2**63)
    return kind is not float or bool(abs(value) < 2**1024)


def _kind(values: list[Any]) -> type:
    """Give the one type of the values of a field that nobody documented; ``object`` where they have several."""
    kinds = {type(value) for value in values if value is not None}
    if kinds == {int, float} and all(value is None or _exact(value) for value in values):
        return float  # a whole number may be written without a point
    return kinds.pop() if len(kinds) == 1 else object


def _exact(number: float) -> bool:
    return abs(number) < 2**53 or isinstance(number, float)


def _moments(pandas: Any, name: str, texts: list[str | None]) -> Series[Any]:
    """Give the column of a time in UTC, in microseconds: nanoseconds would end in the year 2262."""
    column: Series[Any] = pandas.Series(list(_microseconds(name, texts)), dtype="int64")
    return column.astype("datetime64[us]").dt.tz_localize("UTC")


def _microseconds(name: str, texts: list[str | None]) -> Iterator[int]:
    for number, text in enumerate(texts):
        try:
            moment = None if text is None else times.parse(text)
        except ValueError:
            what = f"item {number}: {name} is {shown(text)}, where a date-time is documented"
            raise InvalidResponse(f"The answer is not as documented: {what}.") from None
        yield _NOT_A_TIME if moment is None else (moment - times.EPOCH) // timedelta(microseconds=1)
