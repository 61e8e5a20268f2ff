"""Comparing lists: what must be in a list, and in two lists alike."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from urllib.parse import unquote

from civis_usage.contract_tests.collect.evidence import Evidence
from civis_usage.contract_tests.collect.interaction import Failure, Interaction
from civis_usage.contract_tests.collect.record import Record, excerpt, identity
from civis_usage.contract_tests.collect.window import DAY, Window, start_of_month
from civis_usage.contract_tests.results import Finding, Outcome, no_data

__all__ = [
    "Listing",
    "Predicate",
    "compare_records",
    "expected",
    "lesser",
    "missing_records",
    "name_of",
    "on_the_first_day",
    "plain",
    "readable",
    "restated",
    "shown",
    "unconfirmed_records",
    "unexpected_records",
    "without_evidence",
]  # fmt: skip

Predicate = Callable[[Record], bool | None]
"""Whether a record must be in a list; ``None`` where either is right."""
GROWING = ("runTime", "credits", "inputTokens", "outputTokens", "numRecords")
"""The fields that grow while a run goes on."""


@dataclass(frozen=True, eq=False)
class Listing:
    """A list of one organization's usage in a window."""

    window: Window
    records: Sequence[Record]
    response: Interaction

    @classmethod
    def of(cls, response: Interaction) -> Listing:
        """Return the listing of a response."""
        return cls(response.window or Window(None, None), response.records, response)

    @property
    def request(self) -> str:
        """Path and query as they were sent."""
        return self.response.request

    @cached_property
    def inside(self) -> list[Record]:
        """The records that lie in the window for certain, not at its ends."""
        return [record for record in self.records if self.window.contains(record.timestamp)]

    @cached_property
    def keys(self) -> Counter[tuple[object, ...]]:
        """How often each record is there, by its key."""
        return Counter(record.key for record in self.records)


def readable(target: str) -> str:
    """Return path and query with their escapes decoded: ``/usage/llm?start_date=2026-04-01T00:00:00Z``."""
    return unquote(target)


def expected(interaction: Interaction, window: Window | None = None) -> Predicate:
    """Return what belongs to a list by its parameters, or those and another window.

    A record without an organization belongs to any: that it is missing is another finding.
    """
    window = window or interaction.window or Window(None, None)
    org, task = interaction.params.get("org_id"), interaction.params.get("task")
    can_be_read = (org is None or isinstance(org, int)) and task in (None, "IDR", "CDM")

    def belongs(record: Record) -> bool | None:
        if not can_be_read:  # it may count as left out
            return None
        is_of_task = record.is_of_task(task)
        if is_of_task is False or (org is not None and record.org not in (org, None)):
            return False
        is_inside = window.contains(record.timestamp)
        return is_inside if is_of_task or is_inside is False else None

    return belongs


@lru_cache(maxsize=8)
def plain(evidence: Evidence, operation: str, org: int | None = None) -> tuple[Listing, ...]:
    """Return the closed lists whose dates are in UTC, every response to each."""
    return tuple(Listing.of(each) for each in evidence.closed_lists(operation, org) if not each.has_offsets)


def restated(evidence: Evidence, operation: str) -> list[Interaction]:
    """Return the closed lists that were requested before, and those whose dates have offsets."""
    requested: set[str] = set()
    found = []
    for each in evidence.closed_lists(operation):
        if each.has_offsets or each.request in requested:
            found.append(each)
        requested.add(each.request)
    return found


def unexpected_records(got: Sequence[Record], belongs: Predicate, response: Interaction) -> list[Finding]:
    """Return a finding if a response contains records that do not match its query."""
    wrong = [record for record in got if belongs(record) is False]
    if not wrong:
        return []
    text = f"{len(wrong)} of {len(got)} records do not belong to the response"
    field, expected, actual = _mismatch(wrong[0], response)
    return [_finding(text, wrong, response, field=field, expected=expected, actual=actual)]


