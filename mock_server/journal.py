"""The journal: what was asked of the fake, and assertions on it for tests."""

from __future__ import annotations

import itertools
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date
from typing import Any, NamedTuple

from ..schemas import OPERATIONS
from ..schemas.times import render
from . import moments, parameters
from .fault_words import OPERATION_NAMES
from .moments import Moment
from .redaction import Redaction
from .sentences import meant, shown

__all__ = ["SIZE", "Call", "Journal"]

SIZE = 1000
"""How many requests the journal remembers."""

SHOWN = 5
"""How many near misses a failed assertion shows."""


class Call(NamedTuple):
    """One request and its answer. The key is not part of it."""

    number: int
    """Counted from 1; it goes on counting when old calls are forgotten."""
    at: int
    """When it came, by the fake's clock: milliseconds since the epoch."""
    request_id: str
    """The answer's ``X-Request-Id``."""
    method: str
    path: str
    operation: str | None
    """``list_llm`` and so on, or ``endpoints``; ``None`` for a route that the API does not have."""
    parameters: Mapping[str, str]
    """Path and query parameters, as they were written."""
    status: int | None
    """The answer's status; ``None`` where a fault hung up."""
    duration: float
    """Milliseconds from the request's arrival to its answer."""
    fault: str | None = None
    """The rule that acted, as text."""

    def as_dict(self) -> dict[str, Any]:
        """Give the call as JSON can hold it, its moment as the API writes moments."""
        return {**self._asdict(), "at": render(self.at)}

    def __str__(self) -> str:
        asked = " ".join(f"{name}={value}" for name, value in self.parameters.items())
        answer = "no answer" if self.status is None else str(self.status)
        return " ".join(filter(None, (self.operation or f"{self.method} {self.path}", asked, "→", answer)))


