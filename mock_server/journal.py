"""The journal: which requests came, without their bodies and keys, and assertions on them for tests."""

from __future__ import annotations

import itertools
import threading
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from ..schemas import OPERATIONS, times
from ..schemas.text import did_you_mean
from ..schemas.times import Moment
from .calls import Call, Query
from .faults.schema import OPERATION_NAMES
from .messages import quote
from .redaction import Redaction

__all__ = ["SIZE", "Call", "Journal"]

SIZE = 1000
"""How many requests the journal keeps. It counts all of them."""

SHOWN = 5
"""How many near misses a failed assertion shows."""


class Journal:
    """The last calls, oldest first, and how many there were of each operation and status in all."""

    def __init__(self, size: int = SIZE) -> None:
        self.on_call: Callable[[Call], None] | None = None
        """Receives every call, where it is set."""
        self.generation = 0
        """How often the journal was cleared."""
        self._calls: deque[Call] = deque(maxlen=size)
        self._counts: Counter[tuple[str | None, int | None]] = Counter()
        self._numbers = itertools.count(1)
        self._lock = threading.Lock()

    def add(
        self,
        *,
        generation: int,
        method: str,
        path: str,
        parameters: Mapping[str, str],
        secrets: Iterable[str | None] = (),
        **call: Any,
    ) -> None:
        """Count a call and keep it, without the ``secrets``; the oldest is forgotten where there is no room.

        A call that began in an earlier :attr:`generation`, as a slow one of the test before, is left out.
        """
        redact = Redaction(secrets)
        call |= {"method": redact(method), "path": redact(path), "parameters": redact.all(parameters)}
        with self._lock:
            if generation != self.generation:
                return
            kept = Call(number=next(self._numbers), **call)
            self._calls.append(kept)
            self._counts[kept.operation, kept.status] += 1
        if self.on_call is not None:
            self.on_call(kept)

    def clear(self) -> None:
        """Forget every call, and count from 1 again."""
        with self._lock:
            self._calls.clear()
            self._counts.clear()
            self._numbers = itertools.count(1)
            self.generation += 1

    reset = clear

    def __iter__(self) -> Iterator[Call]:
        """Return the calls that are kept, oldest first."""
        with self._lock:
            return iter(tuple(self._calls))

    def __len__(self) -> int:
        return len(self._calls)

    @property
    def counts(self) -> dict[str, int]:
        """How many calls each operation had in all, those included that are forgotten."""
        counts: Counter[str] = Counter()
        with self._lock:
            for (operation, _), count in self._counts.items():
                counts[operation or "none"] += count
        return dict(counts)

    def calls(
        self,
        operation: str | None = None,
        *,
        status: int | None = None,
        since: Moment | None = None,
        limit: int | None = None,
        **parameters: object,
    ) -> list[Call]:
        """Return the calls that are kept and match, oldest first; with ``limit``, the last ones of them.

        Raises ``ValueError`` for an operation, or a parameter of it, that neither the API nor a call has.

        Args:
            operation: the name of the Python method, or ``endpoints``.
            status: the status of the response.
            since: only calls at or after this moment of the fake's clock.
            limit: how many at most.
            parameters: path and query parameters; integers, and moments in any form, are compared by value, and
                ``None`` means that the parameter was left out.
        """
        query = self._query(operation, status, parameters)
        start = None if since is None else _since(since)
        found = [call for call in self if (start is None or call.at >= start) and query.matches(call)]
        return found if limit is None else found[max(0, len(found) - limit) :]

    def assert_called(
        self, operation: str, *, times: int | None = None, status: int | None = None, **parameters: object
    ) -> list[Call]:
        """Return the calls that are kept and match, as :meth:`calls` does.

        >>> journal.assert_called("list_llm", org_id=1, times=2)  # doctest: +SKIP

        Raises:
            AssertionError: there were not ``times`` of them (at least one, where not given); the message shows the
                nearest misses and where they differ. Or it cannot be decided, because calls that may match are
                forgotten; without ``parameters`` it always can.
            ValueError: neither the API nor a call has such an operation, or such a parameter of it: a misspelt word
                must not make a test pass.
        """
        __tracebackhide__ = True
        query = self._query(operation, status, parameters)
        with self._lock:
            calls, counts = tuple(self._calls), dict(self._counts)
        found = [call for call in calls if query.matches(call)]
        hidden = sum(query.may_match(call) for call in calls)
        forgotten = sum(counts[each] for each in counts if query.counts(*each))
        forgotten -= sum(query.counts(call.operation, call.status) for call in calls)
        least = len(found) + (0 if parameters else forgotten)  # without parameters the counts tell
        most = len(found) + hidden + forgotten
        low, high = (1, most) if times is None else (times, times)
        if most < low or least > high:
            came = f"{'at least ' if least < most else ''}{_times(least)}"
            raise AssertionError(_complaint(query, times, came, found, calls))
        if least < low or most > high:
            raise AssertionError(f"{_expected(query, times)}, {_undecided(operation, hidden, forgotten)}")
        return found

    def assert_not_called(self, operation: str, *, status: int | None = None, **parameters: object) -> None:
        """Raise ``AssertionError`` where such a call came, or may have come, and ``ValueError`` where none can come."""
        __tracebackhide__ = True
        self.assert_called(operation, times=0, status=status, **parameters)

    def _query(self, operation: str | None, status: int | None, parameters: Mapping[str, object]) -> Query:
        __tracebackhide__ = True
        if operation is not None and operation not in OPERATION_NAMES:
            raise ValueError(f"the API has no operation {quote(operation)}: {did_you_mean(operation, OPERATION_NAMES)}")
        operations = [each for name, each in OPERATIONS.items() if operation in (None, name)]
        names = dict.fromkeys(parameter.name for each in operations for parameter in each.parameters)
        for name in parameters:
            if name not in names and not any(name in call.parameters for call in self):
                remedy = did_you_mean(name, names) if names else "leave it out"
                raise ValueError(f"{operation or 'the API'} has no parameter {quote(name)}: {remedy}")
        return Query(operation, status, parameters)


