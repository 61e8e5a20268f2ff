"""Reads the parameters of a request by the contract, with an error for each text that cannot be read."""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import Enum
from typing import Literal

from flask import Request

from ..schemas import OPERATIONS, Parameter, times
from ..schemas.behavior import Behavior, offset_millis
from .messages import quote
from .responses import ApiError, bad_request

__all__ = ["NOBODY", "NOTHING", "Value", "integer", "query", "read"]

NOBODY = 2**63
"""Stands for every integer beyond 64 bits: an id that nothing has."""


class Unmatched(Enum):
    """The type of :data:`NOTHING`."""

    NOTHING = "nothing"


NOTHING: Literal[Unmatched.NOTHING] = Unmatched.NOTHING
"""Stands for a text that cannot be read where such a parameter matches nothing."""

Value = int | str | None | Literal[Unmatched.NOTHING]

_LOST_PLUS = re.compile(r".+:[0-9.]+ [0-9]{2}:[0-9]{2}", re.ASCII).fullmatch
"""Finds the blank that an unescaped plus sign before an offset becomes: ``2026-04-17T17:26:07 02:00``."""

_HAS_OFFSET = re.compile(r".*T.*([Zz]|[+-][0-9]{2}:[0-9]{2})", re.ASCII | re.IGNORECASE).fullmatch

_INTEGER = re.compile(r"(-?)0*([0-9]+)", re.ASCII).fullmatch


def read(request: Request, behavior: Behavior) -> dict[str, Value]:
    """Return a value for each parameter of the request's operation: an integer, a text, microseconds, or ``None``.

    ``None`` is a parameter that was left out. Unknown parameters are ignored (assumed).

    Raises:
        ApiError: a 400, or what ``behavior`` says, that names the parameter, its value and the remedy (its form
            recorded, its cause assumed); for one in the path a 404, since there is no such thing (assumed).
    """
    operation = OPERATIONS[(request.endpoint or "").rpartition(".")[2]]
    path, given = request.view_args or {}, query(request)
    return {
        parameter.name: _read_path(parameter, path)
        if parameter.place == "path"
        else _read_query(parameter, given, behavior)
        for parameter in operation.parameters
    }


def query(request: Request) -> dict[str, str]:
    """Return the query's parameters by name; of one given twice, the last counts (assumed)."""
    return dict(request.args.items(multi=True))


def integer(text: str) -> int:
    """Read an optional minus sign and digits, nothing else (assumed); what is beyond 64 bits becomes ``NOBODY``.

    Raises:
        ValueError: it is not such an integer.
    """
    match = _INTEGER(text)
    if match is None:
        raise ValueError(f"{quote(text)} is not an integer: use digits such as 42")
    if len(match[2]) > 19 or int(match[2]) > NOBODY:
        return -NOBODY if match[1] else NOBODY
    return int(match[1] + match[2])


def _read_path(parameter: Parameter, path: Mapping[str, str]) -> Value:
    try:
        return integer(path[parameter.name])
    except ValueError:
        raise ApiError(404) from None


def _read_query(parameter: Parameter, query: Mapping[str, str], behavior: Behavior) -> Value:
    text = query.get(parameter.name)
    if text is None:
        return None
    try:
        if not text:
            raise ValueError("is empty: give it a value, or leave it out")
        return _value(parameter, text, behavior)
    except ValueError as reason:
        return _unreadable(f"{parameter.name} {reason}.", behavior)


def _unreadable(reason: str, behavior: Behavior) -> Value:
    match behavior["unreadable_parameter"]:
        case "ignored":
            return None
        case "matches_nothing":
            return NOTHING
        case "not_found":
            raise ApiError(404)
        case "unprocessable_entity":
            raise ApiError(422, f"The given request cannot be processed: {reason}")
    raise bad_request(reason)


def _value(parameter: Parameter, text: str, behavior: Behavior) -> Value:
    if parameter.type == "integer":
        return integer(text)
    if parameter.format == "date-time":
        return _moment(text, parameter.name == "end_date", behavior)
    if parameter.enum and text not in parameter.enum:
        raise ValueError(f"{quote(text)} is not known: use one of {', '.join(parameter.enum)}")
    return text


def _moment(text: str, is_end: bool, behavior: Behavior) -> int:
    offset = 0 if _HAS_OFFSET(text) else offset_millis(behavior["local_offset"])
    if times.is_date(text):
        midnight = times.micros(text, offset)
        meaning = behavior["date_as_end" if is_end else "date_as_start"]
        if meaning == "unreadable":
            raise ValueError(f"{quote(text)} has no time: write it as {text}T00:00:00Z")
        return midnight + (times.DAY - 1) * 1000 if meaning == "end_of_day" else midnight
    written = text
    if text[10:11] == " " and behavior["blank_in_date_time"] == "read":
        written = f"{text[:10]}T{text[11:]}"
    try:
        return times.micros(written, offset)
    except ValueError as reason:
        if not _LOST_PLUS(text):
            raise
        raise ValueError(f"{reason}; a plus sign in a URL is written as %2B") from None
