"""The verdicts on a recording are those on the API, whether the API keeps the contract or breaks it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from civis_usage.contract_tests.config import Config
from civis_usage.contract_tests.recording.cassette import Recording, parse, render
from civis_usage.contract_tests.recording.record import NotRecorded, Recorded, record
from civis_usage.contract_tests.recording.replay import replay
from civis_usage.contract_tests.results import Report, Verdict
from civis_usage.contract_tests.runner import run
from civis_usage.fixtures.fake_server import UsageServer
from civis_usage.schemas import times

from .deviations import DEVIATIONS, Deviation
from .deviations.table import JUDGED_OR_NOT
from .judging import wrong
from .legal import VARIATIONS
from .slow import sampled
from .standin import KEY, LLM, SUMMARY, Question, Standin
from .standin_runs import NOW, millis
from .standin_server import Server, serving

SIZE = {"daily": {1: 2, 2: 1, 3: 1}, "daily_matching": {1: 1.6, 2: 1, 3: 1}}
SAMPLE = {(each.operation, each.method): each for each in DEVIATIONS if each.exits != JUDGED_OR_NOT}
"""A deviation of each method of the stand-in in each operation; none that keeps the check waiting.

``make test`` has some of each operation."""
BROKEN = {each.id: each for each in DEVIATIONS}
LEGAL = {each.id: each for each in VARIATIONS}


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with serving() as server:
        yield server


def config(server: Server, standin: Standin, organizations: tuple[int, ...] = (1,), **more: Any) -> Config:
    server.standin, standin.now = standin, lambda: millis(NOW)
    return Config(server.url, KEY, organizations, **{"allow_no_data": True, "now": lambda: NOW} | more)


def through_a_file(made: Recorded) -> Recording:
    recording = parse(render(made.recording).encode())
    assert recording == made.recording
    return recording


def verdicts(report: Report) -> dict[str, str]:
    return {result.check.id: str(result.verdict) for result in report.results}


def fields_with_findings(report: Report) -> list[tuple[str, str | None]]:
    return [(each.check.id, finding.field) for each in report.results for finding in each.findings]


def assert_the_same(recorded: Report, live: Report, why: str = "") -> None:
    shown = f"{why}\nlive: {wrong(live)}\nrecorded: {wrong(recorded)}"
    assert verdicts(recorded) == verdicts(live), shown
    assert recorded.exit_code == live.exit_code, shown
    assert fields_with_findings(recorded) == fields_with_findings(live), shown


@pytest.mark.parametrize("deviation", sampled(SAMPLE.values(), like=lambda deviation: deviation.operation))
def test_a_deviation_is_violated_in_the_recording_too(server: Server, deviation: Deviation) -> None:
    organizations = deviation.organizations
    made = record(config(server, deviation.standin(**SIZE), organizations))
    live = made.report
    server.standin = Standin(daily={}, daily_matching={})
    recorded = replay(through_a_file(made), allow_no_data=True)

    assert live.exit_code or any(each.verdict is Verdict.WARNING for each in live.results), "the deviation shows"
    assert_the_same(recorded, live, deviation.wrong)
    assert not server.standin.journal, "no request is sent"


@pytest.mark.parametrize(
    "id_", ["type-spelt-otherwise", "additional-fields", "exclusive-bounds", "gzip-bodies", "runs-recorded-meanwhile"]
)
def test_a_legal_variation_is_kept_in_the_recording_too(server: Server, id_: str) -> None:
    made = record(config(server, LEGAL[id_].standin(**SIZE)))
    assert made.report.exit_code == 0, wrong(made.report)
    assert_the_same(replay(through_a_file(made), allow_no_data=True), made.report)


def test_a_summary_rounded_to_two_decimals_is_kept_in_the_recording_too(server: Server) -> None:
    def rounded(api: Standin, right: Any, question: Any, spent: int) -> float:
        return round(right(question, spent), 2 if question.operation == SUMMARY else 6)

    standin = Standin(daily={1: 6, 2: 2}, daily_matching={1: 3}).bend("amount", rounded)
    made = record(config(server, standin, (1, 2)))
    report = replay(made.recording, allow_no_data=True)
    assert "violated" not in verdicts(report).values(), wrong(report)


@pytest.mark.parametrize("window", [("start",), ("end",), ("start", "end")], ids=" and ".join)
def test_a_window_is_requested_whole_and_judged_alike(server: Server, window: tuple[str, ...]) -> None:
    ends = {"start": NOW.replace(month=2, day=1), "end": NOW.replace(month=3, day=1)}
    told = {name: ends[name] for name in window}
    live = run(config(server, Standin(**SIZE), **told))
    made = record(config(server, Standin(**SIZE), **told))
    recorded = through_a_file(made)

    assert_the_same(replay(recorded, allow_no_data=True), live)
    config(server, Standin(**SIZE), **told)
    shown = {each["runCreatedAt"] for each in recorded.records if each["kind"] == "llm"}
    start, end = (millis(ends[name]) if name in window else None for name in ("start", "end"))
    expected = server.standin.records(Question(LLM, org=1, start=start, end=end))
    assert {each["runCreatedAt"] for each in expected} <= shown
    assert expected


def test_without_a_named_organization_the_recording_finds_the_same_one(server: Server) -> None:
    live = run(config(server, Standin(**SIZE), ()))
    made = record(config(server, Standin(**SIZE), ()))
    recorded = replay(through_a_file(made), allow_no_data=True)
    assert_the_same(recorded, live)
    assert live.organizations == (1,)
    assert recorded.organizations == made.recording.organizations != (1,)


def test_what_is_not_in_the_recording_is_inconclusive_and_never_passed(server: Server) -> None:
    made = record(config(server, Standin(**SIZE)))
    kept = tuple(each for each in made.recording.interactions if each.operation != SUMMARY)
    report = replay(replace(made.recording, interactions=kept))
    about = [result for result in report.results if result.check.operation == SUMMARY]
    assert {result.verdict for result in about} == {Verdict.INCONCLUSIVE}
    assert {result.outcome.inconclusive for result in about} == {f"there is no request of {SUMMARY}"}
    assert report.exit_code == 3


def test_two_recordings_share_no_identifier(server: Server) -> None:
    few = {"daily": {1: 1}, "daily_matching": {1: 1}, "days": 100}
    one, other = (record(config(server, Standin(**few))).recording for _ in range(2))
    fields = ("runId", "jobId", "userId", "organizationId")
    ids = [{each[name] for each in made.records for name in fields} for made in (one, other)]
    assert ids[0] and not ids[0] & ids[1]
    same = [record(config(server, Standin(**few)), secret=b"s" * 32).recording.organizations for _ in range(2)]
    assert same[0] == same[1]


# -- what cannot be recorded


def test_a_spent_budget_is_told_and_nothing_is_given(server: Server) -> None:
    with pytest.raises(NotRecorded, match="the budget of 9 requests is spent: raise it with --max-requests"):
        record(config(server, Standin(**SIZE), max_requests=9))
    assert len(server.standin.journal) <= 9


def test_a_window_counts_in_the_budget(server: Server) -> None:
    with pytest.raises(NotRecorded, match="the budget of 2 requests is spent"):
        record(config(server, Standin(**SIZE), max_requests=2, start=NOW.replace(month=2)))
    with pytest.raises(NotRecorded, match="the budget of 12 requests is spent"):
        record(config(server, Standin(**SIZE), max_requests=12, start=NOW.replace(month=2)))
    assert len(server.standin.journal) <= 12


def test_an_organization_without_usage_is_named_by_its_own_number(server: Server) -> None:
    with pytest.raises(NotRecorded, match="nothing visible to this key for organization 4711"):
        record(config(server, Standin(**SIZE), (4711,)))


def test_a_page_in_place_of_the_api_is_no_recording(server: Server) -> None:
    standin = BROKEN["list_llm: html"].standin(**SIZE)
    standin.bend("answer", lambda api, right, request: replace(right(request), body=b"<html>Sign in</html>"))
    with pytest.raises(NotRecorded, match="the answers are not the API's"):
        record(config(server, standin))


# -- served again


@pytest.mark.slow
def test_a_recording_of_the_fake_served_again_and_checked_has_the_same_verdicts() -> None:
    now = "2026-05-19T15:26:07Z"
    at = times.parse(now)
    world = {"organizations": {471100815: 3, 918273645: 2}, "now": millis(at)}
    told: dict[str, Any] = {"now": lambda: at, "max_requests": 90, "allow_no_data": False}
    first = UsageServer(world)
    try:
        live = run(Config(first.url, KEY, (471100815, 918273645), **told))
        made = record(Config(first.url, KEY, (471100815, 918273645), **told))
    finally:
        first.stop()
    recording = through_a_file(made)
    assert_the_same(replay(recording), live)
    data = tuple(recording.records)
    organizations = dict.fromkeys(recording.organizations)
    second = UsageServer({"data": data, "generated": False, "organizations": organizations, "now": millis(at)})
    try:
        again = run(Config(second.url, KEY, recording.organizations, **told))
    finally:
        second.stop()
    assert live.exit_code == 0, wrong(live)
    assert_the_same(again, live)
