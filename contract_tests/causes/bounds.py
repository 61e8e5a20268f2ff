"""Diagnoses of lists by the ends of their windows: ignored, moved by a plausible amount, or another default."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from civis_usage.contract_tests.collect.interaction import Interaction
from civis_usage.contract_tests.collect.record import Record
from civis_usage.contract_tests.collect.window import DAY, Window, format_timestamp

from .features import DATES, HOUR, duration, has_offset, share
from .listed import Listed, window_of

__all__ = ["OFFSETS", "SHIFTS", "moved", "other_default"]

Sentence = tuple[str, str | None]
NEVER = 10**12
SHIFTS = (1, 60, HOUR, *(hours * HOUR for hours in range(2, 15)), DAY, 2 * DAY, 7 * DAY, 31 * DAY)
"""Amounts by which an end of a window is plausibly off, in seconds."""
LONGEST_LOSS = 40 * DAY
"""What is lost at an end reaches no farther into the window than this."""
OFFSETS = {"start_date": 5, "end_date": 2}
"""Hours by which the dates are written in another offset than UTC's."""


class _End(NamedTuple):
    """What is wrong at one end of the windows."""

    name: str
    odd: list[Interaction]
    others: list[Interaction]
    reach: tuple[int, int]
    """How far from the end the farthest odd record lies, and the nearest that is as it should be."""

    @property
    def amount(self) -> str | None:
        """By how much the end is off, in words; ``None`` where no plausible amount explains it."""
        return _amount(*self.reach)


def moved(listed: Listed) -> Sentence | None:
    """Look at records on the wrong side of a window's end."""
    early, late = _outside(listed, "start_date"), _outside(listed, "end_date")
    lost_first, lost_last = _lost(listed, "start_date"), _lost(listed, "end_date")
    sentence = (
        _without_offset(listed, early, late, lost_first, lost_last)
        or _read_as_days(listed, early, late)
        or _both_ignored(listed, early, late)
        or _other_zone(listed, early, late, lost_first, lost_last)
        or _listed_outside(listed, early, late)
        or _lost_inside(listed, lost_first, lost_last)
    )
    return (sentence, None) if sentence else None


def _without_offset(listed: Listed, early: _End, late: _End, *lost: _End) -> str | None:
    odd = [*early.odd, *late.odd]
    if not odd or any(end.odd for end in lost) or not all(map(has_offset, odd)):
        return None
    if not all(not end.odd or _fits(OFFSETS[end.name] * HOUR, *end.reach) for end in (early, late)):
        return None
    zone = f"{listed.operation} ignores the UTC offset of start_date and end_date (the time zone)"
    if all(not end.odd or end.reach[0] <= HOUR for end in (early, late)):  # as little may have another reason
        ends = " and ".join(end.name for end in (early, late) if end.odd)
        return f"{zone}, or {ends} is off by up to an hour"
    return zone


def _read_as_days(listed: Listed, *ends: _End) -> str | None:
    """Look for ends that no one amount explains, and beyond which the rest of their days is listed."""
    odd = [end for end in ends if end.odd]
    if not odd or any(end.amount or end.reach[1] == NEVER or not _is_within_its_day(end) for end in odd):
        return None
    first, *others = odd
    if others:
        return f"start_date and end_date of {listed.operation} are read as whole days: records outside are listed"
    edge, way = ("start", "early") if first.name == "start_date" else ("end", "late")
    where = share(first.odd, first.others)
    return f"{first.name} of {listed.operation} is read as the {edge} of its day: records too {way} are listed{where}"


def _is_within_its_day(end: _End) -> bool:
    """Return whether all records that are listed outside of an end lie on its day."""
    for each in end.odd:
        window = window_of(each)
        at = (window.start if end.name == "start_date" else window.end) or 0
        outside = [distance for distance in _distances(each.records, each, end.name) if distance > 0]
        room = at % DAY if end.name == "start_date" else DAY - 1 - at % DAY
        if max(outside, default=0) > room + 1:
            return False
    return True


def _both_ignored(listed: Listed, early: _End, late: _End) -> str | None:
    both = [each for each in early.odd if each in late.odd]
    if not both or early.amount or late.amount:
        return None
    where = share(both, [each for each in listed.lists if each not in both and DATES & set(each.params)])
    return f"{listed.operation} ignores start_date and end_date{where}"


def _other_zone(listed: Listed, early: _End, late: _End, lost_first: _End, lost_last: _End) -> str | None:
    for one, other in ((early, lost_last), (late, lost_first)):
        both = _amount(max(one.reach[0], other.reach[0]), min(one.reach[1], other.reach[1]))
        if one.odd and other.odd and both and NEVER not in (one.reach[1], other.reach[1]):
            zone = "another time zone (or writes runCreatedAt in one)"
            return f"{listed.operation} reads start_date and end_date in {zone}: both are off by {both}"
    return None


