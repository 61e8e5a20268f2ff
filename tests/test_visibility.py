"""An organization of which nothing is visible to the key ends the run with 4 and says so, whatever is allowed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta

import pytest

from civis_usage.client.errors import ConfigurationError
from civis_usage.contract_tests.config import Config
from civis_usage.contract_tests.reports.text import headline
from civis_usage.contract_tests.results import Report, Verdict
from civis_usage.schemas import OPERATIONS

from .deviations import DEVIATIONS
from .judging import judge, wrong
from .legal import VARIATIONS
from .standin import KEY, Answer, Refused, Request, Standin
from .standin_runs import NOW, make_runs, millis
from .standin_server import Server, serving

SIZE = {"daily": {1: 2, 2: 1}, "daily_matching": {1: 1.6, 2: 1}}
LEGAL = {variation.id: variation for variation in VARIATIONS}
UNKNOWN = "Nothing visible to this key for organization 99: check the id or the key's permissions."
Right = Callable[..., Answer]


@pytest.fixture(scope="module")
def server():
    with serving() as server:
        yield server


def assert_unknown(report: Report, said: str = UNKNOWN) -> None:
    assert (report.exit_code, headline(report)) == (4, said), wrong(report)
    assert report.count(Verdict.FAILED) == 0, wrong(report)


@pytest.mark.parametrize("allowed", [False, True, ("list_llm", "list_matching")])
@pytest.mark.parametrize("reading", [None, "unknown-organization-gets-404"])
def test_an_unknown_organization_is_4_also_where_no_data_is_allowed(
    server: Server, reading: str | None, allowed: bool | tuple[str, ...]
) -> None:
    standin = LEGAL[reading].standin(**SIZE) if reading else Standin(**SIZE)
    report = judge(server, standin, (99,), allow_no_data=allowed)
    assert_unknown(report)
    reasons = {result.outcome.inconclusive for result in report.results if result.verdict is Verdict.INCONCLUSIVE}
    assert reasons == {report.invisible}


@pytest.mark.parametrize(("organizations", "named"), [((1, 99), "organization 99"), ((99, 1), "organization 99")])
def test_a_known_organization_is_judged_beside_an_unknown_one(
    server: Server, organizations: tuple[int, ...], named: str
) -> None:
    report = judge(server, Standin(**SIZE), organizations)
    assert_unknown(report)
    if organizations[0] == 1:
        assert report.count(Verdict.INCONCLUSIVE) == 0, wrong(report)


def test_several_unknown_organizations_are_named_together(server: Server) -> None:
    report = judge(server, Standin(**SIZE), (98, 99))
    assert_unknown(
        report, "Nothing visible to this key for organizations 98, 99: check the id or the key's permissions."
    )


def test_a_violation_comes_before_an_unknown_organization(server: Server) -> None:
    missing = next(deviation for deviation in DEVIATIONS if deviation.id == "list_llm: jobId is missing")
    report = judge(server, missing.standin(**SIZE), (1, 99))
    assert report.exit_code == 1, wrong(report)
    assert report.invisible


def test_an_organization_that_the_api_forbids_is_4(server: Server) -> None:
    def understand(api: Standin, right: Callable[..., object], operation: str, query: object) -> object:
        if right(operation, query).org == 99:  # type: ignore[attr-defined]
            raise Refused(403, "forbidden", "You may not see this.")
        return right(operation, query)

    assert_unknown(judge(server, Standin(**SIZE).bend("understand", understand), (99,)))


def test_a_known_organization_without_usage_is_0_where_that_is_allowed(server: Server) -> None:
    empty = LEGAL["no-usage"]
    codes = [judge(server, empty.standin(), allow_no_data=allowed).exit_code for allowed in (True, False)]
    assert codes == [0, 4]


@pytest.mark.parametrize("organizations", [(1, 3), (3, 1), (3,)])
def test_an_organization_without_usage_is_named_and_4_unless_that_is_allowed(
    server: Server, organizations: tuple[int, ...]
) -> None:
    standin = Standin(daily={1: 2, 3: 0}, daily_matching={1: 2})
    report = judge(server, standin, organizations, allow_no_data=False)
    said = "Nothing is violated, but organization 3 showed no usage: check the id (--allow-no-data accepts that)."
    assert (report.exit_code, headline(report)) == (4, said), wrong(report)
    allowed = replace(report, allow_no_data=tuple(OPERATIONS))
    assert allowed.exit_code == 0 and "organization 3 showed no usage" in allowed.notes, wrong(report)


@pytest.mark.parametrize("days", [0, 900])
@pytest.mark.parametrize("matching", [False, True])
def test_a_further_organization_with_usage_of_long_ago_or_of_today_has_usage(
    server: Server, matching: bool, days: int
) -> None:
    day = (NOW - timedelta(days=days)).toordinal() - date(1970, 1, 1).toordinal()
    usage = [run for run in make_runs(matching, 3, day, 40) if run.at < millis(NOW)]
    standin = Standin(daily={1: 2, 3: 0}, daily_matching={1: 2}, extra=usage)
    report = judge(server, standin, (1, 3), allow_no_data=False)
    assert usage
    assert report.exit_code == 0 and not report.without_usage, wrong(report)


def test_only_the_operations_that_are_named_may_be_empty(server: Server) -> None:
    standin = LEGAL["no-matching-usage"].standin(daily={1: 2})
    for allowed, code in (((), 4), (("list_matching",), 0), (("list_llm", "get_llm"), 4), (True, 0)):
        report = judge(server, standin, allow_no_data=allowed)
        assert report.exit_code == code, (allowed, wrong(report))


def test_an_operation_that_does_not_exist_cannot_be_empty() -> None:
    with pytest.raises(ConfigurationError, match=r"^--allow-no-data list_llms is not an operation: name some of list_"):
        Config("http://127.0.0.1:1", KEY, allow_no_data=("list_llms",))


def test_a_key_without_usage_of_its_own_is_told_to_name_an_organization(server: Server) -> None:
    for allowed in (False, True):
        report = judge(server, Standin(daily={2: 2}, daily_matching={2: 1}), (), allow_no_data=allowed)
        assert_unknown(report, "Nothing visible to this key without an organization: name one with --org-id.")


FOREIGN = {
    "a web server's page": Answer(404, b"<h1>Not Found</h1>", {"Content-Type": "text/html"}),
    "a gateway": Answer(403, b'{"message":"Forbidden"}', {"Content-Type": "application/json"}),
    "a gateway that knows the API's form": Answer(403, b'{"error":"forbidden","code":403}'),
}


@pytest.mark.parametrize("came", FOREIGN.values(), ids=list(FOREIGN))
def test_what_is_not_the_api_s_own_answer_stays_3(server: Server, came: Answer) -> None:
    def answer(api: Standin, right: Right, request: Request) -> Answer:
        return Answer(came.status, came.body, dict(came.headers))

    report = judge(server, Standin(**SIZE).bend("answer", answer), (99,))
    assert (report.exit_code, report.invisible) == (3, None), wrong(report)


def test_a_web_server_s_page_for_one_organization_stays_3(server: Server) -> None:
    def answer(api: Standin, right: Right, request: Request) -> Answer:
        foreign = "99" in request.target and request.key == KEY
        return Answer(404, b"<h1>Not Found</h1>", {"Content-Type": "text/html"}) if foreign else right(request)

    report = judge(server, Standin(**SIZE).bend("answer", answer), (99,))
    assert (report.exit_code, report.invisible) == (3, None), wrong(report)


def test_a_budget_that_ends_before_the_organization_was_seen_stays_3(server: Server) -> None:
    report = judge(server, Standin(**SIZE), (99,), max_requests=3)
    assert report.exit_code == 3
    assert headline(report).endswith("because the budget of 3 requests is spent: raise it with --max-requests.")
