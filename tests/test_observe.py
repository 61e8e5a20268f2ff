"""What the check observes of open questions is how the API behaves: a fake with any behavior, and the stand-in."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from civis_usage.contract_tests.config import Config
from civis_usage.contract_tests.observe.observation import Observation, State
from civis_usage.contract_tests.results import Report
from civis_usage.contract_tests.runner import run
from civis_usage.mock_server.app import create_app
from civis_usage.mock_server.settings import Settings
from civis_usage.schemas.behavior import DEFAULT, resolve

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


def config_of(behavior: dict[str, Any], organizations: tuple[int, ...], **more: Any) -> Config:
    """Return a run of the check on a fake with a behavior, in this process."""
    app = create_app(Settings(now=f"{NOW:%Y-%m-%dT%H:%M:%SZ}", generated=False, data=records(), behavior=behavior))
    settings = {"now": lambda: NOW, "allow_no_data": True, "adapter": WsgiAdapter(app)} | more
    return Config("http://127.0.0.1", "a-key-of-the-tests", organizations, **settings)


def checked(behavior: dict[str, Any], organizations: tuple[int, ...] = (1,), **more: Any) -> Report:
    """Check a fake with a behavior."""
    return run(config_of(behavior, organizations, **more))


def by_question(found: Report) -> dict[str, Observation]:
    return {each.question: each for each in found.observations}


# -- the round trip ----------------------------------------------------------------------------------------------------

LAST = ("end_alone", "unknown_organization_in_summary", "blank_in_date_time", "start_after_end")
"""The questions that the last of the further requests are for: unknown where the others took all of them."""


def cannot_be_seen(question: str, behavior: dict[str, Any], organizations: tuple[int, ...]) -> bool:
    """Return whether the data, or this behavior, leaves more than one answer to a question, whoever looks."""
    is_vague = behavior["unreadable_parameter"] in ("ignored", "matches_nothing")
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
        "summary_decimals": isinstance(behavior["summary_decimals"], int)
        and (behavior["record_decimals"] != "all" or "bad_request" in (behavior["start_alone"], behavior["end_alone"])),
    }.get(question, False)


@pytest.mark.slow
@settings(
    max_examples=int(os.environ.get("ROUND_TRIPS", "50")),
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
    "dates-without-time-are-chicagos": {"local_offset": "-05:00"},
    "unreadable-parameters-ignored": {"unreadable_parameter": "ignored"},
    "unreadable-parameters-get-422": {"unreadable_parameter": "unprocessable_entity"},
    "unreadable-parameters-get-404": {"unreadable_parameter": "not_found"},
    "unreadable-parameters-find-nothing": {"unreadable_parameter": "matches_nothing"},
    "unknown-organization-costs-nothing": {"unknown_organization_in_summary": "zero"},
    "unknown-organization-gets-404": {"unknown_organization_in_list": "not_found"},
    "summary-of-nothing-gets-404": {"summary_without_usage": "not_found"},
}
"""What each legal variant of the stand-in does otherwise."""


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with serving() as server:
        yield server


@pytest.mark.slow
@pytest.mark.parametrize("name", VARIANTS)
def test_what_a_variant_of_the_standin_does_is_observed(server: Server, name: str) -> None:
    variation = next(each for each in VARIATIONS if each.id == name)
    found = judge(server, variation.standin(**DENSE), at=variation.at)
    assert found.exit_code == 0, wrong(found)
    observed = by_question(found)
    for question, answer in (STANDIN | VARIANTS[name]).items():
        assert answer in observed[question].possible, (question, answer, observed[question])
    for question in VARIANTS[name]:
        assert observed[question].state is State.SEEN or question in ("default_window_offset", "local_offset"), observed
        assert question not in ("default_window_offset",) or DEFAULT[question] not in observed[question].possible


DENSE = {"daily": {1: 12, 2: 3}, "daily_matching": {1: 12, 2: 2}, "days": 70}
"""Usage every two hours, for more days than windows of days have in a variant."""


@pytest.mark.slow
def test_what_the_standin_does_is_observed(server: Server) -> None:
    found = judge(server, Standin(**DENSE))
    observed = by_question(found)
    seen = {question for question, each in observed.items() if each.state is State.SEEN}
    for question, answer in STANDIN.items():
        assert answer in observed[question].possible, (question, observed[question])
    assert set(STANDIN) - seen <= {*LAST, "list_order", "matching_default_window"}, (
        "two orders and long windows are alike"
    )
    assert len(seen) >= 12, seen
