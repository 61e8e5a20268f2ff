"""Checks of the shape of every answer and of every record in it; asked last, over all that the others have seen."""

from __future__ import annotations

from civis_usage.contract_tests.answers import Answer
from civis_usage.contract_tests.check_defaults import readings
from civis_usage.contract_tests.registry import check, no_usage
from civis_usage.contract_tests.results import Finding, Outcome
from civis_usage.contract_tests.shapes import Tally
from civis_usage.contract_tests.windows import Window
from civis_usage.contract_tests.witness import NotJudged, Witness
from civis_usage.schemas import times

NAMES = {
    "list_llm": "each LLM usage record",
    "get_llm": "the single LLM usage record",
    "get_llm_organization_summary": "the summary",
    "list_matching": "each matching usage record",
}


def _is_hidden(witness: Witness, answer: Answer) -> bool:
    """Whether an answer says that the organization is not visible, which is legal for all but the one named first.

    A summary may say so of a window without usage as well.
    """
    if answer.status not in (403, 404) or answer.operation == "get_llm":
        return False
    mine = answer.asked.get("org_id") == witness.organizations[0]
    return not mine or (answer.operation == "get_llm_organization_summary" and not _has_usage(witness, answer))


def _has_usage(witness: Witness, summary: Answer) -> bool:
    """Whether a list shows usage that is surely in the window of a summary."""
    ends = {name: summary.asked.get(name) for name in ("start_date", "end_date")}
    start, end = (times.to_millis(times.parse(text)) // 1000 if text else None for text in ends.values())
    if start is None and end is None:
        zones = readings(witness.now)
        start, end = max(zone.start or 0 for zone in zones), min(zone.end or 0 for zone in zones)
    window = Window(start, end)
    lists = (answer for answer in witness.answers if answer.operation == "list_llm" and answer.legitimate)
    mine = (answer for answer in lists if answer.asked.get("org_id") == summary.asked["org_id"] and answer.is_json)
    return any(window.holds(record) for answer in mine for record in answer.records)


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
