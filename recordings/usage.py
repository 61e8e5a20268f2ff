"""The usage records in a recording: what its lists show, each record once."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from civis_usage.recordings.recording import Recording

__all__ = ["Listed", "listed"]

Kind = Literal["llm", "matching"]
_KINDS: dict[str, Kind] = {"list_llm": "llm", "list_matching": "matching"}


@dataclass(frozen=True)
class Listed:
    """One item of a list, as the API gave it, valid or not."""

    kind: Kind
    value: Any
    place: str
    """Where it stands: ``answer 3, record 5``."""


def listed(recording: Recording) -> Iterator[Listed]:
    """Give the items of all lists in the order of the recording; of LLM usage with one id, the first."""
    seen: set[tuple[str, str]] = set()
    for number, exchange in enumerate(recording.exchanges, 1):
        kind = _KINDS.get(exchange.operation)
        if kind is None or exchange.status != 200 or not isinstance(exchange.body, list):
            continue
        for place, value in enumerate(exchange.body, 1):
            if (key := (kind, _identity(value))) not in seen:
                seen.add(key)
                yield Listed(kind, value, f"answer {number}, record {place}")


def _identity(value: Any) -> str:
    own = value.get("id") if isinstance(value, dict) else None
    return json.dumps(value if own is None else own, sort_keys=True)
