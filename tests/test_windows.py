"""Windows, how their ends are chosen, and the comparison of lists: against brute force."""

from __future__ import annotations

from datetime import UTC, datetime
from random import Random
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from civis_usage.contract_tests.checks.comparison import (
    Listing,
    Predicate,
    compare_records,
    missing_records,
    unconfirmed_records,
    unexpected_records,
)
from civis_usage.contract_tests.collect.interaction import Credentials, Interaction
from civis_usage.contract_tests.collect.record import Record, as_json, record_of
from civis_usage.contract_tests.collect.window import (
    DAY,
    MARGIN,
    Window,
    choose_bound,
    choose_window,
    default_windows,
    format_timestamp,
    parse_timestamp,
)

START = 1_775_000_000
RESPONSE = Interaction("list_matching", {"org_id": 1}, Credentials.VALID, datetime(2026, 5, 1, tzinfo=UTC))


def record(second: int, identity: int, **changes: Any) -> Record:
    fields = {"runId": identity, "jobId": 1, "userId": 1, "organizationId": 1, "runTime": 1, "numRecords": 1}
    usage = {**fields, "task": "IDR", "runCreatedAt": format_timestamp(second), **changes}
    return record_of("matching_usage", as_json(usage))


moments = st.lists(st.integers(0, 5000), min_size=1, max_size=40).map(sorted)
windows = st.sets(st.integers(-10, 5010), min_size=2, max_size=2).map(sorted)


def made(seconds: list[int]) -> list[Record]:
    return [record(START + second, number) for number, second in enumerate(seconds)]


def listing(records: list[Record], window: Window | None = None) -> Listing:
    return Listing(window or Window(START - 100, START + 6000), records, RESPONSE)


def inside(window: Window) -> Predicate:
    return lambda record: window.contains(record.timestamp)


# Comparison


@given(moments, windows)
def test_a_right_list_has_no_findings_whichever_way_it_reads_its_ends(seconds: list[int], ends: list[int]) -> None:
    window = Window(START + ends[0], START + ends[1])
    records = made(seconds)
    for low in (0, 1):
        for high in (0, 1):
            got = [r for r in records if START + ends[0] + low <= (r.timestamp or 0) <= START + ends[1] - high]
            assert compare_records(got, inside(window), [listing(records)], RESPONSE) == []


@given(moments, windows, st.data())
def test_a_list_that_lost_or_gained_a_record_well_inside_is_found(
    seconds: list[int], ends: list[int], data: st.DataObject
) -> None:
    window = Window(START + ends[0], START + ends[1])
    records = made(seconds)
    within = [r for r in records if START + ends[0] + 1 < (r.timestamp or 0) < START + ends[1] - 1]
    assume(within)
    victim = data.draw(st.sampled_from(within))
    without = [r for r in within if r is not victim]
    assert missing_records(without, inside(window), [listing(records)], RESPONSE)
    assert unconfirmed_records(within, [listing([r for r in records if r is not victim])], RESPONSE)
    twice = [*within, victim]
    assert unconfirmed_records(twice, [listing(records)], RESPONSE), "a record listed twice is one too many"


@given(moments, windows)
def test_a_record_outside_the_window_is_found(seconds: list[int], ends: list[int]) -> None:
    window = Window(START + ends[0], START + ends[1])
    outside = [r for r in made(seconds) if not START + ends[0] - 1 <= (r.timestamp or 0) <= START + ends[1] + 1]
    assert bool(unexpected_records(outside, inside(window), RESPONSE)) == bool(outside)
    assert bool(compare_records(outside, inside(window), [], RESPONSE)) == bool(outside)


def test_a_record_with_another_value_is_found() -> None:
    one, changed = record(START, 1), record(START, 1, numRecords=2)
    window = Window(START - 10, START + 10)
    findings = compare_records([changed], inside(window), [listing([one], window)], RESPONSE)
    assert findings and all(finding.contradiction == (RESPONSE, RESPONSE) for finding in findings)


