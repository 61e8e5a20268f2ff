"""The journal: what is written down, what is not, and assertions that say what came instead."""

from __future__ import annotations

import base64
import re
from datetime import UTC, date, datetime

import pytest

from civis_usage.mock_server import journal as module
from civis_usage.mock_server.app import create_app
from civis_usage.mock_server.settings import Settings

NOW = "2026-04-20T12:00:00Z"
SECRET = "a-very-secret-key"
KEY = {"Authorization": f"Bearer {SECRET}"}


@pytest.fixture(scope="module")
def app():
    return create_app(Settings(now=NOW))


@pytest.fixture
def fake(app):
    fake = app.extensions["civis_usage"]
    fake.reset()
    return fake


@pytest.fixture
def journal(fake):
    return fake.journal


@pytest.fixture
def client(app):
    return app.test_client()


def ask(client, *paths, headers=KEY):
    return [client.get(path, headers=headers) for path in paths]


def complaint(assertion, *args, **kwargs):
    with pytest.raises(AssertionError) as failed:
        assertion(*args, **kwargs)
    return str(failed.value)


class TestWhatIsWrittenDown:
    def test_every_request_with_its_operation_parameters_status_and_duration(self, client, journal):
        [answer] = ask(client, "/usage/llm/organization/1/summary?start_date=2026-04-01&x=%C3%BC")
        [call] = journal
        assert call.operation == "get_llm_organization_summary"
        assert call.parameters == {"start_date": "2026-04-01", "x": "ü", "org_id": "1"}
        assert (call.method, call.path, call.status) == ("GET", "/usage/llm/organization/1/summary", 200)
        assert call.request_id == answer.headers["X-Request-Id"]
        assert call.duration > 0
        assert call.as_dict()["at"] == "2026-04-20T12:00:00.000Z"

    def test_what_was_refused_as_well(self, client, journal):
        ask(client, "/usage/llm", "/nothing", headers={})
        client.post("/usage/llm", headers=KEY)
        ask(client, "/usage/llm?org_id=abc", "/endpoints")
        assert [(call.operation, call.status) for call in journal] == [
            ("list_llm", 401),
            (None, 404),
            (None, 405),
            ("list_llm", 400),
            ("endpoints", 200),
        ]

    def test_the_fault_that_acted(self, client, fake):
        fake.faults.add("list_llm status=503 first=1")
        ask(client, "/usage/llm", "/usage/llm")
        client.get("/usage/llm", headers={**KEY, "Prefer": "code=404"})
        assert [call.fault for call in fake.journal] == [
            "list_llm first=1 status=503",
            None,
            "Prefer: code=404",
        ]

    def test_not_the_fakes_own_pages(self, client, journal):
        ask(client, "/_fake/health", "/_fake/journal", "/openapi.json", "/_fake/nothing")
        assert not list(journal)

    @pytest.mark.parametrize(
        "authorization",
        [f"Bearer {SECRET}", "Basic " + base64.b64encode(f"{SECRET}:".encode()).decode()],
    )
    def test_never_a_key(self, client, journal, authorization):
        paths = [
            f"/usage/llm?api_key={SECRET}&x={SECRET}",
            f"/usage/llm/{SECRET}",
            f"/{SECRET}",
            f"/usage/llm?{SECRET}=1",
            "/usage/llm?token=whatever-it-is&apiKey=whatever-it-is",
        ]
        ask(client, *paths, headers={"Authorization": authorization})
        written = repr([call.as_dict() for call in journal]) + client.get("/_fake/journal").text
        assert SECRET not in written and "whatever-it-is" not in written
        assert authorization.split()[1] not in written
        assert written.count("…") >= 10

    def test_a_refused_key_neither_nor_an_accepted_one_that_came_by_another_way(self):
        app = create_app(Settings(now=NOW, api_keys=(SECRET,)))
        app.test_client().get(f"/usage/llm?x={SECRET}&y=wrong-key", headers={"Authorization": "Bearer wrong-key"})
        written = repr(list(app.extensions["civis_usage"].journal))
        assert SECRET not in written and "wrong-key" not in written

    def test_only_the_last_thousand_and_no_more_than_is_readable_of_each(self, client, journal):
        ask(client, "/usage/llm?x=" + "y" * 100_000 + "".join(f"&p{i}=1" for i in range(1000)))
        [call] = journal
        assert len(repr(call)) < 2000
        for number in range(module.SIZE + 5):
            journal.add(era=journal.era, **_call(number))
        assert len(journal) == module.SIZE
        assert [each.number for each in journal][-1] == module.SIZE + 6, "numbers go on"

    @pytest.mark.parametrize("written", ["7", "007", "-0"])
    def test_integers_are_compared_by_value(self, client, journal, written):
        ask(client, f"/usage/llm?org_id={written}")
        journal.assert_called("list_llm", org_id=int(written), times=1)
        journal.assert_not_called("list_llm", org_id=8)

    def test_a_word_that_is_misspelt_makes_no_assertion_pass(self, client, journal):
        ask(client, "/usage/llm?page=2")
        with pytest.raises(ValueError, match="no operation 'list_lm': did you mean 'list_llm'"):
            journal.assert_not_called("list_lm")
        with pytest.raises(ValueError, match="list_llm has no parameter 'organization': use one of org_id, start_date"):
            journal.assert_not_called("list_llm", organization=1)
        with pytest.raises(ValueError, match="list_matching has no parameter 'tsk': did you mean 'task'"):
            journal.calls("list_matching", tsk="IDR")
        journal.assert_called("list_llm", page=2)
        journal.assert_not_called("list_llm", page=3)
        journal.assert_not_called("endpoints")

    def test_what_came_before_it_was_cleared_is_not_written_afterwards(self, journal):
        era = journal.era
        journal.clear()
        journal.add(era=era, **_call(1))
        assert not list(journal)

    def test_listeners_are_told_of_every_call(self, client, journal):
        heard = []
        journal.echo = heard.append
        try:
            ask(client, "/usage/llm?org_id=2")
        finally:
            journal.echo = None
        assert [str(call) for call in heard] == ["list_llm org_id=2 → 200"]


