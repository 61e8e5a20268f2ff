"""The spec's changes as a proposed change of the contract's files, for a person to review.

Only what can be derived is proposed: parameters, fields, types, formats, enums, bounds, defaults, what is required or
deprecated. Our own descriptions, titles and examples stay as they are. What concerns programs as well as the contract
(an operation, its method, status, media type or path) is for a person to do by hand, and so is a change that one
operation makes to a body that another keeps.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import Any

from .bounds import PLAIN_BOUNDS
from .comparison import compare, pairs, parameter_pairs
from .contract import Contract, contract_of
from .difference import Class
from .document import BadContract
from .form import Api, Field, Operation, Parameter, Shape

__all__ = ["Proposal", "as_text", "propose"]

_ENDS = {"minimum": "exclusiveMinimum", "maximum": "exclusiveMaximum"}
_DERIVED = frozenset({"type", "format", "enum", "default", "deprecated", *_ENDS, *_ENDS.values(), *PLAIN_BOUNDS})
"""The keywords that are written from a shape; all others of a schema stay."""


@dataclass(frozen=True)
class Proposal:
    """What could be written, and what could not."""

    files: Mapping[str, str]
    """The new text of each file that changes, by the file's name."""
    by_hand: tuple[str, ...]
    """What only a person can do: the differences that the new files leave, a line each."""


def propose(contract: Contract, spec: Api) -> Proposal:
    """Give the change that brings the contract's files to what ``spec`` says, as far as it can be derived.

    Raises:
        BadContract: the files are not laid out as those of the contract are.
    """
    files = deepcopy(dict(contract.files))
    try:
        _change(files, [(ours, theirs) for ours, theirs in pairs(contract.api, spec) if ours and theirs])
    except (KeyError, TypeError, AttributeError) as error:
        raise BadContract(f"The contract's files are not laid out as an update needs them: {error!r:.60}.") from None
    left = [each for each in compare(contract_of(files).api, spec) if each.weight is not Class.WORDING]
    return Proposal(
        {f"{name}.json": as_text(file) for name, file in files.items() if file != contract.files[name]},
        tuple(f"{each.operation}, {each.sentence}" for each in left),
    )


def _change(files: dict[str, dict[str, Any]], matched: list[tuple[Operation, Operation]]) -> None:
    for ours, theirs in matched:
        node = files["openapi"]["paths"][ours.path][ours.method.lower()]
        _operation(node, ours, theirs)
    for name, records in _records(files["openapi"], matched).items():
        old, new = records[0]
        if all(_bare(other) == _bare(new) for _, other in records):
            files[name] = _schema(files[name], old, new)


def as_text(file: Mapping[str, Any]) -> str:
    """Give a file of the contract as it is written."""
    return json.dumps(file, indent=2, ensure_ascii=False) + "\n"


def _operation(node: dict[str, Any], ours: Operation, theirs: Operation) -> None:
    _mark(node, theirs.deprecated)
    listed = {(each["in"], each["name"]): each for each in node["parameters"]}
    parameters = []
    for old, new in parameter_pairs(ours, theirs):
        if old and new:
            parameters.append(_parameter(listed[old.place, old.name], old, new))
        elif new and new.place != "body":  # a body is no parameter in OpenAPI 3
            empty = {"name": new.name, "in": new.place, "required": False, "description": "", "schema": {}}
            parameters.append(_parameter(empty, replace(new, shape=Shape()), new))
    node["parameters"] = parameters
    if _is_record(_record(theirs.answer)):
        answer = _answer(node)
        answer["schema"] = _container(answer["schema"], ours.answer, theirs.answer)


def _parameter(node: dict[str, Any], ours: Parameter, theirs: Parameter) -> dict[str, Any]:
    node = {**node, "required": theirs.required}
    if theirs.place != "body":
        node["in"] = theirs.place
    _mark(node, theirs.deprecated)
    node["schema"] = _schema(node["schema"], ours.shape, theirs.shape, with_default=True)
    return node


def _mark(node: dict[str, Any], deprecated: bool) -> None:
    if deprecated:
        node["deprecated"] = True
    else:
        node.pop("deprecated", None)


def _container(node: dict[str, Any], ours: Shape, theirs: Shape) -> dict[str, Any]:
    """Give the schema of a whole answer: a list of records, or one, with the reference to the record's file."""
    reference = node.get("items", node)
    if theirs.container != "array":
        return dict(reference)
    outside = {key: value for key, value in node.items() if key not in ("items", "$ref")}
    own = ours if ours.container == "array" else Shape()
    return _schema(outside, replace(own, items=None), replace(theirs, items=None)) | {"items": reference}