def test_legal_notations_make_no_difference() -> None:
    one, window = record(START, 1), Window(START - 10, START + 10)
    plain = format_timestamp(START)
    for text in (format_timestamp(START, 2), plain.replace("Z", ".000Z"), plain.replace("Z", ".123456Z")):
        same = record(START, 1, runCreatedAt=text, runTime=1.0, more="fields")
        assert compare_records([same], inside(window), [listing([one], window)], RESPONSE) == []


# The choice of ends


@settings(max_examples=200)
@given(moments, st.integers(), st.floats(0, 0.9), st.floats(0.1, 1))
def test_a_bound_keeps_clear_of_every_record(seconds: list[int], seed: int, low: float, high: float) -> None:
    at = choose_bound(sorted(set(seconds)), Random(seed), low, high)
    if at is not None:
        assert min(abs(second - at) for second in seconds) >= MARGIN
        assert seconds[0] < at < seconds[-1]


def test_a_bound_is_found_wherever_a_gap_is_wide_enough() -> None:
    assert choose_bound([0, 2 * MARGIN], Random(1)) == MARGIN
    assert choose_bound([0, 2 * MARGIN - 1], Random(1)) is None
    assert choose_bound([5], Random(1)) is None


@settings(max_examples=200)
@given(moments, st.integers())
def test_a_chosen_window_leaves_no_doubt_about_any_record(seconds: list[int], seed: int) -> None:
    window = choose_window({START + second: 1.0 for second in seconds}, Random(seed))
    assert window is not None
    judged = [window.contains(START + second) for second in seconds]
    assert None not in judged
    assert True in judged


def test_there_is_no_window_around_nothing() -> None:
    assert choose_window({}, Random(1)) is None


# Windows


bounds = st.none() | st.integers(-5, 5)


@given(bounds, bounds, st.integers(-8, 8))
def test_a_window_contains_what_lies_more_than_a_second_within(start: int | None, end: int | None, at: int) -> None:
    assume(start is None or end is None or start < end)
    low, high = (-99 if start is None else start), (99 if end is None else end)
    readings = {low + a <= at <= high - b for a in (-1, 0, 1, 2) for b in (-1, 0, 1, 2)}
    surely = readings.pop() if len(readings) == 1 else None
    assert Window(start, end).contains(at) is surely


@pytest.mark.parametrize("end", [START, START - 1])
def test_there_is_no_window_that_ends_before_it_begins_or_is_empty(end: int) -> None:
    with pytest.raises(ValueError, match="no window goes from 2026-03-31T23:33:20Z to 2026-03-31T23:33:"):
        Window(START, end)
    assert Window.or_none(START, end) is None
    assert Window.or_none(START, START + 1) == Window(START, START + 1)
    assert Window.of({"start_date": format_timestamp(START), "end_date": format_timestamp(end)}) is None


@pytest.mark.parametrize("window", [Window(START, START + 100), Window(START, None), Window(None, START)], ids=str)
def test_a_window_is_read_back_from_its_parameters_in_either_notation(window: Window) -> None:
    assert window.params_with_offset != window.params
    assert Window.of(window.params) == Window.of(window.params_with_offset) == window


def test_a_date_that_cannot_be_read_names_no_window() -> None:
    assert Window.of({"start_date": "tomorrow"}) is None
    assert Window.of({}) == Window(None, None)


@given(st.integers(-(10**9), 10**10))
def test_a_timestamp_is_read_back(second: int) -> None:
    assert {parse_timestamp(format_timestamp(second, hours)) for hours in (-12, -5, 0, 2, 14)} == {second}


@given(st.integers(START, START + 1000 * DAY))
def test_a_default_window_reaches_from_a_first_of_the_month_to_the_end_of_a_day_in_each_time_zone(now: int) -> None:
    found = default_windows(now)
    assert len(found) > 24
    for window in found:
        assert window.start is not None and window.end is not None
        assert window.start <= now < window.end <= now + DAY
        assert now - window.start <= 31 * DAY
