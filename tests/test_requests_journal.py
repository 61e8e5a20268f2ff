"""From the program to the check: the requests of a program's tests, in a file, and first of all at the live API."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from click.testing import CliRunner
from flask import Response, request
from hypothesis import given
from hypothesis import strategies as st

from civis_usage.cli import main
from civis_usage.contract_tests.checks import checks
from civis_usage.contract_tests.collect.requests import MOST, InvalidJournal, read
from civis_usage.contract_tests.config import Config, Journal
from civis_usage.contract_tests.exit_code import ExitCode
from civis_usage.contract_tests.reports import json as json_report
from civis_usage.contract_tests.reports import terminal
from civis_usage.contract_tests.results import Report, Result, Verdict
from civis_usage.contract_tests.runner import run
from civis_usage.fixtures.fake_server import UsageServer
from civis_usage.mock_server.journal_file import JournalFile
from civis_usage.mock_server.variations import other_answers
from civis_usage.schemas.behavior import QUESTIONS

APRIL = {"start_date": "2026-04-01T00:00:00Z", "end_date": "2026-05-01T00:00:00Z"}


SMALL: dict[str, Any] = {"now": "2026-05-20T12:00:00Z", "runs_per_day": 3}
"""A fake that is soon checked."""


def journal(path: Path, *requests: tuple[str, dict[str, str]]) -> str:
    lines = [json.dumps({"operation": operation, "parameters": params}) for operation, params in requests]
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return str(path)


# -- writing -----------------------------------------------------------------------------------------------------------


def lines_of(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


TESTS = """
import pytest
import requests

@pytest.mark.parametrize("round", range(3))
def test_it(usage_client, usage_server, round):
    usage_client.list_llm(org_id=1, start_date="2026-04-01")
    usage_client.get_llm_organization_summary(1)
    requests.get(f"{usage_server.url}/users/me", auth=("secret-key", ""), timeout=10)
    requests.get(f"{usage_server.url}/usage/llm?model=secret-key", auth=("secret-key", ""), timeout=10)
