"""Explains keys that are treated wrongly: a wrong one is answered or gets no 401, or the right one gets it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from functools import partial

from civis_usage.contract_tests.collect.evidence import Evidence
from civis_usage.contract_tests.collect.interaction import Credentials, Interaction
from civis_usage.schemas import OPERATIONS

from .explanation import Explanation, Unexplained
from .features import enumerated

__all__ = ["refused_keys", "wrong_refusals"]

REQUESTS = {Credentials.NONE: "a request without a key", Credentials.INVALID: "a wrong key"}
"""What must be refused, in words."""


def refused_keys(evidence: Evidence, waiting: Sequence[Unexplained]) -> Iterator[Explanation]:
    """Explain promised responses to the right key that are 401: after a wrong one, or by Bearer alone."""
    mine = [each for each in waiting if _is_refused(evidence, each)]
    if not mine:
        return
    if _is_locked(evidence):
        sentence = "every operation refuses the right key (401) after requests without it"
        yield Explanation("any", sentence, None, partial(_is_refused, evidence))
        return
    operations = [each for each in dict.fromkeys(each.operation for each in mine) if _refuses_bearer(evidence, each)]
    if operations:
        seen = "sent as Bearer after the same request without a key"
        sentence = f"{_subject(operations)} 401 to the right key, {seen} (a refusal that is kept, or no Bearer?)"
        yield Explanation(_blamed(operations), sentence, None, partial(_is_refused_by, evidence, operations))


def _is_refused(evidence: Evidence, each: Unexplained) -> bool:
    """Return whether a finding says that the right key got 401."""
    refused = {found.request for found in evidence.of(each.operation) if found.status == 401}
    return each.is_shape and each.finding.request in refused


def _is_refused_by(evidence: Evidence, operations: Collection[str], each: Unexplained) -> bool:
    return each.operation in operations and _is_refused(evidence, each)


def _is_locked(evidence: Evidence) -> bool:
    """Return whether the right key got 401 from all operations after a request without it, and from none before."""
    answered = [each for each in evidence.interactions if each.status is not None and each.operation in OPERATIONS]
    first = next((number for number, each in enumerate(answered) if not each.is_valid), len(answered))
    before = [each for each in answered[:first] if each.is_valid]
    after = [each for each in answered[first:] if each.is_valid]
    by_basic = any(each.credentials is Credentials.VALID for each in after)
    by_all = {each.operation for each in after} == OPERATIONS.keys()
    return by_basic and by_all and all(e.status == 401 for e in after) and all(e.status != 401 for e in before)


def _refuses_bearer(evidence: Evidence, operation: str) -> bool:
    """Return whether an operation refused the right key by Bearer alone, each time where it was first not given."""
    refused = [each for each in evidence.of(operation) if each.status == 401]
    without = {
        each.request
        for each in evidence.interactions
        if each.operation == operation and each.credentials is Credentials.NONE
    }
    return all(each.credentials is Credentials.BEARER and each.request in without for each in refused)


def wrong_refusals(evidence: Evidence, waiting: Sequence[Unexplained]) -> Iterator[Explanation]:
    """Explain what comes in place of the 401 for a wrong key or none, for all operations that treat it alike."""
    came: dict[str, dict[str, dict[str, None]]] = defaultdict(lambda: defaultdict(dict))
    for each in waiting:
        for found in _refusals(evidence, each):
            came[_answer(found)][found.operation][REQUESTS[found.credentials]] = None
    for answer, by_operation in came.items():
        for requests in dict.fromkeys(tuple(each) for each in by_operation.values()):
            operations = [name for name, each in by_operation.items() if tuple(each) == requests]
            sentence = f"{_subject(operations)} {answer.format(' and to '.join(requests))}"
            yield Explanation(_blamed(operations), sentence, None, partial(_is_of, evidence, answer, operations))


def _refusals(evidence: Evidence, each: Unexplained) -> Iterator[Interaction]:
    """Yield the response that a finding about a refusal is about."""
    key = {"-key-required": Credentials.NONE, "-wrong-key": Credentials.INVALID}.get(each.rule)
    for found in evidence.interactions:
        if key is not None and found.credentials is key and found.request == each.finding.request:
            yield found
            return


def _is_of(evidence: Evidence, answer: str, operations: Collection[str], each: Unexplained) -> bool:
    found = next(_refusals(evidence, each), None)
    return found is not None and _answer(found) == answer and found.operation in operations


def _answer(refusal: Interaction) -> str:
    """Return what came in place of a refusal; ``{}`` stands for the request."""
    if refusal.status == 401:
        return "401 without WWW-Authenticate to {}: the Python client fails on that with a KeyError"
    what = ""
    if refusal.status == 200:
        what = " with an error" if refusal.is_error else " with an empty list" if refusal.json == [] else ""
        what = " with what is not JSON" if refusal.json_error else what
    return f"{refusal.status}{what} instead of 401 to {{}}"


def _subject(operations: Sequence[str]) -> str:
    """Return the subject and the verb of a sentence about operations: ``get_llm answers``."""
    if len(operations) == len(OPERATIONS):
        return "every operation answers"
    return f"{enumerated(operations)} answer{'s' * (len(operations) == 1)}"


def _blamed(operations: Sequence[str]) -> str:
    return operations[0] if len(operations) == 1 else "any"
