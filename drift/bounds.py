"""What bounds a value (``minimum``, ``pattern``, ``enum`` …): which of two bounds lets fewer values through."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

__all__ = ["PLAIN_BOUNDS", "Bounds", "loosest", "narrows", "shown", "tightest"]

PLAIN_BOUNDS = (
    "minLength",
    "maxLength",
    "minItems",
    "maxItems",
    "minProperties",
    "maxProperties",
    "multipleOf",
    "pattern",
    "uniqueItems",
)
"""Those that stand in a schema as they are compared; ``minimum`` and ``maximum`` have more than one notation."""

Bounds = Iterable[tuple[str, Any]]
"""Names and values; a ``minimum`` or ``maximum`` is a pair of the number and whether it is itself out of bounds."""


def narrows(name: str, old: Any, new: Any) -> bool | None:
    """Tell whether the bound ``name`` lets fewer values through when it goes from ``old`` to ``new``.

    ``None`` for no bound, in ``old`` or ``new``. Gives ``None`` where neither lets through all that the other does.
    """
    if old is None or new is None:
        return old is None
    rule = _RULES.get(name, _at_odds)
    return rule(old, new)


def tightest(first: Bounds, second: Bounds) -> tuple[tuple[str, Any], ...]:
    """Give the bounds of values that keep both."""
    found = dict(first)
    for name, value in second:
        if name not in found or narrows(name, found[name], value):
            found[name] = value
    return tuple(sorted(found.items()))


def loosest(first: Bounds, second: Bounds) -> tuple[tuple[str, Any], ...]:
    """Give the bounds that values have in common, if they keep one of both."""
    other = dict(second)
    return tuple(sorted((name, value) for name, value in first if name in other and other[name] == value))


def shown(name: str, value: Any) -> object:
    """Give a bound as a value to show: ``0``, ``more than 0``, ``^[a-z]+$``."""
    if name not in ("minimum", "maximum"):
        return value
    number, out = value
    return f"{'more' if name == 'minimum' else 'less'} than {number}" if out else number


def _lower(old: Any, new: Any) -> bool:
    return bool(new > old)


def _upper(old: Any, new: Any) -> bool:
    return bool(new < old)


def _subset(old: frozenset[str], new: frozenset[str]) -> bool | None:
    return True if new < old else False if old < new else None


def _divisor(old: float, new: float) -> bool | None:
    if old and new % old == 0:
        return True
    return False if new and old % new == 0 else None


def _at_odds(old: Any, new: Any) -> None:
    return None


_RULES: dict[str, Callable[[Any, Any], bool | None]] = {
    "minimum": _lower,
    "maximum": lambda old, new: (new[0], not new[1]) < (old[0], not old[1]),
    "minLength": _lower,
    "maxLength": _upper,
    "minItems": _lower,
    "maxItems": _upper,
    "minProperties": _lower,
    "maxProperties": _upper,
    "multipleOf": _divisor,
    "enum": _subset,
    "type": _subset,
}
