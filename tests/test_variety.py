"""The records that the check fetches by id show as much variety as there is."""

from __future__ import annotations

from random import Random
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from civis_usage.contract_tests.collect.record import Record, as_json, record_of
from civis_usage.contract_tests.collect.variety import MAX_RECORDS, choose_various
from civis_usage.contract_tests.collect.window import DAY, format_timestamp

NOW = 1_780_000_000


def records(*changes: dict[str, Any]) -> list[Record]:
    """Return LLM usage records, oldest first, a day apart, the newest a day old."""
    plain = {"modelId": "gpt-4o", "credits": 1.5}
    items = [
        plain | {"id": number, "runCreatedAt": format_timestamp(NOW - (len(changes) - number) * DAY)} | change
        for number, change in enumerate(changes)
    ]
    return [record_of("llm_usage", as_json(item)) for item in items]


def chosen(*changes: dict[str, Any], seed: int = 0) -> set[int]:
    return {record.data["id"] for record in choose_various(records(*changes), NOW, Random(seed))}


def test_the_extremes_are_chosen() -> None:
    changes: list[dict[str, Any]] = [{} for _ in range(60)]
    changes[20], changes[40] = {"credits": 0}, {"credits": 99}
    assert {0, 59, 20, 40} <= chosen(*changes)


def test_unusual_texts_are_chosen_before_one_more_model() -> None:
    changes: list[dict[str, Any]] = [{"modelId": f"model-{number % 30}"} for number in range(60)]
    for place, model in {11: "a & b", 22: "楽天", 33: 'say "so"', 44: "x" * 90}.items():
        changes[place] = {"modelId": model}
    for seed in range(10):
        assert {11, 22, 33, 44} <= chosen(*changes, seed=seed)


def test_each_age_is_chosen() -> None:
    ages = {59 - number + 1 for number in chosen(*[{} for _ in range(60)])}
    assert min(ages) == 1
    assert any(3 <= age < 30 for age in ages)
    assert any(30 <= age < 61 for age in ages)


CHANGES = st.fixed_dictionaries({"modelId": st.text(max_size=50) | st.none(), "credits": st.floats(0, 9)})


@given(st.lists(CHANGES, min_size=1, max_size=30), st.integers())
def test_a_few_different_records_are_chosen(changes: list[dict[str, Any]], seed: int) -> None:
    numbers = [record.data["id"] for record in choose_various(records(*changes), NOW, Random(seed))]
    assert 1 <= len(numbers) == len(set(numbers)) <= MAX_RECORDS
    assert set(numbers) == chosen(*changes, seed=seed)
