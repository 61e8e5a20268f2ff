"""Choosing a few records in which there is as much variety as possible."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from random import Random

from .record import Record
from .window import DAY

__all__ = ["choose_various"]

MAX_RECORDS = 7
"""Records that are chosen at most."""
AGES = (0, 3, 30, 61, 90, 170, 330)
"""Days at which another age begins: days, weeks, months, a year."""
LONG = 40
"""Characters from which a text is long."""
TEXTS: Mapping[str, re.Pattern[str]] = {
    "markup": re.compile("[&<>]"),
    "escape": re.compile(r"[\x00-\x1f\"\\]"),
    "blank": re.compile(r"^\s|\s$"),
    "accent": re.compile(r"[\u0080-\u024f]"),
    "other script": re.compile(r"[\u0250-\uffff]"),
    "emoji": re.compile(r"[\U00010000-\U0010ffff]"),
    "long": re.compile(rf"^.{{{LONG},}}", re.DOTALL),
}
"""What a text may have that is often written wrongly, by name."""


def choose_various(records: Sequence[Record], now: int, rng: Random) -> list[Record]:
    """Return the records that show most: the extremes, unusual texts, each age and each model.

    Args:
        records: oldest first, with at least one.
        now: seconds since the epoch.
        rng: decides where records show as much.
    """
    priced = sorted(records, key=lambda record: record.credits)
    features = {id(record): set(_features(record, now)) for record in records}
    extremes = {"oldest": records[0], "newest": records[-1], "dearest": priced[-1], "cheapest": priced[0]}
    for name, record in extremes.items():
        features[id(record)].add((2, name))
    open_ones = set().union(*features.values())
    shuffled = rng.sample(records, len(records))
    chosen: list[Record] = []
    while open_ones and len(chosen) < MAX_RECORDS:
        best = max(shuffled, key=lambda record: sum(weight for weight, _ in features[id(record)] & open_ones))
        chosen.append(best)
        open_ones -= features[id(best)]
    return chosen


def _features(record: Record, now: int) -> Iterator[tuple[int, str]]:
    """Yield what a record shows, each with its weight."""
    model = record.data.get("modelId")
    if isinstance(model, str):
        yield 1, f"model {model}"
        yield from ((3, name) for name, pattern in TEXTS.items() if pattern.search(model))
    if record.timestamp is not None:
        yield 2, f"age {sum(now - record.timestamp >= days * DAY for days in AGES)}"
    if record.credits == 0:
        yield 1, "free"
