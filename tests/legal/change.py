"""Change while one looks: rows that arrive late, runs that grow, summaries that lag, months that turn.

Each of them keeps the rule that *one instant explains all*: before it every answer shows the old state, after it every
answer the new one, and usage is only added or grows. ``test_standins.py`` holds them to it.
"""

from __future__ import annotations

from datetime import UTC, datetime

from ..standin import LLM, MATCHING, SUMMARY, Standin
from ..standin_runs import DAY, HOUR, SECOND, Run, millis
from .table import VARIATIONS, Variation

ARRIVED = 1_900_000_000
"""The first id of what arrives."""
TURNS: list[Variation] = []
"""The variations that change once, at one request."""


def turns(variation: Variation) -> None:
    """Enter a variation that changes once."""
    TURNS.append(variation)
    VARIATIONS.append(variation)


def row(kind: str, at: int, number: int = 0) -> Run:
    """Return a run of organization 1 that is created ``at``, in milliseconds."""
    more = {"records": 4_321, "task": "CDM" if number % 2 else "IDR"} if kind == MATCHING else {}
    spent = {"credits": 1_370_000, "tokens_in": 2_048, "tokens_out": 99} if kind == LLM else {}
    return Run(ARRIVED + number, ARRIVED + 500 + number, 1_007, 103, 1, at, **more, **spent)


def at_request(api: Standin, first: int, change) -> None:
    """Call ``change`` once, just before request ``first`` is answered."""

    def answer(api, right, request):
        with api.lock:
            if "turned" not in api.memory and len(api.journal) + 1 >= first:
                api.memory["turned"] = True
                change(api)
        return right(request)

    api.bend("answer", answer)


def late_row(kind: str, first: int, age: float, count: int = 1) -> None:
    """Enter rows that are created ``age`` hours ago and arrive at request ``first``."""

    def bend(api: Standin) -> None:
        def arrive(api: Standin) -> None:
            at = int(api.now() - age * HOUR)
            api.extra.extend(row(kind, at - n * 61 * SECOND, n) for n in range(count))

        at_request(api, first, arrive)

    rows = "a row arrives" if count == 1 else f"{count} rows arrive"
    turns(Variation(f"{kind}-{count}-late-by-{age:g}-hours-at-request-{first}",
                    f"{rows} {age:g} hours late, at request {first}", bend, combines=False))  # fmt: skip


for _first in (2, 3, 5, 8, 11, 14, 17, 20, 23, 26, 29, 32, 35, 38, 41, 44, 47, 50, 53, 57):
    late_row(LLM, _first, 7.5)
    late_row(MATCHING, _first, 31)
for _first, _age in ((4, 0.2), (9, 90), (13, 700), (19, 2_500), (25, 6_100), (31, 8_000), (40, 1_200), (46, 20)):
    late_row(LLM, _first, _age)
    late_row(MATCHING, _first, _age + 1.5)
late_row(LLM, 12, 50, count=6)
late_row(MATCHING, 21, 260, count=9)


def run_that_ends(first: int, age: float) -> None:
    """Enter a run that is there from the beginning and is longer and dearer from request ``first`` on."""

    def bend(api: Standin) -> None:
        def shape(api, right, run):
            made = right(run)
            if run.id != ARRIVED or "turned" not in api.memory:
                return made
            return made._replace(
                seconds=made.seconds + 1_234,
                credits=made.credits + 810_000,
                tokens_in=made.tokens_in + 77,
                tokens_out=made.tokens_out + 5,
            )

        def answer(api, right, request):
            if not api.extra:
                api.extra.append(row(LLM, int(api.now() - age * HOUR)))
            return right(request)

        api.bend("shape", shape).bend("answer", answer)
        at_request(api, first, lambda api: None)

    turns(Variation(f"a-run-of-{age:g}-hours-grows-at-request-{first}",
                    f"a run that began {age:g} hours ago grows at request {first}", bend, combines=False))  # fmt: skip


for _first, _age in ((3, 2), (6, 0.8), (10, 5), (16, 11), (22, 1.2), (28, 20), (34, 3), (43, 9), (51, 6)):
    run_that_ends(_first, _age)


def summary_behind(hours: float, daily: float) -> None:
    """Enter a summary that knows nothing of the last hours, of many runs a day."""

    def bend(api: Standin) -> None:
        def select(api, right, question):
            found = right(question)
            known = api.now() - hours * HOUR
            return [run for run in found if run.at <= known] if question.operation == SUMMARY else found

        api.bend("select", select)

    VARIATIONS.append(
        Variation(f"summary-{hours:g}-hours-behind-of-{daily}-runs-a-day", f"the summary lags {hours:g} hours behind",
                  bend, circumstances={"daily": {1: daily, 2: 1}}, combines=False))  # fmt: skip


for _hours, _daily in ((1, 12), (1, 48), (0.5, 96), (0.25, 60)):
    summary_behind(_hours, _daily)


def summary_catches_up(first: int, age: float) -> None:
    """Enter a row that every list has at once, and that the summary has from request ``first`` on."""

    def bend(api: Standin) -> None:
        def select(api, right, question):
            found = right(question)
            behind = question.operation == SUMMARY and "turned" not in api.memory
            return [run for run in found if run.id != ARRIVED] if behind else found

        def answer(api, right, request):
            if not api.extra:
                api.extra.append(row(LLM, int(api.now() - age * HOUR)))
            return right(request)

        api.bend("select", select).bend("answer", answer)
        at_request(api, first, lambda api: None)

    turns(Variation(f"summary-catches-up-at-request-{first}-with-{age:g}-hours",
                    f"the summary learns of a run of {age:g} hours ago at request {first}", bend,
                    combines=False))  # fmt: skip


for _first, _age in ((2, 0.3), (6, 0.9), (12, 0.6), (18, 0.1), (24, 0.75), (33, 0.5), (45, 0.95)):
    summary_catches_up(_first, _age)


def clock_passes(name: str, unusual: str, at: datetime, pace: float) -> None:
    """Enter an hour at which the month, the year or the day turns while one looks; both clocks go on."""

    def bend(api: Standin) -> None:
        days, first = api.days, millis(at) // DAY

        def days_within(api, right, question):
            api.days = days + api.now() // DAY - first  # no day of usage is lost because another begins
            return right(question)

        api.bend("days_within", days_within)

    VARIATIONS.append(Variation(name, unusual, bend, at=at, pace=pace, combines=False))


for _month, _day, _pace in ((4, 30, 0.05), (5, 31, 0.11), (1, 31, 0.2), (2, 28, 0.035), (12, 31, 0.08), (3, 31, 0.5)):
    clock_passes(f"month-{_month}-turns", f"month {_month} ends while one looks",
                 datetime(2026, _month, _day, 23, 59, 58, tzinfo=UTC), _pace)  # fmt: skip
clock_passes("leap-day-begins", "the 29th of February begins while one looks",
             datetime(2028, 2, 28, 23, 59, 59, tzinfo=UTC), 0.06)  # fmt: skip
clock_passes("a-day-turns", "a day ends while one looks", datetime(2026, 5, 18, 23, 59, 59, tzinfo=UTC), 0.07)
clock_passes("an-hour-passes", "each answer comes a minute after the other", datetime(2026, 5, 18, 9, tzinfo=UTC), 60)
