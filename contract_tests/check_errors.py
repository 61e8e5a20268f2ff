"""Checks of refusals: the key, parameters that cannot be read, and the form of every error seen."""

from __future__ import annotations

from typing import Any

from civis_usage.contract_tests.answers import Answer, excerpt, id_of
from civis_usage.contract_tests.check_single import UNKNOWN
from civis_usage.contract_tests.registry import check, kept
from civis_usage.contract_tests.results import Evidence, Finding, Outcome
from civis_usage.contract_tests.windows import DAY, Window
from civis_usage.contract_tests.witness import Witness
from civis_usage.schemas import OPERATIONS, validator


def _question(witness: Witness, operation: str) -> dict[str, Any]:
    """Give parameters for a question that costs the API little, and was answered before if any was.

    An answer that is kept for whoever asks again, and given before the key is looked at, shows there.
    """
    asked = [a for a in witness.answers if a.operation == operation and a.status == 200 and a.legitimate]
    if asked:
        return dict(min(asked, key=lambda answer: len(answer.records) if answer.is_json else 0).asked)
    if operation == "get_llm":
        return {"id": next((id_ for record in _known(witness) if (id_ := id_of(record)) is not None), UNKNOWN)}
    end = witness.now // DAY * DAY - 2 * DAY
    return {"org_id": witness.organizations[0], **Window(end - 60, end).parameters}


def _known(witness: Witness) -> list[Any]:
    return witness.history("list_llm", witness.organizations[0]).records if witness.shows_usage("list_llm") else []


def _refusal(answer: Answer, why: str) -> list[Finding]:
    if answer.status != 401:
        text = f"{answer.status} instead of 401 {why}: {excerpt(answer.body, 120)}"
        return [Finding(text, request=answer.request, keyed=False)]
    if "www-authenticate" not in answer.headers:
        text = f"401 without WWW-Authenticate {why}: the Python client fails on that with a KeyError"
        return [Finding(text, request=answer.request, keyed=False)]
    return []


def _register(operation: str) -> None:
    @check(
        f"{operation.replace('_', '-')}-key-required",
        operation,
        "Without a key the answer is 401 with WWW-Authenticate.",
    )
    def key_required(witness: Witness) -> Outcome:
        answer = witness.ask(operation, _question(witness, operation), key=None, legitimate=False)
        return kept(f"{answer.status} without a key", _refusal(answer, "without a key"))


for _operation in OPERATIONS:
    _register(_operation)


@check("any-wrong-key", "any", "A refused key is answered by 401 with WWW-Authenticate.")
def wrong_key(witness: Witness) -> Outcome:
    """Ask once with a key that is deliberately wrong."""
    answer = witness.ask("list_llm", _question(witness, "list_llm"), key="wrong", legitimate=False)
    return kept(f"{answer.status} with a wrong key", _refusal(answer, "with a wrong key"))


UNREADABLE = {
    "list_llm": {"org_id": "abc"},
    "get_llm_organization_summary": {"start_date": "tomorrow"},
    "list_matching": {"task": "XYZ"},
}


def _register_unreadable(operation: str, wrong: dict[str, str]) -> None:
    (name, value), *_ = wrong.items()

    @check(
        f"{operation.replace('_', '-')}-unreadable",
        operation,
        f"A parameter that cannot be read ({name}={value}) is refused with a 4xx, or ignored.",
        evidence=Evidence.RECORDED,
    )
    def unreadable(witness: Witness) -> Outcome:
        parameters = {**_question(witness, operation), **wrong}
        answer = witness.ask(operation, parameters, legitimate=False)
        findings = []
        if answer.status >= 500:
            findings.append(Finding(f"{answer.status} for {name}={value}", request=answer.request))
        return kept(f"{answer.status} for {name}={value}", findings)


for _operation, _wrong in UNREADABLE.items():
    _register_unreadable(_operation, _wrong)


@check(
    "any-error-body",
    "any",
    "An error is a JSON object with error, errorDescription and the status as its code.",
    evidence=Evidence.RECORDED,
)
def error_body(witness: Witness) -> Outcome:
    """Look at every error that this run met."""
    errors = [answer for answer in witness.answers if answer.status >= 400 and answer.status != 401]
    findings = [finding for answer in errors for finding in _malformed(answer)]
    return kept(f"{len(errors)} errors", findings[:5])


def _malformed(answer: Answer) -> list[Finding]:
    if not answer.is_json:
        text = f"{answer.status} with a body that is not JSON: {excerpt(answer.body, 120)}"
    elif error := next(iter(validator("error").iter_errors(answer.json)), None):
        text = f"{answer.status} with a body that is not the API's: {error.message}"
    elif answer.json.get("code") != answer.status:
        text = f"{answer.status} with the code {excerpt(answer.json.get('code'))}"
    else:
        return []
    return [Finding(text, request=answer.request, example=excerpt(answer.body))]
