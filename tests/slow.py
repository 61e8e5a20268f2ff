"""What ``pytest -m "not slow"`` leaves out of a long table of cases."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest


def sampled(cases: Iterable[Any], every: int = 8) -> list[Any]:
    """Return the parameters of a test, one for each case by its ``id``: all are slow but each eighth."""
    marks = ((), pytest.mark.slow)
    return [pytest.param(case, id=case.id, marks=marks[index % every > 0]) for index, case in enumerate(cases)]
