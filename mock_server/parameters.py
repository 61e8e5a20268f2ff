"""Reading a request's parameters by the contract, with an answer for every text that cannot be read."""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import parse_qsl

from ..schemas import Operation, Parameter
from . import moments
from .answers import Problem
from .sentences import shown

__all__ = ["NOBODY", "integer", "query", "read"]

NOBODY = 2**63
"""Stands for every integer beyond 64 bits: an id that nothing has."""

Value = int | str | None

_INTEGER = re.compile(r"(-?)0*([0-9]+)", re.ASCII).fullmatch


def query(query_string: str) -> dict[str, str]:
    """Give the parameters of a query (as WSGI has it) by name; of one given twice, the last counts (assumed)."""
    return dict(parse_qsl(query_string, keep_blank_values=True, errors="replace"))


def read(operation: Operation, path: Mapping[str, str], query: Mapping[str, str]) -> dict[str, Value]:
    """Give a value for each of the operation's parameters: an integer, a text, milliseconds, or ``None`` if left out.

    Unknown parameters are ignored (assumed).

    Raises:
        Problem: a 400 that names the parameter, its value and the remedy (its form recorded, its cause assumed); in the
            path, a 404, since there is no such thing (assumed).
    """
    return {
        parameter.name: _read_path(parameter, path) if parameter.place == "path" else _read_query(parameter, query)
        for parameter in operation.parameters
    }


def integer(text: str) -> int:
    """Read an optional minus sign and digits, nothing else (assumed); what is beyond 64 bits becomes ``NOBODY``.

    Raises:
        ValueError: it is no such integer.
    """
    match = _INTEGER(text)
    if match is None:
        raise ValueError(f"{shown(text)} is no integer: write digits such as 42")
    if len(match[2]) > 19 or int(match[2]) > NOBODY:
        return -NOBODY if match[1] else NOBODY
    return int(match[1] + match[2])


def _read_path(parameter: Parameter, path: Mapping[str, str]) -> Value:
    try:
        return integer(path[parameter.name])
    except ValueError:
        raise Problem(404) from None


def _read_query(parameter: Parameter, query: Mapping[str, str]) -> Value:
    text = query.get(parameter.name)
    if text is None:
        return None
    if not text:
        raise Problem.bad(f"{parameter.name} is empty: give it a value, or leave it out.")
    try:
        return _value(parameter, text)
    except ValueError as reason:
        raise Problem.bad(f"{parameter.name} {reason}.") from None


def _value(parameter: Parameter, text: str) -> Value:
    if parameter.type == "integer":
        return integer(text)
    if parameter.format == "date-time":
        return _moment(text, up=parameter.name == "start_date")
    if parameter.enum and text not in parameter.enum:
        raise ValueError(f"{shown(text)} is not known: use one of {', '.join(parameter.enum)}")
    return text


def _moment(text: str, *, up: bool) -> int:
    try:
        return moments.read(text, up=up)
    except ValueError as reason:
        hint = ", and a plus sign in a URL as %2B" if " " in text else ""
        raise ValueError(f"{reason}{hint}") from None
