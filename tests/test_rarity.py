"""A bad replica is found, and a row that arrives late is not taken for a violation: a tenth of ``tests.rarity``."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from .deviations.replicas import replica
from .rarity import LATE, SIZE, Tally, cells, late_row, measure, page, read, runs, write
from .standin import LLM, MATCHING, SUMMARY
from .standin_server import Server, serving

SEEDS = range(10)


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with serving() as server:
        yield server


@pytest.mark.nightly
@pytest.mark.parametrize("operation", [LLM, MATCHING, SUMMARY])
def test_one_bad_replica_of_three_is_found(server: Server, operation: str) -> None:
    tally = runs(server, SEEDS, lambda seed: replica("ignores-org-id", 3, operation, seed).standin(**SIZE))
    assert tally.found >= 9, tally.exits


@pytest.mark.nightly
def test_a_row_that_arrives_late_is_no_violation(server: Server) -> None:
    tally = runs(server, SEEDS, late_row)
    assert set(tally.exits.values()) == {0}


def test_results_are_kept_added_to_and_written_as_a_page(server: Server, tmp_path) -> None:
    file = tmp_path / "results.json"
    line = next(cell.line for cell in cells())
    found = {
        line: {"1 in 3": Tally({0: 1, 1: 0, 2: 1}, {0: 70, 1: 71, 2: 74})},
        LATE: {"": Tally({0: 0, 5: 1}, {0: 72, 5: 60})},
    }
    write(file, found)
    assert read(file) == found
    assert list(measure(server, 3, found, line, ["1 in 3"])) == [
        f"{line} 1 in 3: exit code 1 in 2 of 3 runs, not with seeds 1"
    ], "nothing is measured twice"
    shown = page(found, "| chances |")
    assert "| chances |" in shown
    assert f"| {line} | 2/3 |  |  |  |  |  | 71 |" in shown
    assert "1 false alarms in 2 runs" in " ".join(shown.split())
    assert "1 in 3 |" in shown
