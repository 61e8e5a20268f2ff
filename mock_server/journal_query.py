"""Whether a call of the journal is one that a test asks for."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from . import moments, parameters

if TYPE_CHECKING:
    from .journal import Call

__all__ = ["Query"]


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
        return moments.read(value)
    except ValueError:
        return None
