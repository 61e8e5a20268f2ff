"""The pytest plugin, as it works in a user's own test suite."""

import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from civis_usage.fixtures.fake_server import UsageServer


def passes(pytester, source, *options, **counts):
    """Run ``source`` as a user's test file, and expect these counts of outcomes."""
    pytester.makepyfile(source)
    result = pytester.runpytest_inprocess(*options)
    result.assert_outcomes(**(counts or {"passed": source.count("def test_")}))
    return result


@pytest.fixture(autouse=True)
def in_a_project_of_its_own(pytester):
    pytester.makeini("[pytest]\nfilterwarnings = error")


def test_the_fixtures_are_listed_with_what_they_are_for(pytester):
    listed = pytester.runpytest_inprocess("--fixtures", "-p", "no:cacheprovider").stdout.str()
    for name in ("server", "client", "records", "environment", "intercept", "server_settings", "allowed_hosts"):
        line = next(line for line in listed.splitlines() if line.startswith(f"usage_{name} "))
        assert "no docstring" not in line


def test_a_server_a_client_and_records_of_ones_own(pytester):
    passes(
        pytester,
        """
        import requests

        def test_own_records_are_all_there_is(usage_client, usage_records):
            mine = usage_records.llm(credits=5, organization_id=1)
            also = usage_records.llm(credits=0.5, organizationId=1, run_created_at="2026-01-31T23:59:59.999Z")
            assert usage_client.get_llm(mine.id) == mine
            assert usage_client.list_llm(org_id=1, start_date="2020-01-01") == [mine, also]
            assert usage_client.get_llm_organization_summary(1, start_date="2020-01-01").credits == 5.5
            assert usage_client.list_matching() == []
            match = usage_records.matching(task="CDM", num_records=3)
            assert usage_client.list_matching(task="CDM") == [match]

        def test_the_next_test_knows_nothing_of_them(usage_client):
            assert len(usage_client.list_llm(start_date="2024-01-01", end_date="2024-06-01")) > 100

        def test_records_can_join_the_generated_ones(usage_client, usage_server):
            before = usage_client.list_llm()
            assert usage_server.load([{"kind": "llm"}]) == 1
            assert len(usage_client.list_llm()) == len(before) + 1

        def test_any_http_library_is_answered(usage_server):
            url = f"{usage_server.url}/usage/llm"
            assert requests.get(url, auth=(usage_server.api_key, ""), timeout=10).status_code == 200
            assert requests.get(url, timeout=10).status_code == 401
        """,
    )


def test_a_record_that_cannot_be_is_refused_with_a_sentence(pytester):
    passes(
        pytester,
        """
        import pytest

        def test_it(usage_records, usage_client):
            with pytest.raises(ValueError, match="credits: 'much' is not a number"):
                usage_records.llm(credits="much")
            with pytest.raises(ValueError, match="did you mean 'credits'"):
                usage_records.llm(credit=1)
            assert usage_client.list_llm(start_date="2024-01-01", end_date="2024-02-01"), "nothing was replaced"
        """,
    )


def test_faults_clock_and_journal_are_reset_before_each_test(pytester):
    passes(
        pytester,
        """
        import pytest
        from civis_usage.client import ServerError

        @pytest.mark.parametrize("round", [1, 2])
        def test_it(usage_server, usage_client, round):
            assert not usage_server.clock.pinned
            assert len(usage_server.journal) == len(usage_server.faults) == 0
            usage_server.clock.pin("2026-04-30T23:59:59Z")
            usage_server.faults.add("list_llm", status=500, first=1)
            with pytest.raises(ServerError):
                usage_client.list_llm()
            assert {record.run_created_at[:7] for record in usage_client.list_llm()} == {"2026-04"}
            usage_server.journal.assert_called("list_llm", times=2)
            assert usage_client.last_response.calls_remaining == 998
        """,
        passed=2,
    )


