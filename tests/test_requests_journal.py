"""From the program to the check: the requests of a program's tests, in a file, and first of all at the live API."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from civis_usage.cli import main
from civis_usage.contract_tests.collect.requests import MOST, InvalidJournal, for_organizations, read
from civis_usage.contract_tests.config import Config
from civis_usage.contract_tests.exit_code import ExitCode
from civis_usage.contract_tests.results import Report
from civis_usage.contract_tests.runner import run
from civis_usage.fixtures.fake_server import UsageServer
from civis_usage.mock_server.journal_file import JournalFile
from civis_usage.mock_server.variations import other_answers
from civis_usage.schemas.behavior import QUESTIONS

APRIL = {"start_date": "2026-04-01T00:00:00Z", "end_date": "2026-05-01T00:00:00Z"}


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
    assert read(str(tmp_path / "requests.ndjson")) == (
        ("list_llm", (("org_id", 1),)),
        ("list_llm", (("org_id", "abc"),)),
        ("list_matching", (("task", "IDR"), ("org_id", 2))),
    )


# -- reading -----------------------------------------------------------------------------------------------------------


def test_of_many_requests_some_of_each_kind_are_sent(tmp_path: Path) -> None:
    days = [("list_llm", {"org_id": "1", "start_date": f"2026-04-{day:02d}"}) for day in range(1, 29)]
    times = [("list_llm", {"start_date": f"2026-04-{day:02d}T00:00:00Z"}) for day in range(1, 29)]
    sums = [("get_llm_organization_summary", {"org_id": "1"})]
    found = read(journal(tmp_path / "requests", *days, *days, *times, *sums))
    assert len(found) == MOST == len(set(found))
    assert [dict(params) for _, params in found[:3]] == [
        {"org_id": 1, "start_date": "2026-04-01"},
        {"start_date": "2026-04-01T00:00:00Z"},
        {"org_id": 1},
    ]


def test_organizations_of_the_tests_become_those_that_are_checked() -> None:
    sent = (("list_llm", (("org_id", 1),)), ("list_llm", (("org_id", 2),)), ("list_llm", (("org_id", 8),)))
    assert for_organizations(sent, (7, 8)) == (("list_llm", (("org_id", 7),)), ("list_llm", (("org_id", 8),)))
    assert for_organizations(sent, ()) == sent


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


def check(requests: str, *, organizations: tuple[int, ...] = (1,), **settings: Any) -> tuple[UsageServer, Report]:
    server = UsageServer({"now": "2026-05-20T12:00:00Z", **settings})
    try:
        config = Config(server.url, "key", organizations, requests=read(requests), sleep=lambda _: None)
        return server, run(config)
    finally:
        server.stop()


def test_the_programs_requests_come_first_and_cost_no_other_its_budget(tmp_path: Path) -> None:
    file = journal(tmp_path / "requests", *EVERYTHING)
    server, report = check(file)
    assert report.exit_code == ExitCode.KEPT, report
    expected = [
        (operation, {name: str(value) for name, value in params})
        for operation, params in for_organizations(read(file), (1,))
    ]
    sent = [(call.operation, dict(call.parameters)) for call in server.journal]
    assert sent[1 : 1 + len(expected)] == expected
    assert len(expected) > 20
    assert f"of the {len(expected)} requests of --requests, {len(expected)} were answered" in report.notes
    assert report.budget == 60 + len(read(file))


def test_other_answers_to_open_questions_are_no_violation(tmp_path: Path) -> None:
    others = {"end_bound": "exclusive", "date_as_end": "end_of_day", "unreadable_parameter": "ignored"}
    _, report = check(journal(tmp_path / "requests", *EVERYTHING), behavior=others)
    assert report.exit_code == ExitCode.KEPT, report


@pytest.mark.slow
@pytest.mark.parametrize("number", range(5))
def test_no_answer_to_an_open_question_is_a_violation(tmp_path: Path, number: int) -> None:
    """The first of each question's other answers all at once, then the second, until each had its turn."""
    answers: dict[str, Any] = {}
    for question in QUESTIONS:
        others = [each.answers[question] for each in other_answers([f"{question}=?"])]
        answers[question] = others[number % len(others)]
    _, report = check(journal(tmp_path / "requests", *EVERYTHING), behavior=answers)
    assert report.exit_code in (ExitCode.KEPT, ExitCode.NO_DATA), (answers, report)


def test_what_only_the_programs_request_meets_is_found(tmp_path: Path) -> None:
    """A deviation in the list of one month, which the check alone does not ask for."""
    server = UsageServer({"now": "2026-05-20T12:00:00Z"})

    def without_credits(response: Any) -> Any:
        from flask import request

        if request.args.get("start_date") == "2025-02-01T00:00:00Z":
            records = [{**each, "credits": None} for each in json.loads(response.get_data())]
            response.set_data(json.dumps(records))
        return response

    server.app.after_request(without_credits)
    february = {"org_id": "1", "start_date": "2025-02-01T00:00:00Z", "end_date": "2025-03-01T00:00:00Z"}
    sent = read(journal(tmp_path / "requests", ("list_llm", february)))
    try:
        without, with_requests = (
            run(Config(server.url, "key", (1,), requests=each, sleep=lambda _: None)) for each in ((), sent)
        )
    finally:
        server.stop()
    assert without.exit_code == ExitCode.KEPT
    assert with_requests.exit_code == ExitCode.VIOLATED
    assert "credits" in str(with_requests.causes)
