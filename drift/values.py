"""Two shapes of one value, and what the difference means to a program.

Every change lets a value be more than before, less than before, or other. An answer that may be more can surprise its
reader, and one that is less cannot; a parameter that may be more takes all that it took, and one that may be less
refuses some of it. What is other breaks both. All classes follow from that.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from .bounds import narrows, shown
from .difference import Class, Difference
from .form import Field, Shape, sentence_of

__all__ = ["ANSWER", "PARAMETER", "Side", "compare_values", "deprecation", "wording"]

Side = Literal["answer", "parameter"]
ANSWER: Side = "answer"
PARAMETER: Side = "parameter"


def compare_values(operation: str, place: str, ours: Shape, theirs: Shape, side: Side) -> Iterator[Difference]:
    """Give the differences of a value, and of all that stands in it.

    Args:
        operation: the operation's name, for the differences.
        place: the value's, for the differences.
        ours: the contract's.
        theirs: the spec's.
        side: who reads the value: the program (an answer) or the API (a parameter).
    """
    yield from _Values(operation, side).compared(place, ours, theirs)


def deprecation(operation: str, place: str, ours: bool, theirs: bool) -> Iterator[Difference]:
    """Give the difference of what is newly marked as deprecated, or no longer so."""
    if ours != theirs:
        weight = Class.DEPRECATED if theirs else Class.COMPATIBLE
        yield Difference(operation, place, "deprecated", ours, theirs, weight)


def wording(operation: str, place: str, what: str, ours: str, theirs: str) -> Iterator[Difference]:
    """Give the difference of two descriptions."""
    if ours != theirs:
        yield Difference(operation, place, what, ours or None, theirs or None, Class.WORDING)


@dataclass(frozen=True)
class _Values:
    operation: str
    side: Side

    def compared(self, place: str, ours: Shape, theirs: Shape) -> Iterator[Difference]:
        if ours.recurs is not None and ours.recurs == theirs.recurs:
            return
        yield from self._types(place, ours, theirs)
        if _share_types(ours, theirs):
            yield from self._values(place, ours, theirs)
        if self.side == ANSWER:
            yield from deprecation(self.operation, place, ours.deprecated, theirs.deprecated)
        yield from wording(self.operation, place, "description", ours.description, theirs.description)
        yield from self._inside(place, ours, theirs)

    def _inside(self, place: str, ours: Shape, theirs: Shape) -> Iterator[Difference]:
        """Compare what stands in the values; where one is a list and the other is not, the list's items with it."""
        old, new = ours.container, theirs.container
        if old is None or new is None:
            return
        inside = f"{place}[]" if old == "array" else place
        within = [(shape.items or Shape()) if shape.container == "array" else shape for shape in (ours, theirs)]
        if old == new == "array":
            yield from self.compared(inside, *within)
        else:
            yield from self._fields(inside, *within)

    def _types(self, place: str, ours: Shape, theirs: Shape) -> Iterator[Difference]:
        if ours.types != theirs.types:
            narrower = narrows("type", ours.types, theirs.types)
            yield self._difference(place, "type", sentence_of(ours), sentence_of(theirs), narrower)

    def _values(self, place: str, ours: Shape, theirs: Shape) -> Iterator[Difference]:
        if ours.format != theirs.format:
            narrower = narrows("format", ours.format, theirs.format)
            yield self._difference(place, "format", ours.format, theirs.format, narrower)
        yield from self._enum(place, ours, theirs)
        old, new = dict(ours.bounds), dict(theirs.bounds)
        for name in sorted({*old, *new}):
            if old.get(name) != new.get(name):
                was, now = (shown(name, bounds[name]) if name in bounds else None for bounds in (old, new))
                yield self._difference(place, name, was, now, narrows(name, old.get(name), new.get(name)))
        if ours.default != theirs.default and self.side == PARAMETER:
            weight = Class.COMPATIBLE if ours.default is None else Class.BREAKING
            was, now = (None if each.default is None else json.loads(each.default) for each in (ours, theirs))
            yield Difference(self.operation, place, "default", was, now, weight)

    def _enum(self, place: str, ours: Shape, theirs: Shape) -> Iterator[Difference]:
        old, new = _listed(ours), _listed(theirs)
        if ours.enum != theirs.enum:
            narrower = narrows("enum", ours.enum, theirs.enum)
            yield self._difference(place, "enum", old, new, narrower)
        elif ours.told != theirs.told:
            told = ["listed", "told in the description"]
            yield Difference(self.operation, place, "enum", told[ours.told], told[theirs.told], Class.WORDING)

    def _fields(self, place: str, ours: Shape, theirs: Shape) -> Iterator[Difference]:
        for field in ours.fields:
            found = theirs.field(field.name)
            where = f"{place}.{field.name}"
            if found is None:
                yield Difference(self.operation, where, "field", sentence_of(field.shape), None, Class.BREAKING)
                continue
            if field.required != found.required:
                yield self._difference(where, "required", field.required, found.required, found.required)
            yield from self.compared(where, field.shape, found.shape)
        for field in theirs.fields:
            if ours.field(field.name) is None:
                yield self._new(f"{place}.{field.name}", field)

    def _new(self, place: str, field: Field) -> Difference:
        weight = Class.BREAKING if self.side == PARAMETER and field.required else Class.COMPATIBLE
        return Difference(self.operation, place, "field", None, sentence_of(field.shape), weight)

    def _difference(self, place: str, what: str, ours: object, theirs: object, narrower: bool | None) -> Difference:
        """Class a change by whether a value may be less (``True``), more (``False``) or other (``None``)."""
        harmless = narrower is (self.side == ANSWER)
        return Difference(self.operation, place, what, ours, theirs, Class.COMPATIBLE if harmless else Class.BREAKING)


def _share_types(ours: Shape, theirs: Shape) -> bool:
    return ours.types is None or theirs.types is None or bool(ours.types & theirs.types)


def _listed(shape: Shape) -> list[object] | None:
    return None if shape.enum is None else [json.loads(each) for each in sorted(shape.enum)]