def test_the_reset_comes_before_the_fixtures_of_the_test(pytester):
    passes(
        pytester,
        """
        import pytest

        @pytest.fixture
        def april(usage_server):
            usage_server.clock.pin("2026-04-30T12:00:00Z")

        @pytest.mark.parametrize("round", [1, 2])
        def test_it(april, usage_client, round):
            assert all(record.run_created_at < "2026-05" for record in usage_client.list_llm())
        """,
        passed=2,
    )


def test_the_client_tries_again_without_waiting(pytester):
    passes(
        pytester,
        """
        import time

        def test_it(usage_server, usage_client):
            usage_server.faults.add(status=429, retry_after=30, first=3)
            began = time.monotonic()
            usage_client.list_llm()
            assert time.monotonic() - began < 20
            usage_server.journal.assert_called("list_llm", times=3, status=429)
        """,
    )


def test_the_environment_leads_to_the_server_for_one_test(pytester):
    passes(
        pytester,
        """
        import os, subprocess, sys
        from civis_usage.client import UsageClient

        def test_here(usage_environment):
            with UsageClient() as client:
                assert client.base_url == usage_environment.url
                client.list_llm()
            usage_environment.journal.assert_called("list_llm")

        def test_in_a_process(usage_environment):
            command = [sys.executable, "-m", "civis_usage", "call", "get-llm-organization-summary", "1"]
            assert '"credits"' in subprocess.run(command, capture_output=True, text=True, check=True).stdout

        def test_without(usage_server):
            assert "CIVIS_API_ENDPOINT" not in os.environ
        """,
    )


def test_proxies_of_the_environment_do_not_matter(pytester, monkeypatch):
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    passes(
        pytester,
        """
        import os, subprocess, sys
        import pytest, requests
        from civis_usage.client import UsageClient

        def test_of_our_client(usage_client):
            usage_client.list_llm()

        def test_of_another_program(usage_environment):
            code = "import os, requests; print(requests.get(os.environ['CIVIS_API_ENDPOINT'], timeout=10).status_code)"
            assert subprocess.check_output([sys.executable, "-c", code]) == b"200\\n"

        @pytest.fixture
        def exceptions(monkeypatch):
            monkeypatch.setenv("NO_PROXY", "intranet.example.org, ::1")
            monkeypatch.setenv("no_proxy", "10.0.0.0/8,intranet.example.org")

        def test_what_needs_no_proxy_already_still_needs_none(exceptions, usage_environment):
            for name in ("NO_PROXY", "no_proxy"):
                assert os.environ[name] == "10.0.0.0/8,intranet.example.org,::1,127.0.0.1,localhost"

        @pytest.fixture
        def none_at_all(monkeypatch):
            monkeypatch.setenv("NO_PROXY", "*")

        def test_who_needs_none_at_all_still_needs_none(none_at_all, usage_environment):
            assert os.environ["NO_PROXY"] == os.environ["no_proxy"] == "*"
        """,
    )


def test_interception_answers_with_the_servers_fake(pytester):
    passes(
        pytester,
        """
        from civis_usage.client import UsageClient

        def test_it(usage_intercept, usage_records, usage_server, usage_client):
            record = usage_records.llm(credits=2)
            with UsageClient("k", "https://api.civisanalytics.com") as client:
                assert client.list_llm() == [record]
            assert usage_client.list_llm() == [record]
            usage_intercept.journal.assert_called("list_llm", times=2)
            assert usage_server is usage_intercept
        """,
    )


def test_allowed_hosts_can_be_overridden(pytester):
    passes(
        pytester,
        """
        import socket
        import pytest, requests

        @pytest.fixture(scope="session")
        def usage_allowed_hosts():
            return ["search.internal"]

        @pytest.fixture
        def looked_up(monkeypatch):
            hosts = []

            def look_up(host, *_, **__):
                hosts.append(host)
                raise OSError("no such host")

            monkeypatch.setattr(socket, "getaddrinfo", look_up)
            return hosts

        def test_it(looked_up, usage_intercept):
            for url in ("http://search.internal:9200/", "http://other.internal/"):
                with pytest.raises(requests.ConnectionError):
                    requests.get(url, timeout=10)
            assert looked_up == ["search.internal"]
        """,
    )


