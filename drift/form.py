"""The neutral form that specs of every dialect and the contract are brought into, as values that can be compared."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

__all__ = ["Api", "Field", "Operation", "Parameter", "Shape", "sentence_of"]

_PARAMETER = re.compile(r"\{[^{}]*\}")


@dataclass(frozen=True, slots=True)
class Shape:
    """What a JSON value may be."""

    types: frozenset[str] | None = None
    """JSON Schema's names of types, ``null`` among them; ``None`` for any."""
    format: str | None = None
    enum: frozenset[str] | None = None
    """The values that it may have, as JSON text, without ``null``; ``None`` where they are not listed."""
    told: bool = False
    """Whether the enum is not listed but told in the description, as the API's spec does: ``One of ["A", "B"].``"""
    bounds: tuple[tuple[str, Any], ...] = ()
    """``minimum``, ``maxLength``, ``pattern`` and their like, by name; a minimum or maximum with whether it is out."""
    default: str | None = None
    """As JSON text; ``None`` where there is none."""
    fields: tuple[Field, ...] = ()
    items: Shape | None = None
    recurs: int | None = None
    """How many schemas above this one the schema stands that it repeats; ``None`` where it repeats none."""
    description: str = ""
    deprecated: bool = False

    @property
    def container(self) -> str | None:
        """``array`` or ``object`` where it is one of them, whatever else it may be; else ``None``."""
        found = (self.types or frozenset()) & {"array", "object"}
        return next(iter(found)) if len(found) == 1 else None

    def field(self, name: str) -> Field | None:
        """Give the field called ``name``, if there is one."""
        return next((field for field in self.fields if field.name == name), None)


@dataclass(frozen=True, slots=True)
class Field:
    """A field of an object."""

    name: str
    required: bool
    shape: Shape


@dataclass(frozen=True, slots=True)
class Parameter:
    """What a request may carry."""

    name: str
    place: str
    """``path``, ``query``, ``header``, ``cookie`` or ``body``."""
    required: bool
    shape: Shape
    description: str = ""
    deprecated: bool = False


@dataclass(frozen=True, slots=True)
class Operation:
    """A request that can be made, and the answer that it gets when all is well."""

    method: str
    """In capitals."""
    path: str
    """As it is described, with the names of its parameters."""
    name: str
    """Its ``operationId``, or method and path where it has none."""
    base: str
    """The path before all paths, where the spec says that the API is elsewhere than it was asked for; else empty."""
    parameters: tuple[Parameter, ...]
    statuses: frozenset[str]
    """The statuses of success that are described: ``200``, ``2XX``; ``default`` where it stands alone."""
    media: frozenset[str] | None
    """The media types of the answer; ``None`` where the spec does not say."""
    answer: Shape
    summary: str = ""
    description: str = ""
    deprecated: bool = False

    @property
    def route(self) -> str:
        """The path without what means nothing on the wire: ``/usage/llm/{}``."""
        return _PARAMETER.sub("{}", self.path).rstrip("/")

    @property
    def path_names(self) -> tuple[str, ...]:
        """The names of the parameters in the path, in its order."""
        return tuple(found[1:-1] for found in _PARAMETER.findall(self.path))

    @property
    def request(self) -> str:
        """Method and path in one: ``GET /usage/llm/{id}``."""
        return f"{self.method} {self.path}"


@dataclass(frozen=True, slots=True)
class Api:
    """What a spec says of ``/usage``."""

    dialect: str
    """``Swagger 2.0``, ``OpenAPI 3.1.0``; ``a spec without a version`` where it does not say."""
    operations: tuple[Operation, ...]


def sentence_of(shape: Shape) -> str:
    """Say in a few words what a value of ``shape`` is: ``array of object``, ``string (date-time)``."""
    if shape.recurs is not None:
        return "the same again"
    text = " or ".join(_ordered(shape.types)) if shape.types is not None else "anything"
    if shape.items is not None and shape.types == frozenset({"array"}):
        text = f"array of {sentence_of(shape.items)}"
    return f"{text} ({shape.format})" if shape.format else text


def _ordered(types: Iterable[str]) -> list[str]:
    return sorted(types, key=lambda name: (name == "null", name))
