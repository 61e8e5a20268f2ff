"""Checks of the shape of every answer and of every record in it; asked last, over all that the others have seen."""

from __future__ import annotations

from civis_usage.contract_tests.answers import Answer
from civis_usage.contract_tests.registry import check, no_usage
from civis_usage.contract_tests.results import Finding, Outcome
from civis_usage.contract_tests.shapes import Tally
from civis_usage.contract_tests.witness import NotJudged, Witness

NAMES = {
    "list_llm": "each LLM usage record",
    "get_llm": "the single LLM usage record",
    "get_llm_organization_summary": "the summary",
    "list_matching": "each matching usage record",
}


def _is_hidden(witness: Witness, answer: Answer) -> bool:
    """Whether an answer says that the organization is not visible, which is legal for all but the one named first."""
    if answer.status not in (403, 404) or answer.operation == "get_llm":
        return False
    mine = answer.asked.get("org_id") == witness.organizations[0]
    return not mine or (answer.operation == "get_llm_organization_summary" and not witness.shows_usage("list_llm"))


def _tally(witness: Witness, operation: str) -> Tally:
    tally = witness.tallies.get(operation)
    if tally is None:
        tally = witness.tallies[operation] = Tally(operation)
        for answer in witness.answers:
            if answer.operation == operation and answer.legitimate and not _is_hidden(witness, answer):
                tally.add(answer)
    if not tally.answers and (operation != "get_llm" or witness.shows_usage("list_llm")):
        raise NotJudged("no answer of this operation")
    return tally


def _outcome(tally: Tally, findings: tuple[Finding, ...]) -> Outcome:
    seen = f"{tally.records} records in {tally.answers} answers"
    return Outcome(seen, findings) if tally.records or findings else no_usage(f"no records in {tally.answers} answers")


def _register(operation: str, thing: str) -> None:
    name = operation.replace("_", "-")

    @check(f"{name}-shape", operation, f"The answer is JSON, a 200, and {thing} has every documented field and type.")
    def shape(witness: Witness) -> Outcome:
        tally = _tally(witness, operation)
        return _outcome(tally, tally.others())

    @check(f"{name}-nulls", operation, f"No documented field is null in {thing}.")
    def nulls(witness: Witness) -> Outcome:
        tally = _tally(witness, operation)
        return _outcome(tally, tally.nulls())


for _operation, _thing in NAMES.items():
    _register(_operation, _thing)
