"""What the check observes of open questions is how the API behaves: a fake with any behavior, and the stand-in."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from civis_usage.contract_tests.collect.plan import RESERVE
from civis_usage.contract_tests.config import Config
from civis_usage.contract_tests.observe.further import MAX_FURTHER
from civis_usage.contract_tests.observe.observation import Observation, Sighting, State, in_words
from civis_usage.contract_tests.observe.save import render
from civis_usage.contract_tests.recording import cassette
from civis_usage.contract_tests.recording.cassette import parse
from civis_usage.contract_tests.recording.record import record
from civis_usage.contract_tests.recording.replay import replay
from civis_usage.contract_tests.reports.text import headline
from civis_usage.contract_tests.results import Report
from civis_usage.contract_tests.runner import collect, run
from civis_usage.mock_server.app import create_app
from civis_usage.mock_server.settings import Settings
from civis_usage.mock_server.world.organization import parse_organizations
from civis_usage.schemas.behavior import DEFAULT, QUESTIONS, Choice, read_choices, resolve

from .judging import judge, wrong
from .legal import VARIATIONS
from .standin import Standin
from .standin_server import Server, serving
from .test_behavior import BEHAVIORS
from .wsgi_adapter import WsgiAdapter

NOW = datetime(2026, 4, 20, 12, tzinfo=UTC)
HISTORY = 400
"""Days of usage, one run a day: more than any window that is given in days."""
QUARTER = timedelta(minutes=15)
MONTH_START = datetime(2026, 4, 1, tzinfo=UTC)


def moments() -> Iterator[datetime]:
    """Yield when LLM usage was created: daily, and every quarter of an hour where offsets show."""
    yield from (NOW - timedelta(days=day + 1, hours=5) for day in range(HISTORY))
    for middle in (MONTH_START - timedelta(days=2), MONTH_START):
        yield from (middle + QUARTER * step + timedelta(minutes=7) for step in range(-58, 50))


@cache
def records() -> tuple[dict[str, Any], ...]:
    """Return usage that shows the answer to each question: ids in another order than times, amounts of six decimals."""
    found = []
    for number, at in enumerate(sorted(moments())):
        mixed = (number * 37 + 11) % 1009
        found.append(llm(mixed, 1, at))
        if at.hour == 7:
            found += [matching(2 * mixed + which, at, task) for which, task in enumerate(("IDR", "CDM"))]
    found += [llm(2000 + day, 2, datetime(2026, 4, day, 9, tzinfo=UTC)) for day in range(1, 20)]
    return tuple(found)


def llm(number: int, org: int, at: datetime) -> dict[str, Any]:
    spent = {"credits": round(1 + number * 7919 % 999_983 / 1_000_000, 6), "inputTokens": 9, "outputTokens": 9}
    return {"id": 1000 + number, **common(number, org, at), **spent, "modelId": "a-model"}


def matching(number: int, at: datetime, task: str) -> dict[str, Any]:
    return {**common(10_000 + number, 1, at), "numRecords": 4, "task": task}


def common(number: int, org: int, at: datetime) -> dict[str, Any]:
    ids = {"runId": 5000 + number, "jobId": 5, "userId": 6, "organizationId": org}
    return ids | {"runTime": 7, "runCreatedAt": at.strftime("%Y-%m-%dT%H:%M:%S.000Z")}


ENOUGH = 100
"""Requests that suffice for the checks of two organizations, and for those that settle open questions."""


def config_of(served: dict[str, Any], organizations: tuple[int, ...], **more: Any) -> Config:
    """Return a run of the check on a fake that is served with a behavior, in this process."""
    app = create_app(Settings(now=f"{NOW:%Y-%m-%dT%H:%M:%SZ}", generated=False, data=records(), behavior=served))
    settings = {"now": lambda: NOW, "allow_no_data": True, "adapter": WsgiAdapter(app)} | more
    settings = {"max_requests": ENOUGH} | settings
    return Config("http://127.0.0.1", "a-key-of-the-tests", organizations, **settings)


def checked(served: dict[str, Any], organizations: tuple[int, ...] = (1,), **more: Any) -> Report:
    """Check a fake that is served with a behavior."""
    return run(config_of(served, organizations, **more))


def by_question(found: Report) -> dict[str, Observation]:
    return {each.question: each for each in found.observations}


# -- the round trip ----------------------------------------------------------------------------------------------------

LAST = ("end_alone", "unknown_organization_in_summary", "blank_in_date_time", "start_after_end")
"""The questions that the last of the further requests are for: unknown where the others took all of them."""


def cannot_be_seen(question: str, behavior: dict[str, Any], organizations: tuple[int, ...]) -> bool:
    """Return whether the data, or this behavior, leaves more than one answer to a question, whoever looks."""
    is_vague = behavior["unreadable_parameter"] in ("ignored", "matches_nothing")
    # four decimals and more are as many as sums of single precision may show, and there may be few sums
    is_coarse = behavior["summary_decimals"] in (4, 5) or behavior["record_decimals"] != "all"
    is_coarse = is_coarse or behavior["start_alone"] == "bad_request" or behavior["end_alone"] != "open"
    is_hidden = len(organizations) < 2 or behavior["foreign_organization"] != "served"
    return {
        "org_id_omitted": is_hidden,
        "foreign_organization": is_hidden,
        # where a date is ignored, or matches nothing, it may be the other's doing; and as an end alone, one day's first
        # moment at one offset is another day's last at another
        "local_offset": is_vague or behavior["date_as_start"] == "unreadable",
        "date_as_start": is_vague,
        "date_as_end": is_vague or behavior["date_as_start"] == "unreadable",
        # the month began 19.5 days ago in UTC: between some offsets it cannot be told from a number of days
        "matching_default_window": behavior["matching_default_window"] in ("month_so_far", 19, 20, 21),
        # what is rounded in lists and coarsely in summaries may have no more decimals
        "record_decimals": isinstance(behavior["record_decimals"], int) and behavior["summary_decimals"] != "all",
        # four decimals and more are as many as sums of single precision may show; and some summaries are few
        "summary_decimals": behavior["summary_decimals"] != "all" and is_coarse,
    }.get(question, False)


@pytest.mark.slow
@settings(
    max_examples=int(os.environ.get("ROUND_TRIPS", "12")),
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
)
@given(chosen=BEHAVIORS, organizations=st.sampled_from([(1,), (1, 2)]))
def test_what_a_fake_is_told_is_what_the_check_observes(chosen: dict[str, Any], organizations: tuple[int, ...]) -> None:
    """More examples than make test takes: ROUND_TRIPS=500 pytest tests/test_observe.py."""
    behavior = dict(resolve(chosen))
    found = checked(chosen, organizations)
    is_hidden = 2 in organizations and behavior["foreign_organization"] != "served"
    assert found.exit_code in ((0, 4) if is_hidden else (0,)), wrong(found)
    assert found.requests <= found.budget
    for question, observation in by_question(found).items():
        told = behavior[question]
        event(f"{question}: {observation.state}")
        assert told in observation.possible, (question, told, observation)
        if observation.state is State.UNKNOWN and question not in LAST:
            assert cannot_be_seen(question, behavior, organizations), (question, told, observation.possible)


@pytest.mark.parametrize("organizations", [(2,), (1, 2), (2, 1), (1, 2, 3)])
def test_usage_of_others_contradicts_no_list_of_the_own_organization(organizations: tuple[int, ...]) -> None:
    now = f"{NOW:%Y-%m-%dT%H:%M:%SZ}"
    app = create_app(Settings(now=now, organizations=parse_organizations("1:2,2:2,3:2"), since=date(2026, 1, 1)))
    found = checked({}, organizations, adapter=WsgiAdapter(app), max_requests=None)
    for question, observation in by_question(found).items():
        assert DEFAULT[question] in observation.possible, (question, observation)
    assert by_question(found)["end_alone"].sightings


@pytest.mark.parametrize("decimals", [2, 3, 4, 5])
def test_decimals_are_seen_by_the_sums(decimals: int) -> None:
    assert by_question(checked({"record_decimals": decimals}))["record_decimals"].value == decimals
    if decimals < 4:
        assert by_question(checked({"summary_decimals": decimals}))["summary_decimals"].value == decimals


# -- the stand-in, which shares nothing with the fake ------------------------------------------------------------------

STANDIN = {
    "start_bound": "inclusive",
    "end_bound": "inclusive",
    "matching_default_window": "open",
    "date_as_start": "start_of_day",
    "date_as_end": "start_of_day",
    "start_alone": "open",
    "end_alone": "open",
    "start_after_end": "empty",
    "unknown_organization_in_list": "empty",
    "unknown_organization_in_summary": "not_found",
    "summary_without_usage": "zero",
    "unreadable_parameter": "bad_request",
    "blank_in_date_time": "read",
    "record_decimals": "all",
    "summary_decimals": "all",
    "list_order": "newest_first",
}
"""How the stand-in behaves by itself."""
VARIANTS: dict[str, dict[str, Any]] = {
    "exclusive-bounds": {"start_bound": "exclusive", "end_bound": "exclusive"},
    "exclusive-start": {"start_bound": "exclusive"},
    "exclusive-end": {"end_bound": "exclusive"},
    "month-of-America/Chicago-on-mid-month": {"default_window_offset": "-05:00"},
    "month-of-Asia/Tokyo-on-mid-month": {"default_window_offset": "+09:00"},
    "reversed-window-gets-400": {"start_after_end": "bad_request"},
    "start-after-end-refused": {"start_after_end": "bad_request"},
    "default-window-for-matching": {"matching_default_window": "month_so_far"},
    "thirty-days-of-matching": {"matching_default_window": 30},
    "an-end-alone-is-its-months": {"end_alone": "month_of_end"},
    "an-end-alone-is-thirty-days": {"end_alone": 30},
    "start-date-alone-refused": {"start_alone": "bad_request"},
    "end-date-alone-refused": {"end_alone": "bad_request"},
    "dates-without-time-are-whole-days": {"date_as_end": "end_of_day"},
    "unreadable-parameters-ignored": {"unreadable_parameter": "ignored"},
    "unreadable-parameters-get-422": {"unreadable_parameter": "unprocessable_entity"},
    "unreadable-parameters-get-404": {"unreadable_parameter": "not_found"},
    "unreadable-parameters-find-nothing": {"unreadable_parameter": "matches_nothing"},
    "unknown-organization-costs-nothing": {"unknown_organization_in_summary": "zero"},
    "unknown-organization-gets-404": {"unknown_organization_in_list": "not_found"},
    "summary-of-nothing-gets-404": {"summary_without_usage": "not_found"},
}
"""What each legal variant of the stand-in does otherwise."""


LEGAL = {each.id: each for each in VARIATIONS}
ALIKE = ("default_window_offset", "matching_default_window", "end_alone")
"""The questions of which this usage may leave several answers: offsets between two runs, a month and its days."""


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with serving() as server:
        yield server


@pytest.mark.slow
@pytest.mark.parametrize("name", VARIANTS)
def test_what_a_variant_of_the_standin_does_is_observed(server: Server, name: str) -> None:
    variation = LEGAL[name]
    standin = variation.standin(**DENSE)
    if "unknown_organization_in_summary" in VARIANTS[name]:  # the last of the further requests: save one
        LEGAL["end-date-alone-refused"].bend(standin)
    found = judge(server, standin, at=variation.at, max_requests=72)
    assert found.exit_code == 0, wrong(found)
    observed = by_question(found)
    for question, answer in (STANDIN | VARIANTS[name]).items():
        refused = question == "end_alone" and observed[question].value == "bad_request"
        assert refused or answer in observed[question].possible, (question, answer, observed[question])
    for question in VARIANTS[name]:
        assert observed[question].state is State.SEEN or question in ALIKE, observed[question]
        assert DEFAULT[question] not in observed[question].possible, observed[question]


DENSE = {"daily": {1: 12, 2: 3}, "daily_matching": {1: 12, 2: 2}, "days": 70}
"""Usage every two hours, for more days than windows of days have in a variant."""


@pytest.mark.slow
def test_what_contradicts_itself_is_said(server: Server) -> None:
    """Dates are read in Chicago, and times without an offset in UTC: no one offset is both."""
    found = judge(server, LEGAL["dates-without-time-are-chicagos"].standin(**DENSE), max_requests=72)
    observed = by_question(found)
    assert observed["date_as_start"].value == "start_of_day" and observed["blank_in_date_time"].value == "read"
    assert observed["local_offset"].state is State.CONTRADICTORY
    requests = {each.request.partition("?")[2] for each in observed["local_offset"].decisive}
    assert len(requests) == 2 and sum("+00%3A00%3A00" in each for each in requests) == 1, requests
    assert found.fidelity.verdict("local_offset") == "undecided"
    assert "Responses contradict each other" in render(found.observations, base_url="there", day="2026-05-19")


@pytest.mark.slow
def test_what_the_standin_does_is_observed(server: Server) -> None:
    found = judge(server, Standin(**DENSE), max_requests=72)
    observed = by_question(found)
    seen = {question for question, each in observed.items() if each.state is State.SEEN}
    for question, answer in STANDIN.items():
        assert answer in observed[question].possible, (question, observed[question])
    assert set(STANDIN) - seen <= {*LAST, "list_order", "matching_default_window"}, (
        "two orders and long windows are alike"
    )
    assert len(seen) >= 12, seen


# -- the file, and what is compared with it ----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def changed() -> Report:
    """A report on a fake that behaves otherwise in some ways."""
    return checked({"end_bound": "exclusive", "list_order": "lowest_id_first", "unreadable_parameter": "not_found"})


def saved(found: Report, folder: Path, **more: Any) -> Path:
    file = folder / "behavior.toml"
    text = render(found.observations, base_url=found.base_url, day=found.started[:10], **more)
    file.write_text(text, encoding="utf-8")
    return file


def test_a_file_holds_what_was_seen_with_its_request_and_time(changed: Report, tmp_path: Path) -> None:
    file = saved(changed, tmp_path)
    choices, observed = read_choices(file), by_question(changed)
    seen = {question for question, each in observed.items() if each.state is State.SEEN}
    assert {"end_bound", "list_order", "unreadable_parameter"} <= seen
    assert {question: each.value for question, each in choices.items()} == {each: observed[each].value for each in seen}
    for question, choice in choices.items():
        at = max(each.at for each in observed[question].decisive)
        assert choice.observed == at.replace(microsecond=0), question
    text = file.read_text(encoding="utf-8")
    for question in QUESTIONS.values():
        entry = next(
            each for each in text.split("\n\n") if f"\n{question.id} = " in each or f"# {question.id} = " in each
        )
        assert entry.startswith(f"# {question.text}\n# "), entry
        assert all(sighting.request in entry for sighting in observed[question.id].decisive)
        assert (f"\n{question.id} = " in entry) is (question.id in seen)
        assert question.id in seen or "The default is kept." in entry


def test_a_fake_with_the_file_confirms_all_that_was_seen(changed: Report, tmp_path: Path) -> None:
    choices = read_choices(saved(changed, tmp_path))
    again = checked({question: each.value for question, each in choices.items()}, behavior=choices)
    assert set(again.fidelity.confirmed) >= choices.keys() and not again.fidelity.contradicted
    assert again.exit_code == 0


def test_what_the_defaults_say_is_confirmed_contradicted_or_undecided(changed: Report) -> None:
    assert set(changed.fidelity.contradicted) == {"end_bound", "list_order", "unreadable_parameter"}
    assert {"start_bound", "start_after_end"} <= set(changed.fidelity.confirmed)
    assert {"org_id_omitted", "foreign_organization"} <= set(changed.fidelity.undecided)
    numbers = [
        len(each) for each in (changed.fidelity.confirmed, changed.fidelity.contradicted, changed.fidelity.undecided)
    ]
    assert sum(numbers) == len(QUESTIONS)
    assert changed.exit_code == 0, "an assumption never fails the API"


@pytest.mark.parametrize("strict", [False, True])
def test_a_change_from_the_file_is_a_note_and_fails_when_strict(changed: Report, tmp_path: Path, strict: bool) -> None:
    choices = read_choices(saved(changed, tmp_path))
    now = checked({"list_order": "lowest_id_first"}, behavior=choices, strict=strict)
    assert set(now.changed_answers) == {"end_bound", "unreadable_parameter"}
    assert "end_bound is inclusive, not exclusive as in the --behavior file" in now.notes
    assert now.exit_code == int(strict)
    assert not strict or headline(now).endswith("differs from the --behavior file: end_bound, unreadable_parameter.")


def test_answers_of_the_file_stay_where_nothing_rules_them_out(tmp_path: Path) -> None:
    (tmp_path / "old.toml").write_text(
        'foreign_organization = "not_found"\norg_id_omitted = "all_organizations"\nstart_bound = "exclusive"\n'
        "[observed]\norg_id_omitted = 2026-01-02T03:04:05+01:00\n",
        encoding="utf-8",
    )
    old = read_choices(tmp_path / "old.toml")
    new = read_choices(saved(checked({}), tmp_path, kept=old))
    assert new["foreign_organization"] == old["foreign_organization"]
    assert new["org_id_omitted"] == old["org_id_omitted"]
    assert new["org_id_omitted"].observed == datetime(2026, 1, 2, 2, 4, 5, tzinfo=UTC)
    assert new["start_bound"].value == "inclusive"


def test_a_guess_is_marked_and_never_contradicted(tmp_path: Path) -> None:
    sighting = Sighting(("-06:15", "-06:00", "-05:45"), "it begins there", "/usage/llm?org_id=1", NOW)
    one = Observation("default_window_offset", sighting.possible, (sighting,))
    (tmp_path / "behavior.toml").write_text(render([one], base_url="there", day="2026-04-20"), encoding="utf-8")
    assert read_choices(tmp_path / "behavior.toml") == {"default_window_offset": Choice("-06:00", guessed=True)}
    assert one.state is State.UNKNOWN and one.best(None) == "-06:00" and one.best("-05:45") == "-05:45"
    narrower = replace(one, possible=("-05:45",), sightings=(replace(sighting, possible=("-05:45",)),))
    report = replace(
        checked({}), observations=(narrower,), chosen=read_choices(tmp_path / "behavior.toml"), strict=True
    )
    assert report.fidelity.undecided == ("default_window_offset",) and report.exit_code == 0
    (tmp_path / "behavior.toml").write_text(
        'default_window_offset = "-06:00"\n[guessed]\ndefault_window_offset = "-05:45"'
    )
    own = read_choices(tmp_path / "behavior.toml")
    assert own == {"default_window_offset": Choice("-06:00")}
    assert replace(report, chosen=own).exit_code == 1


def test_a_recording_shows_what_the_run_showed() -> None:
    behavior = {"end_bound": "exclusive", "list_order": "highest_id_first", "date_as_end": "end_of_day"}
    recorded = record(config_of(behavior, (1, 2)))
    replayed = replay(parse(cassette.render(recorded.recording).encode()), behavior={"end_bound": Choice("inclusive")})
    assert [each.possible for each in replayed.observations] == [each.possible for each in recorded.report.observations]
    assert by_question(replayed)["list_order"].value == "highest_id_first"
    assert replayed.changed_answers == ("end_bound",)


def test_further_requests_are_few_and_stay_within_the_budget() -> None:
    whole = config_of({}, (1,))
    evidence, further, requests, _ = collect(whole)
    assert 1 <= len(further) <= MAX_FURTHER and requests <= whole.budget
    assert not any(each in evidence.interactions for each in further), "the checks judge none of them"
    for left in (0, 1, 3):
        tight = config_of({}, (1,), max_requests=requests - len(further) + left)
        assert len(collect(tight).further) == max(left, RESERVE)


def test_nothing_is_observed_of_what_is_not_the_api() -> None:
    def other_site(environ: Any, start_response: Any) -> list[bytes]:
        start_response("200 OK", [("Content-Type", "text/html")])
        return [b"<html>Welcome</html>"]

    found = run(Config("http://127.0.0.1", "a-key", (1,), now=lambda: NOW, adapter=WsgiAdapter(other_site)))
    assert found.unjudged and not found.observations


@pytest.mark.parametrize(
    ("question", "values", "words"),
    [
        ("end_alone", ["open", 29, 30, 31], "open, or 29 to 31"),
        ("end_alone", [30, 1], "1, or 30"),
        ("local_offset", ["-06:15", "-06:00"], "-06:15, or -06:00"),
        ("local_offset", ["+00:00", "-00:15", "-00:30", "+14:00"], "-00:30 to +00:00, or +14:00"),
        ("start_bound", ["inclusive", "exclusive"], "inclusive, or exclusive"),
        ("record_decimals", [], ""),
    ],
)
def test_answers_are_written_as_ranges(question: str, values: list[Any], words: str) -> None:
    assert in_words(question, values) == words
