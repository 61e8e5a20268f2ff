"""Blurring: times moved by one number of days, amounts scaled by one factor, so that what relates still does."""

from __future__ import annotations

import math
import re
import secrets
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

__all__ = ["PLAIN", "Blur"]

_DATED = re.compile(r"(\d{4}-\d\d-\d\d)(.*)", re.DOTALL | re.ASCII)
_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]{1,2})?")
_MILLION = 10**6


@dataclass(frozen=True)
class Blur:
    """How far times are moved, and how amounts are scaled.

    The factors are never written. The days can be worked out from a recording, since it says when it was made.

    Credits shrink, so that a summary's rounding is no larger beside its list than it was. Counts grow, so that two
    different ones stay different.
    """

    days: int = field(default=0, repr=False)
    """Days that all times are moved back."""
    credits: float = field(default=1.0, repr=False)
    """What credits are multiplied with, more than 0 and at most 1."""
    counts: int = field(default=_MILLION, repr=False)
    """What tokens, records and seconds are multiplied with, in millionths, one million or more."""

    @classmethod
    def drawn(cls, shifts: Sequence[int]) -> Blur:
        """Draw a blur by chance, its days from ``shifts``."""
        return cls(
            days=secrets.choice(shifts),
            credits=0.5 + secrets.randbelow(2**52) / 2**53,
            counts=_MILLION + _MILLION // 2 + secrets.randbelow(_MILLION),
        )

    def moved(self, value: Any, *, back: bool = False) -> Any:
        """Move a time, in any notation that begins with its day; ``back`` undoes it. What is no time stays."""
        days = self.days if back else -self.days
        if isinstance(value, int | float) and not isinstance(value, bool):
            value = _finite(value)
            return value + days * 86400 * (1000 if abs(value) >= 1e11 else 1)
        dated = _DATED.fullmatch(value) if isinstance(value, str) else None
        if dated is None or not days:
            return value
        try:
            return f"{date.fromisoformat(dated[1]) + timedelta(days=days)}{dated[2]}"
        except (ValueError, OverflowError):  # the 31st of February
            return value

    def scaled(self, name: str, value: int | float) -> int | float:
        """Scale an amount, in its type where it is a count; ``name`` is its field's."""
        value = _finite(value)
        if name == "credits":
            return value if self.credits == 1.0 else _product(value, self.credits)
        if isinstance(value, int):
            return value * self.counts // _MILLION if abs(value) < 2**61 else value
        if value.is_integer() and abs(value) < 2**53:
            return float(int(value) * self.counts // _MILLION)
        return _product(value, self.counts / _MILLION)

    def scaled_text(self, name: str, value: str) -> str | None:
        """Scale an amount that came as text; give ``None`` where it is no number."""
        if not _NUMBER.fullmatch(value) or len(value) > 40:
            return None
        read = int(value) if value.lstrip("-").isdecimal() else float(value)
        scaled = self.scaled(name, read)
        return value if scaled == read else repr(scaled)


def _finite(value: int | float) -> int | float:
    """Give a number that JSON has: of 1e999, which Python reads as infinite, the largest one."""
    infinite = isinstance(value, float) and not math.isfinite(value)
    return math.copysign(sys.float_info.max, value) if infinite else value


def _product(value: int | float, factor: float) -> float:
    product = float(value) * factor if abs(value) < 1e300 else float(value)
    return product if math.isfinite(product) else float(value)


PLAIN = Blur()
"""Times and amounts as they are."""
