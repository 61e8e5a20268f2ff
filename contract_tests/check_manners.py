"""Checks of what was only recorded or is assumed: notation, signs, headers, order."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from civis_usage.contract_tests.answers import Answer, excerpt
from civis_usage.contract_tests.registry import check, kept, no_usage
from civis_usage.contract_tests.results import Evidence, Finding, Outcome
from civis_usage.contract_tests.witness import Witness

STAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
COUNTS = ("runTime", "credits", "inputTokens", "outputTokens", "numRecords")


def _bodies(witness: Witness) -> list[tuple[Answer, Mapping[str, Any]]]:
    found: list[tuple[Answer, Mapping[str, Any]]] = []
    for answer in witness.answers:
        if answer.status == 200 and answer.legitimate and answer.is_json:
            items = answer.json if isinstance(answer.json, list) else [answer.json]
            found += [(answer, item) for item in items if isinstance(item, dict)]
    return found


def _count(witness: Witness, fields: tuple[str, ...], wrong: Callable[[Any], bool], words: str) -> Outcome:
    """Count the values of ``fields`` that are ``wrong`` in every record of the run."""
    bodies = _bodies(witness)
    if not bodies:
        return no_usage("no records")
    findings = []
    for field in fields:
        bad = [(answer, item) for answer, item in bodies if field in item and wrong(item[field])]
        if bad:
            answer, item = bad[0]
            text = f"{words} in {field}: {len(bad)} of {len(bodies)} records"
            findings.append(Finding(text, field, answer.request, excerpt(item)))
    return kept(f"{len(bodies)} records", findings)


@check("any-timestamps", "any", "Timestamps are in UTC, with milliseconds and Z.", evidence=Evidence.RECORDED)
def timestamps(witness: Witness) -> Outcome:
    """Look at the notation of every timestamp."""
    return _count(
        witness, ("runCreatedAt",), lambda at: isinstance(at, str) and not STAMP.fullmatch(at), "another notation"
    )


@check("any-counts", "any", "Counts, durations and credits are not negative.", evidence=Evidence.RECORDED)
def counts(witness: Witness) -> Outcome:
    """Look at the sign of every count."""

    def negative(value: Any) -> bool:
        return isinstance(value, int | float) and value < 0

    return _count(witness, COUNTS, negative, "a negative number")


@check("any-headers", "any", "Answers carry the rate limit, a request id and a weak ETag.", evidence=Evidence.RECORDED)
def headers(witness: Witness) -> Outcome:
    """Look at the headers of every successful answer."""
    good = [answer for answer in witness.answers if answer.status == 200]
    names = ("x-ratelimit-limit", "x-ratelimit-remaining", "x-request-id", "etag")
    findings = []
    for name in names:
        without = [answer for answer in good if name not in answer.headers]
        if without:
            text = f"no {name} on {len(without)} of {len(good)} answers"
            findings.append(Finding(text, request=without[0].request))
    return kept(f"{len(good)} answers", findings)


@check("any-unpaginated", "any", "Lists are whole: no answer speaks of pages.", evidence=Evidence.RECORDED)
def unpaginated(witness: Witness) -> Outcome:
    """Look for the headers of paginated resources."""
    good = [answer for answer in witness.answers if answer.status == 200]
    paged = [answer for answer in good if any(name.startswith("x-pagination-") for name in answer.headers)]
    text = f"X-Pagination headers on {len(paged)} of {len(good)} answers: lists may be cut into pages"
    return kept(f"{len(good)} answers", [Finding(text, request=paged[0].request)] if paged else [])


@check("any-order", "any", "Lists are ordered newest first.", evidence=Evidence.ASSUMED)
def order(witness: Witness) -> Outcome:
    """Look at the order of every list with two records or more."""
    lists = [answer for answer in witness.answers if answer.status == 200 and answer.is_json and _stamps(answer)[1:]]
    if not lists:
        return no_usage("no list with two records")
    other = [answer for answer in lists if (stamps := _stamps(answer)) != sorted(stamps, reverse=True)]
    text = f"{len(other)} of {len(lists)} lists are in another order"
    return kept(f"{len(lists)} lists", [Finding(text, request=other[0].request)] if other else [])


def _stamps(answer: Answer) -> list[str]:
    items = answer.json if isinstance(answer.json, list) else []
    return [str(item.get("runCreatedAt")) for item in items if isinstance(item, dict)]
