"""Traps of a user's test suite that the plugin opens or warns of."""

from __future__ import annotations

import os

import pytest

from .test_plugin import passes

EARLY = "[pytest]\nusage_environment_before_collection = true\nfilterwarnings = error"

SET = ("CIVIS_API_ENDPOINT", "CIVIS_API_KEY", "NO_PROXY", "no_proxy")


@pytest.fixture(autouse=True)
def in_a_project_of_its_own(pytester):
    pytester.makeini("[pytest]\nfilterwarnings = error")


@pytest.fixture
def program(pytester):
    """A program that makes its client when it is imported."""
    pytester.syspathinsert()
    pytester.makepyfile(
        program="""
        import os
        import requests

        URL = os.environ["CIVIS_API_ENDPOINT"]
        KEY = os.environ["CIVIS_API_KEY"]

        def credits_of(org_id):
            url = f"{URL}/usage/llm/organization/{org_id}/summary"
            return requests.get(url, auth=(KEY, ""), timeout=10).json()["credits"]
        """
    )


def test_a_program_that_reads_the_environment_at_import_reaches_the_fake_of_each_test(pytester, program):
    pytester.makeini(EARLY)
    pytester.makeconftest("import program")
    pytester.makepyfile(
        test_one="""
        import program

        def test_own_records(usage_records):
            usage_records.llm(organization_id=1, credits=5)
            assert program.credits_of(1) == 5

        def test_without_any_fixture():
            assert program.credits_of(1) > 0
        """,
        test_other_settings="""
        import program
        import pytest

        @pytest.fixture(scope="module")
        def usage_server_settings():
            return {"organizations": {77: None}}

        def test_the_fake_is_that_of_the_module(usage_server):
            assert program.credits_of(77) > 0
            usage_server.journal.assert_called("get_llm_organization_summary", org_id=77, times=1)
        """,
    )
    before = [os.environ.get(name) for name in SET]
    pytester.runpytest_inprocess().assert_outcomes(passed=3)
    assert [os.environ.get(name) for name in SET] == before


def test_the_client_of_civis_can_be_made_at_the_level_of_a_module(pytester):
    pytester.makeini(EARLY)
    pytester.makepyfile(
        """
        import civis

        client = civis.APIClient()

        def test_it(usage_records):
            usage_records.llm(organization_id=1, credits=5)
            assert client.usage.get_llm_organization_summary(1).credits == 5
        """
    )
    pytester.runpytest_subprocess("-p", "no:cacheprovider", "-W", "ignore::FutureWarning").assert_outcomes(passed=1)


def test_without_the_ini_option_the_environment_stays(pytester, program, monkeypatch):
    monkeypatch.delenv("CIVIS_API_ENDPOINT", raising=False)
    pytester.makepyfile("import program\n\ndef test_it(usage_server): pass")
    result = pytester.runpytest_inprocess()
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*KeyError: 'CIVIS_API_ENDPOINT'*"])


HIDDEN = """
    def test_it(usage_server, usage_records):
        usage_server.clock.pin("2026-04-30T12:00:00Z")
        usage_records.llm(run_id=6, run_created_at="2026-04-30T13:00:00Z")
"""


def test_a_record_that_the_clock_never_reached_is_a_warning_with_the_remedy(pytester):
    result = passes(pytester, HIDDEN, "-W", "default", passed=1, warnings=1)
    result.stdout.fnmatch_lines(["*did not show*run 6, created at 2026-04-30T13*earlier run_created_at*"])


def test_a_record_that_the_clock_reaches_is_none(pytester):
    passes(pytester, f"{HIDDEN}\n        usage_server.clock.move(3600)", passed=1)


WIDE = """
    import pytest

    @pytest.fixture(scope="module")
    def data(usage_server):
        usage_server.load([{"credits": 5, "organization_id": 1}], replace=True)

    def test_one(data, usage_client):
        assert usage_client.get_llm_organization_summary(1).credits == 5

    def test_two(data):
        pass

    def test_three(data):
        pass
"""


def test_records_of_a_wider_fixture_that_the_reset_removes_are_a_warning_with_the_remedy(pytester):
    result = passes(pytester, WIDE, "-W", "default", passed=3, warnings=1)
    result.stdout.fnmatch_lines(["*test_two", "*ResetRecords*module fixture 'data'*function scope*"])


def test_one_test_alone_has_the_records_of_its_wider_fixture(pytester):
    passes(pytester, WIDE.partition("    def test_two")[0], passed=1)


def test_a_fixture_that_is_set_up_anew_for_each_module_is_no_reason_to_warn(pytester):
    pytester.makeconftest(WIDE.partition("def test_one")[0].replace("\n    ", "\n"))
    pytester.makepyfile(test_a="def test_it(data): pass", test_b="def test_it(data): pass")
    pytester.runpytest_inprocess().assert_outcomes(passed=2)


def test_what_takes_long_to_load_is_loaded_once_and_restored(pytester):
    passes(
        pytester,
        """
        import pytest

        @pytest.fixture(scope="module")
        def loaded(usage_server):
            usage_server.clock.pin("2026-04-30T12:00:00Z")
            usage_server.load([{"credits": 5, "organization_id": 1}], replace=True)
            usage_server.faults.add("list_llm", status=503, first=1)
            return usage_server.snapshot()

        @pytest.fixture(autouse=True)
        def data(usage_server, loaded):
            usage_server.restore(loaded)

        @pytest.mark.parametrize("number", [1, 2, 3])
        def test_each_starts_from_it(number, usage_client, usage_server, usage_records):
            assert len(usage_server.journal) == 0
            assert usage_server.clock.text == "2026-04-30T12:00:00.000Z"
            assert usage_client.get_llm_organization_summary(1).credits == 5
            usage_client.list_llm(org_id=1)
            assert [call.status for call in usage_server.journal] == [200, 503, 200]
            usage_records.llm(organization_id=1, credits=number)
            usage_server.stubs.add("GET", "/users/me", {})
            usage_server.clock.move(-3600)
            usage_server.faults.clear()
            usage_server.clock.move(3600)
            assert usage_client.get_llm_organization_summary(1).credits == 5 + number
        """,
        passed=3,
    )


def test_many_records_are_made_at_once(pytester):
    passes(
        pytester,
        """
        import pytest

        def test_they_are_a_list(usage_client, usage_records):
            made = usage_records.llm(500, organization_id=1, credits=0.5)
            assert len({each.id for each in made}) == 500
            assert usage_client.get_llm_organization_summary(1).credits == 250
            assert len(usage_records.matching(3, task="IDR")) == 3
            assert usage_client.list_matching() == usage_records_of(usage_client)

        def usage_records_of(client):
            return client.list_matching(task="IDR")

        @pytest.mark.parametrize("count", [0, -1, True, 2.5, "3"])
        def test_a_number_that_is_none_is_refused(usage_records, count):
            with pytest.raises(ValueError, match="use a whole number from 1"):
                usage_records.llm(count)
        """,
        passed=6,
    )


def test_a_failed_assertion_of_the_journal_shows_the_tests_own_line_and_no_frame_of_the_kit(pytester):
    result = passes(
        pytester,
        """
        def test_called(usage_server): usage_server.journal.assert_called("list_llm")
        def test_not_called(usage_server): usage_server.journal.assert_not_called("list_lm")
        """,
        failed=2,
    )
    shown = result.stdout.str()
    assert "no request reached the fake" in shown
    assert "did you mean 'list_llm'" in shown
    assert "journal.py" not in shown.replace("journal.assert", "")
