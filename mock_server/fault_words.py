"""The words in which a fault is written: ``list_llm status=503 retry-after=2 first=2``.

A word alone is an operation or an effect (``cut``, ``malformed``, ``disconnect``); every other is ``name=value``. The
names are the attributes of :class:`~.fault.Fault`, with hyphens or underscores.
"""

from __future__ import annotations

import math
import shlex
from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Any

from ..schemas import OPERATIONS
from . import wire
from .sentences import meant

__all__ = [
    "EFFECTS",
    "FIELD_EFFECTS",
    "FLAGS",
    "NAMES",
    "OPERATION_NAMES",
    "BadFault",
    "known",
    "number",
    "on_the_wire",
    "read",
]

OPERATION_NAMES = (*OPERATIONS, "endpoints")
"""What a rule can name: the operations of ``/usage``, and the API's description."""

FLAGS = ("cut", "malformed", "disconnect")
FIELD_EFFECTS = ("null", "missing", "retyped")
EFFECTS = ("status", "latency", "content_type", *FLAGS, *FIELD_EFFECTS)


class BadFault(ValueError):  # noqa: N818  named for what it says
    """A rule that cannot be: the message names the word, its value and the remedy."""


def read(text: str) -> dict[str, Any]:
    """Give a fault's attributes from its words.

    Raises:
        BadFault: a word is not known, is given twice, or has a value of the wrong kind.
    """
    try:
        pairs = [_pair(word) for word in shlex.split(text)]
    except ValueError as reason:
        if isinstance(reason, BadFault):
            raise
        raise BadFault(f"a fault cannot be read: {str(reason).lower()}") from None  # its words may hold a key
    given: dict[str, Any] = {}
    for name, value in pairs:
        if name in given:
            raise BadFault(f"{_word(name)} is given twice: once is enough")
        given[name] = value
    return given


def known(name: str) -> str:
    """Give the attribute that ``name`` stands for.

    Raises:
        BadFault: there is none; the message says what was probably meant.
    """
    attribute = name.replace("-", "_")
    if attribute in NAMES:
        return attribute
    raise BadFault(f"a fault has no {name[:40]!r}: {meant(name, map(_word, NAMES))}")


def number(value: float) -> str:
    """Give a number in digits that read back as the same one: ``2.0`` is ``2``, and ``1e-07`` is ``0.0000001``."""
    return f"{Decimal(repr(value)):f}".removesuffix(".0")


def on_the_wire(names: object) -> tuple[str, ...]:
    """Give fields' names as they are on the wire (``runTime``), from one name, several with commas, or a sequence."""
    if isinstance(names, str):
        names = names.split(",")
    if not isinstance(names, Iterable):
        raise BadFault(f"{names!r} is no list of fields: write names such as credits")
    return tuple(wire.on_the_wire(str(name).strip()) for name in names)


def _pair(word: str) -> tuple[str, Any]:
    name, equals, text = word.partition("=")
    if equals:
        attribute = known(name)
        if attribute in FLAGS or attribute == "operation":
            raise BadFault(f"{word!r} cannot be read: write {name if attribute in FLAGS else text} alone")
        return attribute, _value(attribute, text)
    if word in FLAGS:
        return word, True
    if word in OPERATION_NAMES:
        return "operation", word
    if word.replace("-", "_") in NAMES:
        raise BadFault(f"{word} needs a value: write {word}=…")
    raise BadFault(f"{word[:40]!r} is neither an operation nor an effect: {meant(word, (*OPERATION_NAMES, *FLAGS))}")


def _value(attribute: str, text: str) -> Any:
    read, example = _READERS.get(attribute, (str, ""))
    try:
        return read(text)
    except ValueError:
        raise BadFault(f"{_word(attribute)}={text[:40]} cannot be read: write a number, as in {example}") from None


def _seconds(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(text)
    return value


def _span(text: str) -> float | tuple[float, float]:
    low, dash, high = text.partition("-")
    return (_seconds(low), _seconds(high)) if dash and low else _seconds(text)


_READERS: dict[str, tuple[Callable[[str], Any], str]] = {
    "org": (int, "org=1"),
    "first": (int, "first=2"),
    "every": (int, "every=3"),
    "chance": (_seconds, "chance=0.1"),
    "status": (int, "status=503"),
    "retry_after": (_seconds, "retry-after=2"),
    "latency": (_span, "latency=0.5 or latency=0.1-2"),
}

NAMES = (
    "operation",
    "org",
    "key",
    "first",
    "every",
    "chance",
    "status",
    "retry_after",
    "latency",
    *FLAGS,
    "content_type",
    *FIELD_EFFECTS,
)
"""Every attribute of a fault, in the order in which one reads."""


def _word(name: str) -> str:
    return name if name == "operation" else name.replace("_", "-")
