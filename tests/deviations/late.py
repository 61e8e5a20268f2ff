"""Change that no instant explains: rows that come and go, usage that shrinks, summaries that flip back."""

from __future__ import annotations

from collections.abc import Callable

from ..standin import GET, LLM, MATCHING, SUMMARY, Request, Standin
from ..standin_runs import DAY, HOUR, Run, noise
from .table import LISTS, add, age, asks, deviates

Turn = Callable[[int], bool]


def number(api: Standin) -> int:
    """Return the number of the request that is being answered, from 1."""
    return len(api.journal) + 1


def flips(name: str, days: float, turn: Turn, *operations: str, sums: bool = False) -> None:
    """Enter runs of one day, ``days`` ago, that are there at some requests and gone at others."""

    def select(api, right, question):
        found = right(question)
        return found if turn(number(api)) else [run for run in found if not days <= age(api, run) < days + 4]

    for operation in operations:
        add(name, operation, "stability", f"runs of four days, {days} days ago, come and go", "select", select,
            also=(SUMMARY,) if sums else ())  # fmt: skip


flips("rows-there-at-every-second-request", 2, lambda n: n % 2 == 0, *LISTS, SUMMARY)
flips("rows-there-at-two-requests-in-three", 9, lambda n: n % 3 != 0, *LISTS)
flips("rows-gone-at-some-requests", 40, lambda n: noise(n, 22) % 4 != 0, *LISTS, SUMMARY)
flips("rows-there-for-six-requests-and-gone-for-six", 1, lambda n: n // 6 % 2 == 0, *LISTS)
flips("rows-come-and-go-in-lists-and-sums", 5, lambda n: n % 2 == 1, LLM, sums=True)


def gone_from(name: str, first: int, days: float, *operations: str) -> None:
    """Enter usage that an operation shows at first and takes away at one of its answers: usage is only added."""

    def select(api, right, question):
        answer = sum(asks(request) == question.operation for request, _ in api.journal) + 1
        found = right(question)
        return found if answer < first else [run for run in found if age(api, run) < days]

    for operation in operations:
        add(name, operation, "stability", f"from answer {first} on, runs older than {days} days are gone", "select",
            select)  # fmt: skip


gone_from("old-runs-gone-from-the-fourth-answer", 4, 30, *LISTS)
gone_from("old-runs-gone-from-the-tenth-answer", 10, 12, *LISTS)


def sum_flips(name: str, wrong: str, factor: Callable[[int], float]) -> None:
    """Enter a summary whose past is another at some requests."""

    def spent(api, right, question):
        return right(question) * factor(number(api))

    add(name, SUMMARY, "stability", wrong, "spent", spent)


sum_flips("sum-higher-at-every-second-request", "every second summary is 3 % higher",
          lambda n: 1.03 if n % 2 else 1)  # fmt: skip
sum_flips("sum-higher-at-every-third-request", "every third summary is an eighth higher",
          lambda n: 1.125 if n % 3 == 0 else 1)  # fmt: skip
sum_flips("sum-lower-at-some-requests", "some summaries are a tenth lower",
          lambda n: 0.9 if noise(n, 5) % 3 == 0 else 1)  # fmt: skip


@deviates("render", LLM, about="credits", also=(GET,))
def credits_flip_back_and_forth(api, right, question, run):
    """The credits of old runs are a fifth higher at every second request."""
    more = age(api, run) > 5 and number(api) % 2
    return right(question, run) | ({"credits": run.credits * 1.2 / 1e6} if more else {})


@deviates("render", MATCHING, about="numRecords")
def count_flips_back_and_forth(api, right, question, run):
    """The count of one old run in three is doubled at every second request."""
    more = age(api, run) > 3 and noise(run.run, 8) % 3 == 0 and number(api) % 2
    return right(question, run) | ({"numRecords": run.records * 2 + 1} if more else {})


@deviates("answer", *LISTS, about="stability")
def a_row_only_in_the_first_answers(api, right, request: Request):
    """A run of last week is in the first three answers of an operation, and never again."""
    api.memory["answers"] = api.memory.get("answers", 0) + 1
    at = api.now() - 6 * DAY - 3 * HOUR
    llm = Run(1_700_000_001, 1_700_000_001, 3, 4, 1, at, credits=2_500_000)
    matching = Run(1_700_000_002, 1_700_000_003, 3, 4, 1, at, records=77, task="IDR")
    api.extra = [llm, matching] if api.memory["answers"] <= 3 else []
    return right(request)
