"""A fault in words, as ``--fault`` takes it: ``list_llm status=503 retry-after=2 first=2``.

A word alone is an operation or an effect that takes no value (``truncate``, ``malformed``, ``disconnect``); every other
is ``name=value``. The names are the properties of ``rule.schema.json``, with hyphens or underscores.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Mapping
from typing import Any

from ...schemas.text import did_you_mean
from .schema import FLAGS, OPERATION_NAMES, PROPERTIES, BadFault, attribute, text_of

__all__ = ["read", "read_value", "write"]


def read(text: str) -> dict[str, Any]:
    """Return the attributes that the words set. Whether their values are valid is not looked at.

    Raises:
        BadFault: a word is unknown, lacks its value, or is given twice.
    """
    try:
        words = shlex.split(text)
    except ValueError as reason:
        raise BadFault(f"a fault cannot be read: {str(reason).lower()}") from None  # its words may hold a key
    rule: dict[str, Any] = {}
    for word in words:
        name, value = _pair(word)
        if name in rule:
            raise BadFault(f"{name.replace('_', '-')} is given twice: once is enough")
        rule[name] = value
    return rule


def write(rule: Mapping[str, Any]) -> str:
    """Return the words that set these attributes."""
    return " ".join(_words(rule))


def read_value(name: str, text: str) -> object:
    """Return the value that ``text`` stands for; the text itself where it stands for none of the attribute's type."""
    kind = PROPERTIES[name].get("type")
    if kind == "integer":
        return int(text) if re.fullmatch(r"-?[0-9]{1,20}", text) else text
    if kind == "number":
        return _number(text)
    return _number_or_range(text) if name == "latency" else text


def _pair(word: str) -> tuple[str, object]:
    name, equals, text = word.partition("=")
    if equals:
        found = attribute(name, "-")
        if found in FLAGS or found == "operation":
            raise BadFault(f"{word[:40]!r} cannot be read: write {name if found in FLAGS else text[:40]} alone")
        return found, read_value(found, text)
    if word.replace("-", "_") in FLAGS:
        return word.replace("-", "_"), True
    if word in OPERATION_NAMES:
        return "operation", word
    if word.replace("-", "_") in PROPERTIES:
        raise BadFault(f"{word} needs a value: write {word}=…")
    raise BadFault(
        f"{word[:40]!r} is neither an operation nor an effect: {did_you_mean(word, (*OPERATION_NAMES, *FLAGS))}"
    )


def _number(text: str) -> float | str:
    return float(text) if re.fullmatch(r"-?[0-9]*\.?[0-9]+(e-?[0-9]+)?", text, re.IGNORECASE) else text


def _number_or_range(text: str) -> object:
    number = _number(text)
    low, high = (_number(part) for part in text.partition("-")[::2])
    return (low, high) if isinstance(low, float) and isinstance(high, float) and number == text else number


def _words(rule: Mapping[str, Any]) -> Iterator[str]:
    for name, value in rule.items():
        word = name.replace("_", "-")
        if name == "operation":
            yield value
        else:
            yield word if name in FLAGS else shlex.quote(f"{word}={text_of(value)}")
