"""What was measured, as tables for people and as JSON for programs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from figures import Figure
from goals import Outcome

__all__ = ["as_json", "tables"]


def tables(figures: Mapping[str, Figure], outcomes: Sequence[Outcome]) -> Iterator[str]:
    """Give the lines of two tables: every figure, and what came of the promises."""
    width = max(map(len, figures))
    yield f"{'figure':{width}} {'median':>12} {'min':>12} {'max':>12}"
    for figure in figures.values():
        numbers = " ".join(f"{_number(value):>12}" for value in (figure.median, min(figure.values), max(figure.values)))
        yield f"{figure.name:{width}} {numbers}  {figure.unit}"
    if not outcomes:
        return
    width = max(len(outcome.goal.says) for outcome in outcomes)
    yield ""
    yield f"{'promise':{width}} {'bound':>18} {'median':>10} {'min':>10} {'max':>10}"
    for outcome in outcomes:
        bound = f"{outcome.goal.side} {outcome.goal.bound:g}"
        numbers = " ".join(f"{_number(value):>10}" for value in (outcome.median, outcome.least, outcome.most))
        kept = "kept" if outcome.met else "NOT KEPT"
        yield f"{outcome.goal.says:{width}} {bound:>18} {numbers}  {outcome.goal.unit:9} {kept}"


def as_json(about: Mapping[str, Any], figures: Mapping[str, Figure], outcomes: Sequence[Outcome]) -> dict[str, Any]:
    """Give the same for a JSON file, with every value."""
    return {
        **about,
        "figures": [figure.as_dict() for figure in figures.values()],
        "promises": [
            {
                "promise": outcome.goal.says,
                outcome.goal.side: outcome.goal.bound,
                "unit": outcome.goal.unit or "ratio",
                "median": outcome.median,
                "min": outcome.least,
                "max": outcome.most,
                "kept": outcome.met,
            }
            for outcome in outcomes
        ],
    }


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"
