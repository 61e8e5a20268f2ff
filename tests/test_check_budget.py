"""The check is gentle: few requests, nothing but GET, one wrong key, and a budget that it keeps."""

from __future__ import annotations

import statistics
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import combinations
from typing import Any

import pytest

from civis_usage.client.errors import ConfigurationError
from civis_usage.contract_tests.config import Config
from civis_usage.contract_tests.results import Report, Verdict

from .deviations.combinations import PARAMETERS
from .deviations.table import asks
from .judging import judge, wrong
from .legal import VARIATIONS
from .standin import KEY, Answer, Request, Standin
from .standin_runs import NOW
from .standin_server import Server, serving

LEGAL = {each.id: each for each in VARIATIONS}
A_YEAR = {"daily": {1: 12, 2: 3}, "daily_matching": {1: 4, 2: 2}}


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with serving() as server:
        yield server


def nightly(*cases: float) -> list[Any]:
    """Return cases that lie between others, which stand for them in ``make test``."""
    return [pytest.param(case, marks=pytest.mark.nightly) for case in cases]


def assert_gentle(standin: Standin, report: Report) -> None:
    assert standin.methods <= {"GET"}, standin.trace()
    assert standin.wrong_keys <= 4, standin.trace()
    assert report.requests == len(standin.journal) <= report.budget, standin.trace()


@pytest.mark.slow
@pytest.mark.nightly
def test_a_year_of_one_organization_takes_some_seconds(server: Server, record_property: pytest.RecordProperty) -> None:
    standins = [Standin(**A_YEAR) for _ in range(3)]
    reports = [judge(server, standin, seed=seed) for seed, standin in enumerate(standins)]
    for standin, report in zip(standins, reports, strict=True):
        assert report.exit_code == 0, wrong(report)
        assert_gentle(standin, report)
    requests = statistics.median(report.requests for report in reports)
    seconds = statistics.median(report.seconds for report in reports)
    record_property("requests", requests)
    record_property("seconds", seconds)
    assert seconds < 30, f"median of {seconds} s; 8 are promised on a quiet machine"


@pytest.mark.parametrize(("daily", "organizations"), [(2, (1,)), (12, (1,)), (3, (1, 2))])
def test_each_documented_combination_of_parameters_is_sent(
    server: Server, daily: float, organizations: tuple[int, ...]
) -> None:
    standin = Standin(daily={1: daily, 2: daily / 2}, daily_matching={1: 0.7 * daily, 2: daily / 3})
    report = judge(server, standin, organizations)
    assert report.exit_code == 0, wrong(report)
    sent = {(asks(request), frozenset(request.query)) for request, answer in standin.journal if answer.status == 200}
    wanted = {(operation, names) for operation, all_names in PARAMETERS.items() for names in subsets(all_names)}
    assert wanted <= sent, wanted - sent


def subsets(names: tuple[str, ...]) -> Iterator[frozenset[str]]:
    for size in range(len(names) + 1):
        yield from map(frozenset, combinations(names, size))


@pytest.mark.parametrize("budget", [1, 3, 8, 20, 40, 100, *nightly(2, 5, 12, 30, 60)])
@pytest.mark.parametrize("organizations", [(1,), (1, 2, 3)], ids=["one-organization", "three-organizations"])
def test_a_budget_is_kept_and_what_it_did_not_reach_is_said(
    server: Server, budget: int, organizations: tuple[int, ...]
) -> None:
    standin = Standin(daily={1: 2, 2: 1, 3: 1}, daily_matching={1: 2, 2: 1, 3: 1})
    report = judge(server, standin, organizations, max_requests=budget)
    assert_gentle(standin, report)
    assert report.budget == budget
    reached = all(result.verdict is Verdict.PASSED for result in report.results)
    assert report.exit_code == (0 if reached else 3), wrong(report)
    if budget <= 20:
        assert not reached, wrong(report)
    for result in report.results:
        assert result.verdict in (Verdict.PASSED, Verdict.INCONCLUSIVE), wrong(report)
        assert result.verdict is Verdict.PASSED or result.outcome.inconclusive, wrong(report)


@pytest.mark.parametrize(
    ("start", "end"),
    [
        (datetime(2026, 2, 1, tzinfo=UTC), datetime(2026, 3, 1, tzinfo=UTC)),
        (datetime(2026, 1, 15, 12, 30, tzinfo=UTC), None),
        (None, datetime(2025, 9, 9, 9, 9, 9, tzinfo=UTC)),
        (datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 3, 9, tzinfo=UTC)),
    ],
)
def test_usage_between_two_dates_is_judged_alone(server: Server, start: datetime | None, end: datetime | None) -> None:
    standin = Standin(**A_YEAR)
    report = judge(server, standin, start=start, end=end)
    assert report.exit_code == 0, wrong(report)
    assert_gentle(standin, report)


