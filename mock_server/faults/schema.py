"""The description of a fault, ``rule.schema.json``: its names, and whether a rule is valid."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from decimal import Decimal
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any, cast

from ...schemas.text import did_you_mean

if TYPE_CHECKING:
    from jsonschema import Draft202012Validator, ValidationError

__all__ = ["FLAGS", "OPERATION_NAMES", "PROPERTIES", "RECORD_EFFECTS", "BadFault", "attribute", "text_of", "validate"]

SCHEMA = json.loads(resources.files(__package__).joinpath("rule.schema.json").read_text(encoding="utf-8"))
PROPERTIES: dict[str, dict[str, Any]] = {
    name: {**SCHEMA["$defs"].get(each.get("$ref", "").rpartition("/")[2], {}), **each}
    for name, each in SCHEMA["properties"].items()
}
"""The schema of each attribute, in the order in which they are written."""
OPERATION_NAMES: tuple[str, ...] = tuple(PROPERTIES["operation"]["enum"])
"""The operations of ``/usage``, and ``endpoints``."""
FLAGS = tuple(name for name, each in PROPERTIES.items() if each.get("type") == "boolean")
RECORD_EFFECTS = tuple(name for name, each in PROPERTIES.items() if each.get("type") == "array")


_MEANT = {"times": "first", "count": "first"}
"""Names that other tools have for an attribute, and the attribute."""


class BadFault(ValueError):  # noqa: N818  named for what it says
    """An invalid rule: the message names the word, its value and the remedy."""


def attribute(name: str, separator: str = "_") -> str:
    """Return the attribute that is written ``name``, with hyphens or underscores; suggestions have ``separator``.

    Raises:
        BadFault: there is none; the message says what was probably meant.
    """
    found = name.replace("-", "_")
    if found not in PROPERTIES:
        words = [each.replace("_", separator) for each in PROPERTIES]
        raise BadFault(f"a fault has no {name[:40]!r}: {did_you_mean(_MEANT.get(found, name), words)}")
    return found


def validate(rule: Mapping[str, Any]) -> None:
    """Raise :class:`BadFault` where ``rule``, an object of attributes that are set, is not valid by the schema."""
    for error in _validator().iter_errors(rule):
        raise BadFault(_sentence(error, rule))
    match rule.get("latency"):
        case (low, high) if low > high:
            raise BadFault(f"latency={text_of((low, high))} runs backwards: put the shorter wait first")


def text_of(value: object) -> str:
    """Return a value as it is written after ``=``: ``2.0`` is ``2``, ``1e-07`` is ``0.0000001``."""
    if isinstance(value, float) and math.isfinite(value):
        return f"{Decimal(repr(value)):f}".removesuffix(".0")
    if isinstance(value, list | tuple):
        separator = "," if any(isinstance(each, str) for each in value) else "-"
        return separator.join("…" if isinstance(each, list | dict) else text_of(each) for each in value)
    return "{…}" if isinstance(value, dict) else str(value)


@cache
def _validator() -> Draft202012Validator:
    """Return a validator for rules as Python has them: a tuple is an array, and neither NaN nor 2.0 is an integer."""
    from jsonschema import Draft202012Validator, validators  # costs some 100 ms

    types = Draft202012Validator.TYPE_CHECKER.redefine_many(
        {
            "array": lambda _, value: isinstance(value, list | tuple),
            "integer": lambda _, value: type(value) is int,
            "number": lambda _, value: type(value) is int or (type(value) is float and math.isfinite(value)),
        }
    )
    strict: type[Draft202012Validator] = validators.extend(  # type: ignore[no-untyped-call]  # jsonschema's
        Draft202012Validator, type_checker=types
    )
    return strict(SCHEMA)


def _sentence(error: ValidationError, rule: Mapping[str, Any]) -> str:
    if not error.absolute_path:
        return str(cast(Mapping[str, Any], error.schema)["description"])
    name = str(error.absolute_path[0])
    word, value = name.replace("_", "-"), rule[name]
    if error.validator == "enum" and isinstance(error.instance, str):
        known = cast(list[str], error.validator_value)
        return f"{word}={_quoted(error.instance)} is unknown: {did_you_mean(error.instance, known)}"
    shown = "…" if name == "key" else _quoted(value)
    return f"{word}={shown} is invalid: use {PROPERTIES[name]['title']}"


def _quoted(value: object) -> str:
    text = text_of(value)[:40]
    return repr(text) if isinstance(value, str) or not text.isprintable() else text
