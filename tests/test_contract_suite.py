"""The contract tests as a pytest suite, against the fake served over HTTP."""

from dataclasses import replace
from datetime import timedelta

import pytest
from click.testing import CliRunner

from civis_usage.__main__ import main
from civis_usage.contract_tests.config import Config
from civis_usage.contract_tests.recorder import record
from civis_usage.recordings.document import render

from .standin import KEY, Standin
from .standin_server import serving

ARGUMENTS = ("--pyargs", "civis_usage.contract_tests", "--org-id", "1", "-p", "no:cacheprovider", "-rfsx")


@pytest.fixture
def suite(pytester, usage_server, monkeypatch):
    """Run the suite as a user does: from any folder, in a process of its own, told by the environment."""
    usage_server.set_environment(monkeypatch)
    return lambda *more: pytester.runpytest_subprocess(*ARGUMENTS, *more)


def test_the_fake_keeps_the_contract(suite):
    result = suite("--strict-usage")
    outcomes = result.parseoutcomes()
    assert set(outcomes) == {"passed"}, result.stdout.str()
    assert outcomes["passed"] >= 50


def test_the_apis_own_spec_is_tested_if_wanted(suite):
    asked, unasked = (suite(*more, "-k", "drift").parseoutcomes() for more in (("--with-drift",), ()))
    assert asked["passed"] == 4
    assert "passed" not in unasked


def test_each_check_is_a_test_with_its_id_and_a_violation_fails_one(suite, usage_server):
    usage_server.faults.add("list_matching retyped=numRecords")
    result = suite()
    result.stdout.fnmatch_lines(["*FAILED*test_contract[[]list-matching-shape[]]*"])
    result.stdout.fnmatch_lines(["*numRecords*"])
    assert usage_server.api_key not in result.stdout.str()
    assert result.parseoutcomes()["passed"] >= 40, "the other checks are not concerned"


def test_a_waived_deviation_is_an_expected_failure(suite, pytester, usage_server):
    usage_server.faults.add("list_matching null=numRecords")
    waivers = pytester.makefile(
        ".toml",
        waivers='[[waiver]]\ncheck = "list-matching-nulls"\nfield = "numRecords"\nreason = "known since May"\n',
    )
    result = suite("--waivers", str(waivers), "-k", "nulls")
    assert result.parseoutcomes() == {"passed": 3, "xfailed": 1, "deselected": result.parseoutcomes()["deselected"]}


def test_an_api_that_is_not_there_is_one_sentence(pytester, monkeypatch):
    monkeypatch.setenv("CIVIS_API_KEY", "a-key-for-nobody")
    result = pytester.runpytest_subprocess(*ARGUMENTS, "--base-url", "http://127.0.0.1:1")
    assert result.ret == 3
    text = result.stdout.str() + result.stderr.str()
    assert "could not be judged" in text
    assert "Traceback" not in text
    assert "a-key-for-nobody" not in text


def test_a_question_that_was_spared_is_skipped_as_the_command_passes(pytester, monkeypatch):
    monkeypatch.setenv("CIVIS_API_KEY", KEY)
    with serving() as server:
        server.standin = Standin(daily={1: 3}, daily_matching={1: 100})
        result = pytester.runpytest_subprocess(*ARGUMENTS, "--base-url", server.url)
        command = CliRunner().invoke(main, ["check", "--org-id", "1", "--base-url", server.url])
    assert result.ret == command.exit_code == 0, result.stdout.str() + command.output
    outcomes = result.parseoutcomes()
    assert (set(outcomes), outcomes["skipped"]) == ({"passed", "skipped"}, 1), result.stdout.str()
    result.stdout.fnmatch_lines(["SKIPPED*", "not asked: the list may be very long"])


REFUSED = {
    "from after to": ("--from", "2026-02-01", "--to", "2026-01-31"),
    "from the future": ("--from", "2999-01-01"),
    "unreadable day": ("--to", "tomorrow"),
    "no request": ("--max-requests", "0"),
    "negative organization": ("--org-id", "-1"),
    "URL without http": ("--base-url", "ftp://x"),
}


@pytest.mark.parametrize("options", REFUSED.values(), ids=list(REFUSED))
def test_options_are_refused_with_the_commands_sentence_and_nothing_asked(
    suite, pytester, usage_server, monkeypatch, options
):
    command = CliRunner().invoke(main, ["check", *options])
    assert command.exit_code == 2
    sentence = command.stderr.strip().removeprefix("Error: ").rpartition("': ")[2]
    result = suite(*options)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert sentence in result.stdout.str() + result.stderr.str()
    assert not list(usage_server.journal)


def test_no_key_is_wrong_use(pytester):
    result = pytester.runpytest_subprocess(*ARGUMENTS, "--base-url", "http://127.0.0.1:1")
    assert result.ret == pytest.ExitCode.USAGE_ERROR


def test_a_recording_is_judged_and_nobody_asked(pytester, usage_server):
    made = record(Config(usage_server.url, usage_server.api_key, (1,))).recording
    path = pytester.path / "usage.json"
    path.write_text(render(made))
    asked = len(list(usage_server.journal))
    result = pytester.runpytest_subprocess(*ARGUMENTS[:2], "--usage-recording", str(path), *ARGUMENTS[4:])
    assert set(result.parseoutcomes()) == {"passed"}, result.stdout.str()
    assert len(list(usage_server.journal)) == asked
    path.write_text(render(replace(made, made_at=made.made_at - timedelta(days=200))))
    result = pytester.runpytest_subprocess(*ARGUMENTS[:2], "--usage-recording", str(path), *ARGUMENTS[4:])
    result.stdout.fnmatch_lines(["*usage.json was recorded 200 days ago*record it again.*"])


def test_a_broken_recording_is_wrong_use(pytester):
    (pytester.path / "usage.json").write_text("{}")
    result = pytester.runpytest_subprocess(*ARGUMENTS, "--usage-recording", "usage.json")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert "usage.json: it is no recording" in result.stdout.str() + result.stderr.str()
