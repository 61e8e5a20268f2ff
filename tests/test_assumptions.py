"""``civis-usage assumptions``: what a program assumes is named, what is right passes, and nothing is left behind."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from civis_usage.assumptions.report import Live, Report, assumptions, render, to_json
from civis_usage.assumptions.runs import Outcome, Result, Runner, all_variations, met_variations
from civis_usage.assumptions.sentences import SENTENCES, assumed
from civis_usage.commands.assumptions import read_live
from civis_usage.mock_server.variations import VARIATIONS, find, other_answers
from civis_usage.schemas.behavior import DEFAULT, QUESTIONS

ROOT = Path(__file__).parent.parent
SUITE = ("pytest", "-q", "-p", "no:cacheprovider", "tests/programs/suite.py")
NAMED = {
    "end_bound": "test_a_month_ends_before_the_next",
    "default_window_offset": "test_a_bill_so_far",
    "matching_default_window": "test_matched_records",
    "list_order": "test_the_newest_run",
    "additional_fields": "test_tokens",
    "large_ids": "test_packed_ids",
    "one_429": "test_a_nightly_bill",
    "one_503": "test_a_nightly_bill",
}
"""What the buggy programs assume, and the test that shows it; the eighth bug assumes nothing about the API."""
QUICK = ("one_429", "keys_reversed", "start_alone=bad_request")


def run(*arguments: str, cwd: Path = ROOT, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "civis_usage", "assumptions", *arguments],
        cwd=cwd,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=550,
    )


def command(*words: str) -> tuple[str, ...]:
    return ("--", sys.executable, "-m", *words)


def only(*variations: str) -> list[str]:
    return [word for each in variations for word in ("--only", each)]


# -- programs ----------------------------------------------------------------------------------------------------------


def found_in(report: dict[str, Any]) -> dict[str, set[str]]:
    return {
        each["id"]: {test.rpartition("::")[2] for failing in each["failing"] for test in failing["failed_tests"]}
        for each in report["assumptions"]
    }


@pytest.mark.nightly
def test_what_a_program_assumes_is_named(tmp_path: Path) -> None:
    done = run(*only(*QUICK), "-j2", "--json", str(tmp_path / "report.json"), *command(*SUITE), PROGRAMS="buggy")
    assert done.returncode == 0, done.stderr
    report = json.loads((tmp_path / "report.json").read_text(encoding="utf-8"))
    assert found_in(report) == {"one_429": {NAMED["one_429"]}}
    assert report["passed"] == ["keys_reversed"]
    assert report["not_met"] == ["start_alone=bad_request"]
    assert report["tests"] == 8
    announcement, *lines = done.stderr.splitlines()
    assert "Now it runs with 2 variations, 2 at a time: about " in announcement
    assert {line.partition(": ")[2] for line in lines} == {"one_429", "keys_reversed"}
    assert [line.partition(": ")[0] for line in lines][:2] == ["1 of 2", "2 of 2"]
    assert lines[2:] == ["once more, alone: one_429"]
    assert "  the rate limit refuses no request\n" in done.stdout
    assert "      1 test fails with one_429: tests/programs/suite.py::test_a_nightly_bill\n" in done.stdout
    assert "          requests.exceptions.HTTPError: 429 " in done.stdout
    assert "documented: no (a 429 with Retry-After is)" in done.stdout
    assert "Passes with: keys_reversed." in done.stdout
    assert "Not run, because your tests send no such request: start_alone." in done.stdout


@pytest.mark.nightly
def test_each_assumption_of_the_eight_programs_is_named(tmp_path: Path) -> None:
    file = tmp_path / "report.json"
    done = run("--fail-on", "undocumented", "--json", str(file), *command(*SUITE), PROGRAMS="buggy")
    assert done.returncode == 1, done.stderr
    assert found_in(json.loads(file.read_text(encoding="utf-8"))) == {id_: {test} for id_, test in NAMED.items()}


@pytest.mark.nightly
def test_the_right_programs_assume_nothing() -> None:
    done = run("--fail-on", "undocumented", *command(*SUITE), PROGRAMS="right")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "No assumption was found with the usage of your tests; usage_worlds() varies the usage" in done.stdout


SCRIPT = """
import json, os, subprocess, sys, urllib.request
served = subprocess.Popen(
    [sys.executable, "-m", "civis_usage", "serve", "--port", "0", "--log", "none", "--now", "2026-04-30T12:00:00Z"],
    stdout=subprocess.PIPE, text=True,
)
try:
    url = served.stdout.readline().split(" at ")[1].strip()
    request = urllib.request.Request(f"{url}/usage/llm?org_id=1", headers={"Authorization": "Bearer key"})
    with urllib.request.urlopen(request) as response:
        times = [run["runCreatedAt"] for run in json.load(response)]
