"""The contract's operations against the spec's: what is gone, new, moved, or described otherwise."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from .difference import Class, Difference
from .form import Api, Operation, Parameter, sentence_of
from .operations import is_json
from .values import ANSWER, PARAMETER, compare_values, deprecation, wording

__all__ = ["compare"]


def compare(contract: Api, spec: Api) -> tuple[Difference, ...]:
    """Give the differences between two descriptions, operation by operation in the contract's order.

    What the spec says of errors is not compared: the contract's errors are recorded, not documented, and the API's
    own spec has never described any.
    """
    return tuple(_differences(contract, spec))


def _differences(contract: Api, spec: Api) -> Iterator[Difference]:
    theirs = {(each.method, each.route): each for each in reversed(spec.operations)}
    left = {key: operation for key, operation in reversed(theirs.items())}
    for operation in contract.operations:
        found = left.pop((operation.method, operation.route), None)
        if found is not None:
            yield from _compared(operation, found)
        else:
            yield _gone(operation, _moved(left, contract, operation))
    for operation in left.values():
        yield Difference(operation.request, "operation", "operation", None, _purpose(operation), Class.COMPATIBLE)


def _moved(left: dict[tuple[str, str], Operation], contract: Api, operation: Operation) -> list[str]:
    """Give the methods by which the spec has an operation's path instead, and take them from what is left."""
    known = {(each.method, each.route) for each in contract.operations}
    methods = [method for method, route in left if route == operation.route and (method, route) not in known]
    for method in methods:
        del left[method, operation.route]
    return methods


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
    if ours.media and theirs.media and any(map(is_json, ours.media)) and not any(map(is_json, theirs.media)):
        yield Difference(name, "answer", "media type", sorted(ours.media), sorted(theirs.media), Class.BREAKING)
    yield from compare_values(name, "answer", ours.answer, theirs.answer, ANSWER)


def _status(ours: Operation, theirs: Operation) -> Iterator[Difference]:
    """Compare the statuses of success: one that is new may come where nobody expects it."""
    covered = {each for each in theirs.statuses if each.upper() in ("2XX", "DEFAULT")}
    if not (ours.statuses <= theirs.statuses or covered) or theirs.statuses - covered - ours.statuses:
        spec = sorted(theirs.statuses) or None
        yield Difference(ours.name, "answer", "status", sorted(ours.statuses), spec, Class.BREAKING)


def _parameters(ours: Operation, theirs: Operation) -> Iterator[Difference]:
    left = dict(reversed([(_key(theirs, each), each) for each in reversed(theirs.parameters)]))
    for parameter in ours.parameters:
        found = left.pop(_key(ours, parameter), None) or _elsewhere(left, theirs, parameter)
        if found is None:
            yield Difference(
                ours.name, _place(parameter), "parameter", _purpose(parameter), None, Class.BREAKING
            )
        else:
            yield from _parameter(ours.name, parameter, found)
    for parameter in left.values():
        weight = Class.BREAKING if parameter.required else Class.COMPATIBLE
        yield Difference(ours.name, _place(parameter), "parameter", None, _purpose(parameter), weight)


def _key(operation: Operation, parameter: Parameter) -> tuple[str, str]:
    """Name a parameter by what stands on the wire: one in the path by its position, any other by its name."""
    names = operation.path_names
    if parameter.place == "path" and parameter.name in names:
        return "path", str(names.index(parameter.name))
    return parameter.place, parameter.name


def _elsewhere(
    left: dict[tuple[str, str], Parameter], theirs: Operation, parameter: Parameter
) -> Parameter | None:
    key = next((key for key, each in left.items() if each.name == parameter.name), None)
    return left.pop(key) if key is not None else None


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