def _listed_outside(listed: Listed, *ends: _End) -> str | None:
    for end in ends:
        if end.amount:
            way = "early" if end.name == "start_date" else "late"
            off = f"{end.name} of {listed.operation} is off by {end.amount}"
            return f"{off}: records too {way} are listed{share(end.odd, end.others)}"
        if end.odd:
            return f"{listed.operation} ignores {end.name}{share(end.odd, end.others)}"
    return None


def _lost_inside(listed: Listed, *ends: _End) -> str | None:
    for end in ends:
        if end.amount:
            off = f"{end.name} of {listed.operation} is off by {end.amount}"
            return f"{off}: records within the window are missing{share(end.odd, end.others)}"
    return None


def _outside(listed: Listed, name: str) -> _End:
    """Return what the lists show outside of an end."""
    dated = [each for each in listed.lists if name in each.params]
    odd = [each for each in dated if max(_distances(each.records, each, name), default=0) > 1]
    others = [each for each in dated if each not in odd]
    return _End(name, odd, others, _reach_outside(listed, odd, name))


def _lost(listed: Listed, name: str) -> _End:
    """Return what the lists lack next to an end, and only there."""
    odd, others, reach, kept = [], [], 0, NEVER
    for each in (each for each in listed.lists if name in each.params):
        lost = [-distance for distance in _distances(listed.lacking(each), each, name)]
        inside = [-distance for distance in _distances(each.records, each, name)]
        if lost and (not inside or max(lost) < min(inside)) and max(lost) < LONGEST_LOSS:
            odd.append(each)
            reach, kept = max(reach, *lost), min([kept, *inside])
        else:
            others.append(each)
    return _End(name, odd, others, (reach, kept))


def _distances(records: Sequence[Record], each: Interaction, name: str) -> list[int]:
    """Return how far records lie outside of an end of a list's window: negative where they lie inside."""
    window = window_of(each)
    instants = [record.timestamp for record in records if record.timestamp is not None]
    if name == "start_date":
        return [(window.start or 0) - at for at in instants]
    return [at - (window.end or 0) for at in instants]


def _reach_outside(listed: Listed, odd: Sequence[Interaction], name: str) -> tuple[int, int]:
    """Return how far outside of an end the farthest listed record lies, and the nearest that is not listed."""
    reach, beyond = 0, NEVER
    for each in odd:
        org, task = each.params.get("org_id"), each.params.get("task")
        farthest = max(_distances(each.records, each, name), default=0)
        unlisted = [
            record
            for key, record in listed.known.items()
            if not listed.shows(each, key) and org in (None, record.org) and record.is_of_task(task)
        ]
        reach = max(reach, farthest)
        beyond = min([beyond, *(at for at in _distances(unlisted, each, name) if at > farthest)])
    return reach, beyond


def _amount(reach: int, beyond: int) -> str | None:
    """Return a plausible amount between the farthest record that was moved and the nearest that was not.

    Where several are plausible, return between which it lies.
    """
    plausible = [shift for shift in SHIFTS if _fits(shift, reach, beyond)] if beyond < NEVER else []
    if len(plausible) < 2:
        return f"up to {duration(plausible[0])}" if plausible else None
    least = max((shift for shift in SHIFTS if shift < reach - 1), default=0)
    most = duration(next((shift for shift in SHIFTS if shift >= beyond), plausible[-1]))
    return f"{duration(least)} to {most}" if least else f"up to {most}"


def _fits(shift: int, reach: int, beyond: int) -> bool:
    return reach - 1 <= shift < beyond + 1


def other_default(listed: Listed) -> Sentence | None:
    """Look at the lists without dates, where they are the only odd ones."""
    undated = [each for each in listed.lists if set(each.params) == {"org_id"}]
    if listed.operation != "list_llm" or listed.incomplete:
        return None
    days = "the default window of list_llm is not the current month up to the end of today"
    found = next(filter(None, (_default(listed, each) for each in undated)), None)
    return (f"{days}: without dates {found}", None) if found else None


def _default(listed: Listed, each: Interaction) -> str | None:
    """Return what a list without dates shows beyond the default window of any time zone, or lacks of that of all."""
    zones = listed.evidence.default_windows
    starts, ends = [zone.start or 0 for zone in zones], [zone.end or 0 for zone in zones]
    instants = [record.timestamp for record in each.records if record.timestamp is not None]
    if instants and min(instants) < min(starts) - 1:
        return f"it lists records before this month, from {format_timestamp(min(instants))} on"
    if instants and max(instants) > max(ends) + 1:
        return f"it lists records after today, until {format_timestamp(max(instants))}"
    surely = Window.or_none(max(starts), listed.evidence.settled_until)
    lost = [
        record
        for record in listed.known.values()
        if surely and surely.contains(record.timestamp) and record.org == each.params["org_id"]
        and not listed.shows(each, record.identity)
    ]  # fmt: skip
    return f"{len(lost):,} records of this month are missing" if lost else None
