"""A call in the journal, and whether it is one that a test asks for."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple

from ..schemas import times
from . import parameters

__all__ = ["Call", "Query"]


class Call(NamedTuple):
    """One request and its response, without their bodies and the key."""

    number: int
    """Counted from 1; it goes on counting when old calls are forgotten."""
    at: int
    """When it came, by the fake's clock: milliseconds since the epoch."""
    request_id: str
    """The ``X-Request-Id`` of the response."""
    method: str
    path: str
    operation: str | None
    """``list_llm`` and so on, or ``endpoints``; ``None`` for a route that the API does not have."""
    parameters: Mapping[str, str]
    """Path and query parameters, as they were written; ``…`` stands for keys, and for what is too long or too many."""
    status: int | None
    """The status of the response; ``None`` where a fault disconnected."""
    duration: float
    """Milliseconds from the request's arrival to its response."""
    fault: str | None = None
    """The rules that fired, as text."""

    def as_dict(self) -> dict[str, Any]:
        """Return the call as JSON can hold it, its moment as the API writes moments."""
        return {**self._asdict(), "at": times.render(self.at)}

    def __str__(self) -> str:
        sent = " ".join(f"{name}={value}" for name, value in self.parameters.items())
        response = "no answer" if self.status is None else str(self.status)
        return " ".join(filter(None, (self.operation or f"{self.method} {self.path}", sent, "→", response)))


@dataclass(frozen=True)
class Query:
    """An operation, a status and parameters; what is ``None`` matches every call."""

    operation: str | None
    status: int | None
    parameters: Mapping[str, object]

    def __str__(self) -> str:
        wanted = [f"{name}={value}" for name, value in self.parameters.items()]
        return " ".join([self.operation or "any operation", *wanted, *([f"→ {self.status}"] if self.status else [])])

    def counts(self, operation: str | None, status: int | None) -> bool:
        """Return whether a call of this operation and status can match."""
        return self.operation in (None, operation) and self.status in (None, status)

    def matches(self, call: Call) -> bool:
        """Return whether a call matches for certain."""
        return not any(self.differences(call)) and not any(self._hidden(call))

    def may_match(self, call: Call) -> bool:
        """Return whether the journal hides what decides: a part of a parameter that is too long or is a key."""
        return not any(self.differences(call)) and any(self._hidden(call))

    def differences(self, call: Call) -> Iterator[str]:
        """Return where a call differs for certain."""
        if self.operation is not None and call.operation != self.operation:
            yield f"operation {call.operation}, not {self.operation}"
        if self.status is not None and call.status != self.status:
            yield f"status {call.status}, not {self.status}"
        for name, wanted in self.parameters.items():
            written = call.parameters.get(name)
            if _hides(call.parameters, name, wanted) or _agree(written, wanted):
                continue
            yield f"without {name}" if written is None else f"{name} {written}, not {wanted}"

    def _hidden(self, call: Call) -> Iterator[bool]:
        return (_hides(call.parameters, name, wanted) for name, wanted in self.parameters.items())


def _hides(written: Mapping[str, str], name: str, wanted: object) -> bool:
    """Return whether an ``…`` stands where the parameter may be, or where its value may agree."""
    if name not in written:
        return any(_stands_for(each, name) for each in written)
    value = written[name]
    if wanted is None or "…" not in value or value == wanted:
        return False
    return _stands_for(value, wanted) if isinstance(wanted, str) else True


def _stands_for(redacted: str, text: str) -> bool:
    parts = map(re.escape, redacted.split("…"))
    return "…" in redacted and re.fullmatch(".*".join(parts), text, re.DOTALL) is not None


def _agree(written: str | None, wanted: object) -> bool:
    if written is None or wanted is None:
        return written is wanted
    if written == str(wanted):
        return True
    if isinstance(wanted, int) and not isinstance(wanted, bool):
        return _integer(written) == wanted
    if isinstance(wanted, str | date):
        return _moment(written) == _moment(wanted) is not None
    return False


def _integer(text: str) -> int | None:
    try:
        return parameters.integer(text)
    except ValueError:
        return None


def _moment(value: str | date) -> int | None:
    try:
        return times.moment(value)
    except ValueError:
        return None
