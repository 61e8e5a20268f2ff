"""The check when an API is in trouble: what fails costs its own checks only, and a run ends in time."""

from __future__ import annotations

import itertools
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest

from civis_usage.contract_tests import Config, Report, run
from civis_usage.contract_tests.results import Basis, Verdict

from .endless_servers import Behaviour, drip, endless_head, served
from .judging import judge, wrong
from .standin import KEY, Answer, Request, Standin
from .standin_runs import NOW
from .standin_server import Server, serving

SIZE: dict[str, Any] = {"daily": {1: 6, 2: 2, 3: 1}, "daily_matching": {1: 4, 2: 2, 3: 1}}
Right = Callable[[Request], Answer]


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with serving() as server:
        yield server


def judged(report: Report) -> int:
    return sum(result.verdict is not Verdict.INCONCLUSIVE for result in report.results)


def open_rules(report: Report) -> set[str]:
    return {result.check.id for result in report.results if result.verdict is Verdict.INCONCLUSIVE}


def days(request: Request) -> float:
    """Return the length of a request's window; 0 where it has not both ends."""
    ends = [request.query.get(name) for name in ("start_date", "end_date")]
    if None in ends:
        return 0
    start, end = (datetime.fromisoformat(str(each)) for each in ends)
    return (end - start) / timedelta(days=1)


def is_wide(request: Request) -> bool:
    return request.path == "/usage/llm" and days(request) > 300


# A part of the API that fails


def gateway_timeout(right: Right, request: Request) -> Answer:
    return Answer(504, b"<h1>504</h1>", {"Content-Type": "text/html"})


def cut(right: Right, request: Request) -> Answer:
    answer = right(request)
    answer.headers |= {"Content-Length": str(len(answer.body) + 1), "Connection": "close"}
    return answer


def hang_up(right: Right, request: Request) -> Answer:
    return Answer(200, dropped=True)


def failing(fail: Callable[[Right, Request], Answer], applies: Callable[[Request], bool]) -> Standin:
    def answer(api: Standin, right: Right, request: Request) -> Answer:
        return fail(right, request) if applies(request) else right(request)

    return Standin(**SIZE).bend("answer", answer)


@pytest.mark.parametrize("fail", [gateway_timeout, cut, hang_up], ids=lambda each: each.__name__)
def test_a_wide_list_that_fails_leaves_two_thirds_of_the_checks_judged(
    server: Server, fail: Callable[[Right, Request], Answer]
) -> None:
    standin = failing(fail, is_wide)
    report = judge(server, standin)
    assert any(is_wide(request) for request, _ in standin.journal), "no wide list was requested"
    assert judged(report) >= len(report.results) * 2 / 3, wrong(report)
    assert not any(result.verdict is Verdict.FAILED for result in report.results), wrong(report)


def test_a_wide_list_that_never_comes_leaves_two_thirds_of_the_checks_judged(server: Server) -> None:
    over, asked = threading.Event(), threading.Event()

    def hang(right: Right, request: Request) -> Answer:
        asked.set()
        over.wait()
        return right(request)

    try:
        report = judge(server, failing(hang, is_wide), timeout=2.0)
    finally:
        over.set()
    assert asked.is_set(), "no wide list was requested"
    assert judged(report) >= len(report.results) * 2 / 3, wrong(report)
    assert not any(result.verdict is Verdict.FAILED for result in report.results), wrong(report)


@pytest.mark.parametrize("fail", [cut, hang_up], ids=lambda each: each.__name__)
def test_the_first_operation_that_breaks_off_costs_its_own_checks_only(
    server: Server, fail: Callable[[Right, Request], Answer]
) -> None:
    standin = failing(fail, lambda request: request.path.removeprefix("/usage/llm/").isdecimal())
    report = judge(server, standin)
    assert standin.journal[0][0].path.removeprefix("/usage/llm/").isdecimal(), "another operation comes first"
    assert {result.check.operation for result in report.results if result.check.id in open_rules(report)} == {"get_llm"}
    assert report.exit_code == 3, wrong(report)


def test_an_api_that_closes_every_connection_is_tried_at_each_operation_and_no_more(server: Server) -> None:
    standin = failing(hang_up, lambda request: True)
    report = judge(server, standin)
    assert report.unjudged and report.unjudged.startswith("no operation is available: the connection was closed")
    assert len({request.path for request, _ in standin.journal}) == 4 and report.requests == 12, standin.trace()


