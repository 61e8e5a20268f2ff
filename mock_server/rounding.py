"""Credits, rounded as the fake's behavior says."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from decimal import Decimal, localcontext

from ..schemas.behavior import Value

__all__ = ["round_amount", "round_records"]

_CREDITS = re.compile(rb'(?<="credits":)[^,}]+')
"""Finds a record's credits: inside a string, these quotes would have backslashes before them."""


def round_amount(amount: Decimal, decimals: Value) -> Decimal:
    """Return an amount rounded to ``decimals``; unchanged for ``all``."""
    if not isinstance(decimals, int):
        return amount
    with localcontext(prec=1100):
        return round(amount, decimals)


def round_records(pieces: Iterable[bytes], decimals: Value) -> Iterator[bytes]:
    """Return JSON that comes in ``pieces``, cut anywhere, with the credits of the records in it rounded."""
    if not isinstance(decimals, int):
        return iter(pieces)
    return _rounded(pieces, decimals)


def _rounded(pieces: Iterable[bytes], decimals: int) -> Iterator[bytes]:
    def round_one(match: re.Match[bytes]) -> bytes:
        text = match[0].decode()
        is_whole = text.lstrip("-").isdecimal()
        return match[0] if is_whole else repr(float(round_amount(Decimal(text), decimals))).encode()

    rest = b""
    for piece in pieces:
        head, comma, rest = (rest + piece).rpartition(b",")
        yield _CREDITS.sub(round_one, head + comma)  # a number ends before its comma, so none is cut
    yield _CREDITS.sub(round_one, rest)
