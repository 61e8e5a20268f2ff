"""The key as a value that does not show itself, and the redaction of texts in which it stands."""

from __future__ import annotations

import base64
import html
import json
import re
from collections.abc import Iterator
from functools import cached_property
from urllib.parse import quote, quote_plus

__all__ = ["MASK", "Secret"]

MASK = "***"
"""What stands where the key stood."""

_SHORT = 8


class Secret:
    """An API key. ``str`` and ``repr`` show a mask; :meth:`reveal` gives the key itself.

    :meth:`redact` replaces the key in a text: as it is, percent-encoded, in base64 (alone, and with the colon of HTTP
    Basic), and escaped for JSON or HTML. It goes by the exact value, so that words like ``token`` stay. A key of
    fewer than eight characters, as people use with a fake, is replaced where it stands as a word of its own.
    """

    __slots__ = ("__dict__", "_value")

    def __init__(self, value: str):
        self._value = value

    def reveal(self) -> str:
        """Give the key itself."""
        return self._value

    def redact(self, text: str) -> str:
        """Give ``text`` with :data:`MASK` wherever the key stands in it."""
        return self._pattern.sub(MASK, text) if self._value else text

    def stands_in(self, text: str) -> bool:
        """Say whether ``text`` contains the key in any of its forms."""
        return bool(self._value) and self._pattern.search(text) is not None

    def __repr__(self) -> str:
        return f"Secret({MASK!r})"

    def __str__(self) -> str:
        return MASK

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        forms = "|".join(re.escape(form) for form in sorted(set(self._forms()), key=len, reverse=True))
        if len(self._value) < _SHORT:
            return re.compile(rf"(?<!\w)(?:{forms})(?!\w)")
        percent = re.sub(r"%([0-9A-F]{2})", lambda match: f"(?i:{match[0]})", forms)
        return re.compile(rf"(?:{percent})={{0,2}}")

    def _forms(self) -> Iterator[str]:
        key = self._value
        yield from (key, quote(key, safe=""), quote(key), quote_plus(key), html.escape(key), json.dumps(key)[1:-1])
        for text in (key, f"{key}:"):
            for encode in (base64.b64encode, base64.urlsafe_b64encode):
                encoded = encode(text.encode()).decode()
                yield from (encoded, encoded.rstrip("="), quote(encoded, safe=""))
