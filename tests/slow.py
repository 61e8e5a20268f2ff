"""What of a long table of cases ``pytest -m "not slow"`` and ``make test`` leave out."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest

NIGHTLY = {"change", "combinations", "cuts", "late", "refusals", "replicas"}
"""The modules of the tables whose cases are many and alike, so that each eighth stands for them in ``make test``."""


def sampled(cases: Iterable[Any], every: int = 8) -> list[Any]:
    """Return the parameters of a test, one for each case by its ``id``: all but each eighth are slow, or nightly."""
    return [
        pytest.param(case, id=case.id, marks=_marks(case) if index % every else ()) for index, case in enumerate(cases)
    ]


def _marks(case: Any) -> pytest.MarkDecorator:
    function = getattr(case, "function", None) or case.bend
    return pytest.mark.nightly if function.__module__.rpartition(".")[2] in NIGHTLY else pytest.mark.slow