NOW_AND_THEN = {
    "this month": {"start": datetime(2026, 5, 10, tzinfo=UTC)},
    "since the first of the month": {"start": datetime(2026, 5, 1, tzinfo=UTC)},
    "since yesterday": {"start": datetime(2026, 5, 18, tzinfo=UTC)},
    "from yesterday to today": {"start": datetime(2026, 5, 18, tzinfo=UTC), "end": datetime(2026, 5, 19, tzinfo=UTC)},
    "a minute": {"start": datetime(2026, 4, 1, tzinfo=UTC), "end": datetime(2026, 4, 1, 0, 1, tzinfo=UTC)},
    "before anybody's usage": {"end": datetime(2009, 5, 1, tzinfo=UTC)},
    "in a year long past": {"start": datetime(1999, 1, 1, tzinfo=UTC), "end": datetime(1999, 12, 31, tzinfo=UTC)},
}


@pytest.mark.parametrize("daily", [12, 0.1, *nightly(1)])
@pytest.mark.parametrize("window", NOW_AND_THEN.values(), ids=list(NOW_AND_THEN))
def test_no_window_is_asked_for_that_does_not_begin_before_it_ends_but_one_on_purpose(
    server: Server, window: dict[str, datetime], daily: float
) -> None:
    standin = LEGAL["reversed-window-gets-400"].standin(daily={1: daily}, daily_matching={1: daily})
    report = judge(server, standin, **window)
    assert report.exit_code == 0, wrong(report)
    refused = {request.target for request, answer in standin.journal if b"does not begin before" in answer.body}
    [observation] = [each for each in report.observations if each.question == "start_after_end"]
    assert refused == {each.request for each in observation.sightings}, standin.trace()
    assert len(refused) <= 1, standin.trace()


@pytest.mark.parametrize("day", [NOW, NOW - timedelta(days=1), NOW + timedelta(days=99)])
def test_a_beginning_that_leaves_no_closed_day_is_refused(day: datetime) -> None:
    sentence = r"^--start-date 20.* leaves nothing to look at.*, so name 2026-05-18 or an earlier day\.$"
    with pytest.raises(ConfigurationError, match=sentence):
        Config("http://127.0.0.1:1", KEY, start=day, now=lambda: NOW)
    assert Config("http://127.0.0.1:1", KEY, start=datetime(2026, 5, 18, tzinfo=UTC), now=lambda: NOW)


TROUBLE = {
    "refuses-the-key": Answer(401, b'{"error":"unauthorized","code":401}', {"WWW-Authenticate": "Basic"}),
    "forbids-everything": Answer(403, b'{"error":"forbidden","code":403}', {"Content-Type": "application/json"}),
    "knows-nothing": Answer(404, b'{"error":"not_found","code":404}', {"Content-Type": "application/json"}),
    "is-down": Answer(503, b"<h1>503</h1>", {"Content-Type": "text/html"}),
    "is-broken": Answer(500, b"<h1>500</h1>", {"Content-Type": "text/html"}),
    "is-too-busy": Answer(429, b'{"error":"busy","code":429}', {"Retry-After": "3"}),
    "is-another-site": Answer(200, b"<html>Welcome</html>", {"Content-Type": "text/html"}),
    "hangs-up": Answer(200, dropped=True),
    "sends-elsewhere": Answer(302, b"", {"Location": "/sign-in"}),
}


@pytest.mark.parametrize("trouble", TROUBLE)
def test_what_is_not_the_api_cannot_be_judged(server: Server, trouble: str) -> None:
    standin = Standin()

    def answer(api: Standin, right: object, request: Request) -> Answer:
        made = TROUBLE[trouble]
        return Answer(made.status, made.body, dict(made.headers), made.dropped)

    report = judge(server, standin.bend("answer", answer))
    assert report.exit_code == 3, wrong(report)
    assert report.unjudged, wrong(report)
    assert_gentle(standin, report)


def test_whither_a_redirection_sends_is_said_without_its_query(server: Server) -> None:
    def answer(api: Standin, right: object, request: Request) -> Answer:
        return Answer(307, b"", {"Location": "https://sign-in.example/here?ticket=secret#there"})

    report = judge(server, Standin().bend("answer", answer))
    assert report.unjudged is not None
    assert report.unjudged.endswith(" answered 307; this came: a redirect to https://sign-in.example/here")
