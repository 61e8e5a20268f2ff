"""The window of a request, as the fake's behavior reads its dates."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

from ..schemas.behavior import Behavior, offset_millis
from ..schemas.times import DAY, month_so_far, month_start
from .parameters import Value
from .responses import bad_request
from .world import Kind

__all__ = ["NOWHERE", "Window", "window"]

Window = tuple[int | None, int | None]
"""The first and the last millisecond of a window; ``None`` for an open end."""

NOWHERE: Window = (1, 0)
"""A window in which there is nothing."""


def window(values: Mapping[str, Value], kind: Kind, behavior: Behavior, now: int) -> Window:
    """Return the window of a request's ``values``, of which none is ``NOTHING``.

    Raises:
        ApiError: the window is refused.
    """
    start, end = cast(int | None, values["start_date"]), cast(int | None, values["end_date"])
    if start is None and end is None:
        return _default(kind, behavior, now)
    if start is not None and end is not None and start > end and behavior["start_after_end"] == "bad_request":
        raise bad_request("start_date is after end_date: swap them.")
    if end is None and behavior["start_alone"] == "bad_request":
        raise bad_request("start_date is given without end_date: give both.")
    first = _first(start, behavior) if start is not None else _first_before(cast(int, end), behavior, now)
    return first, None if end is None else _last(end, behavior)


def _default(kind: Kind, behavior: Behavior, now: int) -> Window:
    days = "month_so_far" if kind == "llm" else behavior["matching_default_window"]
    if days == "month_so_far":
        return month_so_far(now, offset_millis(behavior["default_window_offset"]))
    return (now - days * DAY, None) if isinstance(days, int) else (None, None)


def _first_before(end: int, behavior: Behavior, now: int) -> int | None:
    """Return the first millisecond of a window of which the end alone is given, in microseconds."""
    match behavior["end_alone"]:
        case "bad_request":
            raise bad_request("end_date is given without start_date: give both.")
        case "month_so_far":
            return month_start(now, offset_millis(behavior["default_window_offset"]))
        case "month_of_end":
            return month_start(end // 1000, offset_millis(behavior["default_window_offset"]))
        case int() as days:
            return -(-end // 1000) - days * DAY
    return None


def _first(micros: int, behavior: Behavior) -> int:
    """Return the first millisecond of a window that starts at ``micros``."""
    return micros // 1000 + 1 if behavior["start_bound"] == "exclusive" else -(-micros // 1000)


def _last(micros: int, behavior: Behavior) -> int:
    """Return the last millisecond of a window that ends at ``micros``."""
    return -(-micros // 1000) - 1 if behavior["end_bound"] == "exclusive" else micros // 1000
