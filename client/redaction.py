"""Keys out of texts: by their value, in the encodings that one step makes of it.

Redact a text whole, before it is cut or escaped: the beginning of a key is a key still. Words such as ``token`` are no
reason to hide anything: ``inputTokens`` is a figure that readers need.
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

_LONG = 20
"""Keys of this length are no words and no numbers, so that they can be taken out of data as well."""

_WORD_START = r"(?<!\w)|(?<=%[0-9A-Fa-f]{2})|(?<=\\[nrt])"  # also after %20 and an escaped line end
_PLAIN = frozenset("-._abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789")
"""Characters that every encoding leaves as they are."""


def redact(text: str, keys: Iterable[str]) -> str:
    """Return ``text`` with :data:`MASK` for each of ``keys``.

    A key is found as it is; percent-encoded, JSON-escaped or HTML-escaped, whichever of its characters are; and in
    base64 and base64url, alone or as in HTTP Basic. Empty keys are ignored.
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

    def redact_data(self, content: bytes) -> bytes:
        """Return the bytes that a server sent without a key that it echoes, unless that is so short as to be a word."""
        if len(self._value) < _LONG or not _may_hold(content, self._value):
            return content
        return self.redact(content.decode("latin-1")).encode("latin-1")

    def __repr__(self) -> str:
        return f"Secret({MASK!r})"

    def __str__(self) -> str:
        return MASK


def _may_hold(content: bytes, key: str) -> bool:
    """Return whether a key may be in ``content``, quickly: by the longest part that encodings leave as it is."""
    longest = max(re.findall(r"[-._a-zA-Z0-9]+", key), key=len, default="")
    return any(part.encode() in content for part in (longest, *_base64(key)))


@lru_cache(maxsize=16)
def _pattern(keys: frozenset[str]) -> re.Pattern[str] | None:
    found = {pattern: key for key in keys if key and key not in MASK for pattern in _patterns(key)}
    longest_first = sorted(found, key=len, reverse=True)
    patterns = (_alone(each) if len(found[each]) < _SHORT else each for each in longest_first)
    return re.compile("|".join(patterns) or r"(?!)")


def _patterns(key: str) -> list[str]:
    more = r"[\w+/-]*" if len(key) > 2 else ""  # the beginning of a shorter one is also that of words
    pair = set() if more else _whole_base64(key) | _whole_base64(f"{key}:")
    encoded = (re.escape(each) + more + "={0,2}" for each in pair or _base64(key))
    return ["".join(char if char in _PLAIN else _spellings(char) for char in key), *encoded]


def _alone(pattern: str) -> str:
    return rf"(?:{_WORD_START})(?:{pattern})(?!\w)"


def _base64(key: str) -> set[str]:
    """Return how a key begins in base64 and base64url, alone or with a colon behind it, as in HTTP Basic."""
    data = key.encode("utf-8", "surrogatepass")
    whole = len(data) * 8 // 6  # characters that do not depend on what follows
    return {encode(data).decode()[:whole] for encode in (base64.b64encode, base64.urlsafe_b64encode)}


def _whole_base64(text: str) -> set[str]:
    data = text.encode("utf-8", "surrogatepass")
    return {encode(data).decode().rstrip("=") for encode in (base64.b64encode, base64.urlsafe_b64encode)}


@lru_cache(maxsize=256)
def _spellings(char: str) -> str:
    percent = quote(char, safe="", errors="surrogatepass")
    forms = {
        char,
        percent,
        percent.lower(),
        json.dumps(char)[1:-1],
        html.escape(char),
        "&apos;" if char == "'" else char,
        f"&#{ord(char)};",
        *(f"&#x{ord(char):{x}};" for x in "xX"),
        *(f"\\u{ord(char):04{x}}" for x in "xX"),
        f"\\{char}",
    }
    return f"(?:{'|'.join(map(re.escape, sorted(forms, key=len, reverse=True)))})"