"""


@pytest.mark.parametrize("options", [(), pytest.param(("-n2",), marks=pytest.mark.slow)], ids=["alone", "xdist"])
def test_pytest_writes_each_request_once(pytester: pytest.Pytester, options: tuple[str, ...]) -> None:
    pytester.makepyfile(TESTS)
    file = pytester.path / "requests.ndjson"
    file.write_text("what an earlier run wrote\n", encoding="utf-8")
    pytester.runpytest_subprocess("--usage-journal", "requests.ndjson", *options).assert_outcomes(passed=3)
    written = [json.dumps(each, sort_keys=True) for each in lines_of(file)]
    assert "secret-key" not in file.read_text(encoding="utf-8")
    assert set(written) == {
        '{"operation": "list_llm", "parameters": {"org_id": "1", "start_date": "2026-04-01"}}',
        '{"operation": "get_llm_organization_summary", "parameters": {"org_id": "1"}}',
        '{"operation": "list_llm", "parameters": {"model": "\\u2026"}}',
    }
    assert len(written) == 3 or options, "one process writes each request once"


def test_without_the_option_nothing_is_written(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(TESTS)
    pytester.runpytest_inprocess("-p", "no:cacheprovider").assert_outcomes(passed=3)
    assert [path.name for path in pytester.path.iterdir() if path.suffix not in (".py", ".ini")] in (
        [],
        ["__pycache__"],
    )


def test_a_file_that_cannot_be_written_is_refused(pytester: pytest.Pytester, tmp_path: Path) -> None:
    result = pytester.runpytest_inprocess("--usage-journal", "nowhere/requests.ndjson")
    result.stderr.fnmatch_lines(
        "*--usage-journal nowhere/requests.ndjson cannot be written: No such file or directory."
    )
    done = CliRunner().invoke(main, ["serve", "--port", "0", "--journal", str(tmp_path / "nowhere" / "file")])
    assert done.exit_code == ExitCode.WRONG_USE
    assert "cannot be written: no such file or directory" in done.output


def test_serve_writes_it_too(tmp_path: Path) -> None:
    file = tmp_path / "requests.ndjson"
    words = ["serve", "--port", "0", "--log", "none", "--journal", str(file)]
    process = subprocess.Popen([sys.executable, "-m", "civis_usage", *words], stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        url = process.stdout.readline().split(" at ")[1].strip()
        arguments = ["call", "list-matching", "--org-id", "1", "--base-url", url]
        CliRunner().invoke(main, arguments, env={"CIVIS_API_KEY": "key"}, catch_exceptions=False)
    finally:
        process.terminate()
        process.communicate(timeout=60)
    assert lines_of(file) == [{"operation": "list_matching", "parameters": {"org_id": "1"}}]


def test_what_is_written_can_be_read(tmp_path: Path) -> None:
    server = UsageServer({"now": "2026-05-01T00:00:00Z"})
    file = JournalFile(tmp_path / "requests.ndjson")
    server.journal.on_call = file.add
    client = server.app.test_client()
    for target in ("/usage/llm?org_id=1", "/usage/llm?org_id=abc", "/usage/llm/7", "/usage/matching?task=IDR&org_id=2"):
        client.get(target, auth=("key", ""))
    assert read(str(tmp_path / "requests.ndjson")).requests == (
        ("list_llm", (("org_id", 1),)),
        ("list_matching", (("task", "IDR"), ("org_id", 2))),
    )


def test_a_refused_request_is_left_out_until_it_succeeds(tmp_path: Path) -> None:
    server = UsageServer({"now": "2026-05-01T00:00:00Z"})
    server.journal.on_call = JournalFile(tmp_path / "requests.ndjson").add
    client = server.app.test_client()
    server.faults.add("list_llm", status=503, first=1)
    for _ in range(2):
        assert not lines_of(tmp_path / "requests.ndjson")
        status = client.get("/usage/llm?org_id=1", auth=("key", "")).status_code
    client.get("/usage/llm?org_id=1", auth=("wrong", "user"))
    assert status == 200
    assert lines_of(tmp_path / "requests.ndjson") == [{"operation": "list_llm", "parameters": {"org_id": "1"}}]


# -- reading -----------------------------------------------------------------------------------------------------------


def test_of_many_requests_some_of_each_kind_are_sent(tmp_path: Path) -> None:
    days = [("list_llm", {"org_id": "1", "start_date": f"2026-04-{day:02d}"}) for day in range(1, 29)]
    times = [("list_llm", {"start_date": f"2026-04-{day:02d}T00:00:00Z"}) for day in range(1, 29)]
    sums = [("get_llm_organization_summary", {"org_id": "1"})]
    found = read(journal(tmp_path / "requests", *days, *days, *times, *sums))
    assert len(found.requests) == MOST == len(set(found.requests))
    assert found.left_out == {"more than 30 requests": 27}
    assert [dict(params) for _, params in found.requests[:3]] == [
        {"org_id": 1, "start_date": "2026-04-01"},
        {"start_date": "2026-04-01T00:00:00Z"},
        {"org_id": 1},
    ]


def test_organizations_of_the_tests_become_those_that_are_checked() -> None:
    sent = (("list_llm", (("org_id", 1),)), ("list_llm", (("org_id", 2),)), ("list_llm", (("org_id", 8),)))
    tests = Journal("requests", sent, {})
    assert tests.for_organizations((7, 8)) == (("list_llm", (("org_id", 7),)), ("list_llm", (("org_id", 8),)))
    assert tests.replaced((7, 8)) == (1, 2)
    assert tests.for_organizations(()) == sent
    assert tests.replaced(()) == ()


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("nonsense\n", r"line 1 is not a request such as"),
        ('{"operation": "list_llm"}\n', r"line 1 is not a request such as"),
        ('\n{"operation": "list_lm", "parameters": {}}\n', r"line 2: the API has no operation 'list_lm': use one of"),
        ("", r"has no requests that can be sent: write it with pytest --usage-journal"),
        ('{"operation": "list_llm", "parameters": {"org_id": "…"}}\n', r"has no requests that can be sent"),
    ],
)
def test_a_file_that_cannot_be_used_is_refused_with_a_sentence(tmp_path: Path, text: str, sentence: str) -> None:
    file = tmp_path / "requests"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(InvalidJournal, match=sentence):
        read(str(file))


def test_wrong_use_gets_a_sentence(tmp_path: Path) -> None:
    key = {"CIVIS_API_KEY": "key"}
    done = CliRunner().invoke(main, ["check", "--requests", str(tmp_path / "nowhere")], env=key)
    assert (done.exit_code, "cannot be read: no such file" in done.output) == (ExitCode.WRONG_USE, True)
    done = CliRunner().invoke(main, ["check"], env={**key, "CIVIS_USAGE_CHECK_REQUESTS": "nowhere"})
    assert (done.exit_code, "nowhere cannot be read" in done.output) == (ExitCode.WRONG_USE, True)
    file = journal(tmp_path / "requests", ("list_llm", {}))
    done = CliRunner().invoke(main, ["check", "--requests", file, "--recording", file], env=key)
    assert done.exit_code == ExitCode.WRONG_USE
    assert "--requests cannot be used with --recording" in done.output


# -- checking ----------------------------------------------------------------------------------------------------------

ANSWERED = "any-requests-answered"
DATES: list[dict[str, str]] = [
    {},
    APRIL,
    {"start_date": "2026-04-01"},
    {"end_date": "2026-04-01"},
    {"start_date": "2026-04-01 00:00:00"},
    {"start_date": "2026-04-01", "end_date": "2026-04-30"},
    {"start_date": "2026-05-01", "end_date": "2026-04-01"},
    {"start_date": "2026-04-01T00:00:00+02:00", "end_date": "2026-04-01T00:00:00.001+02:00"},
    {"start_date": "tomorrow"},
    {"end_date": ""},
    {"start_date": "2026-04-01T00:00:00"},
]
EVERYTHING: list[tuple[str, dict[str, str]]] = [
    *(("list_llm", {"org_id": "1", **dates}) for dates in DATES),
    ("list_llm", APRIL),
    *(("list_llm", {"org_id": org}) for org in ("999999", "-1", "abc")),
    ("list_llm", {"more": "1"}),
    *(("get_llm_organization_summary", {"org_id": org}) for org in ("1", "2", "abc")),
    ("get_llm_organization_summary", {"org_id": "1", **APRIL}),
    *(("list_matching", params) for params in ({}, {"task": "XYZ"}, {"task": "CDM", "org_id": "1", **APRIL})),
    *(("list_matching", {"org_id": "abc", **dates}) for dates in DATES[:3]),
    ("list_llm", {"org_id": "abc", **APRIL}),
    *(("get_llm", {"id": id_}) for id_ in ("abc", "5")),
]
"""All that a program may send, right or wrong."""


def failed(report: Report) -> set[str]:
    return {result.check.id for result in report.results if result.verdict is Verdict.FAILED}


def check(
    requests: str,
    *,
    organizations: tuple[int, ...] = (1,),
    after: Callable[[Response], Response] = lambda response: response,
    **settings: Any,
) -> tuple[UsageServer, Report]:
    server = UsageServer({**SMALL, **settings})
    server.app.after_request(after)
    try:
        config = Config(server.url, "key", organizations, requests=read(requests), sleep=lambda _: None)
        return server, run(config)
    finally:
        server.stop()


def test_the_programs_requests_come_first_and_cost_no_other_its_budget(tmp_path: Path) -> None:
    file = journal(tmp_path / "requests", *EVERYTHING)
    server, report = check(file)
    assert failed(report) == {ANSWERED}, report
    expected = [
        (operation, {name: str(value) for name, value in params})
        for operation, params in read(file).for_organizations((1,))
    ]
    sent = [(call.operation, dict(call.parameters)) for call in server.journal]
    assert sent[1 : 1 + len(expected)] == expected
    assert len(expected) > 20
    assert report.program is not None
    assert report.program.sent == len(expected)
    assert report.budget == 72 + len(read(file).requests)


def test_other_answers_to_open_questions_are_no_violation(tmp_path: Path) -> None:
    others = {"end_bound": "exclusive", "date_as_end": "end_of_day", "unreadable_parameter": "ignored"}
    _, report = check(journal(tmp_path / "requests", *EVERYTHING), behavior=others)
    assert failed(report) <= {ANSWERED}, report


@pytest.mark.nightly
@pytest.mark.parametrize("number", range(5))
def test_no_answer_to_an_open_question_is_a_violation(tmp_path: Path, number: int) -> None:
    """The first of each question's other answers all at once, then the second, until each had its turn."""
    answers: dict[str, Any] = {}
    for question in QUESTIONS:
        others = [each.answers[question] for each in other_answers([f"{question}=?"])]
        answers[question] = others[number % len(others)]
    _, report = check(journal(tmp_path / "requests", *EVERYTHING), behavior=answers)
    assert failed(report) <= {ANSWERED}, (answers, report)


