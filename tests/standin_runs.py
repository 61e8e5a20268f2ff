"""The usage that the stand-in tells of: a pure function of kind, organization and day.

Times are integers, milliseconds since the epoch, UTC; days are days since the epoch; credits are integers, millionths.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import NamedTuple

SECOND, HOUR, DAY = 1000, 3_600_000, 86_400_000
MODELS = ("anthropic.claude-sonnet-4", "amazon.nova-lite-v1:0", "gpt-4o-mini")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
TODAY = datetime(2026, 5, 19, tzinfo=UTC)
NOW = TODAY.replace(hour=15, minute=26, second=7, microsecond=250_000)
"""The time at which the tests happen, for the check and for the stand-in, unless they say otherwise."""


def millis(moment: datetime) -> int:
    """Return ``moment`` as milliseconds since the epoch."""
    return (moment - EPOCH) // timedelta(milliseconds=1)


def moment(at: int) -> datetime:
    """Return the time ``at`` as a datetime in UTC."""
    return EPOCH + timedelta(milliseconds=at)


@lru_cache(maxsize=10_000)
def date_of(day: int) -> str:
    """Write a day, ``2026-04-17``."""
    return moment(day * DAY).strftime("%Y-%m-%d")


def stamp(at: int) -> str:
    """Write ``at`` as the API does: UTC, milliseconds, ``Z``."""
    day, rest = divmod(at, DAY)
    seconds, fraction = divmod(rest, SECOND)
    return f"{date_of(day)}T{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}.{fraction:03d}Z"


class Run(NamedTuple):
    """One usage record, LLM (``task`` is empty) or matching, before it is rendered."""

    id: int
    run: int
    job: int
    user: int
    org: int
    at: int
    seconds: int = 40
    credits: int = 0
    tokens_in: int = 0
    tokens_out: int = 0
    model: str = MODELS[0]
    records: int = 0
    task: str = ""


def noise(*numbers: int) -> int:
    """Return a number of 32 bits that looks random and is always the same for the same numbers."""
    mixed = 0x9E3779B9
    for number in numbers:
        mixed = ((mixed ^ number) * 0x5BD1E995 + 0x7F4A7C15) & 0xFFFFFFFF
        mixed ^= mixed >> 15
    return mixed


def count_of(org: int, day: int, daily: float) -> int:
    """Return the number of runs on ``day``: up to twice ``daily``, and ``daily`` itself where that is a lot."""
    if daily >= 100:
        return int(daily)
    whole, part = divmod(noise(org, day) / 2**31 * daily, 1)
    return int(whole) + (noise(11, org, day) < part * 2**32)


def credits_of(org: int, day: int, index: int) -> int:
    """Return the credits of an LLM run in millionths; one in 32 costs nothing."""
    spread = noise(7, org, day, index)
    return 0 if spread % 32 == 0 else spread % 900_000 + 1_000


@lru_cache(maxsize=100_000)
def day_credits(org: int, day: int, daily: float) -> int:
    """Return the sum of an organization's credits on a day."""
    return sum(credits_of(org, day, index) for index in range(count_of(org, day, daily)))


def make_runs(matching: bool, org: int, day: int, daily: float) -> Iterator[Run]:
    """Make the runs of an organization on a day (days since the epoch), oldest first."""
    count = count_of(org, day + 40_000 * matching, daily)
    for index in range(count):
        spread = noise(3, org, day, index, matching)
        number = ((day - 15_000) * 8 + org) * 10_000 + index
        run = Run(
            id=number,
            run=number * 2 + matching + 5_000_000_000,
            job=org * 1000 + spread % 40,
            user=org * 100 + spread % 7,
            org=org,
            at=day * DAY + (index * DAY + spread * DAY // 2**32) // count,
            seconds=spread % 3000,
        )
        if matching:
            yield run._replace(records=spread % 400_000, task="CDM" if spread % 5 < 2 else "IDR")
        else:
            spent, tokens = credits_of(org, day, index), spread % 90_000
            model = MODELS[0 if spread % 20 > 6 else 1 if spread % 20 else 2]
            yield run._replace(credits=spent, tokens_in=tokens, tokens_out=tokens % 4_001, model=model)


@lru_cache(maxsize=10_000)
def runs_of_quiet_day(matching: bool, org: int, day: int, daily: float) -> tuple[Run, ...]:
    """Make the runs of a day once."""
    return tuple(make_runs(matching, org, day, daily))


@lru_cache(maxsize=64)
def runs_of_busy_day(matching: bool, org: int, day: int, daily: float) -> tuple[Run, ...]:
    """Make the very many runs of a day, and keep a few such days."""
    return tuple(make_runs(matching, org, day, daily))


def runs_of(matching: bool, org: int, day: int, daily: float) -> tuple[Run, ...]:
    """Return the runs of a day, oldest first."""
    return (runs_of_quiet_day if daily < 100 else runs_of_busy_day)(matching, org, day, daily)
