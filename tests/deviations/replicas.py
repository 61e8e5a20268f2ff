"""Several machines behind one address, one of which is wrong: what it answers depends on who is asked."""

from __future__ import annotations

from collections.abc import Callable

from ..standin import LLM, MATCHING, SUMMARY, Question, Standin
from ..standin_runs import DAY, noise
from .table import DEVIATIONS, WINDOWED, Deviation, age, width

Select = Callable[..., object]


def ignores_organization(api: Standin, right: Select, question: Question):
    """Return everybody's runs."""
    return right(question.but(org=None))


def lags(api: Standin, right: Select, question: Question):
    """Return what was known five days ago."""
    return [run for run in right(question) if age(api, run) > 5]


def truncates(api: Standin, right: Select, question: Question):
    """Return the newest eleven runs."""
    return right(question)[-11:]


def forgets(api: Standin, right: Select, question: Question):
    """Return what is younger than eighty days."""
    return [run for run in right(question) if age(api, run) < 80]


def ignores_end(api: Standin, right: Select, question: Question):
    """Return what came after the end as well."""
    return right(question.but(end=None) if width(api, question) < 400 else question)


def loses_a_day(api: Standin, right: Select, question: Question):
    """Return all but the runs of one day, two hundred days ago."""
    return [run for run in right(question) if run.at // DAY != api.now() // DAY - 200]


def rounds(api: Standin, right: Select, question: Question):
    """Return runs whose credits have two decimals."""
    return [run._replace(credits=round(run.credits, -4)) for run in right(question)]


MISTAKES = {
    "ignores-org-id": (ignores_organization, "org_id", "ignores org_id"),
    "lags": (lags, "stability", "lags five days behind"),
    "truncates": (truncates, "list", "answers with eleven runs at most"),
    "forgets": (forgets, "list", "has lost what is older than eighty days"),
    "ignores-end-date": (ignores_end, "end_date", "ignores end_date"),
    "loses-a-day": (loses_a_day, "list", "has lost one day of usage"),
    "rounds": (rounds, "credits", "rounds credits to two decimals"),
}
"""By name: what the wrong replica does, the promise it breaks, and the same in words."""
IMPOSSIBLE = {("truncates", SUMMARY), ("rounds", MATCHING)}
"""The mistakes that an operation cannot make."""
BY_CHANCE = {"loses-a-day", "rounds"}
"""The mistakes that few requests meet: how often they are found is measured by ``tests.rarity``."""


def replica(mistake: str, of: int, operation: str, seed: int = 0, *, in_turn: bool = False) -> Deviation:
    """Return the deviation in which one replica of ``of`` makes a mistake, asked at random or in turn."""
    function, about, words = MISTAKES[mistake]

    def select(api, right, question):
        number = len(api.journal)
        asked = number + seed if in_turn else noise(71, seed, number)
        return function(api, right, question) if asked % of == 0 else right(question)

    name = f"{operation}: one-replica-of-{of}-{mistake}{'-in-turn' if in_turn else ''}"
    wrong = f"one replica of {of} {words}"
    return Deviation(name, operation, about, wrong, "select", select, places=frozenset({operation}))


DEVIATIONS.extend(
    replica(mistake, of, operation, seed=of)
    for of in (2, 3)
    for mistake in MISTAKES
    if mistake not in BY_CHANCE
    for operation in WINDOWED
    if (mistake, operation) not in IMPOSSIBLE
)
DEVIATIONS.extend(
    replica(mistake, 2, operation, seed=1, in_turn=True)
    for mistake in ("ignores-org-id", "lags")
    for operation in (LLM, MATCHING)
)
