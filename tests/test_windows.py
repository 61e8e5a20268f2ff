"""Windows and the comparison of lists, against brute force."""

from random import Random

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from civis_usage.contract_tests.answers import as_records
from civis_usage.contract_tests.windows import Fact, Window, compare, cut, extra, lost, stamp, tight

START = 1_775_000_000


def record(second, identity, **changes):
    fields = {"runId": identity, "jobId": 1, "userId": 1, "organizationId": 1, "runTime": 1, "numRecords": 1}
    return as_records("matching_usage", [{**fields, "task": "IDR", "runCreatedAt": stamp(second), **changes}])[0]


moments = st.lists(st.integers(0, 5000), min_size=1, max_size=40).map(sorted)
windows = st.sets(st.integers(-10, 5010), min_size=2, max_size=2).map(sorted)


def made(seconds):
    return [record(START + second, number) for number, second in enumerate(seconds)]


@given(moments, windows)
def test_an_honest_list_has_no_findings_whichever_way_it_reads_its_ends(seconds, ends):
    window = Window(START + ends[0], START + ends[1])
    records = made(seconds)
    fact = Fact(Window(START - 100, START + 6000), tuple(records), "all")
    for low in (0, 1):
        for high in (0, 1):
            got = [r for r in records if window.start + low <= r.second <= window.end - high]
            assert compare(got, window.holds, [fact], "part") == []


@given(moments, windows, st.data())
def test_a_list_that_lost_or_gained_a_record_well_inside_is_found(seconds, ends, data):
    window = Window(START + ends[0], START + ends[1])
    records = made(seconds)
    inside = [r for r in records if window.start + 1 < r.second < window.end - 1]
    assume(inside)
    fact = Fact(Window(START - 100, START + 6000), tuple(records), "all")
    victim = data.draw(st.sampled_from(inside))
    without = [r for r in inside if r is not victim]
    assert lost(without, window.holds, [fact], "part")
    other = Fact(fact.window, tuple(r for r in records if r is not victim), "all")
    assert extra(inside, [other], "part")
    twice = [*inside, victim]
    assert extra(twice, [fact], "part"), "a record listed twice is one too many"


@given(moments, windows)
def test_a_stranger_is_found(seconds, ends):
    window = Window(START + ends[0], START + ends[1])
    outside = [r for r in made(seconds) if r.second < window.start - 1 or r.second > window.end + 1]
    assert bool(compare(outside, window.holds, [], "part")) == bool(outside)


def test_a_record_with_another_value_is_found():
    one, changed = record(START, 1), record(START, 1, numRecords=2)
    fact = Fact(Window(START - 10, START + 10), (one,), "all")
    assert compare([changed], Window(START - 10, START + 10).holds, [fact], "part")


def test_legal_notations_make_no_difference():
    one = record(START, 1)
    fact = Fact(Window(START - 10, START + 10), (one,), "all")
    for text in (stamp(START, 2), stamp(START).replace("Z", ".000Z"), stamp(START).replace("Z", ".123456Z")):
        same = record(START, 1, runCreatedAt=text, runTime=1.0, more="fields")
        assert compare([same], Window(START - 10, START + 10).holds, [fact], "part") == []


@settings(max_examples=200)
@given(moments, st.integers(), st.floats(0, 0.9), st.floats(0.1, 1))
def test_a_cut_keeps_clear_of_every_record(seconds, seed, low, high):
    at = cut(made(seconds), Random(seed), low, high)
    if at is not None:
        assert min(abs(START + second - at) for second in seconds) >= 2
        assert START + seconds[0] < at < START + seconds[-1]


@settings(max_examples=200)
@given(moments, st.integers())
def test_a_tight_window_leaves_no_doubt_about_any_record(seconds, seed):
    records = made(seconds)
    window = tight(records, Random(seed))
    assert window is not None
    judged = [window.holds(r) for r in records]
    assert None not in judged
    assert True in judged


@pytest.mark.parametrize("end", [START, START - 1])
def test_there_is_no_window_that_ends_before_it_begins_or_is_empty(end):
    with pytest.raises(ValueError, match="no window goes from 2026-03-31T23:33:20Z to 2026-03-31T23:33:"):
        Window(START, end)
    assert Window.between(START, end) is None
    assert Window.between(START, START + 1) == Window(START, START + 1)


def test_the_other_notation_names_the_same_instants():
    window = Window(START, START + 100)
    assert window.elsewhere != window.parameters
    seconds = {
        name: as_records("matching_usage", [{"runCreatedAt": text}])[0].second
        for name, text in window.elsewhere.items()
    }
    assert seconds == {"start_date": START, "end_date": START + 100}