class Journal:
    """The last calls, oldest first, and how many there were in all."""

    def __init__(self, size: int = SIZE) -> None:
        self.echo: Callable[[Call], None] | None = None
        """Is told of every call, where it is set."""
        self.era = 0
        """Counts how often it was cleared."""
        self._calls: deque[Call] = deque(maxlen=size)
        self._numbers = itertools.count(1)
        self._lock = threading.Lock()

    def add(
        self, *, era: int, path: str, parameters: Mapping[str, str], secrets: Iterable[str | None] = (), **call: Any
    ) -> None:
        """Write a call down, without the ``secrets``; the oldest is forgotten where there is no room.

        A call that came in an :attr:`era` that is over, as a slow one of the test before, is forgotten already.
        """
        tidy = Redaction(secrets)
        with self._lock:
            if era != self.era:
                return
            number = next(self._numbers)
            written = Call(number=number, path=tidy(path), parameters=tidy.all(parameters), **call)
            self._calls.append(written)
        if self.echo is not None:
            self.echo(written)

    def clear(self) -> None:
        """Forget every call, and count from 1 again."""
        with self._lock:
            self._calls.clear()
            self._numbers = itertools.count(1)
            self.era += 1

    reset = clear

    def __iter__(self) -> Iterator[Call]:
        """Give the calls, oldest first."""
        with self._lock:
            return iter(tuple(self._calls))

    def __len__(self) -> int:
        return len(self._calls)

    def calls(
        self,
        operation: str | None = None,
        *,
        status: int | None = None,
        since: Moment | None = None,
        limit: int | None = None,
        **parameters: object,
    ) -> list[Call]:
        """Give the calls that agree with all that is given, oldest first; with ``limit``, the last so many of them.

        Raises ``ValueError`` for an operation, or a parameter of it, that neither the API nor a call has.

        Args:
            operation: the name of the Python method, or ``endpoints``.
            status: the answer's status.
            since: only calls at or after this moment of the fake's clock.
            limit: how many at most.
            parameters: path and query parameters; integers, and moments in any form, are compared by value, and
                ``None`` means that the parameter was left out.
        """
        self._demand_known(operation, parameters)
        start = None if since is None else _since(since)
        found = [
            call
            for call in self
            if (start is None or call.at >= start) and not list(_differences(call, operation, status, parameters))
        ]
        return found if limit is None else found[max(0, len(found) - limit) :]

    def assert_called(
        self, operation: str, *, times: int | None = None, status: int | None = None, **parameters: object
    ) -> list[Call]:
        """Give the calls that agree, as :meth:`calls` does.

        >>> journal.assert_called("list_llm", org_id=1, times=2)  # doctest: +SKIP

        Raises:
            AssertionError: there were not ``times`` of them (at least one, where not given); the message shows the
                nearest misses and where they differ.
            ValueError: neither the API nor a call has such an operation, or such a parameter of it: a word that is
                misspelt must not make a test pass.
        """
        __tracebackhide__ = True
        self._demand_known(operation, parameters)
        found = [call for call in self if not list(_differences(call, operation, status, parameters))]
        if len(found) != times if times is not None else not found:
            raise AssertionError(self._complaint(operation, times, status, parameters, found))
        return found

    def assert_not_called(self, operation: str, *, status: int | None = None, **parameters: object) -> None:
        """Raise ``AssertionError`` where there was such a call, and ``ValueError`` where there can be none."""
        __tracebackhide__ = True
        self.assert_called(operation, times=0, status=status, **parameters)

    def _demand_known(self, operation: str | None, parameters: Iterable[str]) -> None:
        __tracebackhide__ = True
        if operation is not None and operation not in OPERATION_NAMES:
            raise ValueError(f"the API has no operation {shown(operation)}: {meant(operation, OPERATION_NAMES)}")
        asked = [each for name, each in OPERATIONS.items() if operation in (None, name)]
        names = dict.fromkeys(parameter.name for each in asked for parameter in each.parameters)
        for name in parameters:
            if name not in names and not any(name in call.parameters for call in self):
                remedy = meant(name, names) if names else "leave it out"
                raise ValueError(f"{operation or 'the API'} has no parameter {shown(name)}: {remedy}")

    def _complaint(
        self, operation: str, times: int | None, status: int | None, parameters: Mapping[str, object], found: list[Call]
    ) -> str:
        wanted = " ".join([operation, *(f"{name}={value}" for name, value in parameters.items())])
        wanted += f" → {status}" if status is not None else ""
        expected = "at least once" if times is None else _times(times)
        lines = [f"{wanted}: expected {expected}, came {_times(len(found))}"]
        misses = sorted(
            ((list(_differences(call, operation, status, parameters)), call) for call in self),
            key=lambda miss: (len(miss[0]), -miss[1].number),
        )
        near = [(why, call) for why, call in misses if why][:SHOWN]
        if found:
            lines += ["these came:", *(f"  {call}" for call in found[-SHOWN:])]
        if near and (times is None or len(found) < times):
            lines += ["nearest misses:", *(f"  {call}   ({'; '.join(why)})" for why, call in near)]
        return "\n".join(lines if misses else [*lines, "nothing was asked of the fake at all"])


def _differences(
    call: Call, operation: str | None, status: int | None, parameters: Mapping[str, object]
) -> Iterator[str]:
    if operation is not None and call.operation != operation:
        yield f"operation {call.operation}, not {operation}"
    if status is not None and call.status != status:
        yield f"status {call.status}, not {status}"
    for name, wanted in parameters.items():
        written = call.parameters.get(name)
        if not _agree(written, wanted):
            yield f"without {name}" if written is None else f"{name} {written}, not {wanted}"


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


def _since(moment: Moment) -> int:
    try:
        return moments.read(moment)
    except ValueError as reason:
        raise ValueError(f"since {reason}") from None


def _moment(value: str | date) -> int | None:
    try:
        return moments.read(value)
    except ValueError:
        return None


def _times(count: int) -> str:
    return {0: "never", 1: "once", 2: "twice"}.get(count, f"{count} times")
