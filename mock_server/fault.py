"""A fault: one rule for what goes wrong on purpose."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, fields
from typing import Any

from ..schemas import OPERATIONS
from . import fault_checks, fault_words
from .credentials import KeyDigest
from .fault_words import BadFault

__all__ = ["BadFault", "Fault"]


@dataclass(frozen=True, kw_only=True)
class Fault:
    """A rule: which requests it concerns, how often it acts, and what it does to the answer.

    A rule without ``operation`` concerns the four operations of ``/usage``.

    >>> Fault.parse("list_llm status=503 retry-after=2 first=2")
    Fault(operation='list_llm', first=2, status=503, retry_after=2.0)
    """

    operation: str | None = None
    """``get_llm``, ``list_llm``, ``get_llm_organization_summary``, ``list_matching``, or ``endpoints``."""
    org: int | None = None
    """The organization that is asked about; left out of a list, it is the caller's own."""
    key: str | KeyDigest | None = None
    """The key that asks. Only its hash is kept, and it is shown as ``…``."""
    first: int | None = None
    """Act on the first so many requests that the rule concerns."""
    every: int | None = None
    """Act on every so manieth: 3 is the third, the sixth …"""
    chance: float | None = None
    """Act with this probability, above 0 and up to 1; drawn from the fake's seed."""
    status: int | None = None
    """Answer with this status (400 to 599) and the API's own error body."""
    retry_after: float | None = None
    """Seconds for the header ``Retry-After``; needs ``status``."""
    latency: float | tuple[float, float] | None = None
    """Wait so many seconds before answering; a pair is the span from which each wait is drawn."""
    cut: bool = False
    """Promise the whole body, send half, hang up."""
    malformed: bool = False
    """Spoil the body so that it is no JSON."""
    disconnect: bool = False
    """Hang up without an answer."""
    content_type: str | None = None
    """Send the body under this ``Content-Type``."""
    null: tuple[str, ...] = ()
    """Fields (as on the wire, ``runTime``) that become ``null`` in every record."""
    missing: tuple[str, ...] = ()
    """Fields that are left out of every record."""
    retyped: tuple[str, ...] = ()
    """Fields that change type in every record: numbers become strings, strings become numbers."""

    def __post_init__(self) -> None:
        if self.key == "…":
            raise BadFault("key=… is only how a rule shows its key: write the key itself")
        if isinstance(self.key, str):
            object.__setattr__(self, "key", KeyDigest.of(self.key))
        for name in fault_words.FIELD_EFFECTS:
            object.__setattr__(self, name, fault_words.on_the_wire(getattr(self, name)))
        if isinstance(self.latency, list):
            object.__setattr__(self, "latency", tuple(self.latency))
        fault_checks.check(self)

    def __repr__(self) -> str:
        given = ", ".join(f"{name}={value!r}" for name, value in self.as_dict().items())
        return f"Fault({given})"

    def __str__(self) -> str:
        return " ".join(self._words())

    @property
    def only_slows(self) -> bool:
        """Whether latency is all it does, so that another rule can act on the same request."""
        return self.latency is not None and not any(
            getattr(self, name) for name in fault_words.EFFECTS if name != "latency"
        )

    @classmethod
    def parse(cls, text: str) -> Fault:
        """Read a rule from words as ``--fault`` takes them: ``list_llm status=503 retry-after=2 first=2``.

        Raises:
            BadFault: a word is not known, or its value cannot be.
        """
        return cls(**fault_words.read(text))

    @classmethod
    def from_dict(cls, rule: object) -> Fault:
        """Make a rule from an object as ``POST /_fake/faults`` takes it, with the names of the attributes.

        Raises:
            BadFault: a name is not known, or its value cannot be.
        """
        if not isinstance(rule, Mapping):
            raise BadFault(f'a fault is an object such as {{"status": 503, "first": 2}}, not {str(rule)[:40]!r}')
        return cls(**{fault_words.known(str(name)): value for name, value in rule.items()})

    def as_dict(self) -> dict[str, Any]:
        """Give what is set, by attribute; a key as ``…``."""
        return {
            each.name: "…" if each.name == "key" else value
            for each in fields(self)
            if (value := getattr(self, each.name)) is not None and value is not False and value != ()
        }

    def concerns(self, operation: str, key: KeyDigest | None, organization: Callable[[], int | None]) -> bool:
        """Tell whether the rule concerns a request. ``organization`` is called only if the rule names one."""
        return (
            (operation == self.operation if self.operation else operation in OPERATIONS)
            and (self.key is None or self.key == key)
            and (self.org is None or self.org == organization())
        )

    def _words(self) -> Iterator[str]:
        for name, value in self.as_dict().items():
            word = name.replace("_", "-")
            if name == "operation":
                yield value
            elif name in fault_words.FLAGS:
                yield word
            elif name == "latency" and isinstance(value, tuple):
                yield f"latency={fault_words.number(value[0])}-{fault_words.number(value[1])}"
            elif isinstance(value, tuple):
                yield f"{word}={','.join(value)}"
            else:
                yield shlex.quote(f"{word}={fault_words.number(value) if isinstance(value, float) else value}")
