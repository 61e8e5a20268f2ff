"""``make test`` leaves out no deviation and no legal variation but those that another like it stands for."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

import pytest

from .deviations import DEVIATIONS
from .legal import VARIATIONS, combinations
from .slow import made_by, sampled

TABLES = {"deviations": DEVIATIONS, "legal": [*VARIATIONS, *combinations(10, 4, seed=3)]}


def marked(cases: list[Any]) -> dict[str, set[str]]:
    return {each.id: {mark.name for mark in each.marks} for each in sampled(cases)}


@pytest.mark.parametrize("table", TABLES)
def test_every_function_that_bends_a_stand_in_is_in_make_test(table: str) -> None:
    marks = marked(TABLES[table])
    functions = {each.id: made_by(each) for each in TABLES[table]}
    assert set(functions.values()) == {functions[id_] for id_ in marks if "nightly" not in marks[id_]}
    assert set(marks) == set(functions), "make test-all runs every case"


@pytest.mark.parametrize("table", TABLES)
def test_each_operation_is_there_and_each_third_is_quick(table: str) -> None:
    marks = marked(TABLES[table])
    run = [id_ for id_ in marks if "nightly" not in marks[id_]]
    assert len([id_ for id_ in run if "slow" not in marks[id_]]) == (len(run) + 2) // 3
    of = Counter(getattr(each, "operation", "any") for each in TABLES[table] if each.id in run)
    assert all(of[operation] >= 20 for operation in {getattr(each, "operation", "any") for each in TABLES[table]})


@dataclass(frozen=True)
class Case:
    id: str
    function: Any


def test_cases_that_differ_by_a_parameter_alone_stand_for_each_other() -> None:
    def cut_at(number: int) -> Any:
        return lambda rows: rows[:number]

    def when(wanted: Any) -> Any:
        return lambda rows: [row for row in rows if wanted(row)]

    cases = [Case(f"cut-at-{number}", cut_at(number)) for number in range(40)]
    cases += [Case("odd", when(lambda row: row % 2)), Case("even", when(lambda row: not row % 2)), Case("none", list)]
    run = [id_ for id_, marks in marked(cases).items() if "nightly" not in marks]
    assert run == ["cut-at-0", "cut-at-8", "cut-at-16", "cut-at-24", "cut-at-32", "even", "none"]
