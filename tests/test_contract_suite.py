"""The contract tests as a pytest suite, against the fake that they start, and against an API that an option names."""

import pytest
from click.testing import CliRunner

from civis_usage.cli import main
from civis_usage.client.errors import ConfigurationError
from civis_usage.contract_tests.checks import checks
from civis_usage.contract_tests.config import Config
from civis_usage.contract_tests.pytest_options import OPTIONS, config_of, in_pytest_words, report_of
from civis_usage.contract_tests.recording.cassette import render
from civis_usage.contract_tests.recording.record import record

from .checkout import ROOT
from .http_stub import answering
from .standin import KEY, Standin
from .standin_server import serving

pytestmark = pytest.mark.slow

checks()  # imports their modules here: pytester forgets what is first imported in one of its tests
INSTALLED = ("--pyargs", "civis_usage.contract_tests")
QUIET = ("-p", "no:cacheprovider", "-p", "no:schemathesis", "-rfsx")


@pytest.fixture(scope="module")
def usage_server_settings():
    """A small world is soon checked."""
    return {"runs_per_day": 3}


@pytest.fixture
def suite(pytester, usage_server, monkeypatch):
    """Run the suite on a fake of the test's own, as on the live API: in a process of its own, from any folder."""
    usage_server.set_environment(monkeypatch)
    arguments = (*INSTALLED, *QUIET, "--usage-org-id", "1", "--usage-base-url", usage_server.url)
    return lambda *more: pytester.runpytest_inprocess(*arguments, *more)


@pytest.mark.parametrize(
    "where",
    [
        pytest.param(INSTALLED, id="installed"),
        pytest.param((str(ROOT / "contract_tests"),), id="in a clone", marks=pytest.mark.nightly),
    ],
)
def test_without_options_it_tests_the_fake_whatever_the_environment_names(where, pytester, monkeypatch):
    with answering() as live:
        monkeypatch.setenv("CIVIS_API_ENDPOINT", live.url)
        monkeypatch.setenv("CIVIS_API_KEY", "the-users-own-key")
        result = pytester.runpytest_subprocess(*where, *QUIET, "-v", "--usage-strict")
    assert live.paths == []
    outcomes = result.parseoutcomes()
    assert set(outcomes) == {"passed"}, result.stdout.str()
    assert outcomes["passed"] >= 50
    result.stdout.fnmatch_lines(
        ["usage contract tests of: the fake*", "*test_contract[[]fake-list-llm-shape[]] PASSED*"]
    )
    assert "the-users-own-key" not in result.stdout.str()


def test_a_base_url_aims_it_at_an_api(suite, usage_server):
    result = suite("-v", "--usage-strict")
    assert set(result.parseoutcomes()) == {"passed"}, result.stdout.str()
    host = usage_server.url.removeprefix("http://")
    result.stdout.fnmatch_lines([f"usage contract tests of: {host}", f"*[[]{host}-list-llm-shape[]] PASSED*"])
    usage_server.journal.assert_called("list_llm")


def test_a_folder_that_only_has_the_name_of_the_contract_tests_gets_no_header_line(pytester):
    pytester.makepyfile(**{"contract_tests/test_mine": "def test_it(): pass"})
    assert "usage contract tests of" not in pytester.runpytest_subprocess("contract_tests").stdout.str()


def test_the_apis_own_spec_is_tested_if_wanted(suite):
    asked, unasked = (suite(*more, "-k", "drift").parseoutcomes() for more in (("--usage-with-drift",), ()))
    assert asked["passed"] == 4
    assert "passed" not in unasked


def test_each_check_is_a_test_with_its_id_and_a_violation_fails_one(suite, usage_server):
    usage_server.faults.add("list_matching wrong-type=numRecords")
    result = suite()
    result.stdout.fnmatch_lines(["*FAILED*test_contract[[]*-list-matching-shape[]]*"])
    result.stdout.fnmatch_lines(["*numRecords*"])
    assert usage_server.api_key not in result.stdout.str()
    assert result.parseoutcomes()["passed"] >= 40, "the other checks are not concerned"


def test_a_waived_deviation_is_an_expected_failure(suite, pytester, usage_server):
    usage_server.faults.add("list_matching null=numRecords")
    waivers = pytester.makefile(
        ".toml",
        waivers='[[waiver]]\ncheck = "list-matching-nulls"\nfield = "numRecords"\nreason = "known since May"\n',
    )
    result = suite("--usage-waivers", str(waivers), "-k", "nulls")
    assert result.parseoutcomes() == {"passed": 3, "xfailed": 1, "deselected": result.parseoutcomes()["deselected"]}


def test_an_api_that_is_not_there_is_one_sentence(pytester, monkeypatch):
    monkeypatch.setenv("CIVIS_API_KEY", "a-key-for-nobody")
    result = pytester.runpytest_subprocess(*INSTALLED, *QUIET, "--usage-base-url", "http://127.0.0.1:1")
    assert result.ret == 3
    text = result.stdout.str() + result.stderr.str()
    assert "could not be judged" in text
    assert "Traceback" not in text
    assert "a-key-for-nobody" not in text


def test_a_question_that_was_spared_is_skipped_as_the_command_passes(pytester, monkeypatch):
    monkeypatch.setenv("CIVIS_API_KEY", KEY)
    with serving() as server:
        server.standin = Standin(daily={1: 3}, daily_matching={1: 100})
        options = ("--usage-org-id", "1", "--usage-base-url", server.url)
        result = pytester.runpytest_subprocess(*INSTALLED, *QUIET, *options)
        command = CliRunner().invoke(main, ["check", "--org-id", "1", "--base-url", server.url])
    assert result.ret == command.exit_code == 0, result.stdout.str() + command.output
    outcomes = result.parseoutcomes()
    assert (set(outcomes), outcomes["skipped"]) == ({"passed", "skipped"}, 1), result.stdout.str()
    result.stdout.fnmatch_lines(["SKIPPED*", "not asked: the list may be very long"])


