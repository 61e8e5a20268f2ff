"""What the world's questions cost, and that it is their answers they pay for, not what the world holds.

    python benchmarks/world.py

Each question is put to a world and to one ten times as large; the ratio should be 1 where the answer is as large, and
10 where it is ten times as large. Processor time of this process, best of several; compare figures of one run only.
"""

from __future__ import annotations

import io
import json
import time
from collections.abc import Callable
from contextlib import redirect_stdout
from datetime import date

from civis_usage.mock_server.world import World

DAY = 86_400_000
NOW = (date(2026, 5, 17) - date(1970, 1, 1)).days * DAY + DAY // 2
MONTH = NOW - 30 * DAY, NOW
SMALL, LARGE = 400, 4000


def micros(action: Callable[[], object], times: int, prepare: Callable[[], None] = lambda: None) -> float:
    """Give the best processor time of ``action``, in microseconds."""
    best = float("inf")
    for _ in range(7):
        prepare()
        began = time.process_time()
        for _ in range(times):
            action()
        best = min(best, (time.process_time() - began) / times)
    return best * 1e6


class Subject:
    """A world of one organization, and the questions about it."""

    def __init__(self, runs_per_day: int) -> None:
        """Ask each question once, so that vocabulary and tables are there."""
        self.world = World(organizations=1, runs_per_day=runs_per_day)
        listed = json.loads(self.world.llm(1, *MONTH, now=NOW))
        self.records = len(listed)
        self.ids = [record["id"] for record in listed[:: len(listed) // 50]]

    def fresh(self) -> None:
        """Forget every answer."""
        self.world = World(organizations=1, runs_per_day=self.world.organizations[0].runs_per_day)
        self.world.llm_by_id(self.ids[0], now=NOW)

    def questions(self) -> dict[str, float]:
        """Give the cost of each question, in microseconds."""
        ids = iter(self.ids * 1_000_000)
        first = min(self.ids)
        return {
            "one record by its id": micros(lambda: self.world.llm_by_id(next(ids), now=NOW), 500),
            "credits since 2024, first asked": micros(lambda: self.world.credits(1, now=NOW), 1, self.fresh),
            "credits since 2024, asked again": micros(lambda: self.world.credits(1, NOW - 800 * DAY - 5, now=NOW), 500),
            "an empty list": micros(lambda: self.world.llm(1, NOW + DAY, now=NOW), 500),
            "a month's list, first asked": micros(lambda: self.world.llm(1, *MONTH, now=NOW), 1, self.fresh),
            "a month's list, asked again": micros(lambda: self.world.llm(1, *MONTH, now=NOW), 3),
            "loading a record": micros(lambda: self.world.with_records([{"id": first % 9}], now=NOW), 20),
        }


def generating() -> float:
    """Give the records a second that ``civis-usage generate`` writes (of processor time)."""
    from civis_usage.commands.generate import generate

    options = ["--from", "2025-01-01", "--to", "2025-02-01", "--orgs", "1:4000,"]
    sink = io.TextIOWrapper(io.BytesIO())
    began = time.process_time()
    with redirect_stdout(sink):
        generate(options, standalone_mode=False)
    taken = time.process_time() - began
    sink.flush()
    return sink.buffer.getvalue().count(b"\n") / taken  # type: ignore[attr-defined]  # it is a BytesIO


def main() -> None:
    """Print one line a question."""
    small, large = Subject(SMALL), Subject(LARGE)
    print(f"{'microseconds':36} {SMALL:>7} a day {LARGE:>9} a day    ratio   of answers")
    costs = zip(small.questions().items(), large.questions().values(), strict=True)
    for (question, one), ten in costs:
        answers = large.records / small.records if "month" in question else 1
        print(f"{question:36} {one:13.1f} {ten:15.1f} {ten / one:8.1f} {answers:12.1f}")
    print(f"\n{generating():,.0f} records a second by civis-usage generate")


if __name__ == "__main__":
    main()
