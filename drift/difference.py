"""One difference between the contract and the spec, as a value, and how much it matters."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from enum import StrEnum

__all__ = ["Class", "Difference", "rewritten"]


class Class(StrEnum):
    """Whom a difference concerns."""

    BREAKING = "breaking"
    """A program that keeps to the contract may fail."""
    DEPRECATED = "deprecated"
    """It works, and is announced to end."""
    COMPATIBLE = "compatible"
    """A program that keeps to the contract goes on working."""
    WORDING = "wording"
    """Descriptions alone."""


@dataclass(frozen=True, slots=True)
class Difference:
    """What the contract and the spec say of one thing."""

    operation: str
    """The contract's name of the operation (``list_llm``); method and path for one that it does not have."""
    place: str
    """``operation``, ``query parameter task``, ``answer``, ``answer[].credits``."""
    what: str
    """What of it differs: ``field``, ``type``, ``required``, ``enum``, ``minimum`` …"""
    contract: object
    """The contract's value, as JSON; ``None`` where it has none."""
    spec: object
    """The spec's value, as JSON; ``None`` where it has none."""
    weight: Class

    @property
    def name(self) -> str:
        """The name of the field or parameter that it concerns; empty where it concerns neither."""
        return self.place.replace("[]", "").rpartition(".")[2].rpartition(" ")[2] if self._is_named else ""

    @property
    def sentence(self) -> str:
        """All of it but the operation, in one line: ``answer[].credits: type number → string``."""
        return f"{self.place}: {self.what} {shown(self.contract)} → {shown(self.spec)}"

    @property
    def _is_named(self) -> bool:
        return " parameter " in self.place or "." in self.place


def rewritten(differences: Iterable[Difference], change: Callable[[str], str]) -> tuple[Difference, ...]:
    """Give ``differences`` with ``change`` applied to every text that the spec said."""
    return tuple(
        replace(each, operation=change(each.operation), place=change(each.place), spec=_changed(each.spec, change))
        for each in differences
    )


def shown(value: object, length: int = 200) -> str:
    """Give a difference's value as text on one line, cut to ``length`` characters."""
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    text = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
    text = " ".join(text.split())
    return text if len(text) <= length else f"{text[: length - 1]}…"


def _changed(value: object, change: Callable[[str], str]) -> object:
    if isinstance(value, str):
        return change(value)
    return [_changed(each, change) for each in value] if isinstance(value, list) else value