# Options


def test_every_option_begins_with_usage():
    assert [name for name, _ in OPTIONS if not name.startswith("--usage-")] == []


def configured(pytester, *options):
    return config_of(pytester.parseconfig(*options), lambda: ("http://127.0.0.1:5", "a-key"))


def test_the_options_say_what_is_requested(pytester):
    config = configured(
        pytester,
        *("--usage-org-id=2,1", "--usage-org-id=2", "--usage-start-date=2026-01-01"),
        *("--usage-end-date=2026-01-31", "--usage-max-requests=12", "--usage-seed=7", "--usage-with-drift"),
        *("--usage-strict", "--usage-allow-no-data"),
    )
    assert (config.base_url, config.api_key) == ("http://127.0.0.1:5", "a-key")
    assert (config.organizations, config.max_requests, config.seed) == ((2, 1), 12, 7)
    assert (str(config.start), str(config.end)) == ("2026-01-01 00:00:00+00:00", "2026-01-31 23:59:59.999000+00:00")
    assert (config.with_drift, config.strict, config.allow_no_data) == (True, True, True)


def test_what_is_not_said_is_as_in_a_config(pytester):
    assert configured(pytester) == Config("http://127.0.0.1:5", "a-key")


REFUSED = {
    "reversed dates": (("--usage-start-date=2026-02-01", "--usage-end-date=2026-01-31"), "2026-02-01"),
    "future start": (("--usage-start-date=2999-01-01",), "2999-01-01"),
    "unreadable date": (("--usage-end-date=tomorrow",), "'tomorrow'"),
    "no request": (("--usage-max-requests=0",), "--usage-max-requests 0"),
    "negative organization": (("--usage-org-id=-1",), "--usage-org-id -1"),
    "URL without http": (("--usage-base-url=ftp://x",), "'ftp://x'"),
    "budget for a recording": (
        ("--usage-recording=x", "--usage-max-requests=5"),
        "--usage-max-requests cannot be used",
    ),
    "API for a recording": (("--usage-recording=x", "--usage-base-url=http://x"), "--usage-base-url cannot be used"),
    "drift of a recording": (("--usage-recording=x", "--usage-with-drift"), "--usage-with-drift cannot be used"),
}


@pytest.mark.parametrize(("options", "named"), REFUSED.values(), ids=list(REFUSED))
def test_an_option_that_cannot_be_used_is_refused_by_its_name_in_pytest(pytester, monkeypatch, options, named):
    monkeypatch.setenv("CIVIS_API_KEY", "a-key")
    with pytest.raises(ConfigurationError) as refused:
        report_of(pytester.parseconfig(*options), lambda: ("http://127.0.0.1:5", "a-key"))
    assert named in in_pytest_words(str(refused.value))


def test_an_api_is_not_tested_by_several_workers_which_would_each_send_all_requests(suite, usage_server):
    result = suite("-n", "2")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["ERROR: --usage-base-url cannot be used with workers of pytest-xdist*add -n0."])
    assert not list(usage_server.journal)
    assert suite("-n0", "-k", "get-llm-shape").parseoutcomes()["passed"] == 1


def test_several_workers_may_test_the_fake_without_a_key(pytester):
    result = pytester.runpytest_subprocess(*INSTALLED, *QUIET, "-n", "2", "-k", "shape")
    assert set(result.parseoutcomes()) == {"passed"}, result.stdout.str()


def test_a_refusal_ends_the_run_as_wrong_use_before_any_request(suite, usage_server):
    result = suite("--usage-max-requests", "0")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert "--usage-max-requests 0" in result.stdout.str() + result.stderr.str()
    assert not list(usage_server.journal)


def test_an_api_without_a_key_is_wrong_use(pytester):
    result = pytester.runpytest_subprocess(*INSTALLED, *QUIET, "--usage-base-url", "http://127.0.0.1:1")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert "CIVIS_API_KEY" in result.stdout.str() + result.stderr.str()


@pytest.mark.parametrize("url", ["http://a-key-of-mine", "http://a-key-of-mine@host", "http://host/a-key-of-mine"])
def test_a_key_in_the_base_url_is_shown_nowhere(pytester, monkeypatch, url):
    monkeypatch.setenv("CIVIS_API_KEY", "a-key-of-mine")
    result = pytester.runpytest_subprocess(*INSTALLED, *QUIET, "-v", "--usage-base-url", url)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert "a-key-of-mine" not in result.stdout.str() + result.stderr.str()


# Recordings


def test_a_recording_is_tested_without_requests(pytester, usage_server):
    made = record(Config(usage_server.url, usage_server.api_key, (1,))).recording
    path = pytester.path / "usage.json"
    path.write_text(render(made))
    asked = len(list(usage_server.journal))
    result = pytester.runpytest_subprocess(*INSTALLED, *QUIET, "-v", "--usage-recording", str(path))
    assert set(result.parseoutcomes()) == {"passed"}, result.stdout.str()
    result.stdout.fnmatch_lines(["usage contract tests of: usage.json", "*[[]usage.json-list-llm-shape[]] PASSED*"])
    assert len(list(usage_server.journal)) == asked


def test_a_broken_recording_is_wrong_use(pytester):
    (pytester.path / "usage.json").write_text("{}")
    result = pytester.runpytest_subprocess(*INSTALLED, *QUIET, "--usage-recording", "usage.json")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert "usage.json: it is not a" in result.stdout.str() + result.stderr.str()
