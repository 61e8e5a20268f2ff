"""The few requests that settle what is still unknown, after the checks' own and their confirmations."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Callable, Iterator
from datetime import UTC
from itertools import pairwise

from civis_usage.contract_tests.collect.evidence import Evidence
from civis_usage.contract_tests.collect.interaction import NONEXISTENT_ID, Interaction, Query
from civis_usage.contract_tests.collect.plan import evidence_of
from civis_usage.contract_tests.collect.record import Record
from civis_usage.contract_tests.collect.session import Session
from civis_usage.contract_tests.collect.window import DAY, MARGIN, Window, format_timestamp
from civis_usage.schemas import times

from .facts import SUMMARY
from .observation import State
from .observe import observe

__all__ = ["MAX_FURTHER", "further", "settle"]

MAX_FURTHER = 6
"""Requests that are sent to settle open questions."""
AT_ONCE = 2
"""Requests of these that are sent before it is seen again what is still unknown."""
MAX_RECORDS = 12_000
"""Records that a list may have which is requested for this."""


def settle(session: Session, evidence: Evidence) -> tuple[Interaction, ...]:
    """Send requests that settle open questions, within what is left of the budget, and return what came of them."""
    judged = len(session.interactions)
    while (left := min(session.left, judged + MAX_FURTHER - len(session.interactions))) > 0:
        try:
            queries = further(evidence)[: min(left, AT_ONCE)]
        except Exception:  # a response that nobody thought of must not end the run
            break
        if not queries:
            break
        for query in queries:
            session.send(query)
        evidence = evidence_of(session, evidence.organizations)
    return tuple(session.interactions[judged:])


def further(evidence: Evidence) -> list[Query]:
    """Return a request for each question that is still unknown and that one can settle, the most useful first."""
    interest = _Interest.of(evidence)
    if interest is None:
        return []
    unknown = {each.question for each in observe(evidence) if each.state is State.UNKNOWN}
    sent = {each.query for each in evidence.interactions}
    wanted = (make(interest) for questions, make in PROBES if unknown & questions)
    found = (next((query for query in queries if query not in sent), None) for queries in wanted)
    return list(dict.fromkeys(query for query in found if query is not None))


class _Interest:
    """The list that shows most LLM usage of the organization of interest."""

    def __init__(self, evidence: Evidence, largest: Interaction, window: Window) -> None:
        self.evidence = evidence
        self.org = largest.org
        self.records = sorted((each for each in largest.records if each.timestamp is not None), key=_second)
        self.window = window
        self.refused = {each.query for each in evidence.interactions if each.status != 200}

    @classmethod
    def of(cls, evidence: Evidence) -> _Interest | None:
        org = next(iter(evidence.organizations), None)
        lists = [each for each in evidence.closed_lists("list_llm", org) if each.records] if org is not None else []
        largest = max(lists, key=lambda each: len(each.records), default=None)
        if largest is None or largest.window is None or all(each.timestamp is None for each in largest.records):
            return None
        return cls(evidence, largest, largest.window)

    def query(self, **params: object) -> Query:
        return Query.of("list_llm", org_id=self.org, **params)

    @property
    def pairs(self) -> list[tuple[Record, Record]]:
        """Neighbouring records a second or more apart, of which the first is the only one of its second."""
        found = [(a, b) for a, b in pairwise(self.records) if _second(b) - _second(a) > 1]
        return found or [(self.records[0], self.records[-1])] * (_second(self.records[-1]) > _second(self.records[0]))

    @property
    def narrow(self) -> Window:
        """A window with a record or two."""
        first, last = self.pairs[-1] if self.pairs else (self.records[-1], self.records[-1])
        return Window(_second(first) - 1, _second(last) + 1)

    @property
    def days(self) -> list[int]:
        """The days (seconds since the epoch) at whose midnight, and two days later, usage is closest; best first.

        There a date without a time shows at which offset it is read.
        """
        moments = [_second(each) for each in self.records]
        start, end = self.window.start or 0, self.window.end or 0
        days = range((start // DAY + 2) * DAY, end - 4 * DAY, DAY)
        gaps = {day: _gap(moments, day) + _gap(moments, day + 2 * DAY) for day in days}
        return sorted(gaps, key=lambda day: gaps[day])


def _second(record: Record) -> int:
    return record.timestamp or 0


def _gap(moments: list[int], at: int) -> int:
    place = bisect_left(moments, at)
    before = moments[place - 1] if place else at - 30 * DAY
    after = moments[place] if place < len(moments) else at + 30 * DAY
    return after - before


def _bounds(interest: _Interest) -> Iterator[Query]:
    for first, last in interest.pairs[-1:]:
        start, end = _exactly(first), _exactly(last)
        if start is not None and end is not None:
            yield interest.query(start_date=start, end_date=end)


def _exactly(record: Record) -> str | None:
    """Return when usage was created, in UTC; ``None`` where that is finer than microseconds."""
    text = str(record.data["runCreatedAt"])
    fraction = re.search(r"\.([0-9]+)", text)
    if fraction is not None and len(fraction[1].rstrip("0")) > 6:
        return None
    at = times.parse(text).astimezone(UTC).replace(tzinfo=None)
    return f"{at.isoformat(timespec='milliseconds' if at.microsecond % 1000 == 0 else 'microseconds')}Z"


def _dates(interest: _Interest) -> Iterator[Query]:
    """Yield a window of two dates; where that is refused, one of each."""
    for day in interest.days[:1]:
        start, end = day, day + 2 * DAY
        both = interest.query(start_date=_date(start), end_date=_date(end))
        yield both
        if both in interest.refused:
            yield interest.query(start_date=_date(start), end_date=format_timestamp(end))
            yield interest.query(start_date=format_timestamp(start), end_date=_date(end))


def _blank(interest: _Interest) -> Iterator[Query]:
    for day in interest.days[:1]:
        start = format_timestamp(day).replace("T", " ").replace("Z", "")
        yield interest.query(start_date=start, end_date=format_timestamp(day + 2 * DAY))


def _date(second: int) -> str:
    return times.render(second * 1000)[: len("2026-04-17")]


def _unknown_list(interest: _Interest) -> Iterator[Query]:
    yield Query.of("list_llm", org_id=NONEXISTENT_ID, **interest.narrow.params)


def _unknown_summary(interest: _Interest) -> Iterator[Query]:
    yield Query.of(SUMMARY, org_id=NONEXISTENT_ID, **interest.narrow.params)


def _end_alone(interest: _Interest) -> Iterator[Query]:
    """Yield a list to the end of the month before, unless it may be very long."""
    evidence = interest.evidence
    month = times.month_start(evidence.now * 1000) // 1000 - DAY
    end = max((second + 1 for each in interest.records if (second := _second(each)) < month), default=None)
    density = len(interest.records) / interest.window.days
    if evidence.starts_open and end is not None and density * (end - evidence.earliest) / DAY <= 4 * MAX_RECORDS:
        yield interest.query(end_date=format_timestamp(end))


def _reversed(interest: _Interest) -> Iterator[Query]:
    window = interest.narrow.params
    yield interest.query(start_date=window["end_date"], end_date=window["start_date"])


def _without_organization(interest: _Interest) -> Iterator[Query]:
    """Yield a list without an organization, where two of the known ones have usage."""
    for other in interest.evidence.organizations[1:]:
        lists = interest.evidence.closed_lists("list_llm", other)
        moments = [_second(record) for each in lists for record in each.records]
        ends = sorted((max(moments, default=0), _second(interest.records[-1])))
        if moments and ends[1] - ends[0] <= 30 * DAY:
            yield Query.of("list_llm", **Window(ends[0] - MARGIN, ends[1] + MARGIN).params)


def _unreadable(interest: _Interest) -> Iterator[Query]:
    """Yield the query of a list without an organization that showed usage, with one that cannot be read."""
    for each in interest.evidence.lists("list_llm"):
        if set(each.params) == {"start_date", "end_date"} and each.records and each.window is not None:
            yield Query.of("list_llm", org_id="abc", **each.params)


PROBES: tuple[tuple[frozenset[str], Callable[[_Interest], Iterator[Query]]], ...] = (
    (frozenset({"start_bound", "end_bound"}), _bounds),
    (frozenset({"date_as_start", "date_as_end"}), _dates),
    (frozenset({"unreadable_parameter"}), _unreadable),
    (frozenset({"org_id_omitted", "foreign_organization"}), _without_organization),
    (frozenset({"unknown_organization_in_list"}), _unknown_list),
    (frozenset({"start_after_end"}), _reversed),
    (frozenset({"blank_in_date_time"}), _blank),
    (frozenset({"end_alone"}), _end_alone),
    (frozenset({"unknown_organization_in_summary"}), _unknown_summary),
)
"""Which requests settle which questions, in the order of importance."""
