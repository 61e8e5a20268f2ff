"""The journal: what is written down, what is not, and assertions that say what came instead."""

from __future__ import annotations

import base64
import re
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from civis_usage.mock_server import journal as module
from civis_usage.mock_server.app import create_app
from civis_usage.mock_server.journal import Journal
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
            journal.add(generation=journal.generation, **_call(number))
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
        generation = journal.generation
        journal.clear()
        journal.add(generation=generation, **_call(1))
        assert not list(journal) and not journal.counts

    def test_listeners_are_told_of_every_call(self, client, journal):
        heard = []
        journal.on_call = heard.append
        try:
            ask(client, "/usage/llm?org_id=2")
        finally:
            journal.on_call = None
        assert [str(call) for call in heard] == ["list_llm org_id=2 → 200"]


def _call(number, operation="list_llm", status=200, **parameters):
    return {
        "at": 0,
        "request_id": str(number),
        "method": "GET",
        "path": "/usage/llm",
        "operation": operation,
        "parameters": parameters,
        "status": status,
        "duration": 1.0,
    }


def journal_of(calls, size=3):
    journal = Journal(size)
    for number, call in enumerate(calls):
        journal.add(generation=journal.generation, **_call(number, **call))
    return journal


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
        assert "no request reached the fake" in text

    def test_show_no_key(self, client, journal):
        ask(client, f"/usage/llm?x={SECRET}")
        assert re.search("x=…", complaint(journal.assert_called, "list_matching"))


CALLS = st.lists(
    st.fixed_dictionaries(
        {"operation": st.sampled_from(["list_llm", "get_llm", None]), "status": st.sampled_from([200, 404, None])},
        optional={"org_id": st.sampled_from(["1", "2", "01"])},
    ),
    max_size=8,
)


class TestWhatIsForgotten:
    """The journal keeps the last calls and counts all of them; an assertion passes only where it is certain."""

    def test_is_counted_for_ever(self):
        journal = journal_of([{}] * 4 + [{"operation": "get_llm"}] * 2 + [{"operation": None}])
        assert len(journal) == 3
        assert journal.counts == {"list_llm": 4, "get_llm": 2, "none": 1}
        journal.assert_called("list_llm", times=4)
        assert "expected never, came 4 times" in complaint(journal.assert_not_called, "list_llm")
        journal.assert_not_called("list_llm", status=404)

    def test_is_counted_exactly_while_many_threads_write(self):
        journal = Journal(3)
        with ThreadPoolExecutor(16) as threads:
            list(threads.map(lambda number: journal.add(generation=0, **_call(number)), range(2000)))
        journal.assert_called("list_llm", times=2000)
        assert [call.number for call in journal] == [1998, 1999, 2000]

    def test_makes_no_assertion_pass_that_cannot_be_decided(self):
        journal = journal_of([{"org_id": "1"}] * 4)
        text = complaint(journal.assert_not_called, "list_llm", org_id=2)
        assert text == (
            "list_llm org_id=2: expected never, but that cannot be decided: the journal keeps the last calls alone and "
            "has forgotten 1 of list_llm; assert without parameters, or call journal.clear() before the requests that "
            "matter"
        )
        assert len(journal.assert_called("list_llm", org_id=1)) == 3
        assert "cannot be decided" in complaint(journal.assert_called, "list_llm", org_id=1, times=3)
        assert "came at least 3 times" in complaint(journal.assert_called, "list_llm", org_id=1, times=2)
        assert "expected 5 times, came at least 3 times" in complaint(
            journal.assert_called, "list_llm", org_id=1, times=5
        )

    def test_of_another_operation_or_status_changes_nothing(self):
        journal = journal_of([{"operation": "get_llm"}, {"status": 404, "org_id": "2"}] + [{"org_id": "1"}] * 3)
        journal.assert_not_called("list_matching", org_id=2)
        journal.assert_not_called("list_llm", org_id=2, status=200)
        assert "cannot be decided" in complaint(journal.assert_not_called, "list_llm", org_id=2)

    @given(
        calls=CALLS,
        size=st.integers(1, 8),
        times=st.sampled_from([None, 0, 1, 2, 3]),
        status=st.sampled_from([None, 200, 404]),
        org_id=st.sampled_from(["any", None, 1, 2]),
    )
    def test_an_assertion_agrees_with_a_journal_that_forgets_nothing(self, calls, size, times, status, org_id):
        parameters = {} if org_id == "any" else {"org_id": org_id}

        def matches(call):
            sent = int(call["org_id"]) if "org_id" in call else None
            return same_kind(call) and (org_id == "any" or sent == org_id)

        def same_kind(call):
            return call["operation"] == "list_llm" and status in (None, call["status"])

        came = sum(map(matches, calls))
        least = most = came
        if parameters:  # any of the forgotten calls may have been made with them
            least = sum(map(matches, calls[-size:]))
            most = least + sum(map(same_kind, calls[:-size]))
        outcomes = {count >= 1 if times is None else count == times for count in range(least, most + 1)}
        expected = {(True,): "holds", (False,): "fails"}.get(tuple(outcomes), "undecided")
        try:
            journal_of(calls, size).assert_called("list_llm", times=times, status=status, **parameters)
            outcome = "holds"
        except AssertionError as failed:
            outcome = "undecided" if "cannot be decided" in str(failed) else "fails"
        assert outcome == expected


class TestWhatIsHidden:
    """A key, and what is too long, is kept as … only."""

    @pytest.mark.parametrize(
        ("sent", "wanted", "undecided"),
        [
            ({"task": "y" * 300}, {"task": "y" * 299}, True),
            ({"task": "y" * 300}, {"task": "z" * 300}, False),
            ({"org_id": "0" * 300 + "7"}, {"org_id": 7}, True),
            ({"org_id": "0" * 300 + "7"}, {"task": "IDR"}, False),
            ({f"p{number}": "1" for number in range(25)}, {"org_id": 1}, True),
            ({f"p{number}": "1" for number in range(25)}, {"org_id": None}, True),
            ({f"p{number}": "1" for number in range(20)}, {"org_id": 1}, False),
            ({"task": "…"}, {"task": "IDR"}, True),
        ],
    )
    def test_makes_no_assertion_pass_that_cannot_be_decided(self, sent, wanted, undecided):
        journal = journal_of([{"operation": "list_matching", **sent}])
        if undecided:
            assert "cannot be decided: of 1 calls it keeps" in complaint(
                journal.assert_not_called, "list_matching", **wanted
            )
            assert "cannot be decided" in complaint(journal.assert_called, "list_matching", **wanted)
        else:
            journal.assert_not_called("list_matching", **wanted)

    def test_is_found_where_nothing_else_can_be_meant(self):
        journal = journal_of([{"task": "…"}])
        assert len(journal.assert_called("list_llm", times=1)) == 1
        assert journal.calls("list_llm", task="IDR") == []
