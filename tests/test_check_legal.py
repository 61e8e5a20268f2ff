"""The check has nothing against an API that keeps the contract in an unusual way."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from .judging import judge, wrong
from .legal import VARIATIONS, Variation, combinations
from .slow import sampled
from .standin_server import Server, serving

SIZE = {"daily": {1: 2, 2: 1, 3: 1}, "daily_matching": {1: 1.6, 2: 1, 3: 1}}


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with serving() as server:
        yield server


@pytest.mark.parametrize("variation", sampled([*VARIATIONS, *combinations(10, 4, seed=3)]))
def test_a_legal_variation_is_no_violation(server: Server, variation: Variation) -> None:
    standin = variation.standin(**SIZE)
    report = judge(server, standin, variation.organizations, at=variation.at, pace=variation.pace)
    shown = f"{variation.unusual}\n{wrong(report)}\n{standin.trace()}"

    assert report.exit_code == (4 if variation.is_invisible else 0), shown
    assert bool(report.invisible) is variation.is_invisible, shown
    assert replace(report, allow_no_data=()).exit_code == (4 if variation.no_data or report.invisible else 0), shown
    assert standin.methods == {"GET"}
    assert standin.wrong_keys <= 5, "one at each operation, and one once more after a hiccup"
    assert len(standin.journal) <= report.budget, shown
