"""Checks of the default window: this month up to the end of today, in whatever time zone the API reckons."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

from civis_usage.contract_tests.answers import Record
from civis_usage.contract_tests.history import History
from civis_usage.contract_tests.registry import check, kept, no_usage
from civis_usage.contract_tests.results import Finding, Outcome
from civis_usage.contract_tests.windows import DAY, Fact, Window, compare, extra
from civis_usage.contract_tests.witness import Spared, Witness

QUARTERS = range(-12 * 4, 14 * 4 + 1)
"""The world's UTC offsets, in quarters of an hour."""


def readings(now: int) -> list[Window]:
    """Give the default window in each time zone: from the start of the month to the end of the day."""
    found = set()
    for quarters in QUARTERS:
        here = datetime.fromtimestamp(now, timezone(timedelta(minutes=15 * quarters)))
        today = here.replace(hour=0, minute=0, second=0, microsecond=0)
        found.add(Window(int(today.replace(day=1).timestamp()), int((today + timedelta(days=1)).timestamp())))
    return sorted(found, key=lambda window: (window.start or 0, window.end or 0))


def default_list(witness: Witness) -> tuple[History, list[Record], str]:
    """Ask for the list with neither date."""
    history = witness.history("list_llm", witness.organizations[0])
    got, request = witness.records("list_llm", {"org_id": history.org})
    return history, got, request


@check(
    "list-llm-default-window",
    "list_llm",
    "With neither date, the list goes from the start of the current month to the end of the current day.",
)
def default_window(witness: Witness) -> Outcome:
    """Hold the default list against explicit windows around the month's start, and up to ten minutes ago."""
    history = witness.history("list_llm", witness.organizations[0])
    if history.month_is_long:
        raise Spared(f"not asked: at {history.density:.0f} runs a day, the list of this month would be very long")
    zones = readings(witness.now)
    closed = [*history.facts, *_edges(history, zones)]
    before = [*closed, _settled_fact(history)]
    history, listed, request = default_list(witness)
    got = _settled(listed, history.horizon)
    findings = _misfits(witness, got, zones, before, before, request)
    if findings:  # runs may have been recorded meanwhile: what was there before must be listed, and be there after
        del history.fresh
        findings = _misfits(witness, got, zones, before, [*closed, _settled_fact(history)], request)
    seen = [len(got)]
    for other in [each for each in witness.histories("list_llm") if each is not history and not each.month_is_long]:
        got, request = witness.records("list_llm", {"org_id": other.org})
        findings += _misfits(witness, got, zones, other.facts, other.facts, request)
        seen.append(len(got))
    if not any(seen) and not findings:
        return no_usage("no usage this month")
    return kept(f"{' and '.join(map(str, seen))} records this month", findings)


def _settled(records: Sequence[Record], horizon: int) -> list[Record]:
    """Reduce what is newer than ``horizon`` to its identity: while a run goes on, its time, tokens and credits grow."""
    return [
        replace(record, facts=(record.data.get("id"), record.data.get("runId"), record.second))
        if record.second is not None and record.second > horizon
        else record
        for record in records
    ]


def _settled_fact(history: History) -> Fact:
    return replace(history.fresh, records=tuple(_settled(history.fresh.records, history.horizon)))


def _edges(history: History, zones: list[Window]) -> list[Fact]:
    """Ask for the hours around the month's start that may be looked at, where no known window covers them."""
    starts = [zone.start or 0 for zone in zones]
    edge = Window.between(max(min(starts) - 3600, history.dawn), min(max(starts) + 3600, history.horizon))
    if edge is None or any(fact.window.covers(edge) for fact in history.facts):
        return []
    return [history.learn(edge)]


def _misfits(
    witness: Witness, got: list[Record], zones: list[Window], before: list[Fact], after: list[Fact], request: str
) -> list[Finding]:
    """Find what no time zone explains: a reading fits if it cuts off all that is missing and nothing that is listed."""
    findings = extra(got, after, request)
    listed = {record.facts for record in got}
    missing = [r.second for fact in before for r in fact.records if fact.window.holds(r) and r.facts not in listed]
    moments = [record.second for record in got if record.second is not None]
    last_missing = max((at for at in missing if at is not None), default=0)
    first, last = min(moments, default=witness.now), max(moments, default=0)
    for zone in zones:
        if last_missing <= (zone.start or 0) + 1 and first >= (zone.start or 0) - 1 and last <= (zone.end or 0) + 1:
            return findings
    month = datetime.fromtimestamp(witness.now, UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    utc = Window(int(month.timestamp()), (witness.now // DAY + 1) * DAY)
    text = f"in no time zone is the list the month up to the end of today ({utc} in UTC)"
    found = findings + (compare(got, utc.holds, before, request) or [Finding(text, request=request)])
    remark = _other_clock(moments, month)
    return [replace(finding, message=f"{finding.message}; {remark}") for finding in found] if remark else found


def _other_clock(moments: Sequence[int], now: datetime) -> str | None:
    """Ask whether the server's clock is pinned, where all that it lists is of one month other than this."""
    months = {f"{datetime.fromtimestamp(at, UTC):%B %Y}" for at in moments}
    if len(months) != 1 or months == {f"{now:%B %Y}"}:
        return None
    return f"the server reckons {months.pop()}, this machine {now:%B %Y}: is its clock pinned?"