def test_what_only_the_programs_request_meets_is_found(tmp_path: Path) -> None:
    """A deviation in the list of one month, which the check alone does not ask for."""
    server = UsageServer(SMALL)

    def without_credits(response: Any) -> Any:
        if request.args.get("start_date") == "2025-02-01T00:00:00Z":
            records = [{**each, "credits": None} for each in json.loads(response.get_data())]
            response.set_data(json.dumps(records))
        return response

    server.app.after_request(without_credits)
    february = {"org_id": "1", "start_date": "2025-02-01T00:00:00Z", "end_date": "2025-03-01T00:00:00Z"}
    sent = read(journal(tmp_path / "requests", ("list_llm", february)))
    try:
        without, with_requests = (
            run(Config(server.url, "key", (1,), requests=each, sleep=lambda _: None)) for each in (None, sent)
        )
    finally:
        server.stop()
    assert without.exit_code == ExitCode.KEPT
    assert with_requests.exit_code == ExitCode.VIOLATED
    assert "credits" in str(with_requests.causes)


# -- requests that the API refuses -------------------------------------------------------------------------------------

START_ALONE = ("list_llm", {"org_id": "1", "start_date": "2026-04-01"})
TARGET = "/usage/llm?org_id=1&start_date=2026-04-01"


def result_of(report: Report) -> Result:
    (result,) = [each for each in report.results if each.check.id == ANSWERED]
    return result


