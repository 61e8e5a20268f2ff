"""Usage that is added while the check looks explains disagreements; what comes and goes, or shrinks, does not."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from civis_usage.contract_tests.change import doubted, without_change
from civis_usage.contract_tests.checks import CHECKS
from civis_usage.contract_tests.collect.evidence import Evidence
from civis_usage.contract_tests.collect.interaction import Credentials, Interaction
from civis_usage.contract_tests.collect.window import DAY, Window, format_timestamp
from civis_usage.contract_tests.results import Check, Outcome
from civis_usage.contract_tests.runner import judge

AT = datetime(2026, 5, 19, tzinfo=UTC)
NOW = int(AT.timestamp())
FIRST = NOW - 100 * DAY
WINDOW: Check = next(check for check in CHECKS if check.id == "list-matching-window")


def record(number: int, run_time: int = 9) -> dict[str, object]:
    return {
        "runId": number, "jobId": 1, "userId": 1, "organizationId": 1, "runTime": run_time, "numRecords": 1,
        "task": "IDR", "runCreatedAt": format_timestamp(FIRST + number * 3600),
    }  # fmt: skip


def listing(place: int, days: int, runs: Sequence[dict[str, object]]) -> Interaction:
    """Return the list of the first ``days``, as it was answered at a place of the run."""
    dates = Window(FIRST - DAY, FIRST + days * DAY).params
    body = json.dumps(runs).encode()
    return Interaction("list_matching", {"org_id": 1, **dates}, Credentials.VALID, AT, 200, {}, body, number=place)


def evidence(*interactions: Interaction) -> Evidence:
    return Evidence(interactions, NOW, FIRST - DAY, NOW - DAY, organizations=(1,))


def judged(*interactions: Interaction) -> tuple[Outcome, int]:
    """Return what remains of the findings about the lists, and the number of disagreements that change explains."""
    collected = evidence(*interactions)
    outcomes, changes = without_change(collected, judge(collected, (WINDOW,)))
    return outcomes[0], changes


OLD, NEW = [record(1), record(3)], [record(1), record(2), record(3)]


def test_a_row_that_arrives_is_no_violation() -> None:
    outcome, changes = judged(listing(0, 30, OLD), listing(1, 40, NEW), listing(2, 30, NEW))
    assert (outcome.findings, changes > 0) == ((), True)


def test_a_run_that_grows_is_no_violation() -> None:
    grown = [record(1), record(3, run_time=80)]
    outcome, changes = judged(listing(0, 30, OLD), listing(1, 40, grown), listing(2, 30, grown))
    assert (outcome.findings, changes > 0) == ((), True)


@pytest.mark.parametrize(
    "states",
    [
        pytest.param((NEW, OLD, OLD), id="a row that is taken away"),
        pytest.param((OLD, NEW, OLD), id="a row that comes and goes"),
        pytest.param(([record(1, run_time=80)], [record(1)], [record(1)]), id="a run that shrinks"),
    ],
)
def test_what_is_taken_away_or_comes_back_is_a_violation(states: Sequence[list[dict[str, object]]]) -> None:
    first, second, third = states
    outcome, changes = judged(listing(0, 30, first), listing(1, 40, second), listing(2, 30, third))
    assert changes == 0
    assert outcome.findings


def test_what_the_same_request_answers_otherwise_is_called_not_reproducible() -> None:
    outcome, _ = judged(listing(0, 40, NEW), listing(1, 30, OLD), listing(2, 30, NEW))
    assert any(finding.message.startswith("not reproducible: ") for finding in outcome.findings)


def test_two_instants_explain_nothing() -> None:
    states = ([record(1)], 30), (NEW[:2], 40), (NEW[:2], 30), (NEW, 50), (NEW, 40), (NEW, 30)
    outcome, changes = judged(*(listing(place, days, runs) for place, (runs, days) in enumerate(states)))
    assert changes == 0
    assert outcome.findings


def test_what_was_not_requested_again_was_seen_once() -> None:
    outcome, changes = judged(listing(0, 30, OLD), listing(1, 40, NEW))
    assert changes == 0
    assert outcome.findings and all(finding.seen_once for finding in outcome.findings)


def test_what_is_seen_again_is_not_marked() -> None:
    outcome, _ = judged(listing(0, 30, OLD), listing(1, 40, NEW), listing(2, 30, OLD), listing(3, 40, NEW))
    assert outcome.findings and not any(finding.seen_once for finding in outcome.findings)
    assert not any("not reproducible" in finding.message for finding in outcome.findings)


def test_what_showed_less_is_requested_again_first() -> None:
    less, more = listing(0, 30, OLD), listing(1, 40, NEW)
    collected = evidence(less, more)
    assert doubted(collected, zip((WINDOW,), judge(collected, (WINDOW,)), strict=True)) == [less.query, more.query]


@given(st.lists(st.booleans(), min_size=2, max_size=7), st.lists(st.sampled_from([30, 40]), min_size=7, max_size=7))
def test_one_instant_is_what_explains(shown: list[bool], days: list[int]) -> None:
    """Compare with every instant: before it no list has the row, after it all have; one that lacked it was repeated."""
    lists = [listing(place, days[place], NEW if has else OLD) for place, has in enumerate(shown)]
    outcome, _ = judged(*lists)
    steps = [all(has == (place >= instant) for place, has in enumerate(shown)) for instant in range(len(shown) + 1)]
    disagree = any(a != b and p != q for (p, a), (q, b) in product(enumerate(shown), repeat=2))
    without = {days[place] for place, has in enumerate(shown) if not has}
    repeated = without & {days[place] for place, has in enumerate(shown) if has}
    assert (not outcome.findings) == (not disagree or (any(steps) and bool(repeated)))
