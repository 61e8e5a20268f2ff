"""What the API can be asked, read from ``openapi.json``."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from types import MappingProxyType
from typing import Any, Literal

from .documents import load


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter of an operation.

    Attributes:
        name: as it is written on the wire (snake_case).
        place: where it goes, ``path`` or ``query``.
        type: ``integer`` or ``string``.
        format: ``date-time`` or nothing.
        required: whether a request without it is none.
        enum: the values that it may have, where the contract lists them.
        description: what it means.
    """

    name: str
    place: Literal["path", "query"]
    type: str
    format: str | None
    required: bool
    enum: tuple[str, ...] | None
    description: str = ""


@dataclass(frozen=True, slots=True)
class Operation:
    """One request that the API answers; all of them are GET.

    Attributes:
        id: the name of the Python client's method.
        path: the route, with its path parameters in braces.
        summary: what it does, in a few words.
        parameters: in the order of the Python method's.
        body: the name of the schema of the answer, or of each item of it.
        many: whether the answer is an array.
    """

    id: str
    path: str
    summary: str
    parameters: tuple[Parameter, ...]
    body: str
    many: bool

    def url(self, **values: object) -> str:
        """Return the path with its path parameters filled in.

        Raises:
            KeyError: a path parameter has no value.
        """
        return self.path.format(**values)


def _operations(document: Mapping[str, Any]) -> Iterator[Operation]:
    for path, methods in document["paths"].items():
        for operation in methods.values():
            schema = operation["responses"]["200"]["content"]["application/json"]["schema"]
            many = schema.get("type") == "array"
            yield Operation(
                id=operation["operationId"],
                path=path,
                summary=operation["summary"],
                parameters=tuple(_parameter(parameter) for parameter in operation["parameters"]),
                body=PurePosixPath((schema["items"] if many else schema)["$ref"]).stem,
                many=many,
            )


def _parameter(parameter: Mapping[str, Any]) -> Parameter:
    schema = parameter["schema"]
    return Parameter(
        name=parameter["name"],
        place=parameter["in"],
        type=schema["type"],
        format=schema.get("format"),
        required=parameter["required"],
        enum=tuple(schema["enum"]) if "enum" in schema else None,
        description=parameter["description"],
    )


OPERATIONS: Mapping[str, Operation] = MappingProxyType({each.id: each for each in _operations(load("openapi"))})
"""The operations of ``/usage`` by the names of the Python client's methods."""
