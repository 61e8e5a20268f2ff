"""Windows of time, and what a list may hold if it answers one.

The documentation leaves open whether a window's ends belong to it, so a record within a second of an end may be in the
answer or not. Windows are cut where no record is so near, so that the question stays sharp.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from random import Random

from civis_usage.contract_tests.answers import Record, excerpt
from civis_usage.contract_tests.results import Finding
from civis_usage.schemas import times

__all__ = ["DAWN", "DAY", "Fact", "Reading", "Window", "compare", "cut", "extra", "lost", "stamp", "strangers", "tight"]

Reading = Callable[[Record], bool | None]
DAY = 86400
"""Seconds of a day."""
DAWN = 1262304000
"""2010-01-01, before any usage of the platform: what an unbounded question begins with."""
CLEAR = 2
"""Seconds that a cut keeps from the records beside it."""


@dataclass(frozen=True, order=True)
class Window:
    """From ``start`` to ``end``, seconds since the epoch; ``None`` is an open end.

    Nobody knows what the API answers to a window that ends before it begins, or is empty: there is none.

    Raises:
        ValueError: ``start`` is not before ``end``.
    """

    start: int | None
    end: int | None

    def __post_init__(self) -> None:
        if self.start is not None and self.end is not None and self.start >= self.end:
            raise ValueError(f"no window goes from {stamp(self.start)} to {stamp(self.end)}")

    @classmethod
    def between(cls, start: int, end: int) -> Window | None:
        """Give the window from ``start`` to ``end``; ``None`` where there is none."""
        return cls(start, end) if start < end else None

    def holds(self, record: Record) -> bool | None:
        """Say whether ``record`` is in the window; ``None`` where every answer is right (at an end, or undated)."""
        at = record.second
        if at is None:
            return None
        if (self.start is not None and at < self.start - 1) or (self.end is not None and at > self.end + 1):
            return False
        if (self.start is not None and at <= self.start + 1) or (self.end is not None and at >= self.end - 1):
            return None
        return True

    def covers(self, other: Window) -> bool:
        """Whether ``other`` lies within; both must have both ends."""
        if self.start is None or self.end is None or other.start is None or other.end is None:
            return False
        return self.start <= other.start and other.end <= self.end

    @property
    def parameters(self) -> dict[str, str]:
        """The window as query parameters, in UTC."""
        named = (("start_date", self.start), ("end_date", self.end))
        return {name: stamp(at) for name, at in named if at is not None}

    @property
    def elsewhere(self) -> dict[str, str]:
        """The same window as query parameters in another notation, which RFC 3339 allows as well: offsets, a fraction.

        Where the offsets are ignored, both ends move outwards, to where there is more usage, not less.
        """
        named = (("start_date", self.start, -5), ("end_date", self.end, 2))
        return {name: stamp(at, hours, ".000") for name, at, hours in named if at is not None}

    @property
    def days(self) -> float:
        """The length in days; both ends must be given."""
        if self.start is None or self.end is None:
            raise ValueError(f"{self} has an open end, so it has no length")
        return (self.end - self.start) / DAY

    def __str__(self) -> str:
        return f"{'…' if self.start is None else stamp(self.start)} to {'…' if self.end is None else stamp(self.end)}"


def stamp(second: int, hours: int = 0, fraction: str = "") -> str:
    """Give an instant as RFC 3339, in UTC or ``hours`` east of it, with ``fraction`` after its seconds."""
    offset = f"{hours:+03d}:00" if hours else "Z"
    return times.render((second + hours * 3600) * 1000).replace(".000Z", fraction + offset)


@dataclass(frozen=True)
class Fact:
    """What a list with both dates given answered: these are the records of that organization in that window."""

    window: Window
    records: tuple[Record, ...]
    request: str


def strangers(got: Sequence[Record], belongs: Reading, request: str) -> list[Finding]:
    """Find the records of a list that do not belong to its answer."""
    wrong = [record for record in got if belongs(record) is False]
    return (
        [_finding(f"{len(wrong)} of {len(got)} records do not belong to the answer", wrong, request)] if wrong else []
    )


def lost(got: Sequence[Record], belongs: Reading, facts: Iterable[Fact], request: str) -> list[Finding]:
    """Find the records that earlier answers show, that belong to this one, and that are missing or altered in it."""
    listed = Counter(record.facts for record in got)
    findings = []
    for fact in facts:
        expected = [record for record in fact.records if belongs(record) and fact.window.holds(record)]
        if missing := _without(expected, listed):
            text = f"{len(missing)} of {len(expected)} records that {fact.request} shows are missing or altered"
            findings.append(_finding(text, missing, request))
    return findings


def extra(got: Sequence[Record], facts: Iterable[Fact], request: str) -> list[Finding]:
    """Find the records of a list that an answer about the same time does not show, or not so."""
    findings = []
    for fact in facts:
        known = Counter(record.facts for record in fact.records)
        inside = [record for record in got if fact.window.holds(record)]
        if unknown := _without(inside, known):
            text = f"{len(unknown)} of {len(inside)} records are not, or not so, in the answer to {fact.request}"
            findings.append(_finding(text, unknown, request))
    return findings


def compare(got: Sequence[Record], belongs: Reading, facts: Sequence[Fact], request: str) -> list[Finding]:
    """Hold a list against what it should be and against what was answered before.

    Args:
        got: the list's records.
        belongs: whether a record should be in it; ``None`` where either is right.
        facts: earlier answers about the same organization; inside their windows they and ``got`` must agree.
        request: the list's request, for the findings.
    """
    fitting = [record for record in got if belongs(record)]
    return strangers(got, belongs, request) + lost(got, belongs, facts, request) + extra(fitting, facts, request)


def _without(records: Iterable[Record], counts: Counter[tuple[object, ...]]) -> list[Record]:
    """Give the records that ``counts`` does not hold, each as often as it is missing."""
    left = counts.copy()
    missing = []
    for record in records:
        if left[record.facts] > 0:
            left[record.facts] -= 1
        else:
            missing.append(record)
    return missing


def _finding(text: str, records: Sequence[Record], request: str) -> Finding:
    return Finding(
        f"{text}: the first is {excerpt(records[0].data, 200)}", request=request, example=excerpt(records[0].data)
    )


def cut(records: Sequence[Record], rng: Random, low: float = 0.0, high: float = 1.0) -> int | None:
    """Choose an instant between two neighbouring records, near to one of them, for a window's end.

    Only the part of the records between the quantiles ``low`` and ``high`` is looked at; small gaps are preferred,
    since an end that is off by an hour or a day shows there. ``None`` where no two records are far enough apart.
    """
    moments = sorted({record.second for record in records if record.second is not None})
    part = moments[int(len(moments) * low) : max(2, round(len(moments) * high))]
    gaps = sorted((b - a, a, b) for a, b in pairwise(part) if b - a >= 2 * CLEAR)
    if not gaps:
        return None
    _, before, after = rng.choice(gaps[: max(1, len(gaps) // 4)])
    return rng.choice((before + CLEAR, after - CLEAR))


def tight(records: Sequence[Record], rng: Random, least: int = 20, most: int = 150) -> Window | None:
    """Choose a window whose ends stand close between two records, one inside and one outside.

    It holds ``least`` to ``most`` records where there are as many (all but the outermost otherwise), and its outer
    records cost credits worth noticing where there are such: a window that loses them shows in the list and the sum.
    """
    weight: dict[int, float] = {}
    for record in records:
        if record.second is not None:
            weight[record.second] = weight.get(record.second, 0.0) + record.credits
    moments = sorted(weight)
    if not moments:
        return None
    breaks = _breaks(moments)
    pairs = [(rng.choice(breaks), rng.choice(breaks)) for _ in range(400)] if breaks else []
    fitting = [(low, high) for low, high in pairs if least <= high - low <= most]
    widest = max(pairs, key=lambda pair: pair[1] - pair[0], default=(0, 0))
    if not fitting and widest[0] >= widest[1]:
        return Window(moments[0] - CLEAR, moments[-1] + CLEAR)
    fitting = fitting or [widest]
    low, high = max(fitting, key=lambda pair: min(weight[moments[pair[0]]], weight[moments[pair[1] - 1]], 0.05))
    return Window(moments[low] - CLEAR, moments[high - 1] + CLEAR)


def _breaks(moments: Sequence[int]) -> list[int]:
    """Give the places where a window's end can stand close between two moments, by the later one's index.

    Those within one hour of the clock are preferred: there an end that is taken for its hour shows as well.
    """
    gaps = sorted((after - before, place) for place, (before, after) in enumerate(pairwise(moments), 1))
    wide = [place for gap, place in gaps if gap >= 2 * CLEAR]
    in_an_hour = [place for place in wide if moments[place - 1] // 3600 == moments[place] // 3600]
    return in_an_hour if len(in_an_hour) >= 6 else wide[: max(6, len(wide) // 3)]
