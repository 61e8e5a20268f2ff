"""Checks of every response by its JSON Schema; jsonschema validates each distinct record once."""

from __future__ import annotations

import json
from collections.abc import Iterator
from enum import StrEnum
from functools import lru_cache, partial
from typing import Any, NamedTuple

from civis_usage.contract_tests.collect.evidence import Evidence
from civis_usage.contract_tests.collect.interaction import Interaction
from civis_usage.contract_tests.collect.record import Ignored, as_json, excerpt, identity
from civis_usage.contract_tests.collect.window import Window
from civis_usage.contract_tests.results import Check, Finding, Outcome, no_data, outcome
from civis_usage.schemas import OPERATIONS, load, validator

from .comparison import name_of, readable, shown

__all__ = ["CHECKS", "Deviation", "Kind", "deviations", "wrong_fields"]

SUBJECTS = {
    "list_llm": "each LLM usage record",
    "get_llm": "the single LLM usage record",
    "get_llm_organization_summary": "the summary",
    "list_matching": "each matching usage record",
}


class Kind(StrEnum):
    """How a value deviates from its schema."""

    MISSING = "missing"
    NULL = "null"
    TYPE = "type"
    VALUE = "enum"
    FORMAT = "format"
    BODY = "body"
    """The body, or an item of the list, is not an object."""


class Deviation(NamedTuple):
    """One deviation of a record; records with equal ones are counted together."""

    kind: Kind
    field: str | None
    words: str
    """What is wrong, fit for ``<words> in 3 of 120 records``."""
    wanted: str | None = None
    """What is expected of the field."""


_ORDER = ("required", "type", "enum", "format")
"""The keywords by what they say of a value that breaks several."""


def deviations(schema: str, body: Any) -> tuple[Deviation, ...]:
    """Return how ``body`` deviates from a body schema: one deviation a field."""
    if not isinstance(body, dict):
        return (Deviation(Kind.BODY, None, f"{_type(body)} instead of an object", "an object"),)
    found: dict[str, Deviation] = {}
    errors = sorted(validator(schema).iter_errors(body), key=lambda error: _ORDER.index(error.validator))
    for error in errors:
        if error.validator == "required":
            for name in load(schema)["required"]:
                if name not in body:
                    found[name] = Deviation(Kind.MISSING, name, f"{name} is missing", _wanted(schema, name))
        else:
            name = str(error.path[0])
            deviation = _deviation(name, error.validator, error.validator_value, body[name])
            found.setdefault(name, deviation._replace(wanted=_wanted(schema, name)))
    return tuple(found[name] for name in load(schema)["properties"] if name in found)


def _wanted(schema: str, name: str) -> str:
    """Return what a schema wants of a field, in words."""
    spec = load(schema)["properties"][name]
    if "enum" in spec:
        return f"one of {', '.join(spec['enum'])}"
    if spec.get("format") == "date-time":
        return "an RFC 3339 date-time"
    return _with_article(spec["type"])


def _deviation(name: str, keyword: str, wanted: Any, value: Any) -> Deviation:
    if value is None:
        return Deviation(Kind.NULL, name, f"{name} is null")
    if keyword == "type" and wanted == "integer" and isinstance(value, float):
        return Deviation(Kind.TYPE, name, f"{name} is a fraction instead of an integer")
    if keyword == "type":
        return Deviation(Kind.TYPE, name, f"{name} is {_with_article(_type(value))} instead of {_with_article(wanted)}")
    if keyword == "enum":
        return Deviation(Kind.VALUE, name, f"{name} is a value other than {', '.join(wanted)}")
    return Deviation(Kind.FORMAT, name, f"{name} is not an RFC 3339 {wanted}" if wanted == "date-time" else
                     f"{name} is a number too large for any reader")  # fmt: skip


def _with_article(noun: str) -> str:
    return noun if noun == "null" else f"an {noun}" if noun[0] in "aio" else f"a {noun}"


def _type(value: Any) -> str:
    names = {bool: "boolean", int: "integer", float: "number", str: "string", list: "array", dict: "object"}
    return "null" if value is None else names[type(value)]


@lru_cache(maxsize=1 << 17)
def _deviations(schema: str, text: str) -> tuple[Deviation, ...]:
    return deviations(schema, json.loads(text))


@lru_cache(maxsize=8)
def wrong_fields(evidence: Evidence) -> dict[str, Ignored]:
    """Return the fields that are wrong by their shape, by schema and record: other rules are not applied to them."""
    found: dict[str, dict[object, frozenset[str]]] = {}
    for operation in ("list_llm", "get_llm", "list_matching"):
        schema = OPERATIONS[operation].body
        wrong = found.setdefault(schema, {})
        promised = (each for each in evidence.of(operation) if each.is_promised and not each.unavailable)
        bodies = {text: item for each in promised if each.status == 200 for text, item in each.bodies}
        for text, item in bodies.items():
            if bad := _deviations(schema, text):
                names = frozenset(deviation.field for deviation in bad if deviation.field)
                key = identity(item)
                wrong[key] = wrong.get(key, frozenset()) | names
    return dict(found)


class _Judged(NamedTuple):
    responses: int
    records: int
    bodies: tuple[Finding, ...]
    """What is wrong with whole responses."""
    counted: tuple[tuple[Deviation, int, str, Any], ...]
    """Each deviation of records, how often, and the first request and record that show it."""


