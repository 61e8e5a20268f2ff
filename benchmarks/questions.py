"""What the fake is asked: paths whose answers do not depend on today, found in the world that is served."""

from __future__ import annotations

import json
from collections.abc import Sequence

from processes import Server

__all__ = ["LAST", "NAMES", "NOW", "questions", "since"]

NAMES = ("one record by id", "a list of 100 runs", "a year's summary")
NOW = "2026-04-20T12:00:00Z"
"""Where the clock of what is measured is pinned."""

LAST = "9000-01-01T00:00:00Z"
"""An end that cuts nothing off."""

_RUNS = 100


def questions(fake: Server, within: str = "2026-02-01T00:00:00Z") -> dict[str, list[str]]:
    """Give the paths of each question: a hundred ids in turn, a window of just a hundred runs, the year 2025.

    The runs are the latest of organization 1 after the moment ``within`` that stand between two other moments.
    """
    runs = json.loads(fake.get(since(within)))
    first = next(at for at in range(len(runs) - _RUNS) if _stands_alone(runs, at))
    chosen = runs[first : first + _RUNS]
    window = f"start_date={chosen[-1]['runCreatedAt']}&end_date={chosen[0]['runCreatedAt']}"
    summary = "/usage/llm/organization/1/summary?start_date=2025-01-01T00:00:00Z&end_date=2026-01-01T00:00:00Z"
    paths = ([f"/usage/llm/{run['id']}" for run in chosen], [f"/usage/llm?org_id=1&{window}"], [summary])
    return dict(zip(NAMES, paths, strict=True))


def since(moment: str) -> str:
    """Give the path of the list of what organization 1 has run since ``moment``."""
    return f"/usage/llm?org_id=1&start_date={moment}&end_date={LAST}"


def _stands_alone(runs: Sequence[dict[str, str]], at: int) -> bool:
    """Tell whether no other run has the moment at which the window from the place ``at`` on ends or begins."""
    moments = [run["runCreatedAt"] for run in runs[max(0, at - 1) : at + _RUNS + 1]]
    return moments.count(runs[at]["runCreatedAt"]) == moments.count(runs[at + _RUNS - 1]["runCreatedAt"]) == 1