finally:
    served.terminate()
    served.wait()
sys.exit("the newest is not first" if times != sorted(times, reverse=True) else 0)
"""


def test_any_command_that_starts_serve_varies(tmp_path: Path) -> None:
    (tmp_path / "check.py").write_text(SCRIPT, encoding="utf-8")
    (tmp_path / "behavior.toml").write_text('list_order = "newest_first"\n', encoding="utf-8")
    options = (
        "--fail-on",
        "unconfirmed",
        "--behavior",
        "behavior.toml",
        *only("list_order=oldest_first", "whitespace"),
    )
    done = run(*options, "--", sys.executable, "check.py", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "the command ends with exit code 1 with list_order=oldest_first" in done.stdout
    assert "          the newest is not first\n" in done.stdout
    assert "Passes with: whitespace." in done.stdout


# -- bad input ---------------------------------------------------------------------------------------------------------


def test_a_command_that_fails_as_it_is_ends_the_run_with_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "test_it.py").write_text("def test_it():\n    assert 'an apple' == 'a pear'\n", encoding="utf-8")
    done = run(*command("pytest", "-q"), cwd=tmp_path)
    assert done.returncode == 3
    assert "an apple" in done.stderr
    assert done.stderr.endswith(
        "Error: The command fails as it is (exit code 1): make it pass first; its output is above.\n"
    )
    assert done.stdout == ""


def test_a_command_that_never_reaches_the_fake_is_told_so() -> None:
    done = run("--", sys.executable, "-c", "")
    assert done.returncode == 3
    assert "The command sent no request to the fake" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("--", "pytst"), "the command 'pytst' cannot be found: check its spelling."),
        ((), "Missing argument 'COMMAND...'"),
        (("--only", "key_reversed", "--", "pytest"), "did you mean 'keys_reversed'"),
        (("--fail-on", "unconfirmed", "--", "pytest"), "add --behavior FILE"),
        (("--behavior", "nowhere.toml", "--", "pytest"), "nowhere.toml cannot be read"),
    ],
)
def test_wrong_use_gets_a_sentence(arguments: tuple[str, ...], sentence: str) -> None:
    done = run(*arguments)
    assert done.returncode == 2
    assert sentence in done.stderr


WAITING = """
import os, pathlib, time

def test_it(usage_client):
    usage_client.list_llm()
    if os.environ["CIVIS_USAGE_VARIATION"]:
        pathlib.Path("waiting").write_text(f"{os.getpid()} {os.environ['CIVIS_USAGE_COVERAGE']}")
        time.sleep(300)