def test_a_request_that_the_api_refuses_is_a_violation(tmp_path: Path) -> None:
    file = journal(tmp_path / "requests.ndjson", START_ALONE)
    _, report = check(file, behavior={"date_as_start": "unreadable"})
    assert report.exit_code == ExitCode.VIOLATED
    assert failed(report) == {ANSWERED}
    (cause,) = [each for each in report.causes if each.verdict is Verdict.FAILED]
    assert cause.sentence == f"the API refuses a request of requests.ndjson: 400 to GET {TARGET}"
    (finding,) = result_of(report).findings
    assert (finding.request, finding.expected) == (TARGET, "200")
    assert finding.actual is not None and finding.actual.startswith("400 (")
    _, report = check(file)
    assert report.exit_code == ExitCode.KEPT
    assert result_of(report).verdict is Verdict.PASSED


def test_without_requests_there_is_no_such_check() -> None:
    assert ANSWERED not in {each.id for each in checks(with_drift=True)}
    assert ANSWERED in {each.id for each in checks(with_requests=True)}
    server = UsageServer({**SMALL, "behavior": {"date_as_start": "unreadable"}})
    try:
        report = run(Config(server.url, "key", (1,), sleep=lambda _: None))
    finally:
        server.stop()
    assert (report.exit_code, report.program) == (ExitCode.KEPT, None)
    assert ANSWERED not in {each.check.id for each in report.results}


@pytest.mark.parametrize(
    ("statuses", "body", "verdict", "code"),
    [
        ((500,), None, Verdict.FAILED, ExitCode.VIOLATED),
        pytest.param((404,), None, Verdict.FAILED, ExitCode.VIOLATED, marks=pytest.mark.slow),
        ((503,) * 9, None, Verdict.INCONCLUSIVE, ExitCode.NOT_JUDGED),
        ((429,) * 9, None, Verdict.INCONCLUSIVE, ExitCode.NOT_JUDGED),
        pytest.param((401,), None, Verdict.INCONCLUSIVE, ExitCode.NOT_JUDGED, marks=pytest.mark.slow),
        ((403,), "<html>a proxy</html>", Verdict.INCONCLUSIVE, ExitCode.NOT_JUDGED),
        pytest.param((503,), None, Verdict.PASSED, ExitCode.KEPT, marks=pytest.mark.slow),
    ],
    ids=str,
)
def test_an_outage_is_no_refusal(
    tmp_path: Path, statuses: tuple[int, ...], body: str | None, verdict: Verdict, code: ExitCode
) -> None:
    left = list(statuses)

    def refuse(response: Response) -> Response:
        if request.path == "/usage/llm" and request.args.to_dict() == START_ALONE[1] and left:
            response.status_code = left.pop()
            error = {"error": "error", "errorDescription": "No.", "code": response.status_code}
            response.set_data(body or json.dumps(error))
        return response

    file = journal(tmp_path / "requests", START_ALONE, ("list_matching", {}))
    _, report = check(file, after=refuse)
    assert (result_of(report).verdict, report.exit_code) == (verdict, code), report