def _answer(operation: dict[str, Any]) -> dict[str, Any]:
    """Give the place at which an operation's file has the schema of its answer."""
    found: dict[str, Any] = operation["responses"]["200"]["content"]["application/json"]
    return found


def _records(
    openapi: Mapping[str, Any], matched: list[tuple[Operation, Operation]]
) -> dict[str, list[tuple[Shape, Shape]]]:
    """Give what both sides say of the record in each body's file, once for each operation that answers with it."""
    found: dict[str, list[tuple[Shape, Shape]]] = {}
    for ours, theirs in matched:
        node = _answer(openapi["paths"][ours.path][ours.method.lower()])["schema"]
        old, new = _record(ours.answer), _record(theirs.answer)
        records = found.setdefault(PurePosixPath(node.get("items", node)["$ref"]).stem, [])
        records.append((old, new if _is_record(new) else old))
    return found


def _record(answer: Shape) -> Shape:
    return (answer.items or Shape()) if answer.container == "array" else answer


def _is_record(shape: Shape) -> bool:
    return shape.container == "object" and bool(shape.fields)


def _schema(node: dict[str, Any], ours: Shape, theirs: Shape, *, with_default: bool = False) -> dict[str, Any]:
    """Give the schema ``node``, which says ``ours``, so that it says ``theirs``; what is not derived stays."""
    old, new = _keywords(ours, node, with_default), _keywords(theirs, node, with_default)
    return node if old == new and _bare(ours) == _bare(theirs) else dict(_rewritten(node, ours, theirs, old, new))


def _rewritten(
    node: dict[str, Any], ours: Shape, theirs: Shape, old: dict[str, Any], new: dict[str, Any]
) -> Iterator[tuple[str, Any]]:
    structure = _structure(node, ours, theirs)
    first = next((key for key in node if key in _DERIVED), None)
    if first is None:
        yield from new.items()
    for key, value in node.items():
        if key == first:
            yield from new.items()
        elif key in structure:
            yield key, structure.pop(key)
        elif key not in _DERIVED and key not in ("properties", "required", "items"):
            yield key, value
    yield from structure.items()


def _structure(node: dict[str, Any], ours: Shape, theirs: Shape) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if theirs.fields:
        listed = node.get("properties", {})
        order = [name for name in listed if theirs.field(name)]
        order += [field.name for field in theirs.fields if field.name not in listed]
        fields = [field for name in order if (field := theirs.field(name))]
        found["properties"] = {each.name: _field(listed.get(each.name), ours.field(each.name), each) for each in fields}
        if required := [each.name for each in fields if each.required]:
            found["required"] = required
    if theirs.items is not None:
        found["items"] = _schema(node.get("items", {}), ours.items or Shape(), theirs.items)
    return found


def _field(node: dict[str, Any] | None, ours: Field | None, theirs: Field) -> dict[str, Any]:
    if node is None or ours is None:
        return _schema({"description": ""}, Shape(), theirs.shape)
    return _schema(node, ours.shape, theirs.shape)


def _keywords(shape: Shape, node: Mapping[str, Any], with_default: bool) -> dict[str, Any]:
    """Give the derived keywords of a shape; the values of an enum that ``node`` has already come first."""
    found: dict[str, Any] = {}
    if shape.types is not None:
        types = sorted(shape.types, key=lambda name: (name == "null", name))
        found["type"] = types[0] if len(types) == 1 else types
    if shape.format:
        found["format"] = shape.format
    if shape.enum is not None:
        known = [value for value in node.get("enum", ()) if value is not None]
        values = [json.loads(each) for each in sorted(shape.enum)]
        found["enum"] = [*(each for each in known if each in values), *(each for each in values if each not in known)]
        if "null" in (shape.types or ()):
            found["enum"].append(None)
    for name, value in shape.bounds:
        if name in _ENDS:
            number, out = value
            found[_ENDS[name] if out else name] = number
        else:
            found[name] = value
    if with_default and shape.default is not None:
        found["default"] = json.loads(shape.default)
    if shape.deprecated:
        found["deprecated"] = True
    return found


def _bare(shape: Shape) -> Shape:
    """Give a shape without words, so that two can be compared."""
    return replace(
        shape,
        told=False,
        default=None,
        description="",
        fields=tuple(
            sorted((replace(each, shape=_bare(each.shape)) for each in shape.fields), key=lambda each: each.name)
        ),
        items=None if shape.items is None else _bare(shape.items),
    )