def _mismatch(record: Record, response: Interaction) -> tuple[str | None, str, str]:
    """Return the field by which a record does not belong to a response, what it should have, and what it has."""
    params = response.params
    for name, field in (("org_id", "organizationId"), ("task", "task")):
        if name in params and field not in record.ignored and record.data.get(field) != params[name]:
            return field, f"{params[name]} ({name})", shown(record.data, field)
    return "runCreatedAt", str(response.window or "the default window"), shown(record.data, "runCreatedAt")


def missing_records(
    got: Sequence[Record], belongs: Predicate, references: Iterable[Listing], response: Interaction
) -> list[Finding]:
    """Return a finding for each other list that shows records which belong to this one, and are missing or altered."""
    listed = Counter(record.key for record in got)
    findings: list[Finding] = []
    for other in references:
        if response.window is not None and not response.window.overlaps(other.window):
            continue
        wanted = [record for record in other.inside if belongs(record)]
        if unlisted := _without(wanted, listed):
            findings += _unlike(unlisted, len(wanted), got, response, other)
    return findings


def _unlike(
    records: Sequence[Record], total: int, got: Sequence[Record], response: Interaction, other: Listing
) -> Iterator[Finding]:
    """Yield a finding for the records of another list that a response lacks, and one for each field that differs."""
    by_name = {record.identity: record for record in got}
    absent = [record for record in records if record.identity not in by_name]
    if absent:
        text = f"{len(absent)} of {total} records that {readable(other.request)} shows are missing"
        yield _finding(text, absent, response, other.response, less=response, expected="the record", actual="missing")
    yield from _altered([(record, by_name.get(record.identity)) for record in records], total, response, other)


def _altered(
    pairs: Sequence[tuple[Record, Record | None]], total: int, response: Interaction, other: Listing
) -> Iterator[Finding]:
    """Yield a finding for each field in which records of another list and of a response differ."""
    by_field: dict[str | None, list[tuple[Record, Record]]] = {}
    for theirs, mine in pairs:
        if mine is not None:
            for field in theirs.differences(mine) or (None,):
                by_field.setdefault(field, []).append((theirs, mine))
    for field, found in by_field.items():
        theirs, mine = found[0]
        if field is None:  # as often in the one as in the other list: a record that is there twice
            text = f"{len(found)} of {total} records are listed more often in {readable(other.request)}"
            yield _finding(
                text, [mine], response, other.response, expected="as often as in the other list", actual="fewer times"
            )
        else:
            text = f"{field} differs from {readable(other.request)} in {len(found)} of {total} records"
            less = lesser(field, found, other.response, response)
            expected, actual = shown(theirs.data, field), shown(mine.data, field)
            yield _finding(
                text, [mine], response, other.response, less=less, field=field, expected=expected, actual=actual
            )


def lesser(
    field: str, pairs: Iterable[tuple[Record, Record]], first: Interaction, second: Interaction
) -> Interaction | None:
    """Return which of two responses shows less in a field that grows; ``None`` where neither does.

    Args:
        field: in which the records differ.
        pairs: the records of both, as each shows them.
        first: shows the first of each pair.
        second: shows the second.
    """
    differences = []
    for one, other in pairs:
        mine, theirs = one.data.get(field), other.data.get(field)
        if field not in GROWING or not isinstance(mine, int | float) or not isinstance(theirs, int | float):
            return None
        differences.append((theirs > mine) - (theirs < mine))
    if all(each > 0 for each in differences):
        return first
    return second if all(each < 0 for each in differences) else None


def unconfirmed_records(got: Sequence[Record], references: Iterable[Listing], response: Interaction) -> list[Finding]:
    """Return a finding for each other list that covers some of these records, and does not show them so."""
    findings = []
    for other in references:
        inside = [record for record in got if other.window.contains(record.timestamp)]
        if not inside or not (unknown := _without(inside, other.keys)):
            continue
        theirs = {record.identity: record for record in other.records}
        new = [record for record in unknown if record.identity not in theirs]
        if new:
            text = f"{len(new)} of {len(inside)} records are not in the response to {readable(other.request)}"
            findings.append(
                _finding(
                    text, new, response, other.response, less=other.response, expected="no such record", actual="listed"
                )
            )
        pairs = [(theirs[record.identity], record) for record in unknown if record.identity in theirs]
        findings += _altered(pairs, len(inside), response, other)
    return findings