def test_a_spent_budget_leaves_it_open(tmp_path: Path) -> None:
    file = journal(tmp_path / "requests", START_ALONE, ("list_matching", {}))
    server = UsageServer(SMALL)
    try:
        report = run(Config(server.url, "key", (1,), requests=read(file), max_requests=2, sleep=lambda _: None))
    finally:
        server.stop()
    assert (result_of(report).verdict, report.exit_code) == (Verdict.INCONCLUSIVE, ExitCode.NOT_JUDGED)
    assert report.program is not None
    assert (report.program.sent, report.program.left_out) == (1, {"the end of the run": 1})


@pytest.mark.parametrize(
    ("organizations", "code"), [((1,), ExitCode.KEPT), ((), ExitCode.KEPT), ((77,), ExitCode.NO_DATA)], ids=str
)
def test_an_organization_of_the_tests_is_no_refusal(
    tmp_path: Path, organizations: tuple[int, ...], code: ExitCode
) -> None:
    unknown = [("list_llm", {"org_id": "999999", **APRIL}), ("get_llm_organization_summary", {"org_id": "999999"})]
    _, report = check(journal(tmp_path / "requests", *unknown), organizations=organizations)
    assert (failed(report), report.exit_code) == (set(), code), report


# -- what became of them -----------------------------------------------------------------------------------------------


def test_the_report_says_what_was_sent_and_what_was_left_out(tmp_path: Path) -> None:
    file = journal(
        tmp_path / "requests.ndjson",
        START_ALONE,
        ("list_llm", {"org_id": "5", "start_date": "2026-04-01"}),
        ("list_llm", {"org_id": "6", **APRIL}),
        ("get_llm", {"id": "5"}),
        ("get_llm", {"id": "6"}),
        ("list_llm", {"model": "…"}),
    )
    _, report = check(file)
    line = (
        "2 of 6 requests of requests.ndjson were sent; left out: 2 for one record by its id, 1 for a part that the "
        "journal hides, 1 for the same as another with that organization; organization 1 stood in for 5, 6"
    )
    assert line in report.notes
    assert line in " ".join(terminal.render(report).split())
    shown = json.loads(json_report.render(report))
    jsonschema.validate(shown, json_report.schema())
    assert shown["program"] == {
        "file": "requests.ndjson",
        "requests": 6,
        "sent": 2,
        "left_out": [
            {"reason": "one record by its id", "count": 2},
            {"reason": "a part that the journal hides", "count": 1},
            {"reason": "the same as another with that organization", "count": 1},
        ],
        "organization": 1,
        "in_place_of": [5, 6],
    }


@given(
    st.lists(
        st.sampled_from(
            [
                *EVERYTHING,
                ("list_llm", {"model": "…"}),
                *(
                    ("list_llm", {"org_id": str(org), "start_date": f"2026-04-{day:02d}"})
                    for org in (1, 2, 3)
                    for day in range(1, 25)
                ),
            ]
        ),
        min_size=1,
    ),
    st.lists(st.integers(0, 4), max_size=2, unique=True).map(tuple),
)
def test_each_request_is_sent_or_counted_as_left_out(
    tmp_path_factory: pytest.TempPathFactory, requests: list[tuple[str, dict[str, str]]], organizations: tuple[int, ...]
) -> None:
    try:
        found = read(journal(tmp_path_factory.getbasetemp() / "some.ndjson", *requests))
    except InvalidJournal:
        return
    different = {json.dumps(each, sort_keys=True) for each in requests}
    assert len(found.requests) + sum(found.left_out.values()) == len(different)
    sent = found.for_organizations(organizations)
    assert len(set(sent)) == len(sent) <= len(found.requests) <= MOST
    asked = {value for _, params in sent for name, value in params if name == "org_id" and isinstance(value, int)}
    assert not organizations or asked <= set(organizations)