@pytest.mark.parametrize("path", ["/usage/llm/", "/usage/matching", "/usage/llm/organization/"])
def test_a_query_that_failed_is_never_sent_again_by_another_check(server: Server, path: str) -> None:
    standin = failing(gateway_timeout, lambda request: request.path.startswith(path))
    report = judge(server, standin)
    targets = [(request.target, request.key) for request, answer in standin.journal if answer.status == 504]
    assert targets
    runs = [(target, len(list(group))) for target, group in itertools.groupby(targets)]
    assert max(Counter(target for target, _ in runs).values()) == 1, standin.trace()
    assert max(number for _, number in runs) <= 5
    assert report.exit_code == 3, wrong(report)


def test_a_429_without_a_key_costs_only_the_rules_that_ask_without_one(server: Server) -> None:
    def answer(api: Standin, right: Right, request: Request) -> Answer:
        return Answer(429, b"{}", {"Retry-After": "7200"}) if request.key is None else right(request)

    report = judge(server, Standin(**SIZE).bend("answer", answer))
    expected = {result.check.id for result in report.results if result.check.id.endswith("-key-required")}
    assert len(expected) == 4
    assert open_rules(report) == expected, wrong(report)
    assert report.exit_code == 3


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize("after", [0, 7])
def test_a_maintenance_of_hours_ends_the_run_at_once_and_names_the_time(
    server: Server, status: int, after: int
) -> None:
    def answer(api: Standin, right: Right, request: Request) -> Answer:
        return Answer(status, b"{}", {"Retry-After": "7200"}) if len(api.journal) >= after else right(request)

    standin = Standin(**SIZE).bend("answer", answer)
    began = time.monotonic()
    report = judge(server, standin, sleep=lambda seconds: pytest.fail(f"it waits {seconds} s"))
    assert report.exit_code == 3
    assert len(standin.journal) == report.requests == after + 1
    assert time.monotonic() - began < 30
    reasons = {result.outcome.inconclusive for result in report.results if result.verdict is Verdict.INCONCLUSIVE}
    sentence = "the API asks to come back in 7200 seconds (Retry-After): /usage/"
    assert any(sentence in str(each) and str(each).endswith(f" answered {status}") for each in reasons), reasons
    assert not any("after retries" in str(reason) for reason in reasons), reasons


# What is right


def test_three_organizations_on_a_right_api_end_within_the_default_budget(server: Server) -> None:
    standin = Standin(**SIZE)
    report = judge(server, standin, (1, 2, 3), allow_no_data=False)
    assert report.exit_code == 0, wrong(report)
    assert report.requests == len(standin.journal) <= report.budget == 72 + 2 * 12


@pytest.mark.parametrize("ahead", [timedelta(days=-400), timedelta(days=400)], ids=["behind", "ahead"])
def test_now_is_what_the_apis_date_says_whatever_this_machines_clock_says(server: Server, ahead: timedelta) -> None:
    def headers(api: Standin, right: Any, request: Request, answer: Answer) -> dict[str, str]:
        return dict(right(request, answer)) | {"Date": format_datetime(NOW.astimezone(UTC), usegmt=True)}

    report = judge(server, Standin(**SIZE).bend("headers", headers), now=lambda: NOW + ahead)
    assert report.exit_code == 0, wrong(report)
    assert report.started == "2026-05-19T15:26:07Z"
    by_id = {result.check.id: result for result in report.results}
    assert by_id["list-llm-default-window"].verdict is Verdict.PASSED


# What never ends


@pytest.mark.parametrize("behave", [drip, endless_head], ids=lambda each: each.__name__)
def test_a_server_whose_responses_never_end_cannot_be_judged_and_the_run_ends(behave: Behaviour) -> None:
    began = time.monotonic()
    with served(behave) as url:
        report = run(Config(url, KEY, (1,), deadline=1.0, sleep=lambda seconds: None, now=lambda: NOW))
    assert time.monotonic() - began < 30
    assert report.exit_code == 3
    assert report.unjudged
    documented = {result.verdict for result in report.results if result.check.basis is Basis.DOCUMENTED}
    assert documented == {Verdict.INCONCLUSIVE}


def test_the_process_ends_although_a_request_is_stuck() -> None:
    code = (
        "import sys, threading; from civis_usage.contract_tests import Config, run\n"
        "report = run(Config(sys.argv[1], 'a-key', (1,), deadline=1.0))\n"
        "print(int(report.exit_code), threading.active_count() > 1)"
    )
    with served(drip) as url:
        done = subprocess.run([sys.executable, "-c", code, url], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout, done.stderr) == (0, "3 True\n", "")