"""


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such signals")
@pytest.mark.parametrize(
    "number",
    [pytest.param(signal.SIGINT, marks=pytest.mark.slow), signal.SIGTERM, signal.SIGKILL],
    ids=lambda each: each.name,
)
def test_a_killed_run_leaves_nothing_behind(tmp_path: Path, number: signal.Signals) -> None:
    (tmp_path / "test_it.py").write_text(WAITING, encoding="utf-8")
    words = ["assumptions", *only("keys_reversed"), *command("pytest", "-q")]
    program = [sys.executable, "-m", "civis_usage", *words]
    with subprocess.Popen(program, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        try:
            waiting = tmp_path / "waiting"
            _until(lambda: waiting.exists() and " " in waiting.read_text())
            child, _, folder = waiting.read_text().partition(" ")
            process.send_signal(number)
            process.communicate(timeout=60)
        finally:
            process.terminate()
    _until(lambda: not _is_running(int(child)) and not Path(folder).parent.exists())
    assert not (tmp_path / ".hypothesis").exists()
    assert not (tmp_path / ".pytest_cache").exists()


def _until(holds: Any) -> None:
    """Wait until something holds that another process brings about."""
    deadline = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < deadline, "it does not come about"
        time.sleep(0.05)


def _is_running(process_id: int) -> bool:
    try:
        os.kill(process_id, 0)
    except ProcessLookupError:
        return False
    return "Z" not in Path(f"/proc/{process_id}/stat").read_text().rpartition(")")[2].split()[:1]


# -- what runs, and what is said -----------------------------------------------------------------------------------


def test_only_what_the_command_meets_is_run() -> None:
    met = {"list_llm", "end_bound=inclusive", "list_order=newest_first"}
    ids = [each.id for each in met_variations(met)]
    assert ids[:4] == [
        "end_bound=exclusive",
        *("list_order=oldest_first", "list_order=highest_id_first", "list_order=lowest_id_first"),
    ]
    assert ids[4:] == list(VARIATIONS)
    assert met_variations({"endpoints"}) == []
    assert "late_run" not in [each.id for each in met_variations({"get_llm"})]
    assert len(all_variations()) > 40


def test_each_answer_has_a_sentence() -> None:
    assert SENTENCES.keys() == QUESTIONS.keys()
    for question in QUESTIONS.values():
        answers = {DEFAULT[question.id], *(each.value for each in question.answers if each.value is not None)}
        answers |= {value for each in other_answers([f"{question.id}=?"]) for value in each.answers.values()}
        sentences = {assumed(question.id, answer) for answer in answers}
        assert len(sentences) == len(answers), "no two answers read alike"


def outcome(*failed: str, exit_code: int | None = None, **more: Any) -> Outcome:
    code = (1 if failed else 0) if exit_code is None else exit_code
    return Outcome(code, 1.0, "", failed=dict.fromkeys(failed, "assert 8 == 4"), **more)


MET = frozenset({"list_llm", "list_order=newest_first", "end_bound=inclusive"})


def report_of(*results: Result, live: dict[str, Live] | None = None) -> Report:
    passed = tuple(each.variation.id for each in results if not each.outcome.fails)
    as_it_is = Outcome(0, 1.5, "", met=MET, passed=frozenset({"a", "b"}))
    return Report(("pytest",), as_it_is, assumptions(results, MET, live or {}), passed, ("slow",), 12.25)


def test_the_most_frequent_failure_is_quoted() -> None:
    failed = {"a": "assert 8 == 4", "b": "BillingError: nothing is visible", "c": "BillingError: nothing is visible"}
    some, one = Outcome(1, 1.0, "", failed=failed), outcome("a", "b")
    text = render(report_of(Result(find("one_503"), some), Result(find("one_429"), one)))
    assert "          most often: BillingError: nothing is visible\n" in text
    assert "          assert 8 == 4\n" in text
    assert json.loads(to_json(report_of(Result(find("one_503"), some))))["assumptions"][0]["failing"] == [
        {
            "variation": "one_503",
            "exit_code": 1,
            "failed_tests": ["a", "b", "c"],
            "reason": "BillingError: nothing is visible",
        }
    ]


def test_what_a_command_prints_is_quoted_on_a_line_without_the_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CIVIS_API_KEY", "a-key-of-somebody")
    assert Outcome(1, 1.0, "first\nthe key is a-key-of-somebody\x1b[0m\n").reason == "the key is ***\\x1b[0m"


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such signals")
def test_a_command_that_a_signal_ends_is_shown_with_its_name_and_how_it_began() -> None:
    lines = [f"line {number}" for number in range(100)]
    program = f"import os; print({chr(10).join(lines)!r}, flush=True); os.kill(os.getpid(), 11)"
    with Runner.opened([sys.executable, "-c", program]) as runner:
        ended = runner.run()
    assert ended.ending == "exit code 139, SIGSEGV"
    assert ended.output.splitlines()[0] == "line 0"
    assert ended.output.splitlines()[-1] == "line 99"
    assert len(ended.output.splitlines()) < 60


def test_answers_to_one_question_are_one_assumption() -> None:
    report = report_of(
        Result(find("list_order=oldest_first"), outcome("t.py::test_a", "t.py::test_b")),
        Result(find("list_order=lowest_id_first"), outcome("t.py::test_a")),
        Result(find("end_bound=exclusive"), outcome()),
        Result(find("one_503"), outcome(exit_code=2)),
        Result(find("slow"), outcome(exit_code=137, timed_out=True)),
    )
    assert [each.id for each in report.assumptions] == ["list_order", "one_503", "slow"]
    text = render(report)
    assert "  lists are sorted newest first\n      2 tests fail with list_order=oldest_first" in text
    assert "the command ends with exit code 2 with one_503" in text
    assert "the command does not end with slow" in text
    assert json.loads(to_json(report))["assumptions"][2]["failing"][0]["exit_code"] is None
    assert "To see a failure: CIVIS_USAGE_VARIATION=list_order=oldest_first pytest\n" in text
    assert max(map(len, render(report, 60).splitlines())) <= 60


def test_a_report_says_how_the_live_api_was_seen_to_behave(tmp_path: Path) -> None:
    file = tmp_path / "behavior.toml"
    file.write_text(
        'end_bound = "exclusive"\nlist_order = "newest_first"\n[observed]\nlist_order = 2026-11-20T04:00:00Z\n',
        encoding="utf-8",
    )
    live = read_live(str(file))
    report = report_of(
        Result(find("list_order=oldest_first"), outcome("a")),
        Result(find("end_bound=exclusive"), outcome("a")),
        live=live,
    )
    text = render(report, 200)
    assert f"documented: no; live API on 2026-11-20: newest_first (from {file})\n" in text
    assert f"documented: no; live API: exclusive (from {file}), which contradicts it\n" in text
    assert [(each.contradicted, each.confirmed) for each in report.assumptions] == [(False, True), (True, False)]
    listed = json.loads(to_json(report))["assumptions"]
    assert listed[0]["live"]["observed"] == "2026-11-20T04:00:00+00:00"
    assert listed[1]["live"] == {"answer": "exclusive", "observed": None, "file": str(file), "contradicted": True}


@pytest.mark.nightly
@pytest.mark.parametrize(
    ("fail_on", "answer", "other", "code"),
    [
        ("contradicted", "inclusive", "one_429", 1),
        ("contradicted", "exclusive", "one_429", 0),
        ("unconfirmed", "exclusive", "one_429", 1),
        ("unconfirmed", "exclusive", "keys_reversed", 0),
        ("undocumented", "exclusive", "keys_reversed", 1),
    ],
)
def test_what_the_live_api_confirms_or_leaves_open_need_not_fail(
    tmp_path: Path, fail_on: str, answer: str, other: str, code: int
) -> None:
    file = tmp_path / "behavior.toml"
    file.write_text(f'end_bound = "{answer}"\n', encoding="utf-8")
    options = ("--fail-on", fail_on, "--behavior", str(file), *only("end_bound=inclusive", other))
    assert run(*options, *command(*SUITE), PROGRAMS="buggy").returncode == code


def test_a_suite_of_worlds_alone_has_nothing_to_vary(tmp_path: Path) -> None:
    (tmp_path / "test_it.py").write_text(WORLDS, encoding="utf-8")
    done = run(*command("pytest", "-q"), cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "It ran with 0 legal variations" in done.stdout


WORLDS = """
from civis_usage.fixtures import UsageWorld

def test_it(usage_server):
    with usage_server.showing(UsageWorld(now="2026-05-01")), usage_server.client() as client:
        assert client.list_llm(org_id=1) == []
"""


def test_extremes_say_nothing_more_where_large_ids_alone_fail() -> None:
    large, extremes = VARIATIONS["large_ids"], VARIATIONS["extremes"]
    report = report_of(Result(large, outcome("a")), Result(extremes, outcome("a")))
    assert [each.id for each in report.assumptions] == ["large_ids"]
    report = report_of(Result(large, outcome("a")), Result(extremes, outcome("a", "b")))
    assert [each.id for each in report.assumptions] == ["large_ids", "extremes"]