def test_settings_can_be_overridden(pytester):
    pytester.makeconftest(
        """
        import pytest

        @pytest.fixture(scope="session")
        def usage_server_settings():
            return {"api_keys": ("good", "other"), "organizations": {7: None}, "now": "2026-04-30T12:00:00Z"}
        """
    )
    passes(
        pytester,
        """
        import pytest
        from civis_usage.client import Unauthorized, UsageClient

        def test_it(usage_server, usage_client):
            assert usage_server.api_key == "good"
            assert {record.organization_id for record in usage_client.list_llm()} == {7}
            usage_server.clock.release()
            with UsageClient("bad", usage_server.url) as client, pytest.raises(Unauthorized):
                client.list_llm()

        def test_reset_goes_back_to_the_settings(usage_server):
            assert usage_server.clock.text == "2026-04-30T12:00:00.000Z"
        """,
    )


FOLDERS = {
    "{0}/conftest": """
        import pytest

        @pytest.fixture(scope="session")
        def usage_server_settings():
            return {{"organizations": {{{1}: None}}}}
        """,
    "{0}/test_{0}": """
        import pytest
        from civis_usage.mock_server.settings import Settings

        def test_it(usage_server, usage_client):
            assert [each.id for each in usage_server.fake.world.organizations] == [{1}]
            assert {{record.organization_id for record in usage_client.list_llm()}} <= {{{1}}}
        """,
    "{0}/test_more_{0}": """
        servers = []

        def test_it(usage_server):
            assert [each.id for each in usage_server.fake.world.organizations] == [{1}]
        """,
}


@pytest.mark.parametrize("order", [("north", "south"), ("south", "north"), ("north", "south", "north")])
def test_each_folder_gets_the_server_of_its_own_settings_in_any_order(pytester, order):
    folders = {"north": 7, "south": 8}
    for folder, organization in folders.items():
        pytester.makepyfile(
            **{name.format(folder): text.format(folder, organization) for name, text in FOLDERS.items()}
        )
    files = [f"{folder}/test_{kind}{folder}.py" for folder in order for kind in ("", "more_")]
    pytester.runpytest_inprocess("--keep-duplicates", *files).assert_outcomes(passed=len(files))


def test_modules_with_equal_settings_share_a_server_and_others_start_one_when_it_is_needed(pytester):
    pytester.makeconftest(
        """
        import pytest
        from civis_usage.fixtures.fake_server import UsageServer

        made = []

        @pytest.fixture(scope="session", autouse=True)
        def counted():
            make = UsageServer.__init__
            UsageServer.__init__ = lambda self, settings: (made.append(settings), make(self, settings))[1]
            yield
            UsageServer.__init__ = make
            assert [settings.seed for settings in made] == [0, 7], made
        """
    )
    override = (
        "import pytest\n\n@pytest.fixture(scope='module')\ndef usage_server_settings():\n    return {}\n\n"
        "def test_it(usage_server): pass\n"
    )
    pytester.makepyfile(
        test_1="def test_it(usage_server): pass",
        test_2=override.format("{'seed': 7}"),
        test_3=override.format("{'seed': 0}"),
        test_4="import pytest\nfrom civis_usage.mock_server.settings import Settings\n"
        + override.format("Settings(seed=7)"),
        test_5=override.format("{'seed': 9}").replace("(usage_server)", "()"),
    )
    pytester.runpytest_inprocess().assert_outcomes(passed=5)


def test_parametrized_settings_give_each_parameter_its_server(pytester):
    passes(
        pytester,
        """
        import pytest

        @pytest.fixture(scope="module", params=[7, 8])
        def usage_server_settings(request):
            return {"organizations": {request.param: None}}

        def test_it(usage_server_settings, usage_server):
            organizations = [each.id for each in usage_server.fake.world.organizations]
            assert organizations == list(usage_server_settings["organizations"])
        """,
        passed=2,
    )


