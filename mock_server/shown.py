"""How the page writes what it shows: figures, moments, and texts of any script and shape."""

from __future__ import annotations

import json
from decimal import Decimal

from ..schemas import times

__all__ = ["figure", "moment", "text"]

LONGEST = 72
"""Characters that are shown of a text."""


def text(value: object) -> str:
    """Give a text so that a reader can tell it from any other: what is empty or invisible is quoted and escaped.

    >>> text("gpt"), text(" "), text("")
    ('gpt', '" "', '""')
    """
    whole = str(value)
    plain = whole.isprintable() and whole == whole.strip() != ""
    written = whole if plain else json.dumps("".join(_visible(char) for char in whole), ensure_ascii=False)
    written = written.replace("\\\\u", "\\u")
    return written if len(written) <= LONGEST else f"{written[: LONGEST - 1]}…"


def figure(value: Decimal | float) -> str:
    """Give an amount with as many digits as it needs.

    >>> figure(Decimal("1234.5")), figure(Decimal("0.000125")), figure(0)
    ('1,234.50', '0.000125', '0')
    """
    amount = Decimal(str(value))
    if not amount:
        return "0"
    if abs(amount) >= 10**15:
        return f"{amount:.3e}"
    return f"{amount:,.2f}" if abs(amount) >= Decimal("0.01") else f"{amount:.2g}"


def moment(millis: int) -> str:
    """Give a moment to the second, in UTC: ``2026-04-17 17:26:07``."""
    return times.render(millis)[:19].replace("T", " ")


def _visible(char: str) -> str:
    return char if char.isprintable() or char in "\n\t\r" else f"\\u{ord(char):04x}"
