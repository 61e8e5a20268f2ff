"""A schema of any dialect, read into a shape: references followed, ``allOf`` and its like taken together."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from .bounds import PLAIN_BOUNDS
from .document import BadSpec
from .form import Field, Shape
from .nodes import Node
from .together import all_of, any_of

__all__ = ["SchemaReader", "with_told"]

LIMIT = 5000
"""Schemas read for one operation at most: references that multiply would have no end in practice."""
DEPTH = 40
"""Schemas within schemas."""

_TOLD = re.compile(r'\bone of (\["[^\]]*"\])', re.IGNORECASE)
_SCALARS = {str: "string", bool: "boolean", int: "integer", float: "number", list: "array", dict: "object"}


class SchemaReader:
    """Reads the schemas of one operation.

    Args:
        siblings: whether what stands beside a ``$ref`` counts, as from OpenAPI 3.1 on.
    """

    def __init__(self, *, siblings: bool) -> None:
        self._siblings = siblings
        self._left = LIMIT

    def shape(self, node: Node, above: tuple[int, ...] = ()) -> Shape:
        """Read the schema at ``node``.

        Args:
            node: where it stands.
            above: the identities of the schemas that it stands in, to tell where one repeats itself.

        Raises:
            BadSpec: it cannot be understood.
        """
        self._left -= 1
        if self._left < 0:
            raise BadSpec(f"{node.where}: more than {LIMIT} schemas in one operation are too many to be compared.")
        target = node.followed()
        if isinstance(target.value, bool) or target.value is None:
            return Shape() if target.value is not False else Shape(types=frozenset())
        if id(target.value) in above:
            return Shape(recurs=len(above) - above.index(id(target.value)))
        if len(above) > DEPTH:
            raise BadSpec(f"{node.where}: schemas within schemas, deeper than {DEPTH}, cannot be compared.")
        inner = (*above, id(target.value))
        read = self._combined(target, inner)
        if self._siblings and target is not node:
            beside = {key: value for key, value in node.mapping.items() if key != "$ref"}
            read = all_of([self._combined(replace(node, value=beside), inner), read])
        return read

    def _combined(self, node: Node, above: tuple[int, ...]) -> Shape:
        parts = [self._plain(node, above), *(self.shape(part, above) for part in node["allOf"].elements())]
        for key in ("oneOf", "anyOf"):
            if choices := [self.shape(part, above) for part in node[key].elements()]:
                parts.append(any_of(choices))
        return all_of(parts)

    def _plain(self, node: Node, above: tuple[int, ...]) -> Shape:
        enum, items = _enum(node), node["items"]
        read = Shape(
            types=_types(node, enum),
            format=node["format"].text or None,
            enum=enum,
            bounds=_bounds(node),
            default=None if node["default"].value is None else _json(node["default"].value),
            fields=tuple(self._fields(node, above)),
            items=self.shape(items, above) if isinstance(items.value, (dict, bool)) else None,
            description=node["description"].text,
            deprecated=node["deprecated"].flag,
        )
        return with_told(read, read.description)

    def _fields(self, node: Node, above: tuple[int, ...]) -> list[Field]:
        required = [name.text for name in node["required"].elements()] if _lists_required(node) else []
        described = {name: self.shape(inner, above) for name, inner in node["properties"].items()}
        # A part of an allOf may require a field that another part describes.
        shapes = described | {name: Shape() for name in required if name not in described}
        return [Field(name, name in required, shape) for name, shape in shapes.items()]


def with_told(shape: Shape, description: str) -> Shape:
    """Give ``shape`` with the values that its description tells, where it lists none.

    The API's own spec lists no values, and writes ``One of ["A", "B"].`` in the description (documented).
    """
    if shape.enum is not None or "string" not in (shape.types or ()):
        return shape
    found = _TOLD.search(description)
    try:
        values = json.loads(found[1]) if found else None
    except ValueError:
        return shape
    return replace(shape, enum=frozenset(map(_json, values)), told=True) if values else shape


def _lists_required(node: Node) -> bool:
    """Tell a schema's list of required fields from the flag that parameters of Swagger 2.0 have in the same place."""
    return not isinstance(node["required"].value, bool)


def _types(node: Node, enum: frozenset[str] | None) -> frozenset[str] | None:
    value = node["type"].value
    if value is None:
        if "properties" in node.mapping:
            types = {"object"}
        elif "items" in node.mapping:
            types = {"array"}
        elif enum is not None:
            types = {_SCALARS[type(json.loads(each))] for each in enum}
        else:
            return None
    else:
        types = {each.text for each in node["type"].elements()} if isinstance(value, list) else {node["type"].text}
    nullable = node["nullable"].flag or node["x-nullable"].flag or _lists_null(node)
    return frozenset(types | {"null"} if nullable else types)


def _lists_null(node: Node) -> bool:
    listed = node["enum"].value  # beside a const nobody has looked yet whether it is a list
    return node["type"].value is None and isinstance(listed, list) and None in listed


def _enum(node: Node) -> frozenset[str] | None:
    if "const" in node.mapping:
        values = [node.mapping["const"]]
    elif node["enum"].value is not None:
        values = [each.value for each in node["enum"].elements()]
    else:
        return None
    return frozenset(_json(value) for value in values if value is not None)


def _bounds(node: Node) -> tuple[tuple[str, Any], ...]:
    found: dict[str, Any] = {}
    for name in PLAIN_BOUNDS:
        if node[name].value not in (None, False):
            found[name] = _BOUNDS_BUT_NUMBERS.get(name, _number)(node[name])
    for name, tighter in (("minimum", max), ("maximum", min)):
        if ends := _ends(node, name):
            found[name] = tighter(ends, key=lambda end: (end[0], end[1] if tighter is max else not end[1]))
    return tuple(sorted(found.items()))


_BOUNDS_BUT_NUMBERS: dict[str, Callable[[Node], object]] = {
    "pattern": lambda node: node.text,
    "uniqueItems": lambda node: node.flag,
}


def _ends(node: Node, name: str) -> list[tuple[float, bool]]:
    """Give a value's ends on one side, and whether each is out: a flag beside the end, or from 3.1 on an end itself."""
    exclusive = node[f"exclusive{name.capitalize()}"]
    out = exclusive.value is True
    ends = [] if node[name].value is None else [(_number(node[name]), out)]
    if exclusive.value is not None and not isinstance(exclusive.value, bool):
        ends.append((_number(exclusive), True))
    return ends


def _number(node: Node) -> float:
    if isinstance(node.value, bool) or not isinstance(node.value, (int, float)):
        raise BadSpec(f"{node.where} is {node.value!r:.40}, not a number.")
    return node.value


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True)