def test_hypothesis_accepts_the_server_and_its_records_in_a_property(pytester):
    pytester.makepyfile(
        """
        from hypothesis import given, settings
        from hypothesis import strategies as st

        @settings(max_examples=5, database=None, deadline=None)
        @given(credits=st.integers(1, 1000))
        def test_it(usage_server, usage_records, credits):
            usage_server.reset()
            usage_records.llm(credits=credits)
            with usage_server.client() as client:
                assert client.get_llm_organization_summary(1).credits == credits
        """
    )
    # In a process of its own: Hypothesis looks at every loaded module at collection, those of other tests included.
    pytester.runpytest_subprocess("-p", "no:cacheprovider").assert_outcomes(passed=1)


def test_a_fixture_of_session_scope_has_a_server_by_the_factory(pytester):
    passes(
        pytester,
        """
        import pytest

        @pytest.fixture(scope="session")
        def program(usage_server_factory):
            server = usage_server_factory({"organizations": {9: None}})
            with server.client() as client:
                yield client

        def test_it(program):
            assert {record.organization_id for record in program.list_llm()} <= {9}
        """,
    )


def test_every_link_can_be_overridden_for_a_module(pytester):
    passes(
        pytester,
        """
        import pytest
        from civis_usage.mock_server.settings import Settings

        @pytest.fixture(scope="module")
        def usage_server(usage_server_factory):
            return usage_server_factory(Settings(organizations={99: None}))

        @pytest.fixture
        def usage_client(usage_server):
            with usage_server.client(timeout=7.0) as client:
                client.mine = True
                yield client

        def test_it(usage_client, usage_records):
            assert usage_records.llm().organization_id == 99
            assert [record.organization_id for record in usage_client.list_llm()] == [99]
            assert usage_client.mine
        """,
    )


def test_a_fault_that_was_never_met_is_a_warning(pytester):
    source = """
        def test_it(usage_server):
            usage_server.faults.add("list_llm", status=503, first=2)
        """
    result = passes(pytester, source, "-W", "default", passed=1, warnings=1)
    result.stdout.fnmatch_lines(["*UnusedFault: this test set a fault that never fired: list_llm *status=503*"])


def test_where_warnings_are_errors_such_a_test_has_one_and_the_others_go_on(pytester):
    passes(
        pytester,
        """
        def test_unused(usage_server):
            usage_server.faults.add("list_llm", status=503)

        def test_used(usage_server, usage_client):
            usage_server.faults.add(latency=0.001)
            usage_client.list_llm()
        """,
        passed=2,
        errors=1,
    )


def test_a_fault_of_the_settings_may_stay_unused(pytester):
    pytester.makeconftest(
        """
        import pytest
        from civis_usage.mock_server.faults import Fault

        @pytest.fixture(scope="session")
        def usage_server_settings():
            return {"faults": (Fault(status=503, first=1),)}
        """
    )
    passes(pytester, "def test_it(usage_server): assert len(usage_server.faults) == 1")


def test_a_failed_test_shows_what_the_fake_was_asked(pytester):
    result = passes(
        pytester,
        """
        def test_it(usage_client, usage_server):
            usage_client.list_llm(org_id=2)
            usage_server.journal.assert_called("list_llm", org_id=1)
        """,
        failed=1,
    )
    result.stdout.fnmatch_lines(
        [
            "E *list_llm org_id=1: expected at least once, came never*",
            "*requests that the fake of the usage API got*",
            "list_llm org_id=2*200",
        ]
    )
    assert "records later than" not in result.stdout.str()


def test_a_failed_test_shows_its_records_that_the_fakes_clock_has_not_reached(pytester):
    result = passes(
        pytester,
        """
        import pytest

        @pytest.mark.filterwarnings("ignore::civis_usage.mock_server.world.HiddenRecord")
        def test_it(usage_client, usage_records, usage_server):
            usage_records.llm(credits=3, run_id=5, run_created_at="2026-04-30T11:00:00Z")
            usage_records.llm(credits=5, run_id=6, run_created_at="2026-04-30T13:00:00Z")
            usage_server.clock.pin("2026-04-30T12:00:00Z")
            assert usage_client.get_llm_organization_summary(1).credits == 8
        """,
        failed=1,
    )
    result.stdout.fnmatch_lines(
        [
            "*records later than the fake's clock (2026-04-30T12:00:00.000Z), which it does not show*",
            "run 6, created at 2026-04-30T13:00:00.000Z",
        ]
    )
    assert "run 5, created" not in result.stdout.str()


