"""How the page writes what it shows: figures, moments, and texts of any script and shape."""

from __future__ import annotations

from decimal import Decimal

from ..schemas import times

__all__ = ["figure", "moment", "text"]

LONGEST = 72
"""Characters that are shown of a text."""


def text(value: object) -> str:
    """Give a text so that one sees what it is: quoted and escaped where it is empty, or where some of it is invisible.

    >>> text("gpt"), text(" "), text("")
    ('gpt', '" "', '""')
    """
    whole = str(value)
    plain = whole and whole.isprintable() and whole == whole.strip() and not whole.startswith('"')
    written = whole if plain else f'"{"".join(map(_escaped, whole))}"'
    return written if len(written) <= LONGEST else f"{written[: LONGEST - 1]}…"


def figure(value: Decimal | float) -> str:
    """Give an amount for reading: with two decimals, or two digits where it is small.

    >>> figure(Decimal("1234.5")), figure(Decimal("0.000126")), figure(0)
    ('1,234.50', '0.00013', '0')
    """
    amount = value if isinstance(value, Decimal) else Decimal(str(value))
    if not amount:
        return "0"
    if abs(amount) >= 10**15:
        return f"{amount:.3e}"
    return f"{amount:,.2f}" if abs(amount) >= Decimal("0.01") else f"{amount:.2g}"


def moment(millis: int) -> str:
    """Give a moment to the second, in UTC: ``2026-04-17 17:26:07``."""
    return times.render(millis)[:19].replace("T", " ")


_ESCAPES = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t", "\r": "\\r"}


def _escaped(char: str) -> str:
    return _ESCAPES.get(char) or (char if char.isprintable() else f"\\u{ord(char):04x}")
