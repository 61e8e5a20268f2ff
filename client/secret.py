"""The key as a value that does not show itself, and the redaction of texts in which it stands."""

from __future__ import annotations

import re
from functools import cached_property

from .key_forms import MASK, finder

__all__ = ["MASK", "Secret"]


class Secret:
    """An API key. ``str`` and ``repr`` show a mask; :meth:`reveal` gives the key itself.

    :meth:`redact` replaces the key in a text, in every form that :mod:`.key_forms` names. It goes by the exact value,
    so that words like ``token`` stay.
    """

    __slots__ = ("__dict__", "_value")

    def __init__(self, value: str):
        self._value = value

    def reveal(self) -> str:
        """Give the key itself."""
        return self._value

    def redact(self, text: str) -> str:
        """Give ``text`` with :data:`MASK` wherever the key stands in it."""
        return self._finder.sub(MASK, text) if self._finder else text

    def stands_in(self, text: str) -> bool:
        """Say whether ``text`` contains the key in any of its forms."""
        return self._finder is not None and self._finder.search(text) is not None

    def __repr__(self) -> str:
        return f"Secret({MASK!r})"

    def __str__(self) -> str:
        return MASK

    @cached_property
    def _finder(self) -> re.Pattern[str] | None:
        return finder([self._value])
