"""``civis-usage check``: exit codes, reports, and a key that shows nowhere."""

from __future__ import annotations

import base64
import html
import json
import os
import pty
import re
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote
from xml.etree import ElementTree as ET

import jsonschema
import pytest
from click.testing import CliRunner, Result

from civis_usage.cli import main
from civis_usage.contract_tests import runner
from civis_usage.contract_tests.checks import checks
from civis_usage.contract_tests.reports import json as json_report
from civis_usage.contract_tests.results import Report
from civis_usage.mock_server.app import create_app
from civis_usage.mock_server.server import start
from civis_usage.mock_server.settings import Settings
from civis_usage.schemas import OPERATIONS
from civis_usage.schemas.behavior import read_choices

from .legal import VARIATIONS
from .report_samples import PASSED_ONLY, make_report
from .standin import KEY, LLM, Answer, Request, Standin
from .standin_runs import millis
from .standin_server import Server, serving

NOW = datetime(2026, 5, 19, 15, 26, 7, tzinfo=UTC)
LEGAL = {each.id: each for each in VARIATIONS}
Check = Callable[..., Result]


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with serving() as server:
        yield server


@pytest.fixture(autouse=True)
def at_noon(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Run every check at one time, in a folder of its own."""
    run = runner.run
    monkeypatch.setattr(runner, "run", lambda config, seen=None: run(replace(config, now=lambda: NOW), seen))
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def check(server: Server) -> Check:
    """Run ``civis-usage check`` with options, against a stand-in that knows the key."""

    def run(*options: str, standin: Standin | None = None, env: dict[str, str | None] | None = None) -> Result:
        server.standin = standin or small()
        told = {"CIVIS_API_KEY": KEY, "CIVIS_API_ENDPOINT": server.url} | (env or {})
        return CliRunner(env=told).invoke(main, ["check", *options], prog_name="civis-usage")

    return run


def small(**more: Any) -> Standin:
    return Standin(now=lambda: millis(NOW), daily={1: 3, 2: 1}, daily_matching={1: 2, 2: 1}, days=100, **more)


def with_null_credits() -> Standin:
    def render(api: Standin, right: Callable[..., Any], question: Any, run: Any) -> Any:
        record = right(question, run)
        return record | {"credits": None} if question.operation == LLM and run.id % 7 == 0 else record

    return small().bend("render", render)


def closed_port() -> str:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{listener.getsockname()[1]}"


def holds_key(text: str) -> bool:
    forms = {KEY, quote(KEY, safe=""), html.escape(KEY)}
    for plain in (KEY, f"{KEY}:"):
        forms.add(base64.b64encode(plain.encode()).decode().rstrip("="))
    return any(form in text for form in forms)


# -- exit codes


def test_a_kept_contract_is_0_and_ends_with_the_cost(check: Check) -> None:
    result = check("--org-id", "1")
    assert (result.exit_code, result.stderr) == (0, ""), result.output
    *_, headline, cost = result.stdout.splitlines()
    assert headline == "The contract is kept."
    assert cost.endswith(" s")
    assert int(cost.split(" requests in ")[0]) <= 72


def test_a_violation_is_1_and_shown_with_a_command_that_repeats_it(check: Check, server: Server) -> None:
    result = check("--org-id", "1", standin=with_null_credits())
    assert result.exit_code == 1, result.output
    assert "credits is null in " in result.stdout.splitlines()[0]
    assert f'curl -i -u "$CIVIS_API_KEY:" \'{server.url}/usage/llm?' in result.stdout


def test_no_data_is_4_and_0_where_it_is_allowed(check: Check) -> None:
    without = replace(small(), daily_matching={})
    codes = [check("--org-id", "1", *more, standin=without).exit_code for more in ((), ("--allow-no-data",))]
    assert codes == [4, 0]


def test_a_run_is_compared_with_an_earlier_one(check: Check, server: Server, tmp_path: Path) -> None:
    assert check("--org-id", "1", "--json", "earlier.json", standin=with_null_credits()).exit_code == 1
    result = check("--org-id", "1", "--baseline", "earlier.json", "--json", "now.json", standin=with_null_credits())
    assert result.exit_code == 1, result.output
    assert "credits is null in" in result.stdout and "(known)" in result.stdout
    assert json.loads((tmp_path / "now.json").read_text())["baseline"]["new"] == 0

    result = check("--org-id", "1", "--baseline", "earlier.json", standin=small())
    assert result.exit_code == 0, result.output
    assert " 0 new, 0 known, " in result.stdout and "Gone since the earlier run" in result.stdout


def test_a_baseline_that_cannot_be_read_is_2_before_any_request(check: Check) -> None:
    standin = small()
    result = check("--org-id", "1", "--baseline", "none.json", standin=standin)
    assert (result.exit_code, result.stdout, standin.journal) == (2, "", [])
    assert result.stderr.startswith("Error: none.json cannot be read (no such file")


def test_the_behavior_is_shown_and_saved_and_compared_with(check: Check, tmp_path: Path) -> None:
    one = ("--org-id", "1")
    result = check(*one, "--save-behavior", "behavior.toml", "--json", "report.json")
    assert result.exit_code == 0, result.output
    assert "\nBehavior\n  20 open questions: " in result.stdout
    choices = read_choices(tmp_path / "behavior.toml")
    assert choices["end_bound"].value == "inclusive" and choices["end_bound"].observed is not None
    shown = {each["question"]: each for each in json.loads((tmp_path / "report.json").read_text())["behavior"]}
    assert shown["end_bound"]["value"] == "inclusive" and shown["end_bound"]["fidelity"] == "confirmed"
    assert {id_ for id_, each in shown.items() if each["state"] == "seen"} == choices.keys()

    result = check(*one, "--behavior", "behavior.toml", "--strict", "-v")
    assert result.exit_code == 0 and f"as chosen: {len(choices)} confirmed, 0 contradicted" in result.stdout
    assert "    end_bound: inclusive\n        GET /usage/llm?" in result.stdout

    otherwise = small()
    LEGAL["exclusive-end"].bend(otherwise)
    result = check("--org-id", "1", "--behavior", "behavior.toml", "--strict", standin=otherwise)
    assert (
        result.exit_code == 1 and "  end_bound is exclusive, not inclusive as in the --behavior file\n" in result.stdout
    )
    assert "the API's behavior differs from the --behavior file: end_bound.\n" in result.stdout


def test_a_behavior_is_saved_whole_or_not_at_all(check: Check, tmp_path: Path) -> None:
    (tmp_path / "behavior.toml").write_text("# as it was")
    result = check("--org-id", "1", "--save-behavior", "behavior.toml", env={"CIVIS_API_KEY": "unknown"})
    assert result.exit_code == 3 and "behavior.toml is not written: no response says how" in result.stderr
    assert (tmp_path / "behavior.toml").read_text() == "# as it was"
    standin = small()
    result = check("--org-id", "1", "--save-behavior", "nowhere/behavior.toml", standin=standin)
    assert (result.exit_code, standin.journal) == (2, []) and "the folder" in result.stderr


def test_a_behavior_that_is_wrong_is_2_before_any_request(check: Check, tmp_path: Path) -> None:
    (tmp_path / "behavior.toml").write_text('end_bound = "open"')
    standin = small()
    result = check("--org-id", "1", "--behavior", "behavior.toml", standin=standin)
    assert (result.exit_code, result.stdout, standin.journal) == (2, "", [])
    assert "behavior.toml: end_bound cannot be 'open': use inclusive or exclusive" in " ".join(result.stderr.split())


def test_the_kit_s_own_fake_keeps_the_contract(check: Check) -> None:
    with start(create_app(Settings(api_keys=(KEY,), now=NOW, runs_per_day=3))) as fake:
        result = check("--org-id", "1", "--strict", "--base-url", fake.url)
    assert result.exit_code == 0, result.output


UNJUDGED = {
    "closed port": ({"CIVIS_API_ENDPOINT": closed_port()}, "nothing listens at this address"),
    "unknown host": ({"CIVIS_API_ENDPOINT": "http://no-such-host.invalid"}, "its host name is not known"),
    "refused key": ({"CIVIS_API_KEY": "a-key-that-nobody-knows"}, "refused the key"),
    "not an API": ({"CIVIS_API_ENDPOINT": "{url}/elsewhere"}, "404"),
}


@pytest.mark.parametrize(("env", "said"), UNJUDGED.values(), ids=list(UNJUDGED))
def test_what_cannot_be_judged_is_3_and_one_sentence(
    check: Check, server: Server, tmp_path: Path, env: dict[str, str], said: str
) -> None:
    env = {name: value.format(url=server.url) for name, value in env.items()}
    result = check("--org-id", "1", "--json", "report.json", env=dict(env))
    assert (result.exit_code, result.stdout) == (3, "")
    assert result.stderr.startswith("Error: The API could not be judged: ")
    assert said in result.stderr
    assert len(result.stderr.splitlines()) == 1
    assert env.get("CIVIS_API_KEY", KEY) not in result.output
    assert json.loads((tmp_path / "report.json").read_text())["headline"] in result.stderr


def test_an_answered_check_that_ran_out_of_requests_is_3_with_its_report(check: Check) -> None:
    result = check("--org-id", "1", "--max-requests", "12")
    assert result.exit_code == 3
    assert "the budget of 12 requests is spent" in result.stdout
    assert "12 requests in" in result.stdout.splitlines()[-1]


WRONG_USE: dict[str, tuple[list[str], dict[str, str | None], str]] = {
    "unknown option": (["--org", "1"], {}, "--org-id"),
    "argument": ([KEY], {}, "Got unexpected extra argument (***)"),
    "organization in words": (["--org-id", "mine"], {}, "--org-id"),
    "organizations of which one is in words": (["--org-id", "1,mine"], {}, "'--org-id': 'mine' is no id"),
    "organization that is the key": (["--org-id", KEY], {}, "'***'"),
    "no request": (["--max-requests", "0"], {}, "'--max-requests': 0 is not in the range x>=1."),
    "negative organization": (["--org-id", "-1"], {}, "'--org-id': '-1' is no id: give an organization's number"),
    "no time to wait": (["--timeout", "0"], {}, "--timeout"),
    "a time that is no number": (
        ["--timeout", "nan"],
        {},
        "'--timeout': nan is not a number of seconds",
    ),
    "an endless time": (["--timeout", "inf"], {}, "'--timeout': inf is not in the range 0<x<=86400"),
    "an age to wait": (
        ["--timeout", "1e300"],
        {},
        "'--timeout': 1e+300 is not in the range 0<x<=86400",
    ),
    "no time at all": (["--deadline", "0"], {}, "'--deadline': 0.0 is not in the range 1<=x<=86400"),
    "unreadable day": (["--start-date", "yesterday"], {}, "2026-01-31"),
    "from after to": (
        ["--start-date", "2026-02-01", "--end-date", "2026-01-31"],
        {},
        "--start-date is later than --end-date (2026-02-01, 2026-01-31): swap them.",
    ),
    "from and to at once": (
        ["--start-date", "2026-02-01", "--end-date", "2026-02-01T00:00:00Z"],
        {},
        "--start-date and --end-date are the same moment (2026-02-01): name a later one with --end-date.",
    ),
    "from the future": (["--start-date", "2999-01-01"], {}, "--start-date 2999-01-01 leaves nothing to look at"),
    "no key": ([], {"CIVIS_API_KEY": None}, "CIVIS_API_KEY"),
    "empty key": ([], {"CIVIS_API_KEY": " "}, "CIVIS_API_KEY"),
    "key with a line break": ([], {"CIVIS_API_KEY": f"{KEY}\nX-Other: 1"}, "key has a character"),
    "URL without http": (["--base-url", "ftp://127.0.0.1"], {}, "http"),
    "URL without host": (["--base-url", "http://"], {}, "http"),
    "URL with credentials": (["--base-url", f"http://{KEY}:@127.0.0.1:1"], {}, "CIVIS_API_KEY"),
    "URL with the key in its path": (["--base-url", f"http://127.0.0.1:1/{KEY}"], {}, "CIVIS_API_KEY"),
    "URL with a query": (["--base-url", "http://127.0.0.1:1/?a=b"], {}, "query"),
    "endpoint with credentials": ([], {"CIVIS_API_ENDPOINT": f"http://{KEY}@127.0.0.1:1"}, "CIVIS_API_KEY"),
    "report in no folder": (["--json", "missing/report.json"], {}, "missing/report.json cannot be written"),
    "report on a folder": (["--html", "."], {}, ". cannot be written"),
    "two reports in one file": (["--json", "a", "--junit", "./a"], {}, "one file"),
    "two reports on standard output": (["--json", "-", "--html", "-"], {}, "standard output"),
    "no waivers file": (["--waivers", "missing.toml"], {}, "missing.toml cannot be read"),
    "waivers for a used file": (["--write-waivers", "used.toml"], {}, "used.toml exists"),
}


@pytest.mark.parametrize(("options", "env", "said"), WRONG_USE.values(), ids=list(WRONG_USE))
def test_wrong_use_is_2_and_asks_nothing(
    check: Check, server: Server, tmp_path: Path, options: list[str], env: dict[str, str | None], said: str
) -> None:
    (tmp_path / "used.toml").write_text("# mine\n")
    result = check(*options, env=env)
    assert (result.exit_code, result.stdout) == (2, ""), result.output
    assert said in " ".join(result.stderr.split())
    assert not holds_key(result.output)
    assert "Traceback" not in result.output
    assert server.standin.journal == []
    assert [path.name for path in tmp_path.iterdir()] == ["used.toml"]


def test_a_mistake_of_the_check_itself_is_3_and_one_sentence(check: Check, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(config: Any, on_interaction: Any) -> Report:
        raise RuntimeError(f"nobody thought of {config.api_key}")

    monkeypatch.setattr(runner, "run", fail)
    result = check()
    assert (result.exit_code, result.stdout, len(result.stderr.splitlines())) == (3, "", 1)
    assert "nobody thought of ***" in result.stderr


STAGES = (
    "waivers.discover",
    "config.Config",
    "runner.run",
    "reports.terminal.render",
    "reports.json.render",
    "waivers.draft",
    "reports.github.summary",
)


@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize("wrong", [RuntimeError, RecursionError])
def test_a_mistake_at_any_stage_is_3_and_one_sentence(
    check: Check, monkeypatch: pytest.MonkeyPatch, stage: str, wrong: type[Exception]
) -> None:
    def fail(*given: Any, **more: Any) -> None:
        raise wrong(f"nobody\nthought of {KEY}")

    monkeypatch.setattr(f"civis_usage.contract_tests.{stage}", fail)
    env: dict[str, str | None] = {"GITHUB_ACTIONS": "true", "GITHUB_STEP_SUMMARY": "summary.md"}
    reports = ("--json", "a.json", "--write-waivers", "a.toml")
    result = check("--org-id", "1", *reports, standin=with_null_credits(), env=env)
    assert result.exit_code == 3, result.output
    (said,) = result.stderr.splitlines()
    assert said.startswith(f"Error: The command itself failed ({wrong.__name__}: ")
    assert re.search(r" in test_check_command\.py, line \d+\): please report it\.$", said)
    assert "thought of ***" in said
    assert "Traceback" not in result.output
    assert not holds_key(result.output)


def test_an_interrupted_check_is_3(check: Check, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(config: Any, on_interaction: Any) -> Report:
        raise KeyboardInterrupt

    monkeypatch.setattr(runner, "run", interrupt)
    result = check()
    assert (result.exit_code, result.stderr) == (3, "\nError: Interrupted.\n")


# -- reports


def test_every_report_asked_for_is_written(check: Check, tmp_path: Path) -> None:
    paths = [tmp_path / name for name in ("report.json", "junit.xml", "report.html", "waivers.toml")]
    options = zip(("--json", "--junit", "--html", "--write-waivers"), map(str, paths), strict=True)
    result = check("--org-id", "1", *(word for pair in options for word in pair), standin=with_null_credits())
    assert result.exit_code == 1
    document = json.loads(paths[0].read_text())
    jsonschema.validate(document, json_report.schema())
    assert document["exit_code"] == 1
    failed = {case.get("name") for case in ET.parse(paths[1]).iter("testcase") if case.find("failure") is not None}
    assert failed == {found["id"] for found in document["results"] if found["verdict"] == "failed"} != set()
    assert "credits is null in " in paths[2].read_text()
    assert 'reason = ""' in paths[3].read_text()


def test_a_report_on_standard_output_stands_alone(check: Check) -> None:
    result = check("--org-id", "1", "--json", "-")
    assert json.loads(result.stdout)["exit_code"] == result.exit_code == 0
    assert result.stderr.splitlines()[-2] == "The contract is kept."


def test_a_report_that_cannot_be_written_after_all_is_2_unless_there_is_worse(
    check: Check, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(self: Path, target: Path) -> Path:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    for report, code in ((make_report(PASSED_ONLY), 2), (make_report(), 1), (make_report((), unjudged="no"), 3)):
        monkeypatch.setattr(runner, "run", lambda config, on_interaction, report=report: report)
        result = check("--json", "a")
        assert result.exit_code == code
        assert result.stderr.endswith("Error: a cannot be written: No space left on device.\n")


def test_drafted_waivers_do_not_load_until_filled_in_and_then_accept_what_was_found(
    check: Check, tmp_path: Path
) -> None:
    draft = tmp_path / "waivers.toml"
    assert check("--org-id", "1", "--write-waivers", str(draft), standin=with_null_credits()).exit_code == 1
    refused = check("--waivers", str(draft))
    assert (refused.exit_code, "reason ''" in refused.stderr) == (2, True)
    draft.write_text(draft.read_text().replace('reason = ""', 'reason = "Known and harmless."'))
    waived = check("--org-id", "1", "--waivers", str(draft), standin=with_null_credits())
    assert waived.exit_code == 0, waived.output
    assert "Known and harmless." in waived.stdout
    unused = check("--org-id", "1", "--waivers", str(draft))
    assert (unused.exit_code, "Waivers that match nothing" in unused.stdout) == (0, True)


def test_waivers_are_found_in_the_project_and_an_expired_one_fails(check: Check, tmp_path: Path) -> None:
    id_ = checks()[0].id
    (tmp_path / "pyproject.toml").write_text(
        f'[[tool.civis-usage.waivers]]\ncheck = "{id_}"\nreason = "Until then."\nexpires = 2026-05-18\n'
    )
    result = check("--org-id", "1")
    assert result.exit_code == 1
    assert f"{id_} until 2026-05-18: Until then." in result.stdout


def test_github_gets_annotations_and_a_summary(check: Check, tmp_path: Path) -> None:
    summary = tmp_path / "summary.md"
    summary.write_text("before\n")
    env: dict[str, str | None] = {"GITHUB_ACTIONS": "true", "GITHUB_STEP_SUMMARY": str(summary)}
    result = check("--org-id", "1", standin=with_null_credits(), env=env)
    assert "\n::error title=list-llm-" in result.stdout
    assert summary.read_text().startswith("before\n## Contract of the Civis `/usage` API\n")


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--max-requests", "many"], "Invalid value for '--max-requests': 'many' is not a valid integer range."),
        (["--waivers", "none.toml"], "none.toml cannot be read"),
        (["--base-url", "ftp://x"], "Invalid base URL 'ftp://x': use an http or https URL"),
        (["--max-requests", KEY], "Invalid value for '--max-requests': '***' is not a valid integer range."),
        (["surplus"], "Got unexpected extra argument (surplus)"),
    ],
    ids=lambda value: value[0] if isinstance(value, list) else "",
)
def test_github_gets_a_refusal_as_an_annotation(check: Check, options: list[str], sentence: str) -> None:
    for env, annotated in (({"GITHUB_ACTIONS": "true"}, True), ({}, False)):
        result = check("--org-id", "1", *options, env=env)
        assert result.exit_code == 2
        assert f"Error: {sentence}" in result.stderr
        assert (f"::error title=wrong use::{sentence}" in result.stderr) is annotated
        assert KEY not in result.output


def test_options_reach_the_run(check: Check, server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[Any] = []

    def run(config: Any, on_interaction: Any) -> Report:
        seen.append(config)
        return make_report(PASSED_ONLY)

    monkeypatch.setattr(runner, "run", run)
    check(
        *("--base-url", f"{server.url}/", "--org-id", "2,1", "--org-id", "2"),
        *(
            "--start-date",
            "2026-01-01",
            "--end-date",
            "2026-01-31",
            "--max-requests",
            "40",
            "--timeout",
            "2.5",
            "--deadline",
            "20",
            "--seed",
            "9",
        ),
        *("--strict", "--allow-no-data"),
        env={"CIVIS_API_ENDPOINT": "http://127.0.0.1:1"},
    )
    (config,) = seen
    assert (config.base_url, config.api_key, config.organizations) == (server.url, KEY, (2, 1))
    assert (config.start.isoformat(), config.end.isoformat()) == (
        "2026-01-01T00:00:00+00:00",
        "2026-01-31T23:59:59.999000+00:00",
    )
    assert (config.max_requests, config.timeout, config.deadline, config.seed) == (40, 2.5, 20.0, 9)
    assert (config.strict, config.allow_no_data, config.waivers) == (True, tuple(OPERATIONS), ())
    assert KEY not in repr(config)


# -- secrets


def echoing() -> Standin:
    """Return an API that is wrong, and says the key in every answer and header."""
    basic = base64.b64encode(f"{KEY}:".encode()).decode()

    def finish(api: Standin, right: Callable[..., Any], request: Request, answer: Answer) -> Answer:
        answer.headers |= {"X-Echo": KEY, "X-Authorization": f"Basic {basic}"}
        if "task" in request.query:
            answer.status, answer.body = 500, f"<h1>{KEY}</h1> Basic {basic} {quote(KEY)}".encode()
        return answer

    def render(api: Standin, right: Callable[..., Any], question: Any, run: Any) -> Any:
        return right(question, run) | {"runCreatedAt": f"{KEY} {basic}", KEY: KEY}

    return small().bend("finish", finish).bend("render", render)


@pytest.mark.parametrize("verbosity", [[], ["-vv"]])
def test_a_key_that_the_api_echoes_shows_nowhere(check: Check, tmp_path: Path, verbosity: list[str]) -> None:
    options = ["--json", "a.json", "--junit", "a.xml", "--html", "a.html", "--write-waivers", "a.toml"]
    env: dict[str, str | None] = {"GITHUB_ACTIONS": "true", "GITHUB_STEP_SUMMARY": "summary.md"}
    result = check("--org-id", "1", *options, *verbosity, standin=echoing(), env=env)
    assert result.exit_code == 1
    written = {path.name: path.read_text() for path in tmp_path.iterdir()} | {"output": result.output}
    assert set(written) == {"a.json", "a.xml", "a.html", "a.toml", "summary.md", "output"}
    assert [name for name, text in written.items() if holds_key(text)] == []
    assert "***" in result.output


# -- as a process


def run_process(server: Server, *options: str, **more: Any) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "civis_usage", "check", "--base-url", server.url, "--org-id", "1", *options]
    env = {name: value for name, value in os.environ.items() if not name.startswith(("CIVIS", "GITHUB", "NO_COLOR"))}
    env |= {"CIVIS_API_KEY": KEY, "TERM": "xterm"} | more.pop("env", {})
    server.standin = more.pop("standin", None) or Standin(daily={1: 3}, daily_matching={1: 2}, days=100)
    return subprocess.Popen(command, env=env, **more)


@pytest.mark.parametrize("no_colour", ["", "1"])
def test_on_a_terminal_there_is_progress_and_colour(server: Server, no_colour: str) -> None:
    ours, theirs = pty.openpty()
    with run_process(server, stdout=theirs, stderr=theirs, stdin=theirs, env={"NO_COLOR": no_colour}) as process:
        os.close(theirs)
        said = b""
        while chunk := _read(ours):
            said += chunk
    os.close(ours)
    text = said.decode()
    assert process.returncode == 0, text
    assert "\r\x1b[K1 of at most 72 requests, get_llm: " in text
    report = text.rpartition("\r\x1b[K")[2]
    assert ("\x1b[32m" in report) == (not no_colour)
    assert "The contract is kept." in report


def _read(handle: int) -> bytes:
    try:
        return os.read(handle, 65536)
    except OSError:  # what a pseudo-terminal says at its end
        return b""


def test_elsewhere_there_is_neither(server: Server) -> None:
    with run_process(server, "-vv", stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        stdout, stderr = process.communicate()
    assert process.returncode == 0, stdout + stderr
    assert b"\x1b" not in stdout + stderr
    assert b"\r" not in stdout + stderr
    assert b"GET /usage/llm?" in stderr, "-vv logs the requests"
    assert not holds_key((stdout + stderr).decode())


def test_a_reader_that_has_seen_enough_does_not_change_the_exit_code(server: Server) -> None:
    with run_process(server, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        stderr = process.stderr.read()
    assert (process.returncode, stderr) == (0, b"")


def test_a_terminal_without_unicode_gets_ascii(server: Server) -> None:
    with run_process(server, stdout=subprocess.PIPE, env={"PYTHONIOENCODING": "ascii"}) as process:
        stdout, _ = process.communicate()
    assert process.returncode == 0
    assert b"\n+ list_llm " in stdout


@pytest.mark.parametrize(
    ("option", "said", "encoding"),
    [
        ("--json", "list_llm: café €", "ascii"),
        ("--junit", " for … to ", "latin-1"),
        ("--html", "list_llm: café €", "utf-16"),
    ],
)
def test_a_report_on_standard_output_is_utf_8_whatever_the_terminal_reads(
    server: Server, tmp_path: Path, encoding: str, option: str, said: str
) -> None:
    def render(api: Standin, right: Callable[..., Any], question: Any, run: Any) -> Any:
        return right(question, run) | {"café €": 1}

    standin = Standin(daily={1: 3}, daily_matching={1: 2}, days=100).bend("render", render)
    streams = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with run_process(server, option, "-", standin=standin, env={"PYTHONIOENCODING": encoding}, **streams) as process:
        stdout, stderr = process.communicate()
    assert process.returncode == 0, stderr
    assert said in stdout.decode("utf-8")
    if option == "--json":
        jsonschema.validate(json.loads(stdout), json_report.schema())
    if option == "--junit":
        ET.fromstring(stdout)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has a device that is always full")
@pytest.mark.parametrize("options", [(), ("--json", "-")])
def test_a_full_standard_output_is_2_and_one_sentence_unless_there_is_worse(
    server: Server, options: tuple[str, ...]
) -> None:
    for standin, code in ((None, 2), (with_null_credits(), 1)):
        with (
            Path("/dev/full").open("wb") as full,
            run_process(server, *options, standin=standin, stdout=full, stderr=subprocess.PIPE) as process,
        ):
            _, stderr = process.communicate()
        assert process.returncode == code, stderr
        said = [line for line in stderr.decode().splitlines() if line.startswith("Error: ")]
        assert said == ["Error: standard output cannot be written: No space left on device."], stderr
        assert b"Traceback" not in stderr
