"""The faults that are set: which one acts on a request, and which were never used."""

from __future__ import annotations

import itertools
import random
import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from . import fault_words
from .credentials import KeyDigest
from .fault import BadFault, Fault

__all__ = ["NOTHING", "BadFault", "Chosen", "Fault", "Faults", "SetFault"]


@dataclass
class SetFault:
    """A rule that is set, with how often it was used."""

    id: int
    fault: Fault
    draw: random.Random = field(repr=False)
    concerned: int = 0
    """Requests that the rule concerned."""
    used: int = 0
    """Requests on which it acted."""

    def fires(self) -> bool:
        """Count one more request that the rule concerns, and tell whether it acts on it."""
        self.concerned += 1
        rule = self.fault
        acts = (
            (rule.first is None or self.concerned <= rule.first)
            and (rule.every is None or self.concerned % rule.every == 0)
            and (rule.chance is None or self.draw.random() < rule.chance)
        )
        self.used += acts
        return acts

    def wait(self) -> float:
        """Give the seconds that the rule makes this request wait."""
        latency = self.fault.latency
        return self.draw.uniform(*latency) if isinstance(latency, tuple) else latency or 0.0

    def as_dict(self) -> dict[str, Any]:
        """Give the rule as JSON can hold it, with its counts and its text."""
        return {
            "id": self.id,
            "rule": str(self.fault),
            "fault": self.fault.as_dict(),
            "concerned": self.concerned,
            "used": self.used,
        }


@dataclass(frozen=True)
class Chosen:
    """What goes wrong with one request."""

    fault: Fault | None = None
    """The rule that changes the answer; ``None`` for the true answer."""
    wait: float = 0.0
    """Seconds to wait first."""
    rule: str | None = None
    """The rules that acted, as text."""


NOTHING = Chosen()


class Faults:
    """The rules that are set, in their order.

    The first that fires acts alone, except that a rule of latency alone slows the request and lets the next be tried.
    A rule counts only the requests that reach it, so that ``status=429 first=2`` and ``status=500 first=1`` make
    429, 429, 500, and then no more faults.
    """

    def __init__(self, start: Iterable[Fault] = (), *, seed: int = 0) -> None:
        self._start = tuple(start)
        self._seed = seed
        self._lock = threading.Lock()
        self._set: tuple[SetFault, ...] = ()
        self.reset()

    def add(self, *faults: Fault | str, **rule: Any) -> tuple[SetFault, ...]:
        """Set rules: as values, as texts, or one by its attributes: ``faults.add("list_llm", status=503, first=2)``.

        Raises:
            BadFault: one of them cannot be; none of them is set.
        """
        if rule:
            faults = (_extended(faults, rule),)
        made = [each if isinstance(each, Fault) else Fault.parse(each) for each in faults]
        with self._lock:
            added = tuple(self._armed(each) for each in made)
            self._set = (*self._set, *added)
        return added

    def remove(self, id: int) -> bool:  # noqa: A002  it is the rule's id
        """Take one rule back; tell whether there was one."""
        with self._lock:
            before = len(self._set)
            self._set = tuple(each for each in self._set if each.id != id)
            return len(self._set) < before

    def clear(self) -> None:
        """Take all rules back."""
        with self._lock:
            self._set = ()

    def reset(self) -> None:
        """Set the rules that the fake started with, unused."""
        with self._lock:
            self._ids = itertools.count(1)
            self._set = tuple(self._armed(each) for each in self._start)

    def __iter__(self) -> Iterator[SetFault]:
        """Give the rules that are set."""
        return iter(self._set)

    def __len__(self) -> int:
        return len(self._set)

    @property
    def unused(self) -> tuple[Fault, ...]:
        """The rules that acted on no request yet: a test that set one and forgot to meet it finds it here."""
        return tuple(each.fault for each in self._set if not each.used)

    @property
    def slow(self) -> bool:
        """Whether one of the rules that are set makes requests wait."""
        return any(each.fault.latency is not None for each in self._set)

    def choose(self, operation: str, key: KeyDigest | None, organization: Callable[[], int | None]) -> Chosen:
        """Tell what goes wrong with a request; ``organization`` is called only where a rule names one."""
        if not self._set:
            return NOTHING
        wait, rules = 0.0, []
        with self._lock:
            for each in self._set:
                if not each.fault.concerns(operation, key, organization) or not each.fires():
                    continue
                wait += each.wait()
                rules.append(str(each.fault))
                if not each.fault.only_slows:
                    return Chosen(each.fault, wait, "; ".join(rules))
        return Chosen(None, wait, "; ".join(rules)) if rules else NOTHING

    def _armed(self, fault: Fault) -> SetFault:
        number = next(self._ids)
        return SetFault(number, fault, random.Random(f"{self._seed}/{number}"))  # noqa: S311  no secret


def _extended(faults: tuple[Fault | str, ...], rule: dict[str, Any]) -> Fault:
    match faults:
        case ():
            return Fault.from_dict(rule)
        case (str() as text,):
            return Fault.from_dict({**fault_words.read(text), **rule})
        case (Fault() as fault,):
            return replace(fault, **{fault_words.known(name): value for name, value in rule.items()})
    raise BadFault("several faults cannot share keywords: add them one by one")
