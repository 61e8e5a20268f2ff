"""What the contract's formats demand. A check gives ``True`` or raises ``ValueError`` with the reason."""

import math
from collections.abc import Callable

from . import times


def date_time(value: object) -> bool:
    """Demand that a string is a date-time of RFC 3339 (documented: the format's name)."""
    if isinstance(value, str):
        times.parse(value)
    return True


def finite(value: object) -> bool:
    """Demand that a number is finite: JSON knows no NaN and no infinity, but Python's parser reads both."""
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError(f"{value} is not a number of JSON")
    return True


FORMATS: dict[str, Callable[[object], bool]] = {"date-time": date_time, "float": finite}
"""Every format that the schemas name, and its check."""
