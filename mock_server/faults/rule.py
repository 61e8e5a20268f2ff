"""A fault: one rule for what goes wrong on purpose."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from typing import Any

from ...schemas import OPERATIONS
from ...schemas.json_format import wire_name
from . import schema, words
from .schema import RECORD_EFFECTS, BadFault

__all__ = ["Fault"]


class KeyHash(str):
    """The hash of a key: enough to recognise the key, not enough to use it. Its repr is ``…``."""

    __slots__ = ()

    @classmethod
    def of(cls, key: str) -> KeyHash:
        """Return the hash of ``key``."""
        return cls(hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest())

    def __str__(self) -> str:
        return "…"

    __repr__ = __str__


@dataclass(frozen=True, kw_only=True)
class Fault:
    """A rule: which requests it matches, how often it fires, and what it does to the response.

    ``rule.schema.json`` describes each attribute. ``Fault(...)``, :meth:`parse` and :meth:`from_dict` raise
    :class:`BadFault` where the rule is not valid by it.

    >>> Fault.parse("list_llm status=503 retry-after=2 first=2")
    Fault(operation='list_llm', first=2, status=503, retry_after=2.0)
    """

    operation: str | None = None
    org_id: int | None = None
    key: str | None = None
    first: int | None = None
    every: int | None = None
    probability: float | None = None
    status: int | None = None
    retry_after: float | None = None
    latency: float | tuple[float, float] | None = None
    truncate: bool = False
    malformed: bool = False
    disconnect: bool = False
    content_type: str | None = None
    limit: int | None = None
    null: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    wrong_type: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for name in RECORD_EFFECTS:
            object.__setattr__(self, name, _field_names(getattr(self, name)))
        object.__setattr__(self, "latency", _range(self.latency))
        schema.validate(self._given())
        if self.key is not None and not isinstance(self.key, KeyHash):
            object.__setattr__(self, "key", KeyHash.of(self.key))

    def __repr__(self) -> str:
        return f"Fault({', '.join(f'{name}={value!r}' for name, value in self._given().items())})"

    def __str__(self) -> str:
        return words.write(self._given())

    @classmethod
    def parse(cls, text: str) -> Fault:
        """Return the rule that is written in words, as ``--fault`` takes it."""
        return cls(**words.read(text))

    @classmethod
    def from_dict(cls, rule: object) -> Fault:
        """Return the rule that an object of attributes stands for, as ``POST /_fake/faults`` takes it."""
        if not isinstance(rule, Mapping):
            raise BadFault(f'a fault is an object such as {{"status": 503, "first": 2}}, not {str(rule)[:40]!r}')
        return cls(**{schema.attribute(str(name)): value for name, value in rule.items()})

    def as_dict(self) -> dict[str, Any]:
        """Return what is set, by attribute; a key as ``…``."""
        return {name: str(value) if name == "key" else value for name, value in self._given().items()}

    def matches(self, operation: str, key: str | None, organization: Callable[[], int | None]) -> bool:
        """Return whether the rule matches a request. ``organization`` is called only if the rule names one."""
        return (
            (operation == self.operation if self.operation else operation in OPERATIONS)
            and (self.key is None or (key is not None and self.key == KeyHash.of(key)))
            and (self.org_id is None or self.org_id == organization())
        )

    @property
    def only_delays(self) -> bool:
        """Whether latency is all it does, so that another rule can fire on the same request."""
        return self.latency is not None and not self._given().keys() & _RESPONSE_EFFECTS

    def _given(self) -> dict[str, Any]:
        values = ((each.name, getattr(self, each.name)) for each in fields(self))
        return {name: value for name, value in values if value is not None and value is not False and value != ()}


_RESPONSE_EFFECTS = {"status", "content_type", "limit", *schema.FLAGS, *RECORD_EFFECTS}


def _range(latency: Any) -> Any:
    """Return a range as a tuple; an empty one stays a list, which is invalid."""
    return (tuple(latency) or []) if isinstance(latency, list | tuple) else latency


def _field_names(names: Any) -> Any:
    """Return the names as the API writes them (``runTime``), from one text with commas or from a sequence."""
    if isinstance(names, str):
        names = names.split(",")
    if not isinstance(names, list | tuple):
        return () if names is None else names
    return tuple(wire_name(name.strip()) if isinstance(name, str) else name for name in names)
