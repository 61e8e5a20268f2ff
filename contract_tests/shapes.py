"""Where a body leaves its schema, told field by field, so that a ``null`` is not the same finding as a wrong type.

A body schema of this API is flat: an object of scalars. That allows a reading of it which is quick enough for a
hundred thousand records; a test holds it against jsonschema.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Any

from civis_usage.contract_tests.answers import Answer, Unusable, excerpt
from civis_usage.contract_tests.results import Finding
from civis_usage.schemas import OPERATIONS, load, times

__all__ = ["Shape", "Tally"]

NULL = "null"
Deviation = tuple[str | None, str]
"""The field, and what is wrong with it in words that fit ``<words>: 3 of 120 records``."""
Fits = Callable[[Any], bool]


class Shape:
    """A flat object schema, ready to be held against many bodies.

    Args:
        schema: a body schema, of which ``properties`` (``type``, ``format``, ``enum``) and ``required`` are read.
    """

    def __init__(self, schema: Mapping[str, Any]) -> None:
        self._fields = tuple((name, _fits(spec), spec) for name, spec in schema["properties"].items())
        self._required = frozenset(schema.get("required", ()))

    def deviations(self, body: Any) -> Iterator[Deviation]:
        """Give each deviation of ``body``, as read from JSON; nothing where it is valid."""
        if not isinstance(body, dict):
            yield None, f"{_type(body)} instead of an object"
            return
        for name, fits, spec in self._fields:
            if name not in body:
                if name in self._required:
                    yield name, f"{name} missing"
            elif not fits(body[name]):
                yield name, _explain(name, spec, body[name])


def _fits(spec: Mapping[str, Any]) -> Fits:
    if "enum" in spec:
        return lambda value: type(value) is str and value in spec["enum"]
    if spec.get("format") == "date-time":
        return lambda value: type(value) is str and _is_time(value)
    return _TYPES[spec["type"]]


_TYPES: dict[str, Fits] = {
    "integer": lambda value: type(value) is int or (type(value) is float and value.is_integer()),
    "number": lambda value: type(value) is float or type(value) is int,
    "string": lambda value: type(value) is str,
}


def _explain(name: str, spec: Mapping[str, Any], value: Any) -> str:
    if value is None:
        return f"{NULL} in {name}"
    if not _TYPES[spec["type"]](value):
        return f"{_type(value)} instead of {spec['type']} in {name}"
    if "enum" in spec:
        return f"a value other than {', '.join(spec['enum'])} in {name}"
    return f"no RFC 3339 {spec['format']} in {name}"


@lru_cache(maxsize=1 << 16)
def _is_time(value: str) -> bool:
    try:
        times.parse(value)
    except ValueError:
        return False
    return True


def _type(value: Any) -> str:
    names = {bool: "boolean", int: "integer", float: "number", str: "string", list: "array", dict: "object"}
    return "null" if value is None else names[type(value)]


class Tally:
    """Counts the deviations of one operation's answers, over all its answers and every record in them."""

    def __init__(self, operation: str) -> None:
        self._operation = OPERATIONS[operation]
        self._shape = Shape(load(self._operation.body))
        self._counts: dict[Deviation, list[Any]] = {}
        self._answers: list[Finding] = []
        self.records = 0
        self.answers = 0

    def add(self, answer: Answer) -> None:
        """Look at one answer that should be a 200 as documented."""
        self.answers += 1
        try:
            body = self._body(answer)
        except Unusable as error:
            self._answers.append(Finding(str(error), request=answer.request, example=excerpt(answer.body)))
            return
        for item in body:
            self.records += 1
            for deviation in self._shape.deviations(item):
                seen = self._counts.setdefault(deviation, [0, answer.request, excerpt(item)])
                seen[0] += 1

    def _body(self, answer: Answer) -> Iterable[Any]:
        if answer.status != 200:
            raise Unusable(f"{answer.request} answered {answer.status} instead of 200: {excerpt(answer.body, 120)}")
        body = answer.json
        if self._operation.many and not isinstance(body, list):
            raise Unusable(f"{answer.request} answered {_type(body)} instead of an array")
        if answer.media_type != "application/json":
            named = f"the content type {answer.media_type!r}" if answer.media_type else "no content type"
            raise Unusable(f"{answer.request} answered JSON under {named} instead of application/json")
        return body if self._operation.many else [body]

    def findings(self) -> tuple[Finding, ...]:
        """Give one finding for each field and kind of deviation, and one for each unusable answer (three at most)."""
        noun = "records" if self._operation.many else "answers"
        counted = tuple(
            Finding(f"{words}: {count} of {self.records} {noun}", field, request, example)
            for (field, words), (count, request, example) in self._counts.items()
        )
        return tuple(self._answers[:3]) + counted

    def nulls(self) -> tuple[Finding, ...]:
        """Give the findings of ``null`` in a documented field: the likeliest deviation of all, and often accepted."""
        return tuple(finding for finding in self.findings() if finding.message.startswith(NULL))

    def others(self) -> tuple[Finding, ...]:
        """Give all other findings."""
        return tuple(finding for finding in self.findings() if not finding.message.startswith(NULL))
