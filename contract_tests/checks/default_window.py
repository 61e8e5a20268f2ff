"""The check of the list's default window: this month up to the end of today, in whatever time zone the API counts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

from civis_usage.contract_tests.collect.evidence import Evidence
from civis_usage.contract_tests.collect.interaction import Interaction
from civis_usage.contract_tests.collect.record import Record
from civis_usage.contract_tests.collect.window import DAY, Window, default_windows, format_timestamp, start_of_month
from civis_usage.contract_tests.results import Check, Finding, Outcome, no_data, outcome

from .comparison import Listing, compare_records, on_the_first_day, plain, unconfirmed_records, without_evidence

__all__ = ["CHECKS"]

SETTLING = 600
"""Seconds after which a new run should be listed."""
SKEW = 120
"""Seconds by which the clock that counts the month may differ from the one that dates the response."""


def default_window(evidence: Evidence) -> Outcome:
    """Judge the list without dates by lists around the month's start, and by what was new ten minutes before."""
    candidates = [each for each in evidence.interactions if each.operation == "list_llm" and _is_default(each)]
    lists = [each for each in candidates if each in evidence.lists("list_llm")]
    if not any(each.org in evidence.organizations[:1] for each in lists):
        return without_evidence(evidence, "list_llm", "no usage this month", candidates)
    findings, seen = [], []
    pairs = [(each, org) for each in lists for org in _organizations(evidence, each)]
    for each, org in pairs:
        mine = [record for record in each.records if each.org is not None or record.org == org]
        got = _settled(mine, evidence.settled_until)
        closed = plain(evidence, "list_llm", org)
        before, after = _fresh(evidence, each, org)
        findings += _explain(evidence, got, [*closed, *before], [*closed, *after], each)
        seen.append(len(got))
    if not any(seen) and not findings:
        return on_the_first_day(evidence, no_data("no usage this month"))
    return outcome(f"{' and '.join(map(str, seen))} records this month", findings)


def _is_default(interaction: Interaction) -> bool:
    return interaction.is_valid and interaction.params.keys() <= {"org_id"} and isinstance(interaction.org, int | None)


def _organizations(evidence: Evidence, default: Interaction) -> list[int]:
    """Return the organizations that a list without dates shows: without ``org_id``, of those that were looked at."""
    if default.org is not None:
        return [default.org]
    shown = {record.org for record in default.records}
    return [org for org in evidence.organizations if org in shown]


def _fresh(evidence: Evidence, default: Interaction, org: int) -> tuple[list[Listing], list[Listing]]:
    """Return what lists of the newest usage showed before ``default``, and after it: before, if not requested again.

    What was there before must be listed, and what is listed be there after: runs may have been recorded meanwhile.
    """
    found = [
        (each.number > default.number, _fresh_listing(each, evidence))
        for each in evidence.lists("list_llm")
        if each.org == org and each.window and each.window.start == evidence.settled_until
    ]
    before = [listing for is_later, listing in found if not is_later]
    return before, [listing for is_later, listing in found if is_later] or before


def _fresh_listing(interaction: Interaction, evidence: Evidence) -> Listing:
    window = Window(evidence.settled_until, max(evidence.now - SETTLING, evidence.settled_until + 1))
    records = _settled(interaction.records, evidence.settled_until)
    return Listing(window, records, interaction)


def _settled(records: Sequence[Record], settled_until: int) -> list[Record]:
    """Reduce what is new to its identity: while a run goes on, its time, tokens and credits grow."""

    def reduced(record: Record) -> Record:
        values = dict(zip(record.names, record.key, strict=True))
        return replace(record, key=tuple(values[name] for name in kept), names=kept)

    kept = ("id", "runId", "runCreatedAt")
    return [
        reduced(record) if record.timestamp is not None and record.timestamp > settled_until else record
        for record in records
    ]


def _explain(
    evidence: Evidence, got: list[Record], before: list[Listing], after: list[Listing], response: Interaction
) -> list[Finding]:
    """Return findings unless some UTC offset explains the list: all that is missing lies before its month's start.

    And all that is listed lies between that and the end of its day.
    """
    findings = unconfirmed_records(got, after, response)
    listed = {record.key for record in got}
    missing = [
        record.timestamp
        for each in before
        for record in each.records
        if each.window.contains(record.timestamp) and record.key not in listed
    ]
    moments = [record.timestamp for record in got if record.timestamp is not None]
    last_missing = max((at for at in missing if at is not None), default=0)
    first, last = min(moments, default=evidence.now), max(moments, default=0)
    utc = Window(start_of_month(response.at), (response.at // DAY + 1) * DAY)
    zones = {*default_windows(response.at - SKEW), *default_windows(response.at + SKEW)}
    holding = [zone for zone in zones if first >= (zone.start or 0) - 1 and last <= (zone.end or 0) + 1]
    likeliest = max(holding, key=lambda zone: zone.start or 0, default=utc)
    if holding and last_missing <= (likeliest.start or 0) + 1:
        return findings
    text = f"in no time zone is the list the month up to the end of today ({utc} in UTC)"
    others = (each.response for each in before[-1:])
    listed_from = f"{format_timestamp(first)} to {format_timestamp(last)}" if moments else "no records"
    whole = Finding(
        text, "runCreatedAt", response.request, expected=f"{utc}, or as in another time zone", actual=listed_from,
        contradiction=(response, *others),
    )  # fmt: skip
    inside = compare_records(got, lambda record: likeliest.contains(record.timestamp), before, response)
    found = findings + (inside or [whole])
    hint = _clock_hint(moments, response.at)
    return [replace(finding, message=f"{finding.message}; {hint}") for finding in found] if hint else found


def _clock_hint(moments: Sequence[int], now: int) -> str | None:
    """Ask whether the server's clock is pinned, where all that it lists is of one month other than this."""
    months = {f"{datetime.fromtimestamp(at, UTC):%B %Y}" for at in moments}
    this_month = f"{datetime.fromtimestamp(now, UTC):%B %Y}"
    if len(months) != 1 or months == {this_month}:
        return None
    return f"the server's month is {months.pop()}, this run's {this_month}: is its clock pinned?"


CHECKS = (
    Check(
        "list-llm-default-window",
        "list_llm",
        "Without dates, the list runs from the start of the current month to the end of the current day.",
        default_window,
    ),
)
