"""A bad replica is found, and a row that arrives late is not taken for a violation: a tenth of ``tests.rarity``."""

from __future__ import annotations

import pytest

from .deviations.replicas import replica
from .rarity import SIZE, late_row, runs
from .standin import LLM, MATCHING
from .standin_server import serving

SEEDS = range(10)


@pytest.mark.nightly
@pytest.mark.parametrize("operation", [LLM, MATCHING])
def test_one_bad_replica_of_three_is_found(operation: str) -> None:
    with serving() as server:
        tally = runs(server, SEEDS, lambda seed: replica("ignores-org-id", 3, operation, seed).standin(**SIZE))
    assert tally.found >= 9, tally.exits


@pytest.mark.nightly
def test_a_row_that_arrives_late_is_no_violation() -> None:
    with serving() as server:
        tally = runs(server, SEEDS, late_row)
    assert tally.exits == [0] * len(SEEDS)
