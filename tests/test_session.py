"""A session: within its budget and its deadline whatever the server does, each query once, and nothing raised."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import pytest

from civis_usage.contract_tests.collect.interaction import Credentials, Failure, Interaction, Query
from civis_usage.contract_tests.collect.session import Session
from civis_usage.contract_tests.config import MAX_RETRY_AFTER, Config
from civis_usage.schemas import OPERATIONS

from .endless_servers import ENDLESS, Behaviour, drip, served, silent
from .http_stub import Reply, answering, closed_port

LIST = Query.of("list_llm", org_id=1)
OTHER = Query.of("list_matching", org_id=1)
MACHINE = datetime(2026, 1, 1, tzinfo=UTC)
QUICK = 1.0
"""The deadline of a run against a server that never responds: its requests get a half of it, and then of the rest."""
SLOW_MACHINE = 20.0
"""Seconds within which anything that is bounded should have ended, on a machine that does much else."""


class Naps:
    """Waits in no time, and remembers how long."""

    def __init__(self) -> None:
        self.seconds: list[float] = []

    def __call__(self, seconds: float) -> None:
        self.seconds.append(seconds)


@contextmanager
def session(url: str, **more: Any) -> Iterator[Session]:
    made = Session(Config(url, "a-key", (1,), **{"sleep": Naps(), "now": lambda: MACHINE} | more))
    try:
        yield made
    finally:
        made.close()


# Servers that do not come to an end


@pytest.mark.parametrize("behave", ENDLESS, ids=lambda each: each.__name__)
def test_a_run_ends_at_its_deadline_whatever_the_server_does(behave: Behaviour) -> None:
    began = time.monotonic()
    with served(behave) as url, session(url, deadline=QUICK) as made:
        found = [made.send(Query.of("get_llm", id=number)) for number in range(1, 9)]
    assert time.monotonic() - began < SLOW_MACHINE
    assert all(each.failure is not None and each.status is None for each in found)
    assert all(each.unavailable for each in found)
    assert found[-1].failure is Failure.UNSENT
    assert made.stopped == found[-1].unavailable
    assert made.requests <= 9, "what is given up is not sent again, and a run that is over sends nothing"


def test_a_request_gets_half_of_the_time_that_is_left() -> None:
    with served(silent) as url, session(url, deadline=QUICK) as made:
        first = made.send(LIST)
        assert first.failure is Failure.TIMEOUT
        assert told(first) == "/usage/llm?org_id=1 got no whole response within 0.5 seconds"
        assert made.stopped is None
        assert made.slowness >= QUICK / 2
        assert made.send(OTHER).failure in (Failure.TIMEOUT, Failure.UNSENT)


def test_a_deadline_that_is_over_is_told_with_its_option() -> None:
    with served(silent) as url, session(url, deadline=QUICK) as made:
        for number in range(4):
            made.send(Query.of("get_llm", id=number))
    assert made.stopped == "the API took longer than 1 seconds altogether: raise the limit with --deadline"
    assert made.left == 0


def test_a_request_has_the_timeout_of_the_settings_where_there_is_more_time() -> None:
    with served(drip) as url, session(url, timeout=0.2) as made:
        assert told(made.send(LIST)) == "/usage/llm?org_id=1 got no whole response within 0.2 seconds"
        assert made.slowness < SLOW_MACHINE


def test_a_response_after_one_that_was_given_up_is_its_own() -> None:
    over = threading.Event()
    replies = Reply(drip=over, headers={"Content-Length": "1000000"}), Reply(body=b"[2]")
    with answering(*replies) as stub, session(stub.url, timeout=0.5) as made:
        assert made.send(LIST).failure is Failure.TIMEOUT
        over.set()
        assert made.send(OTHER).json == [2]
        assert made.send(LIST).failure is Failure.TIMEOUT, "what failed is remembered"
    assert made.requests == 2


# What failed


FAILURES: dict[str, tuple[Reply, str | None]] = {
    "busy": (Reply(503), None),
    "gateway": (Reply(504, b"<h1>504</h1>"), None),
    "dropped": (Reply(drop=True), Failure.UNREACHABLE),
    "cut": (Reply(cut=9), Failure.UNREACHABLE),
    "not HTTP": (Reply(raw=b"220 mail.example ESMTP\r\n"), Failure.UNREACHABLE),
    "not gzip": (Reply(body=b"[]", headers={"Content-Encoding": "gzip"}), Failure.UNDECODABLE),
}


@pytest.mark.parametrize(("reply", "failure"), FAILURES.values(), ids=list(FAILURES))
def test_what_failed_is_remembered_and_never_sent_again(reply: Reply, failure: str | None) -> None:
    with answering(Reply(), reply) as stub, session(stub.url) as made:
        made.send(OTHER)
        failed = made.send(LIST)
        sent = len(stub.requests)
        assert made.send(LIST) is failed
        assert made.send(LIST, again=True) is failed
    assert failed.failure == failure
    assert failed.unavailable
    assert len(stub.requests) == sent == made.requests
    assert made.stopped is None, "it costs only what needs it"


def test_what_was_answered_is_sent_again_only_if_asked_for() -> None:
    with answering(Reply(body=b"[1]"), Reply(body=b"[2]")) as stub, session(stub.url) as made:
        assert made.send(LIST).json == made.send(LIST).json == [1]
        assert made.send(LIST, again=True).json == [2]
    assert [each.json for each in made.interactions] == [[1], [2]]


def test_an_address_where_nothing_listens_ends_the_run() -> None:
    with session(f"http://127.0.0.1:{closed_port()}") as made:
        first, second = made.send(LIST), made.send(OTHER)
    assert first.failure is Failure.UNREACHABLE
    assert second.failure is Failure.UNSENT
    assert made.stopped is not None and "nothing listens at this address" in made.stopped
    assert made.requests == 3


def test_an_api_that_is_down_is_asked_about_each_operation_once() -> None:
    with answering(Reply(503)) as stub, session(stub.url) as made:
        for operation in OPERATIONS:
            made.send(Query.of(operation, id=1, org_id=1))
        assert made.send(Query.of("get_llm", id=2)).failure is Failure.UNSENT
    assert made.stopped is not None and made.stopped.startswith("no operation is available: /usage/")
    assert made.requests == len(stub.requests) == 5 * len(OPERATIONS)


def test_a_budget_is_kept_and_named() -> None:
    with answering(Reply()) as stub, session(stub.url, max_requests=2) as made:
        found = [made.send(Query.of("get_llm", id=number)) for number in range(4)]
    assert [each.failure for each in found] == [None, None, Failure.UNSENT, Failure.UNSENT]
    assert made.stopped == "the budget of 2 requests is spent: raise it with --max-requests"
    assert len(stub.requests) == 2


@pytest.mark.parametrize(
    ("replies", "resent"),
    [
        ([Reply(503), Reply(503), Reply()], {"after 503": 2}),
        ([Reply(429), Reply(503), Reply()], {"after 429": 1, "after 503": 1}),
        ([Reply(cut=1), Reply()], {"since the response broke off before its end": 1}),
        ([Reply(522), Reply()], {"after 522": 1}),
        ([Reply(500)], {}),
    ],
)
def test_what_is_sent_again_is_counted_by_its_reason(replies: list[Reply], resent: dict[str, int]) -> None:
    with answering(*replies) as stub, session(stub.url) as made:
        made.send(LIST)
        assert (made.resent, made.requests) == (resent, len(replies))


# Retry-After


def told(interaction: Interaction) -> str:
    assert interaction.unavailable
    operation, _, reason = interaction.unavailable.partition(" is not available: ")
    assert operation == interaction.operation
    return reason


@pytest.mark.parametrize("status", [429, 502, 503, 504])
def test_a_retry_after_of_hours_ends_the_run_at_once_and_names_the_time(status: int) -> None:
    naps = Naps()
    with answering(Reply(status, headers={"Retry-After": "7200"})) as stub, session(stub.url, sleep=naps) as made:
        first, second = made.send(LIST), made.send(OTHER)
    sentence = f"the API asks to come back in 7200 seconds (Retry-After): /usage/llm?org_id=1 answered {status}"
    assert made.stopped == told(first) == second.unavailable == sentence
    assert (len(stub.requests), naps.seconds) == (1, [])


def test_a_retry_after_as_a_date_is_measured_by_the_apis_clock() -> None:
    headers = {"Date": "Tue, 19 May 2026 10:00:00 GMT", "Retry-After": "Tue, 19 May 2026 12:00:00 GMT"}
    reply = Reply(raw=b"".join([
        b"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n",
        *(f"{name}: {value}\r\n".encode() for name, value in headers.items()),
        b"\r\n",
    ]))  # fmt: skip
    with answering(reply) as stub, session(stub.url) as made:
        assert "come back in 7200 seconds" in told(made.send(LIST))


def test_a_short_retry_after_is_waited_for_and_does_not_count_as_slowness() -> None:
    naps = Naps()
    replies = Reply(429, headers={"Retry-After": "100"}), Reply(body=b"[1]")
    with answering(*replies) as stub, session(stub.url, sleep=naps) as made:
        assert made.send(LIST).json == [1]
    assert len(naps.seconds) == 1 and naps.seconds[0] >= 100
    assert made.waited == naps.seconds[0]
    assert made.slowness < SLOW_MACHINE
    assert made.stopped is None
    assert len(stub.requests) == made.requests == 2


def test_the_waiting_of_a_whole_run_is_bounded() -> None:
    naps = Naps()
    replies = [reply for _ in range(9) for reply in (Reply(429, headers={"Retry-After": "100"}), Reply())]
    with answering(*replies) as stub, session(stub.url, sleep=naps) as made:
        for number in range(9):
            made.send(Query.of("get_llm", id=number))
    assert sum(naps.seconds) <= MAX_RETRY_AFTER
    assert len(naps.seconds) == 3
    assert made.stopped is not None and "come back in 100 seconds (Retry-After)" in made.stopped
    assert "after retries" not in made.stopped


def test_only_what_was_sent_more_than_once_is_said_to_be() -> None:
    replies = Reply(), *[Reply(504)] * 5, Reply(504, headers={"Retry-After": "7200"})
    with answering(*replies) as stub, session(stub.url) as made:
        made.send(OTHER)
        again = made.send(LIST)
        once = made.send(Query.of("get_llm", id=1))
    assert told(again) == "/usage/llm?org_id=1 answered 504, after retries as well"
    assert "after retries" not in told(once)
    assert len(stub.requests) == 7


def test_a_response_that_was_read_from_a_file_is_not_said_to_be_sent_again() -> None:
    read = Interaction("list_llm", {"org_id": 1}, Credentials.VALID, MACHINE, 503)
    assert told(read) == "/usage/llm?org_id=1 answered 503"


@pytest.mark.parametrize("headers", [{}, {"Retry-After": "7200"}], ids=["no word", "hours"])
def test_a_429_without_a_key_costs_only_what_needs_it(headers: dict[str, str]) -> None:
    replies = [Reply(body=b"[1]"), *[Reply(429, headers=headers)] * (1 if headers else 5), Reply(body=b"[2]")]
    with answering(*replies) as stub, session(stub.url) as made:
        made.send(LIST)
        refused = made.send(LIST._replace(credentials=Credentials.NONE))
        assert refused.unavailable
        assert made.stopped is None
        assert made.send(OTHER).json == [2]
    assert len(stub.requests) == len(replies)


def test_a_429_to_the_key_after_retries_ends_the_run() -> None:
    with answering(Reply(), Reply(429)) as stub, session(stub.url) as made:
        made.send(OTHER)
        made.send(LIST)
        assert made.stopped is not None and made.stopped.startswith("the rate limit is spent: ")
    assert len(stub.requests) == 6


# The clock


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ([b"Date: Tue, 19 May 2026 15:26:07 GMT"], datetime(2026, 5, 19, 15, 26, 7, tzinfo=UTC)),
        ([b"date: Sun, 06 Nov 2044 08:49:37 GMT"], datetime(2044, 11, 6, 8, 49, 37, tzinfo=UTC)),
        ([], MACHINE),
        ([b"Date: yesterday"], MACHINE),
    ],
    ids=["date", "lower case", "none", "unreadable"],
)
def test_now_is_the_apis_date_or_the_machines(headers: list[bytes], expected: datetime) -> None:
    raw = b"\r\n".join([b"HTTP/1.1 404 Not Found", *headers, b"Content-Length: 0", b"", b""])
    with answering(Reply(raw=raw)) as stub, session(stub.url) as made:
        made.send(LIST)
        assert made.now == int(expected.timestamp())
