"""Checks of refusals: the key, parameters that cannot be read, and the form of every error seen."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import partial

from civis_usage.contract_tests.collect.evidence import Evidence
from civis_usage.contract_tests.collect.interaction import Credentials, Interaction
from civis_usage.contract_tests.collect.plan import UNREADABLE
from civis_usage.contract_tests.collect.record import excerpt
from civis_usage.contract_tests.results import Basis, Check, Finding, Outcome, outcome
from civis_usage.schemas import OPERATIONS, validator

from .comparison import without_evidence

__all__ = ["CHECKS"]


def _refusals(evidence: Evidence, found: Iterable[Interaction], how: str) -> Outcome:
    candidates = list(found)
    judged = [each for each in candidates if not each.unavailable]
    if not judged:
        reason = candidates[0].unavailable if candidates else evidence.stopped or "not requested"
        return Outcome("nothing", inconclusive=reason)
    return outcome(f"{judged[0].status} {how}", [finding for each in judged for finding in _refusal(each, how)])


def _refusal(interaction: Interaction, how: str) -> Iterator[Finding]:
    if interaction.status != 401:
        text = f"{interaction.status} instead of 401 {how}: {excerpt(interaction.body)}"
        actual = f"{interaction.status}"
        yield Finding(text, request=interaction.request, authenticated=False, expected="401", actual=actual)
    elif "www-authenticate" not in interaction.headers:
        text = f"401 without WWW-Authenticate {how}: the Python client fails on that with a KeyError"
        wanted = "the header WWW-Authenticate"
        yield Finding(text, request=interaction.request, authenticated=False, expected=wanted, actual="missing")


def key_required(operation: str, evidence: Evidence) -> Outcome:
    """Judge the response to a request without a key."""
    found = (each for each in evidence.interactions if each.operation == operation)
    return _refusals(evidence, (e for e in found if e.credentials is Credentials.NONE), "without a key")


def wrong_key(evidence: Evidence) -> Outcome:
    """Judge the response to a key that is deliberately wrong."""
    found = (each for each in evidence.interactions if each.credentials is Credentials.INVALID)
    return _refusals(evidence, found, "with a wrong key")


def unreadable(operation: str, evidence: Evidence) -> Outcome:
    """Judge the response to a parameter that cannot be read."""
    name, value = UNREADABLE[operation]
    found = [each for each in evidence.of(operation) if each.params.get(name) == value]
    judged = [each for each in found if not each.unavailable]
    if not judged:
        return without_evidence(evidence, "list_llm", "not requested", found)
    text = f"{judged[0].status} for {name}={value}"
    wrong = (judged[0].status or 0) >= 500
    return outcome(text, [_server_error(judged[0], name, value)] if wrong else [])


def _server_error(interaction: Interaction, name: str, value: str) -> Finding:
    text = f"{interaction.operation} answers {interaction.status} to a parameter that cannot be read ({name}={value})"
    return Finding(
        text, request=interaction.request, expected="a 4xx, or the response without it", actual=f"{interaction.status}"
    )


def error_body(evidence: Evidence) -> Outcome:
    """Look at every error that this run met."""
    errors = [
        each
        for each in evidence.interactions
        if (each.status or 0) >= 400 and each.status != 401 and not each.unavailable and each.operation in OPERATIONS
    ]
    findings = [finding for each in errors for finding in _malformed(each)]
    return outcome(f"{len(errors)} errors", findings[:5])


def _malformed(interaction: Interaction) -> Iterator[Finding]:
    status, body = interaction.status, interaction.json
    if interaction.json_error is not None:
        text = f"{status} with a body that is not JSON: {excerpt(interaction.body)}"
    elif error := next(iter(validator("error").iter_errors(body)), None):
        where = f"{error.path[0]}: " if error.path else ""
        text = f"{status} with a body that is not the API's: {where}{error.message}"
    elif body.get("code") != status:
        text = f"{status} with the code {excerpt(body.get('code'))}"
    elif not (isinstance(sentence := body.get("errorDescription"), str) and sentence.strip()):
        text = f"{status} without a sentence in errorDescription"
    else:
        return
    wanted = f"an object with error, errorDescription and the code {status}"
    came = excerpt(interaction.body) or "an empty body"
    yield Finding(text, request=interaction.request, example=excerpt(interaction.body), expected=wanted, actual=came)


CHECKS = (
    *(
        Check(
            f"{operation.replace('_', '-')}-key-required",
            operation,
            "Without a key the response is 401 with WWW-Authenticate.",
            partial(key_required, operation),
        )
        for operation in OPERATIONS
    ),
    Check("any-wrong-key", "any", "A refused key gets 401 with WWW-Authenticate.", wrong_key),
    *(
        Check(
            f"{operation.replace('_', '-')}-unreadable",
            operation,
            f"A parameter that cannot be read ({name}={value}) is refused with a 4xx, or ignored.",
            partial(unreadable, operation),
            Basis.RECORDED,
        )
        for operation, (name, value) in UNREADABLE.items()
    ),
    Check(
        "any-error-body",
        "any",
        "An error is a JSON object with error, errorDescription and the status as its code.",
        error_body,
        Basis.RECORDED,
    ),
)
