"""The contract's operations against the spec's: what is gone, new, moved, or described otherwise."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TypeVar

from .difference import Class, Difference
from .form import Api, Operation, Parameter, sentence_of
from .operations import is_json
from .values import ANSWER, PARAMETER, compare_values, deprecation, wording

__all__ = ["compare", "pairs", "parameter_pairs"]

Value = TypeVar("Value", Operation, Parameter)


def compare(contract: Api, spec: Api) -> tuple[Difference, ...]:
    """Give the differences between two descriptions, operation by operation in the contract's order.

    What the spec says of errors is not compared: the contract's errors are recorded, not documented, and the API's
    own spec has never described any.
    """
    return tuple(_differences(contract, spec))


def _differences(contract: Api, spec: Api) -> Iterator[Difference]:
    moved: set[str] = set()
    for ours, theirs in pairs(contract, spec):
        if ours and theirs:
            yield from _compared(ours, theirs)
        elif ours:
            methods = _methods(contract, spec, ours)
            moved.update(f"{method} {ours.route}" for method in methods)
            yield _gone(ours, methods)
        elif theirs and f"{theirs.method} {theirs.route}" not in moved:
            yield Difference(theirs.request, "operation", "operation", None, _purpose(theirs), Class.COMPATIBLE)


def pairs(contract: Api, spec: Api) -> Iterator[tuple[Operation | None, Operation | None]]:
    """Give each operation of the contract with the spec's, ``None`` where that is gone; then those that are new."""
    left = _first((_route(each), each) for each in spec.operations)
    for operation in contract.operations:
        yield operation, left.pop(_route(operation), None)
    for operation in left.values():
        yield None, operation


def _route(operation: Operation) -> tuple[str, str]:
    return operation.method, operation.route


def _first(found: Iterable[tuple[tuple[str, str], Value]]) -> dict[tuple[str, str], Value]:
    values: dict[tuple[str, str], Value] = {}
    for key, value in found:
        values.setdefault(key, value)
    return values


def _methods(contract: Api, spec: Api, operation: Operation) -> list[str]:
    """Give the methods by which the spec has an operation's path instead."""
    known = {_route(each) for each in contract.operations}
    return [each.method for each in spec.operations if each.route == operation.route and _route(each) not in known]


def _gone(operation: Operation, methods: list[str]) -> Difference:
    if methods:
        return Difference(operation.name, "operation", "method", operation.method, ", ".join(methods), Class.BREAKING)
    return Difference(operation.name, "operation", "operation", operation.request, None, Class.BREAKING)


def _compared(ours: Operation, theirs: Operation) -> Iterator[Difference]:
    name = ours.name
    if ours.base != theirs.base:
        yield Difference(name, "operation", "base path", ours.base or "/", theirs.base, Class.BREAKING)
    yield from deprecation(name, "operation", ours.deprecated, theirs.deprecated)
    yield from wording(name, "operation", "summary", ours.summary, theirs.summary)
    yield from wording(name, "operation", "description", ours.description, theirs.description)
    yield from _parameters(ours, theirs)
    yield from _status(ours, theirs)
    if ours.media and theirs.media and any(map(is_json, ours.media)) != any(map(is_json, theirs.media)):
        yield Difference(name, "answer", "media type", sorted(ours.media), sorted(theirs.media), Class.BREAKING)
    yield from compare_values(name, "answer", ours.answer, theirs.answer, ANSWER)


def _status(ours: Operation, theirs: Operation) -> Iterator[Difference]:
    """Compare the statuses of success: one that is new may come where nobody expects it."""
    covered = {each for each in theirs.statuses if each.upper() in ("2XX", "DEFAULT")}
    if not (ours.statuses <= theirs.statuses or covered) or theirs.statuses - covered - ours.statuses:
        spec = sorted(theirs.statuses) or None
        yield Difference(ours.name, "answer", "status", sorted(ours.statuses), spec, Class.BREAKING)


def _parameters(ours: Operation, theirs: Operation) -> Iterator[Difference]:
    for old, new in parameter_pairs(ours, theirs):
        if old and new:
            yield from _parameter(ours.name, old, new)
        elif old:
            yield Difference(ours.name, _place(old), "parameter", _purpose(old), None, Class.BREAKING)
        elif new:
            weight = Class.BREAKING if new.required else Class.COMPATIBLE
            yield Difference(ours.name, _place(new), "parameter", None, _purpose(new), weight)


def parameter_pairs(ours: Operation, theirs: Operation) -> Iterator[tuple[Parameter | None, Parameter | None]]:
    """Give each parameter of ours with theirs, ``None`` where that is gone; then those that are new.

    They are matched by what stands on the wire: in the path by their position, elsewhere by their names. One that
    moved, from the query to a header for instance, keeps its name.
    """
    left = _first((_key(theirs, each), each) for each in theirs.parameters)
    exact = {_key(ours, each): left.pop(_key(ours, each), None) for each in ours.parameters}
    for parameter in ours.parameters:
        moved = next((key for key, each in left.items() if each.name == parameter.name), None)
        found = exact[_key(ours, parameter)]
        yield parameter, found if found is not None or moved is None else left.pop(moved)
    for parameter in left.values():
        yield None, parameter


def _key(operation: Operation, parameter: Parameter) -> tuple[str, str]:
    names = operation.path_names
    if parameter.place == "path" and parameter.name in names:
        return "path", str(names.index(parameter.name))
    return parameter.place, parameter.name


def _parameter(operation: str, ours: Parameter, theirs: Parameter) -> Iterator[Difference]:
    place = _place(ours)
    if ours.place != theirs.place:
        yield Difference(operation, place, "place", ours.place, theirs.place, Class.BREAKING)
    if ours.required != theirs.required:
        weight = Class.BREAKING if theirs.required else Class.COMPATIBLE
        yield Difference(operation, place, "required", ours.required, theirs.required, weight)
    yield from deprecation(operation, place, ours.deprecated, theirs.deprecated)
    yield from wording(operation, place, "name", ours.name, theirs.name)
    yield from wording(operation, place, "description", ours.description, theirs.description)
    yield from compare_values(operation, place, ours.shape, theirs.shape, PARAMETER)


def _place(parameter: Parameter) -> str:
    return f"{parameter.place} parameter {parameter.name}"


def _purpose(described: Operation | Parameter) -> str:
    if isinstance(described, Operation):
        return described.summary or described.description or described.request
    return f"{sentence_of(described.shape)}, {'required' if described.required else 'optional'}"
