"""Checks of the single LLM usage record: a listed record, fetched by its id, is the same record."""

from __future__ import annotations

import json
from typing import Any

from civis_usage.contract_tests.answers import Record, Unusable, excerpt, id_of
from civis_usage.contract_tests.check_lists import histories
from civis_usage.contract_tests.registry import check, kept, no_usage
from civis_usage.contract_tests.results import Evidence, Finding, Outcome
from civis_usage.contract_tests.witness import Witness
from civis_usage.schemas import load

UNKNOWN = 9_007_199_254_740_991
"""An id that no usage has: the largest integer that every JSON reader keeps exact."""


def _sample(witness: Witness) -> list[Record]:
    """Choose the oldest, the newest, the dearest and the cheapest record; of further organizations one by chance."""
    chosen: dict[int, Record] = {}
    for number, history in enumerate(histories(witness, "list_llm")):
        known = [record for record in history.records if id_of(record) is not None]
        if not known:
            continue
        dear = sorted(known, key=lambda record: record.credits)
        picks = [known[0], known[-1], dear[-1], dear[0]] if number == 0 else [witness.rng.choice(known)]
        for record in picks:
            chosen.setdefault(id_of(record) or 0, record)
    return list(chosen.values())


@check("get-llm-equals-listed", "get_llm", "A usage fetched by its id is the usage that the lists show under that id.")
def equals_listed(witness: Witness) -> Outcome:
    """Fetch a sample of the listed records one by one."""
    sample = _sample(witness)
    if not sample:
        return no_usage("no listed usage to fetch by its id")
    findings, compared, unreadable = [], 0, None
    for record in sample:
        answer = witness.ask("get_llm", {"id": id_of(record)})
        if answer.status == 404:
            text = f"{answer.request} answered 404 for a listed usage: {excerpt(record.data, 200)}"
            findings.append(Finding(text, request=answer.request, example=excerpt(record.data)))
            continue
        try:
            single = answer.records
        except Unusable as error:
            unreadable = str(error)
            continue
        if answer.status != 200 or not single:
            unreadable = f"{answer.request} answered {answer.status}: {excerpt(answer.body, 100)}"
            continue
        compared += 1
        findings += _differences(record, single[0], answer.request)
    if unreadable and not compared and not findings:
        return Outcome("nothing to compare", inconclusive=unreadable)
    return kept(f"{compared} of {len(sample)} usages fetched and compared", findings)


def _differences(listed: Record, single: Record, request: str) -> list[Finding]:
    names = load("llm_usage")["properties"]
    return [
        Finding(
            f"{name} is {_written(single.data.get(name))} by id and {_written(listed.data.get(name))} in the list",
            name,
            request,
            excerpt(single.data),
        )
        for name, one, other in zip(names, single.facts, listed.facts, strict=True)
        if one != other
    ]


def _written(value: Any) -> str:
    """Write a value as JSON does, so that 1 and "1" look different."""
    return excerpt(json.dumps(value, ensure_ascii=False))


@check("get-llm-unknown", "get_llm", "An id that belongs to no usage never gives another usage's record.")
def unknown(witness: Witness) -> Outcome:
    """Ask for an id that cannot be."""
    answer = witness.ask("get_llm", {"id": UNKNOWN}, legitimate=False)
    if answer.status != 200:
        return kept(f"{answer.status} for id {UNKNOWN}")
    body = answer.json if answer.is_json else None
    if isinstance(body, dict) and body.get("id") == UNKNOWN:
        return Outcome("it exists", inconclusive=f"id {UNKNOWN} belongs to a usage here", no_data=True)
    text = f"{answer.request} answered 200 with {excerpt(answer.body, 200)}"
    return kept(f"200 for id {UNKNOWN}", [Finding(text, request=answer.request, example=excerpt(answer.body))])


@check(
    "get-llm-unknown-404",
    "get_llm",
    "An id that belongs to no usage gets the API's own 404.",
    evidence=Evidence.RECORDED,
)
def unknown_404(witness: Witness) -> Outcome:
    """Look at the error for the id that cannot be."""
    answer = witness.ask("get_llm", {"id": UNKNOWN}, legitimate=False)
    findings = []
    if answer.status not in (404, 403, 200):
        findings.append(Finding(f"{answer.request} answered {answer.status} instead of 404", request=answer.request))
    return kept(f"{answer.status} for id {UNKNOWN}", findings)
