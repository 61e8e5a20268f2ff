"""Progress says how many requests were sent, of how many, and what is waited for and how long."""

from __future__ import annotations

import io

import pytest

from civis_usage.commands.progress import CLEAR, Progress
from civis_usage.contract_tests.collect.interaction import Failure, Query

from .interactions import answered

QUERY = Query.of("list_llm", org_id=1)


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def progress(*, live: bool = True, width: int = 80) -> tuple[Progress, io.StringIO, Clock]:
    stream, clock = io.StringIO(), Clock()
    return Progress(60, stream, live=live, width=width, clock=clock), stream, clock


def test_a_request_is_counted_against_the_budget_and_its_wait_grows() -> None:
    shown, _, clock = progress()
    shown.on_request(QUERY, 11)
    assert shown.line() == "12 of at most 60 requests, list_llm: waiting"
    clock.now += 7.5
    assert shown.line() == "12 of at most 60 requests, list_llm: waiting for 7 s"
    shown.on_interaction(answered(QUERY, 200), 12)
    assert shown.line() == "12 of at most 60 requests, list_llm: 200"


def test_what_never_came_is_named() -> None:
    shown, _, _ = progress()
    shown.on_request(QUERY, 0)
    shown.on_interaction(answered(QUERY, None, Failure.TIMEOUT), 3)
    assert shown.line() == "3 of at most 60 requests, list_llm: timeout"


def test_a_wait_counts_down() -> None:
    shown, _, clock = progress(width=200)
    shown.on_request(QUERY, 0)
    shown.on_wait(30)
    assert shown.line().startswith("1 of at most 60 requests, list_llm: next try in 30 s")
    clock.now += 12.4
    assert "next try in 18 s" in shown.line()
    clock.now += 99
    assert "next try in 0 s" in shown.line()


def test_the_longest_name_fits_eighty_columns() -> None:
    shown, _, _ = progress(width=80)
    shown.on_request(Query.of("get_llm_organization_summary", org_id=1), 45)
    shown.on_wait(330)
    assert shown.line().endswith("next try in 330 s")


@pytest.mark.parametrize("width", [1, 20, 40, 80])
def test_the_line_never_wraps(width: int) -> None:
    shown, stream, _ = progress(width=width)
    shown.on_request(QUERY, 0)
    shown.on_wait(330)
    assert all(len(line) < max(2, width) for line in stream.getvalue().split(CLEAR))
    assert "\n" not in stream.getvalue()


def test_where_there_is_no_terminal_only_long_waits_get_a_line() -> None:
    shown, stream, _ = progress(live=False)
    shown.on_request(QUERY, 4)
    shown.on_wait(0.5)
    shown.on_interaction(answered(QUERY, 200), 5)
    assert stream.getvalue() == ""
    shown.on_request(QUERY, 5)
    shown.on_wait(30)
    assert stream.getvalue() == ("6 of at most 60 requests, list_llm: next try in 30 s\n")


def test_a_reader_that_has_gone_ends_nothing() -> None:
    class Gone(io.StringIO):
        def write(self, text: str) -> int:
            raise BrokenPipeError

    shown = Progress(60, Gone(), live=True)
    shown.on_request(QUERY, 0)
    shown.on_wait(5)
