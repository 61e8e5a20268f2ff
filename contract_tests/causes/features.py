"""What odd responses have in common, and none of the others: a parameter, an organization, the length of a window."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial

from civis_usage.contract_tests.collect.interaction import NONEXISTENT_ID, Interaction
from civis_usage.contract_tests.collect.window import DAY

__all__ = ["HOUR", "duration", "enumerated", "feature", "has_offset", "share"]

HOUR = 3600
DATES = {"start_date", "end_date"}
Feature = tuple[Callable[[Interaction], bool], str]


def feature(odd: Sequence[Interaction], others: Sequence[Interaction]) -> str:
    """Return what all odd responses have, and none of the others; nothing where there is no such thing."""
    if not others:
        return ""
    for holds, words in _features([*odd, *others]):
        if all(map(holds, odd)) and not any(map(holds, others)):
            return words
    return ""


def share(odd: Sequence[Interaction], others: Sequence[Interaction]) -> str:
    """Return what tells the odd responses from the others, or how many they are."""
    where = feature(odd, others)
    return where or (f" in {len(odd)} of {len(odd) + len(others)} responses" if others else "")


def has_offset(interaction: Interaction) -> bool:
    """Return whether a date is named at another offset than UTC's."""
    return any(not str(interaction.params.get(name, "Z")).endswith("Z") for name in DATES)


def duration(seconds: int) -> str:
    """Return a number of seconds in the largest unit that divides it: ``2 hours``."""
    for size, noun in ((DAY, "day"), (HOUR, "hour"), (60, "minute")):
        if seconds % size == 0:
            return f"{seconds // size} {noun}{'s' * (seconds != size)}"
    return f"{seconds} second{'s' * (seconds != 1)}"


def enumerated(names: Sequence[str]) -> str:
    """Return names as a sentence has them: ``org_id, task and end_date``."""
    return " and ".join((", ".join(names[:-1]), names[-1]) if names[1:] else names)


PLAIN: tuple[Feature, ...] = (
    (lambda each: set(each.params) == {"org_id"}, " when only org_id is given"),
    (lambda each: not each.params, " when no parameter is given"),
    (lambda each: each.params.get("id") == NONEXISTENT_ID, " for an unknown id"),
    (lambda each: "task" in each.params, " when task is given"),
    (lambda each: "task" not in each.params, " when task is not given"),
    (lambda each: set(each.params) >= DATES, " when both dates are given"),
    (lambda each: not DATES & set(each.params), " when no dates are given"),
    (lambda each: set(each.params) & DATES == {"start_date"}, " when start_date is given alone"),
    (lambda each: set(each.params) & DATES == {"end_date"}, " when end_date is given alone"),
    (lambda each: len(set(each.params) & DATES) < len(DATES), " when a date is not given"),
    (lambda each: "start_date" not in each.params, " when start_date is not given"),
    (lambda each: "end_date" not in each.params, " when end_date is not given"),
    (lambda each: "org_id" not in each.params, " when org_id is not given"),
    (lambda each: "org_id" in each.params, " when org_id is given"),
    (has_offset, " when the dates have a UTC offset and a fraction of a second"),
)
"""The features that every request has or has not, the plainest first."""
ORDER = ("id", "org_id", "task", "start_date", "end_date")
"""The parameters, in the order in which sentences name them."""
LENGTHS = (1, 7, 31, 92, 183, 366)
"""Days that may be the limit of a window."""


def _features(interactions: Sequence[Interaction]) -> Iterator[Feature]:
    """Yield what may tell the odd responses from the others, the plainest first."""
    yield from PLAIN
    for org in dict.fromkeys(each.params.get("org_id") for each in interactions):
        if org is not None:
            yield partial(_has, "org_id", org), f" for organization {org}"
    for task in ("IDR", "CDM"):
        yield partial(_has, "task", task), f" when task is {task}"
    for names in dict.fromkeys(_names(each) for each in interactions):
        yield partial(_has_only, names), f" when only {enumerated(names)} {'are' if names[1:] else 'is'} given"
    for days in LENGTHS:
        length = duration(days * DAY)
        yield partial(_is_longer, days), f" in windows of more than {length}"
        yield partial(_is_no_longer, days), f" in windows of at most {length}"


def _has(name: str, value: object, interaction: Interaction) -> bool:
    return interaction.params.get(name) == value


def _has_only(names: tuple[str, ...], interaction: Interaction) -> bool:
    return _names(interaction) == names


def _names(interaction: Interaction) -> tuple[str, ...]:
    """Return the names of its parameters in one order, whichever they were sent in."""
    return (*(name for name in ORDER if name in interaction.params), *sorted(interaction.params.keys() - ORDER))


def _is_longer(days: int, interaction: Interaction) -> bool:
    return _days(interaction) > days


def _is_no_longer(days: int, interaction: Interaction) -> bool:
    return 0 <= _days(interaction) <= days


def _days(interaction: Interaction) -> float:
    return interaction.window.days if interaction.window and interaction.window.is_closed else -1.0
