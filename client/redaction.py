"""Keys out of texts: by their value, in the encodings that one step makes of it.

Redact a text whole, before it is cut or escaped. Words such as ``token`` are never a reason to hide anything:
``inputTokens`` is a figure that readers need.
"""

from __future__ import annotations

import base64
import html
import json
import re
from collections.abc import Iterable
from functools import lru_cache
from urllib.parse import quote

__all__ = ["MASK", "Secret", "redact"]

MASK = "***"
"""What stands in the place of a key."""

_SHORT = 8
"""Shorter keys, as people use with a fake, are also words: they are hidden only where they stand alone."""

_WORD_START = r"(?<!\w)|(?<=%[0-9A-Fa-f]{2})|(?<=\\[nrt])"  # also after %20 and an escaped line end


def redact(text: str, keys: Iterable[str]) -> str:
    """Return ``text`` with :data:`MASK` for each of ``keys``.

    A key is found as it is, percent-encoded, JSON-escaped, HTML-escaped, and in base64 and base64url of the key and of
    the Basic pair ``key:``. Empty keys are ignored.
    """
    pattern = _pattern(frozenset(keys))
    return pattern.sub(MASK, text) if pattern else text


class Secret:
    """An API key. ``str`` and ``repr`` show a mask; :meth:`reveal` returns the key itself."""

    __slots__ = ("_value",)

    def __init__(self, value: str):
        self._value = value

    def reveal(self) -> str:
        """Return the key itself."""
        return self._value

    def redact(self, text: str) -> str:
        """Return ``text`` with :data:`MASK` for the key in any of its encodings."""
        return redact(text, [self._value])

    def __repr__(self) -> str:
        return f"Secret({MASK!r})"

    def __str__(self) -> str:
        return MASK


@lru_cache(maxsize=16)
def _pattern(keys: frozenset[str]) -> re.Pattern[str] | None:
    found = {form: key for key in keys if key and key not in MASK for form in _encodings(key)}
    longest_first = sorted(found, key=len, reverse=True)
    return re.compile("|".join(_exact(form, short=len(found[form]) < _SHORT) for form in longest_first) or r"(?!)")


def _exact(form: str, *, short: bool) -> str:
    exact = re.sub("%[0-9A-F]{2}", r"(?i:\g<0>)", re.escape(form))  # %2f is %2F
    return rf"(?:{_WORD_START}){exact}(?!\w)" if short else exact


def _encodings(key: str) -> set[str]:
    escaped = {json.dumps(key)[1:-1], json.dumps(key, ensure_ascii=False)[1:-1]}
    encoded = {
        encode(data).decode()
        for data in (key.encode(), f"{key}:".encode())
        for encode in (base64.b64encode, base64.urlsafe_b64encode)
    }
    return {
        key,
        html.escape(key),
        quote(key, safe=""),
        quote(key),
        *escaped,
        *(form.replace("/", r"\/") for form in escaped),
        *encoded,
        *(form.rstrip("=") for form in encoded),
    }