def _expected(query: Query, times: int | None) -> str:
    return f"{query}: expected {'at least once' if times is None else _times(times)}"


def _undecided(operation: str, hidden: int, forgotten: int) -> str:
    """Return the sentence for calls of which the journal cannot say whether they match."""
    why = [f"the journal keeps the last calls alone and has forgotten {forgotten:,} of {operation}"] * bool(forgotten)
    why += [f"of {hidden:,} calls it keeps these parameters as … only, being keys or too long"] * bool(hidden)
    remedy = "assert without parameters, or call journal.clear() before the requests that matter"
    return f"but that cannot be decided: {', and '.join(why)}; {remedy}"


def _complaint(query: Query, times: int | None, came: str, found: list[Call], calls: tuple[Call, ...]) -> str:
    lines = [f"{_expected(query, times)}, came {came}"]
    misses = sorted(
        ((list(query.differences(call)), call) for call in calls), key=lambda miss: (len(miss[0]), -miss[1].number)
    )
    near = [(why, call) for why, call in misses if why][:SHOWN]
    if found:
        lines += ["these came:", *(f"  {call}" for call in found[-SHOWN:])]
    if near and (times is None or len(found) < times):
        lines += ["nearest misses:", *(f"  {call}   ({'; '.join(why)})" for why, call in near)]
    return "\n".join(lines if calls else [*lines, "no request reached the fake"])


def _since(moment: Moment) -> int:
    try:
        return times.moment(moment)
    except ValueError as reason:
        raise ValueError(f"since {reason}") from None


def _times(count: int) -> str:
    return {0: "never", 1: "once", 2: "twice"}.get(count, f"{count} times")