def compare_records(
    got: Sequence[Record], belongs: Predicate, references: Sequence[Listing], response: Interaction
) -> list[Finding]:
    """Return what contradicts the query, or lists of the same organization's usage.

    Args:
        got: the records of a list.
        belongs: whether a record should be in it.
        references: inside their windows they and ``got`` must agree.
        response: the list.
    """
    fitting = [record for record in got if belongs(record)]
    findings = unexpected_records(got, belongs, response) + missing_records(got, belongs, references, response)
    return findings + unconfirmed_records(fitting, references, response)


def on_the_first_day(evidence: Evidence, outcome: Outcome) -> Outcome:
    """Return the outcome of a check of this month; on the month's first day, having no usage is not for it to judge."""
    last = max((each.at for each in evidence.interactions), default=evidence.now)
    if outcome.no_data and last - start_of_month(last) < DAY:
        return Outcome(outcome.examined, inconclusive="the month has only begun", skipped=True)
    return outcome


def without_evidence(
    evidence: Evidence, operation: str, reason: str, candidates: Iterable[Interaction] = ()
) -> Outcome:
    """Return the outcome of a check for which no response came.

    Args:
        evidence: what was collected.
        operation: the list whose usage the requests were chosen from.
        reason: why there is no request, if the organization shows too little usage for it.
        candidates: the requests that the check is about.
    """
    for each in candidates:
        if each.failure == Failure.SKIPPED:
            return Outcome("not asked", inconclusive=each.unavailable, skipped=True)
    for each in candidates:
        return Outcome("nothing", inconclusive=why_unusable(each))
    if not evidence.closed_lists(operation):
        for each in evidence.of(operation):
            return Outcome("nothing", inconclusive=why_unusable(each))
    elif evidence.stopped is None or evidence.has_only_empty_lists(operation):
        return no_data(reason)
    return Outcome("nothing", inconclusive=evidence.stopped or reason)


def why_unusable(interaction: Interaction) -> str:
    """Return why a response cannot be used."""
    if interaction.unavailable:
        return interaction.unavailable
    if interaction.status != 200:
        return f"{interaction.request} answered {interaction.status}"
    return f"{interaction.request} answered with another body than documented"


def _without(records: Sequence[Record], counts: Counter[tuple[object, ...]]) -> list[Record]:
    """Return the records that ``counts`` does not hold, each as often as it is missing."""
    if Counter(record.key for record in records).items() <= counts.items():
        return []
    left = counts.copy()
    missing = []
    for record in records:
        if left[record.key] > 0:
            left[record.key] -= 1
        else:
            missing.append(record)
    return missing


def name_of(item: object) -> str | None:
    """Return what a report calls a record: its id, or its run where there is no id."""
    if not isinstance(item, Mapping):
        return None
    named = identity(item)
    return f"{named[0]} {named[1]}" if isinstance(named, tuple) else None


def shown(item: object, field: str) -> str:
    """Return a field as JSON, so that 1 and "1" look different; ``missing`` where it is not there."""
    return (
        excerpt(json.dumps(item[field], ensure_ascii=False))
        if isinstance(item, Mapping) and field in item
        else "missing"
    )


def _finding(
    text: str, records: Sequence[Record], *responses: Interaction, less: Interaction | None = None, **more: str | None
) -> Finding:
    return Finding(
        text,
        request=responses[0].request,
        example=excerpt(records[0].data),
        contradiction=responses,
        shows_less=less,
        record=name_of(records[0].data),
        **more,  # type: ignore[arg-type]  # texts, by the names of fields
    )
