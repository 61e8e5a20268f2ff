"""The active rules: which one fires on a request, and which never fired."""

from __future__ import annotations

import itertools
import random
import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from . import schema, words
from .rule import Fault
from .schema import BadFault

__all__ = ["NOTHING", "ActiveFault", "FaultRules", "Injection"]


@dataclass
class ActiveFault:
    """A rule that is active, with its counts."""

    id: int
    fault: Fault
    draw: random.Random = field(repr=False)
    matched: int = 0
    """Requests that the rule matched."""
    fired: int = 0
    """Requests whose response it changed or delayed."""

    def fires(self) -> bool:
        """Count one more request that the rule matched, and return whether it fires."""
        self.matched += 1
        rule = self.fault
        fires = (
            (rule.first is None or self.matched <= rule.first)
            and (rule.every is None or self.matched % rule.every == 0)
            and (rule.probability is None or self.draw.random() < rule.probability)
        )
        self.fired += fires
        return fires

    def wait(self) -> float:
        """Return the seconds that the rule delays this request."""
        latency = self.fault.latency
        return self.draw.uniform(*latency) if isinstance(latency, tuple) else latency or 0.0

    def as_dict(self) -> dict[str, Any]:
        """Return the rule as JSON can hold it, with its counts and its text."""
        return {
            "id": self.id,
            "rule": str(self.fault),
            "fault": self.fault.as_dict(),
            "matched": self.matched,
            "fired": self.fired,
        }


@dataclass(frozen=True)
class Injection:
    """What goes wrong with one request."""

    fault: Fault | None = None
    """The rule that changes the response; ``None`` for the true one."""
    wait: float = 0.0
    """Seconds to wait first."""
    rule: str | None = None
    """The rules that fired, as text."""


NOTHING = Injection()


class FaultRules:
    """The active rules, in their order.

    The first that fires is the only one, except that a rule of latency alone delays the request and lets the next be
    tried. A rule counts only the requests that reach it: ``status=429 first=2`` and ``status=500 first=1`` make
    429, 429, 500, and then no more faults.
    """

    def __init__(self, start: Iterable[Fault] = (), *, seed: int = 0) -> None:
        self._start = tuple(start)
        self._seed = seed
        self._lock = threading.Lock()
        self._rules: tuple[ActiveFault, ...] = ()
        self._fired_before: set[int] = set()
        self.reset()

    def add(self, *faults: Fault | str, **rule: Any) -> tuple[ActiveFault, ...]:
        """Activate rules: values, texts, or one by its attributes: ``faults.add("list_llm", status=503, first=2)``.

        Raises:
            BadFault: one of them is invalid; none of them becomes active.
        """
        if rule:
            faults = (_extended(faults, rule),)
        made = [each if isinstance(each, Fault) else Fault.parse(each) for each in faults]
        with self._lock:
            added = tuple(self._activate(each) for each in made)
            self._rules = (*self._rules, *added)
        return added

    def remove(self, id: int) -> bool:  # noqa: A002  it is the rule's id
        """Remove one rule; return whether there was one."""
        with self._lock:
            before = len(self._rules)
            self._rules = tuple(each for each in self._rules if each.id != id)
            return len(self._rules) < before

    def clear(self) -> None:
        """Remove all rules."""
        with self._lock:
            self._rules = ()

    def reset(self) -> None:
        """Make the rules active that the fake started with, and count from 0."""
        with self._lock:
            self._fired_before |= {each.id for each in self._rules if each.fired}
            self._ids = itertools.count(1)
            self._rules = tuple(self._activate(each) for each in self._start)

    def __iter__(self) -> Iterator[ActiveFault]:
        """Return the active rules."""
        return iter(self._rules)

    def __len__(self) -> int:
        return len(self._rules)

    @property
    def unfired(self) -> tuple[Fault, ...]:
        """The rules that never fired: a test that set a fault and never met it finds it here."""
        return tuple(each.fault for each in self._rules if not each.fired)

    @property
    def never_fired(self) -> tuple[ActiveFault, ...]:
        """The rules that the fake started with and that never fired, before the last reset or after it."""
        start = (each for each in self._rules if each.id <= len(self._start))
        return tuple(each for each in start if not each.fired and each.id not in self._fired_before)

    @property
    def rules(self) -> tuple[ActiveFault, ...]:
        """The active rules as they are now."""
        return self._rules

    def choose(
        self,
        operation: str,
        key: str | None,
        organization: Callable[[], int | None],
        rules: tuple[ActiveFault, ...] | None = None,
    ) -> Injection:
        """Return what goes wrong with a request; ``organization`` is called only where a rule names one.

        ``rules`` are those that were active when the request came, by default those that are active now.
        """
        rules = self._rules if rules is None else rules
        if not rules:
            return NOTHING
        wait, fired = 0.0, []
        with self._lock:
            for each in rules:
                if not each.fault.matches(operation, key, organization) or not each.fires():
                    continue
                wait += each.wait()
                fired.append(str(each.fault))
                if not each.fault.only_delays:
                    return Injection(each.fault, wait, "; ".join(fired))
        return Injection(None, wait, "; ".join(fired)) if fired else NOTHING

    def _activate(self, fault: Fault) -> ActiveFault:
        number = next(self._ids)
        return ActiveFault(number, fault, random.Random(f"{self._seed}/{number}"))  # noqa: S311  no secret


def _extended(faults: tuple[Fault | str, ...], rule: dict[str, Any]) -> Fault:
    match faults:
        case ():
            return Fault.from_dict(rule)
        case (str() as text,):
            return Fault.from_dict({**words.read(text), **rule})
        case (Fault() as fault,):
            return replace(fault, **{schema.attribute(name): value for name, value in rule.items()})
    raise BadFault("several faults cannot share keywords: add them one by one")
