"""Windows within one day that are cut or widened, and lists that end anywhere."""

from __future__ import annotations

from typing import Any

from ..standin import LLM, MATCHING, SUMMARY, Question
from ..standin_runs import DAY, HOUR
from .table import BUSY, WINDOWED, add

MINUTE = HOUR // 60
A_DOZEN_A_DAY = {"circumstances": {"daily": {1: 12, 2: 2}, "daily_matching": {1: 12, 2: 2}}}


def within_a_day(question: Question) -> bool:
    """Return whether a window begins and ends within one UTC day."""
    start, end = question.start, question.end
    return start is not None and end is not None and start // DAY == end // DAY and end - start < DAY - 1


def moves_bounds_within_a_day(name: str, about: str, wrong: str, start: int = 0, end: int = 0) -> None:
    """Enter a window within one UTC day whose bounds are moved by some milliseconds."""

    def select(api, right, question):
        if not within_a_day(question):
            return right(question)
        return right(question.but(start=question.start + start, end=question.end + end))

    for operation in WINDOWED:
        add(name, operation, about, wrong, "select", select, **A_DOZEN_A_DAY)


for _minutes in (65, 130, 300):
    moves_bounds_within_a_day(f"start-of-a-part-of-a-day-{_minutes}-minutes-late", "start_date",
                              f"a window within one day begins {_minutes} minutes late",
                              start=_minutes * MINUTE)  # fmt: skip
    moves_bounds_within_a_day(f"end-of-a-part-of-a-day-{_minutes}-minutes-early", "end_date",
                              f"a window within one day ends {_minutes} minutes early",
                              end=-_minutes * MINUTE)  # fmt: skip
    moves_bounds_within_a_day(f"start-of-a-part-of-a-day-{_minutes}-minutes-early", "start_date",
                              f"a window within one day begins {_minutes} minutes early",
                              start=-_minutes * MINUTE)  # fmt: skip
    moves_bounds_within_a_day(f"end-of-a-part-of-a-day-{_minutes}-minutes-late", "end_date",
                              f"a window within one day ends {_minutes} minutes late",
                              end=_minutes * MINUTE)  # fmt: skip


def part_of_a_day_is_a_day(api, right, question):
    """A window within one day is answered for its whole day."""
    if not within_a_day(question):
        return right(question)
    return right(question.but(start=question.start // DAY * DAY, end=question.start // DAY * DAY + DAY - 1))


def part_of_a_day_is_empty(api, right, question):
    """A window within one day finds nothing."""
    return [] if within_a_day(question) else right(question)


def part_of_a_day_has_one_run(api, right, question):
    """A window within one day finds its oldest run alone."""
    return right(question)[:1] if within_a_day(question) else right(question)


for _function in (part_of_a_day_is_a_day, part_of_a_day_is_empty, part_of_a_day_has_one_run):
    for _operation in WINDOWED:
        add(_function.__name__.replace("_", "-"), _operation, "start_date", _function.__doc__ or "", "select",
            _function, **A_DOZEN_A_DAY)  # fmt: skip


def cut_at(count: int, operation: str, oldest: bool = False, **more: Any) -> None:
    """Enter a list that ends after ``count`` records, counted from the newest or from the oldest."""

    def order(api, right, question, runs):
        return right(question, runs[:count] if oldest else runs[-count:])

    side = "oldest" if oldest else "newest"
    add(f"list-of-the-{side}-{count}", operation, "list", f"a list has the {side} {count} records at most", "order",
        order, **more)  # fmt: skip


for _count in (7, 23, 64, 137, 251, 512, 640):
    cut_at(_count, LLM)
for _count in (9, 77, 333, 480):
    cut_at(_count, MATCHING)
for _count in (41, 299, 600):
    cut_at(_count, LLM, oldest=True)
for _count in (58, 410):
    cut_at(_count, MATCHING, oldest=True)
for _count in (1_024, 1_250):
    cut_at(_count, LLM, **BUSY)
    cut_at(_count, MATCHING, **BUSY)


def cut_with_sum_at(count: int) -> None:
    """Enter a list of LLM usage that ends after ``count`` records, and a summary of the same ones."""

    def select(api, right, question):
        return right(question)[-count:]

    add(f"list-and-sum-of-the-newest-{count}", LLM, "list", f"list and summary alike have the newest {count} runs",
        "select", select, also=(SUMMARY,))  # fmt: skip


for _count in (36, 270, 590):
    cut_with_sum_at(_count)
