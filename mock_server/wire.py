"""JSON as the API writes it: compact, UTF-8, and safe to stand inside a page of HTML."""

from __future__ import annotations

import json
import re
from typing import Any

__all__ = ["MICRO", "credits_text", "csv_field", "encode", "on_the_wire", "string"]

MICRO = 1_000_000
"""Micro-credits in a credit."""

_ESCAPES = str.maketrans({"&": "\\u0026", "<": "\\u003c", ">": "\\u003e"})


_THREE = tuple(f"{number:03d}" for number in range(1000))
_LAST = tuple(digits.rstrip("0") or "0" for digits in _THREE)
"""Three digits as the last ones of a fraction."""
_PLAIN = re.compile(r"[^\s\",;]+").fullmatch


def encode(value: Any) -> bytes:
    r"""Give ``value`` as compact UTF-8 JSON with ``&``, ``<`` and ``>`` written as ``\u0026`` and so on (recorded).

    Raises ``ValueError`` for numbers that JSON does not know (NaN, infinities).

    >>> encode({"credits": 1.25, "name": "R&D"})
    b'{"credits":1.25,"name":"R\\u0026D"}'
    """
    text = _ENCODER.encode(value)
    # Outside of strings JSON has none of the three characters, so that the whole text can be translated at once.
    return text.translate(_ESCAPES).encode()


def string(text: str) -> str:
    """Give ``text`` as a JSON string, escaped as :func:`encode` does."""
    return json.dumps(text, ensure_ascii=False).translate(_ESCAPES)


def credits_text(micro: int) -> str:
    """Give micro-credits as a JSON number of credits, exactly: ``1250000`` is ``1.25``, ``2000000`` is ``2.0``."""
    whole, part = divmod(micro, MICRO)
    first, last = divmod(part, 1000)
    return f"{whole}.{_THREE[first]}{_LAST[last]}" if last else f"{whole}.{_LAST[first]}"


def csv_field(text: str) -> str:
    """Give ``text`` as a field of CSV, in quotes where it needs them (RFC 4180)."""
    return text if _PLAIN(text) else '"' + text.replace('"', '""') + '"'


def on_the_wire(name: str) -> str:
    """Give a field's name as the API writes it: ``run_created_at`` is ``runCreatedAt``."""
    return re.sub(r"_([a-z])", lambda match: match[1].upper(), name)


_ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False)