@lru_cache(maxsize=8)
def _judge(operation: str, evidence: Evidence) -> _Judged:
    responses = [
        each
        for each in evidence.of(operation)
        if each.is_promised and not each.unavailable and not _is_hidden(evidence, each)
    ]
    schema, is_list = OPERATIONS[operation].body, OPERATIONS[operation].many
    bodies, records = [], 0
    counted: dict[Deviation, list[Any]] = {}
    for each in responses:
        if wrong := _wrong_body(each, is_list):
            wanted = "200, application/json, " + ("an array" if is_list else "an object")
            actual = f"{each.status}, {each.media_type or 'no Content-Type'}, {excerpt(each.body) or 'an empty body'}"
            body = excerpt(each.body)
            bodies.append(Finding(wrong, request=each.request, example=body, expected=wanted, actual=actual))
            continue
        for item, text in zip(each.items, each.texts, strict=True) if is_list else [(each.json, as_json(each.json))]:
            records += 1
            for deviation in _deviations(schema, text):
                counted.setdefault(deviation, [0, each.request, item])[0] += 1
    found = tuple((deviation, count, request, item) for deviation, (count, request, item) in counted.items())
    return _Judged(len(responses), records, tuple(bodies[:3]), found)


def _wrong_body(interaction: Interaction, is_list: bool) -> str | None:
    request = readable(interaction.request)
    if interaction.status != 200:
        return f"{request} answered {interaction.status} instead of 200: {excerpt(interaction.body)}"
    if not interaction.body.strip():
        return f"{request} answered with an empty body"
    if interaction.json_error is not None:
        return f"{request} answered what is not JSON ({interaction.json_error}): {excerpt(interaction.body)}"
    if isinstance(interaction.json, str):
        return f"{request} answered a JSON string instead of {'an array' if is_list else 'an object'}"
    if is_list and not isinstance(interaction.json, list):
        return f"{request} answered {_type(interaction.json)} instead of an array"
    if interaction.media_type != "application/json":
        named = f"the Content-Type {interaction.media_type!r}" if interaction.media_type else "no Content-Type"
        return f"{request} answered JSON under {named} instead of application/json"
    return None


def _is_hidden(evidence: Evidence, interaction: Interaction) -> bool:
    """Return whether a response says that the organization is not visible: right for all but the one of interest.

    A summary may say so of a window without usage as well.
    """
    if interaction.status not in (403, 404) or interaction.operation == "get_llm":
        return False
    mine = interaction.org in evidence.organizations[:1] and interaction.org not in evidence.unknown_organizations
    is_summary = interaction.operation == "get_llm_organization_summary"
    return not mine or (is_summary and not _has_usage(evidence, interaction))


def _has_usage(evidence: Evidence, summary: Interaction) -> bool:
    """Return whether a list shows usage that is surely in the window of a summary."""
    window = summary.window or Window(None, None)
    if window == Window(None, None):
        zones = evidence.default_windows
        window = Window(max(zone.start or 0 for zone in zones), min(zone.end or 0 for zone in zones))
    mine = (each for each in evidence.lists("list_llm") if each.org == summary.org)
    return any(window.contains(record.timestamp) for each in mine for record in each.records)


def shape(operation: str, evidence: Evidence) -> Outcome:
    """Judge the body of every response, and the fields of every record but for nulls."""
    judged = _judge(operation, evidence)
    return _outcome(operation, evidence, judged, judged.bodies + _findings(judged, operation, nulls=False))


def nulls(operation: str, evidence: Evidence) -> Outcome:
    """Look for null in documented fields: the likeliest deviation of all, and often accepted."""
    judged = _judge(operation, evidence)
    return _outcome(operation, evidence, judged, _findings(judged, operation, nulls=True))


def _findings(judged: _Judged, operation: str, *, nulls: bool) -> tuple[Finding, ...]:
    noun = "records" if OPERATIONS[operation].many else "responses"
    return tuple(
        Finding(
            f"{deviation.words} in {count:,} of {judged.records:,} {noun} of {operation}",
            deviation.field,
            request,
            excerpt(item),
            record=name_of(item),
            expected=deviation.wanted,
            actual=shown(item, deviation.field) if deviation.field else excerpt(item),
        )
        for deviation, count, request, item in judged.counted
        if (deviation.kind is Kind.NULL) == nulls
    )


def _outcome(operation: str, evidence: Evidence, judged: _Judged, findings: tuple[Finding, ...]) -> Outcome:
    if judged.records or findings:
        return outcome(f"{judged.records} records in {judged.responses} responses", findings)
    if not judged.responses and (operation != "get_llm" or evidence.shows_usage("list_llm") or evidence.stopped):
        candidates = [each for each in evidence.of(operation) if each.unavailable]
        reason = candidates[0].unavailable if candidates else evidence.stopped or "no response of this operation"
        return Outcome("nothing", inconclusive=reason)
    return no_data(f"no records in {judged.responses} responses")


def _of_all(suffix: str, rule: str, judge: Any) -> Iterator[Check]:
    for operation, subject in SUBJECTS.items():
        name = operation.replace("_", "-")
        yield Check(f"{name}-{suffix}", operation, rule.format(subject), partial(judge, operation))


CHECKS = tuple(
    check
    for pair in zip(
        _of_all("shape", "The response is JSON, a 200, and {} has every documented field and type.", shape),
        _of_all("nulls", "No documented field is null in {}.", nulls),
        strict=True,
    )
    for check in pair
)