def test_a_wrong_field_shows_the_tests_own_line_and_no_frame_of_the_kit(pytester):
    result = passes(pytester, "def test_it(usage_records): usage_records.llm(credit=5)", failed=1)
    result.stdout.fnmatch_lines(["E *did you mean 'credits'*"])
    assert "fake_server.py" not in result.stdout.str()
    assert "mock_server/" not in result.stdout.str()


def test_two_servers_and_four_workers_do_not_interfere(pytester):
    pytester.makepyfile(
        """
        import pytest

        @pytest.fixture(scope="session")
        def second(usage_server_factory):
            return usage_server_factory({"organizations": {2: None}})

        @pytest.mark.parametrize("number", range(24))
        def test_it(usage_server, usage_client, usage_records, second, number):
            mine = usage_records.llm(credits=number)
            other = second.records.llm(credits=number + 0.5)
            usage_server.clock.move(3600)
            second.faults.add("list_llm", status=503, first=1)
            with second.client() as client:
                assert client.list_llm() == [other]
            assert usage_client.list_llm() == [mine]
            assert usage_server.url != second.url
            assert (mine.organization_id, other.organization_id) == (1, 2)
            usage_server.journal.assert_called("list_llm", times=1)
            second.journal.assert_called("list_llm", times=2)
        """
    )
    result = pytester.runpytest_subprocess(
        "-n", "4", "-p", "no:cacheprovider", "-p", "no:schemathesis", "--assert=plain"
    )
    result.assert_outcomes(passed=24)


def test_the_port_is_given_back_at_the_end(pytester):
    passes(
        pytester,
        """
        from pathlib import Path

        def test_it(usage_server):
            Path("port").write_text(usage_server.url.rpartition(":")[2])
        """,
    )
    import socket

    with socket.socket() as probe, pytest.raises(ConnectionRefusedError):
        probe.connect(("127.0.0.1", int((pytester.path / "port").read_text())))


HEAVY = {"flask", "werkzeug", "hypothesis", "jsonschema", "requests", "urllib3", "uvicorn", "civis_usage.mock_server"}


def test_a_project_that_uses_no_fixture_pays_nothing(pytester):
    pytester.makeconftest(
        f"""
        import sys

        def pytest_sessionfinish():
            assert "civis_usage.fixtures.pytest_plugin" in sys.modules
            print("loaded:", sorted({HEAVY!r} & set(sys.modules)))
        """
    )
    pytester.makepyfile("def test_it(): pass")
    # Hypothesis and others bring pytest plugins of their own, which are none of this one's doing.
    plain = ["-p", "no:hypothesispytest", "-p", "no:cacheprovider", "-s"]
    environment = {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTEST_PLUGINS": "civis_usage.fixtures.pytest_plugin"}
    with pytest.MonkeyPatch.context() as patch:
        for name, value in environment.items():
            patch.setenv(name, value)
        result = pytester.runpytest_subprocess(*plain)
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["*loaded: []*"])


def test_importing_the_fixtures_modules_loads_no_server():
    modules = "civis_usage.fixtures.pytest_plugin, civis_usage.fixtures.fake_server"
    code = f"import sys, {modules}; print(*{HEAVY!r} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""


def test_threads_that_ask_a_server_for_its_url_at_once_open_one_port():
    asked, start = UsageServer({"generated": False}), threading.Barrier(8)

    def ask(_):
        start.wait(30)
        return asked.url

    try:
        with ThreadPoolExecutor(8) as threads:
            assert len(set(threads.map(ask, range(8)))) == 1
    finally:
        asked.stop()
