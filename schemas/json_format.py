"""JSON as the API writes it: compact, UTF-8, and safe to stand inside a page of HTML."""

import json
import re
from typing import Any

_ESCAPES = str.maketrans({"&": "\\u0026", "<": "\\u003c", ">": "\\u003e"})
_ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def encode(value: Any) -> bytes:
    r"""Return ``value`` as compact UTF-8 JSON with ``&``, ``<`` and ``>`` written as ``\u0026`` and so on (recorded).

    >>> encode({"credits": 1.25, "name": "R&D"})
    b'{"credits":1.25,"name":"R\\u0026D"}'

    Raises:
        ValueError: a number is not one of JSON (NaN, infinities).
    """
    text = _ENCODER.encode(value)
    # Outside of strings JSON has none of the three characters, so that the whole text can be translated at once.
    return text.translate(_ESCAPES).encode()


def wire_name(name: str) -> str:
    """Return a field's name as the API writes it: ``run_created_at`` is ``runCreatedAt``."""
    return re.sub(r"_([a-z])", lambda match: match[1].upper(), name)


def snake_case(name: str) -> str:
    """Return a field's name as Python writes it: ``runCreatedAt`` is ``run_created_at``."""
    return re.sub(r"[A-Z]", lambda match: f"_{match[0].lower()}", name)
