"""Stand-ins that keep the contract in an unusual way: the table behind ``test_check_legal.py``.

A variation is a function that bends a stand-in. Its docstring says what is unusual. None of them may be reported as a
violation; those that differ from what is only recorded may be warned of.
"""

from __future__ import annotations

from . import bodies, change, hiccups, readings, rounding, sums, transport, usage  # noqa: F401 (they fill the table)
from .table import VARIATIONS, Variation, combinations
from .trouble import WAITING

__all__ = ["VARIATIONS", "WAITING", "Variation", "combinations"]
