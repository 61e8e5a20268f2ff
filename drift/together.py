"""Shapes taken together: a value that must fit all of them, or any of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import reduce

from .bounds import loosest, tightest
from .form import Field, Shape

__all__ = ["all_of", "any_of"]

_NULL = frozenset({"null"})


def all_of(shapes: Sequence[Shape]) -> Shape:
    """Give the shape of values that fit every one of ``shapes`` (``allOf``)."""
    return reduce(_both, shapes)


def any_of(shapes: Sequence[Shape]) -> Shape:
    """Give the shape of values that fit one of ``shapes`` (``oneOf``, ``anyOf``).

    What only some of them have may be missing; an alternative that is null alone makes the others nullable.
    """
    real = [shape for shape in shapes if shape.types != _NULL]
    if not real:
        return shapes[0]
    joined = reduce(_either, real)
    if len(real) < len(shapes) and joined.types is not None:
        joined = replace(joined, types=joined.types | _NULL)
    return joined


def _both(first: Shape, second: Shape) -> Shape:
    if first == Shape():
        return second
    if second == Shape():
        return first
    enums = [shape.enum for shape in (first, second) if shape.enum is not None]
    return Shape(
        types=_common(first.types, second.types),
        format=first.format or second.format,
        enum=frozenset.intersection(*enums) if enums else None,
        told=first.told or second.told,
        bounds=tightest(first.bounds, second.bounds),
        default=first.default if first.default is not None else second.default,
        fields=_joined(first, second, all_of, any),
        items=_items([each.items for each in (first, second)], all_of),
        recurs=first.recurs or second.recurs,
        description=first.description or second.description,
        deprecated=first.deprecated or second.deprecated,
    )


def _either(first: Shape, second: Shape) -> Shape:
    listed = first.enum is not None and second.enum is not None
    return Shape(
        types=None if first.types is None or second.types is None else first.types | second.types,
        format=first.format if first.format == second.format else None,
        enum=(first.enum or frozenset()) | (second.enum or frozenset()) if listed else None,
        told=first.told and second.told,
        bounds=loosest(first.bounds, second.bounds),
        default=first.default if first.default == second.default else None,
        fields=_joined(first, second, any_of, all),
        items=_items([each.items for each in (first, second)], any_of),
        recurs=first.recurs or second.recurs,
        description=first.description or second.description,
        deprecated=first.deprecated and second.deprecated,
    )


def _common(first: frozenset[str] | None, second: frozenset[str] | None) -> frozenset[str] | None:
    if first is None or second is None:
        return first if second is None else second
    both = first & second
    for one, other in ((first, second), (second, first)):
        if "integer" in one and "number" in other:
            both |= {"integer"}
    return both


def _joined(
    first: Shape, second: Shape, together: Callable[[Sequence[Shape]], Shape], needed: Callable[[Iterable[bool]], bool]
) -> tuple[Field, ...]:
    """Give the fields of both, in order; ``needed`` says of which of them a field must be required to be so."""
    fields = []
    for name in dict.fromkeys(field.name for shape in (first, second) for field in shape.fields):
        found = [shape.field(name) for shape in (first, second)]
        shapes = [field.shape for field in found if field is not None]
        fields.append(Field(name, needed(field is not None and field.required for field in found), together(shapes)))
    return tuple(fields)


def _items(found: Sequence[Shape | None], together: Callable[[Sequence[Shape]], Shape]) -> Shape | None:
    shapes = [shape for shape in found if shape is not None]
    return together(shapes) if shapes else None
