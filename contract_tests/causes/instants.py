"""Diagnoses of lists by their creation times: cut to the day, without an afternoon, or far from their windows."""

from __future__ import annotations

from civis_usage.contract_tests.collect.interaction import Interaction
from civis_usage.contract_tests.collect.window import DAY

from .features import HOUR
from .listed import Listed, window_of

__all__ = ["odd_instants"]

Sentence = tuple[str, str | None]
MANY = 30
"""Records from which a pattern of their times is no chance."""
NOON = 13
"""The hour that a clock of twelve hours never shows."""


def odd_instants(listed: Listed) -> Sentence | None:
    """Look at creation times that lie outside of the windows that show them."""
    instants = {at for record in listed.known.values() if (at := record.timestamp) is not None}
    if len(instants) < MANY or not any(_outside(each) for each in listed.lists):
        return _far(listed)
    operation, field = listed.operation, "runCreatedAt"
    if all(at % DAY == 0 for at in instants):
        return f"runCreatedAt of {operation} is cut to the day: each record is at midnight", field
    if all(at % DAY < NOON * HOUR for at in instants):
        return f"runCreatedAt of {operation} shows no hour after noon: a clock of twelve hours", field
    return _far(listed)


def _outside(each: Interaction) -> list[int]:
    """Return how far the records of a list between two dates lie from its window, those outside alone."""
    window = window_of(each)
    if window.start is None or window.end is None:
        return []
    instants = [record.timestamp for record in each.records if record.timestamp is not None]
    early = [at - window.start for at in instants if at < window.start - 1]
    return early + [at - window.end for at in instants if at > window.end + 1]


def _far(listed: Listed) -> Sentence | None:
    """Look for one amount that puts the records of all odd lists into their windows: their times are off by it."""
    odd = [(each, found) for each in listed.lists if (found := _outside(each))]
    if sum(len(found) for _, found in odd) < MANY or len({each.query for each, _ in odd}) < 2:
        return None
    bounds = [_amounts(each) for each, _ in odd]
    least, most = max(low for low, _ in bounds), min(high for _, high in bounds)
    if least > most or least * most <= 0 or min(abs(least), abs(most)) < DAY:
        return None
    days, way = round(abs(least + most) / 2 / DAY), "before" if least > 0 else "after"
    where = f"the records lie about {days:,} days {way} their windows"
    return f"runCreatedAt of {listed.operation} is off: {where}", "runCreatedAt"


def _amounts(each: Interaction) -> tuple[int, int]:
    """Return the least and the most seconds that put all records of a list into its window."""
    window = window_of(each)
    instants = [record.timestamp for record in each.records if record.timestamp is not None]
    return (window.start or 0) - min(instants), (window.end or 0) - max(instants)
