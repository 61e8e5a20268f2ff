"""What of a long table of cases ``pytest -m "not slow"`` and ``make test`` leave out.

Cases are alike that are made by the same function and differ by its parameters alone: lists cut at 7 and at 23, a 404
at each operation. Of each such family ``make test`` runs one case, and of a large one each eighth; ``make test-all``
runs them all.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator
from typing import Any

import pytest


def sampled(cases: Iterable[Any], like: Callable[[Any], Hashable] | None = None) -> list[Any]:
    """Return the parameters of a test, one for each case by its ``id``; those are alike whose ``like`` is the same.

    What does not stand for its family is nightly. Of the rest, all but each third is slow.
    """
    cases = list(cases)
    chosen = sorted(_chosen([(like or made_by)(case) for case in cases]))
    quick, slow = set(chosen[::3]), set(chosen)
    marks = [
        () if number in quick else ((pytest.mark.slow,) if number in slow else (pytest.mark.nightly,))
        for number in range(len(cases))
    ]
    return [pytest.param(case, id=case.id, marks=each) for case, each in zip(cases, marks, strict=True)]


def _chosen(likenesses: list[Hashable]) -> Iterator[int]:
    """Yield the numbers of the cases that stand for their families; which one it is changes from family to family."""
    families: dict[Hashable, list[int]] = {}
    for number, likeness in enumerate(likenesses):
        families.setdefault(likeness, []).append(number)
    for first, family in enumerate(families.values()):
        yield from (family[(first + 8 * each) % len(family)] for each in range((len(family) + 7) // 8))


def made_by(case: Any) -> object:
    """Return the code of the function that makes a case, whatever its parameters are."""
    function = getattr(case, "function", None) or case.bend
    return getattr(function, "__code__", function)
