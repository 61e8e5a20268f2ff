"""Checks of what was only recorded or is assumed: notation, signs, headers, order."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence, Set
from functools import partial
from itertools import pairwise
from typing import Any

from civis_usage.contract_tests.collect.evidence import Evidence
from civis_usage.contract_tests.collect.interaction import Interaction
from civis_usage.contract_tests.collect.record import excerpt
from civis_usage.contract_tests.results import Basis, Check, Finding, Outcome, no_data, outcome
from civis_usage.schemas import OPERATIONS

from .comparison import name_of, shown

__all__ = ["CHECKS"]

STAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
COUNTS = ("runTime", "credits", "inputTokens", "outputTokens", "numRecords")
HEADERS = ("x-ratelimit-limit", "x-ratelimit-remaining", "x-request-id", "etag")


def _successes(evidence: Evidence) -> list[Interaction]:
    return [each for each in evidence.interactions if each.status == 200 and each.operation in OPERATIONS]


def _none(evidence: Evidence, what: str) -> Outcome:
    return Outcome("nothing", inconclusive=evidence.stopped) if evidence.stopped else no_data(what)


def _count(
    fields: Sequence[str], is_wrong: Callable[[Any], bool], words: str, wanted: str, evidence: Evidence
) -> Outcome:
    """Count the values of ``fields`` that are wrong in every record of the run."""
    valid = [each for each in _successes(evidence) if each.is_valid]
    bodies = {text: item for each in valid for text, item in each.bodies}
    if not bodies:
        return _none(evidence, "no records")
    findings: list[Finding] = []
    for field in fields:
        if wrong := {text for text, item in bodies.items() if field in item and is_wrong(item[field])}:
            findings += _counted(field, wrong, words, wanted, valid)
    return outcome(f"{sum(len(each.records) for each in valid)} records", findings)


def _counted(
    field: str, wrong: Set[str], words: str, wanted: str, responses: Sequence[Interaction]
) -> Iterator[Finding]:
    """Yield a finding for each operation that shows a record in which a field is ``wrong``."""
    for operation in dict.fromkeys(each.operation for each in responses):
        mine = [(each, text, item) for each in responses if each.operation == operation for text, item in each.bodies]
        found = [(each, item) for each, text, item in mine if text in wrong]
        if found:
            each, item = found[0]
            text = f"{field} is {words} in {len(found):,} of {len(mine):,} records of {operation}"
            record, actual = name_of(item), shown(item, field)
            yield Finding(text, field, each.request, excerpt(item), record=record, expected=wanted, actual=actual)


def _is_other_notation(value: Any) -> bool:
    return isinstance(value, str) and not STAMP.fullmatch(value)


def _is_negative(value: Any) -> bool:
    return isinstance(value, int | float) and value < 0


def headers(evidence: Evidence) -> Outcome:
    """Look at the headers of every successful response."""
    good = _successes(evidence)
    findings = []
    for name in HEADERS:
        without = [each for each in good if name not in each.headers]
        if without:
            text = f"no {name} on {len(without)} of {len(good)} responses"
            wanted = f"the header {name}"
            findings.append(Finding(text, request=without[0].request, expected=wanted, actual="missing"))
    return outcome(f"{len(good)} responses", findings)


def header_values(evidence: Evidence) -> Outcome:
    """Look at what the headers of every successful response say."""
    good = _successes(evidence)
    findings = []
    for wrong in (_wrong_limit, _wrong_caching):
        found = [(text, each) for each in good if (text := wrong(each))]
        if found:
            (what, wanted, actual), first = found[0]
            said = f"{what} on {len(found)} of {len(good)} responses"
            findings.append(Finding(said, request=first.request, expected=wanted, actual=actual))
    return outcome(f"{len(good)} responses", [*findings, *_shared_etags(good)])


Wrong = tuple[str, str, str]
"""What is wrong, what is expected, and what came."""


def _wrong_limit(interaction: Interaction) -> Wrong | None:
    limit, left = (interaction.headers.get(f"x-ratelimit-{name}") for name in ("limit", "remaining"))
    for name, value in (("X-RateLimit-Limit", limit), ("X-RateLimit-Remaining", left)):
        if value is not None and not (value.isascii() and value.isdecimal()):
            return f"{name}: {value} is not a count", f"a count in {name}", value or "nothing"
    if limit and left and int(left[:20]) > int(limit[:20]):
        text = f"X-RateLimit-Remaining: {left} is more than X-RateLimit-Limit: {limit}"
        return text, f"at most {limit} in X-RateLimit-Remaining", left
    return None


def _wrong_caching(interaction: Interaction) -> Wrong | None:
    value = interaction.headers.get("cache-control", "")
    directives = {each.partition("=")[0].strip().lower() for each in value.split(",")}
    if not directives & {"public", "s-maxage"}:
        return None
    return f"Cache-Control: {value} lets shared caches keep usage", "neither public nor s-maxage", value


def _shared_etags(good: Sequence[Interaction]) -> list[Finding]:
    """Return a finding if responses with one ETag have several bodies."""
    first: dict[str, Interaction] = {}
    for each in good:
        etag = each.headers.get("etag")
        if etag and first.setdefault(etag, each).body != each.body:
            text = f"the body is another than that of {first[etag].request}, and the ETag is the same: {etag}"
            return [Finding(text, request=each.request, expected="another ETag for another body", actual=etag)]
    return []


def names_once(evidence: Evidence) -> Outcome:
    """Look for a name that stands twice in one object: some readers take the first value, others the last."""
    good = _successes(evidence)
    counts: dict[tuple[str, str], int] = {}
    first: dict[tuple[str, str], Interaction] = {}
    for each in good:
        for name, count in each.repeated_names.items():
            counts[each.operation, name] = counts.get((each.operation, name), 0) + count
            first.setdefault((each.operation, name), each)
    findings = [
        Finding(
            f"{name} stands more than once in {counts[operation, name]} objects of {operation}: readers differ in "
            "which value they take",
            name,
            each.request,
            excerpt(each.body),
            expected=f"{name} once in an object",
            actual="more than once",
        )
        for (operation, name), each in first.items()
    ]
    return outcome(f"{len(good)} responses", findings)


def unpaginated(evidence: Evidence) -> Outcome:
    """Look for the headers of paginated resources."""
    good = _successes(evidence)
    paged = [each for each in good if any(name.startswith("x-pagination-") for name in each.headers)]
    text = f"X-Pagination headers on {len(paged)} of {len(good)} responses: lists may be cut into pages"
    if not paged:
        return outcome(f"{len(good)} responses")
    came = ", ".join(f"{name}: {value}" for name, value in paged[0].headers.items() if name.startswith("x-pagination-"))
    finding = Finding(text, request=paged[0].request, expected="no X-Pagination headers", actual=came)
    return outcome(f"{len(good)} responses", [finding])


def order(evidence: Evidence) -> Outcome:
    """Look at the order of every list with two records or more."""
    lists = [each for each in _successes(evidence) if _stamps(each)[1:]]
    if not lists:
        return _none(evidence, "no list with two records")
    other = [each for each in lists if (stamps := _stamps(each)) != sorted(stamps, reverse=True)]
    text = f"{len(other)} of {len(lists)} lists are in another order"
    if not other:
        return outcome(f"{len(lists)} lists")
    earlier, later = next((a, b) for a, b in pairwise(_stamps(other[0])) if a < b)
    finding = Finding(
        text, "runCreatedAt", other[0].request, expected="newest first", actual=f"{earlier} before {later}"
    )
    return outcome(f"{len(lists)} lists", [finding])


def _stamps(interaction: Interaction) -> list[str]:
    items = interaction.items if isinstance(interaction.json, list) else []
    return [str(item.get("runCreatedAt")) for item in items if isinstance(item, dict)]


CHECKS = (
    Check(
        "any-timestamps",
        "any",
        "Timestamps are in UTC, with milliseconds and Z.",
        partial(
            _count,
            ("runCreatedAt",),
            _is_other_notation,
            "in another notation than UTC with milliseconds and Z",
            "as in 2026-04-17T17:26:07.000Z",
        ),
        Basis.RECORDED,
    ),
    Check(
        "any-counts",
        "any",
        "Counts, durations and credits are not negative.",
        partial(_count, COUNTS, _is_negative, "negative", "0 or more"),
        Basis.RECORDED,
    ),
    Check(
        "any-headers", "any", "Responses carry the rate limit, a request id and a weak ETag.", headers, Basis.RECORDED
    ),
    Check(
        "any-header-values",
        "any",
        "Rate limits are counts, shared caches may store nothing, and an ETag belongs to one body.",
        header_values,
        Basis.RECORDED,
    ),
    Check("any-names-once", "any", "No name occurs twice in an object.", names_once, Basis.RECORDED),
    Check("any-unpaginated", "any", "Lists are complete: no response mentions pages.", unpaginated, Basis.RECORDED),
    Check("any-order", "any", "Lists are ordered newest first.", order, Basis.ASSUMED),
)