def _call(number):
    return {
        "at": 0,
        "request_id": str(number),
        "method": "GET",
        "path": "/usage/llm",
        "operation": "list_llm",
        "parameters": {},
        "status": 200,
        "duration": 1.0,
    }


class TestCalls:
    @pytest.fixture(autouse=True)
    def asked(self, client, fake):
        ask(client, "/usage/llm?org_id=1", "/usage/llm?org_id=2&start_date=2026-04-01T00:00:00Z", "/usage/matching")
        fake.clock.pin("2026-04-21")
        ask(client, "/usage/llm/0", "/usage/llm?org_id=2")

    @pytest.mark.parametrize(
        ("wanted", "numbers"),
        [
            ({}, [1, 2, 3, 4, 5]),
            ({"operation": "list_llm"}, [1, 2, 5]),
            ({"status": 404}, [4]),
            ({"org_id": 2}, [2, 5]),
            ({"org_id": "2"}, [2, 5]),
            ({"org_id": None}, [3, 4]),
            ({"operation": "list_llm", "org_id": 2, "start_date": None}, [5]),
            ({"start_date": "2026-04-01"}, [2]),
            ({"start_date": date(2026, 4, 1)}, [2]),
            ({"start_date": datetime(2026, 4, 1, tzinfo=UTC)}, [2]),
            ({"start_date": "2026-04-01T02:00:00+02:00"}, [2]),
            ({"start_date": date(2026, 4, 2)}, []),
            ({"since": "2026-04-21"}, [4, 5]),
            ({"since": datetime(2026, 4, 20, 12, tzinfo=UTC)}, [1, 2, 3, 4, 5]),
            ({"limit": 2}, [4, 5]),
            ({"limit": 0}, []),
            ({"operation": "list_llm", "limit": 1}, [5]),
        ],
    )
    def test_are_filtered_by_all_that_is_given(self, journal, wanted, numbers):
        assert [call.number for call in journal.calls(**wanted)] == numbers


class TestAssertions:
    def test_hold_and_give_the_calls(self, client, journal):
        ask(client, "/usage/llm?org_id=1", "/usage/llm?org_id=1&start_date=2026-04-01", "/usage/llm?org_id=2")
        assert len(journal.assert_called("list_llm", org_id=1, times=2)) == 2
        assert journal.assert_called("list_llm", status=200)[0].number == 1
        journal.assert_called("list_llm", org_id=1, start_date=date(2026, 4, 1), times=1)
        journal.assert_not_called("list_matching")
        journal.assert_not_called("list_llm", org_id=3)

    def test_that_fail_show_the_nearest_misses_first(self, client, journal):
        ask(client, "/usage/matching?task=IDR", "/usage/llm?org_id=2", "/usage/llm?org_id=1&start_date=2026-04-01")
        text = complaint(journal.assert_called, "list_llm", org_id=2, start_date="2026-04-01", times=2)
        head, label, *misses = text.splitlines()
        assert head == "list_llm org_id=2 start_date=2026-04-01: expected twice, came never"
        assert label == "nearest misses:"
        assert misses == [
            "  list_llm org_id=1 start_date=2026-04-01 → 200   (org_id 1, not 2)",
            "  list_llm org_id=2 → 200   (without start_date)",
            "  list_matching task=IDR → 200   "
            "(operation list_matching, not list_llm; without org_id; without start_date)",
        ]

    def test_that_fail_by_the_status_say_so(self, client, journal):
        ask(client, "/usage/llm/0")
        text = complaint(journal.assert_called, "get_llm", id=0, status=200)
        assert "get_llm id=0 → 200: expected at least once, came never" in text
        assert "get_llm id=0 → 404   (status 404, not 200)" in text

    def test_that_fail_by_the_count_show_what_came(self, client, journal):
        ask(client, *["/usage/llm?org_id=1"] * 3)
        text = complaint(journal.assert_called, "list_llm", org_id=1, times=1)
        assert text.splitlines()[0] == "list_llm org_id=1: expected once, came 3 times"
        assert text.count("  list_llm org_id=1 → 200") == 3
        text = complaint(journal.assert_not_called, "list_llm")
        assert text.splitlines()[0] == "list_llm: expected never, came 3 times"

    def test_that_fail_show_no_more_than_some(self, client, journal):
        ask(client, *["/usage/llm?org_id=1"] * 40)
        assert len(complaint(journal.assert_called, "list_matching").splitlines()) == 2 + module.SHOWN
        assert len(complaint(journal.assert_not_called, "list_llm").splitlines()) <= 2 + module.SHOWN

    def test_on_an_empty_journal_say_that_nothing_came(self, journal):
        text = complaint(journal.assert_called, "list_llm")
        assert "nothing was asked of the fake at all" in text

    def test_show_no_key(self, client, journal):
        ask(client, f"/usage/llm?x={SECRET}")
        assert re.search("x=…", complaint(journal.assert_called, "list_matching"))
