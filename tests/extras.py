"""The extras of pyproject.toml that some tests need: where one is not installed, its tests are skipped and say so."""

from __future__ import annotations

from importlib.util import find_spec
from typing import Any

import pytest

_MODULES = {"browser": "selenium", "distributed": "distributed", "docs": "sphinx", "pandas": "pandas"}


def _reason(extra: str) -> str:
    return f"needs the extra '{extra}': .venv/bin/pip install -e '.[{extra}]'"


def needs(extra: str) -> pytest.MarkDecorator:
    """Return the mark of tests that need ``extra``."""
    return pytest.mark.skipif(find_spec(_MODULES[extra]) is None, reason=_reason(extra))


def load(extra: str) -> Any:
    """Return the package of ``extra``; where it is missing, the module that asks is skipped."""
    return pytest.importorskip(_MODULES[extra], reason=_reason(extra))
