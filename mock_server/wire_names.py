"""Fields' names: snake_case as Python's clients show them, camelCase as they are on the wire."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

__all__ = ["on_the_wire", "wire_name"]


def wire_name(name: str) -> str:
    """Give a field's name on the wire: ``run_time`` is ``runTime``, and ``runTime`` is itself."""
    return re.sub("_([a-z])", lambda match: match[1].upper(), name.strip())


def on_the_wire(record: Any) -> Any:
    """Give a record with its fields' names as on the wire; what is no record is given back as it is."""
    return {wire_name(str(name)): value for name, value in record.items()} if isinstance(record, Mapping) else record
