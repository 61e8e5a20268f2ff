"""Where a body leaves its schema, told field by field, so that a ``null`` is not the same finding as a wrong type.

A body schema of this API is flat: an object of scalars. That allows a reading of it which is quick enough for a
hundred thousand records; a test holds it against jsonschema.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from civis_usage.contract_tests.answers import Answer, Unusable, excerpt
from civis_usage.contract_tests.results import Finding
from civis_usage.schemas import OPERATIONS, load, times

__all__ = ["Tally", "deviations"]

NULL = "null"
Deviation = tuple[str | None, str]
"""The field, and what is wrong with it in words that fit ``<words>: 3 of 120 records``."""


def deviations(schema: Mapping[str, Any], body: Any) -> Iterator[Deviation]:
    """Give each deviation of ``body`` from the flat object schema ``schema``; nothing where it is valid."""
    if not isinstance(body, dict):
        yield None, f"{_type(body)} instead of an object"
        return
    required = schema.get("required", ())
    for name, spec in schema["properties"].items():
        if name not in body:
            if name in required:
                yield name, f"{name} missing"
        elif (wrong := _wrong(spec, body[name])) is not None:
            yield name, wrong.format(name=name)


def _wrong(spec: Mapping[str, Any], value: Any) -> str | None:
    if value is None:
        return NULL + " in {name}"
    if not _TYPES[spec["type"]](value):
        return f"{_type(value)} instead of {spec['type']} in {{name}}"
    if spec.get("format") == "date-time" and not _is_time(value):
        return "no RFC 3339 date-time in {name}"
    if "enum" in spec and value not in spec["enum"]:
        return f"a value other than {', '.join(spec['enum'])} in {{name}}"
    return None


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


_TYPES: dict[str, Callable[[Any], bool]] = {
    "integer": lambda value: _number(value) and (isinstance(value, int) or value.is_integer()),
    "number": _number,
    "string": lambda value: isinstance(value, str),
}


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
        self._schema = load(self._operation.body)
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
            for deviation in deviations(self._schema, item):
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
