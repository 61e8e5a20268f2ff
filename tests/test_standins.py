"""The stand-ins run, and the legal ones keep the relations that the check relies on."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from typing import Any

import pytest

from .deviations.table import asks
from .legal import VARIATIONS, Variation
from .legal.change import TURNS
from .standin import KEY, LLM, MATCHING, SUMMARY, Request, Standin
from .standin_runs import NOW, millis

SIZE = {"daily": {1: 2, 2: 1, 3: 1}, "daily_matching": {1: 1.6, 2: 1, 3: 1}}
TARGETS = (
    "/usage/llm?org_id=1&start_date=2025-05-01",
    "/usage/matching?org_id=1&start_date=2025-05-01",
    "/usage/llm/organization/1/summary?start_date=2025-05-01",
    "/usage/llm",
    "/usage/matching?org_id=1&task=IDR",
)


def ask(standin: Standin, target: str) -> Any:
    """Return the status and the JSON of an answer."""
    answer = standin.respond(Request("GET", target, {"Authorization": f"Bearer {KEY}"}))
    return answer.status, json.loads(answer.body or b"null")


def numbers(value: Any) -> Iterator[float]:
    """Return every sum that must not fall: the records of a list, and their totals, or a summary's credits."""
    if isinstance(value, list):
        yield len(value)
        for name in ("runTime", "credits", "inputTokens", "outputTokens", "numRecords"):
            yield sum(record.get(name, 0) for record in value)
    else:
        yield value["credits"]


@pytest.mark.parametrize("variation", TURNS, ids=lambda variation: variation.id)
def test_one_instant_explains_all(variation: Variation) -> None:
    standin = variation.standin(daily={1: 0.4}, daily_matching={1: 0.4})
    standin.now = lambda: millis(NOW)
    first = MATCHING if variation.id.startswith(MATCHING) else SUMMARY if variation.id.startswith("summary") else LLM
    targets = sorted(TARGETS, key=lambda target: asks(Request("GET", target, {})) != first)
    seen: dict[str, list[tuple[int, Any]]] = {target: [] for target in TARGETS}
    for number, target in zip(range(75), itertools.cycle(targets), strict=False):
        status, value = ask(standin, target)
        assert status == 200
        seen[target].append((number, value))

    earliest, latest, changes = 0, 75, 0
    for answers in seen.values():
        for (before, old), (after, new) in itertools.pairwise(answers):
            if old != new:
                changes += 1
                earliest, latest = max(earliest, before + 1), min(latest, after)
                assert all(a <= b + 1e-9 for a, b in zip(numbers(old), numbers(new), strict=True))
        assert len({json.dumps(value) for _, value in answers}) <= 2
    assert changes, "nothing changes"
    assert earliest <= latest, "no instant explains all"


@pytest.mark.parametrize("variation", VARIATIONS, ids=lambda variation: variation.id)
def test_a_legal_stand_in_answers(variation: Variation) -> None:
    standin = variation.standin(**SIZE)
    standin.now = lambda: millis(variation.at)
    answer = standin.respond(Request("GET", "/usage/llm?org_id=1", {"Authorization": f"Bearer {KEY}"}))
    assert answer.dropped or answer.status in {200, 408, 429, 502, 503, 504, 520, 521, 522, 523, 524, 530}
