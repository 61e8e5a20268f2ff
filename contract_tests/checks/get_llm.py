"""Checks of the single LLM usage record: a listed record, fetched by its id, is the same record."""

from __future__ import annotations

from civis_usage.contract_tests.collect.evidence import Evidence
from civis_usage.contract_tests.collect.interaction import NONEXISTENT_ID, Interaction
from civis_usage.contract_tests.collect.record import Record, excerpt, record_id
from civis_usage.contract_tests.results import Basis, Check, Finding, Outcome, outcome

from .comparison import lesser, name_of, shown, without_evidence

__all__ = ["CHECKS"]


def equals_listed(evidence: Evidence) -> Outcome:
    """Compare each record that was fetched by its id with the lists that show it."""
    fetched = [
        each for each in evidence.of("get_llm") if isinstance(each.params.get("id"), int) and not _is_unknown(each)
    ]
    listed: dict[int, list[tuple[Record, Interaction]]] = {each.params["id"]: [] for each in fetched}
    for each in evidence.closed_lists("list_llm"):
        for record in each.records:
            if (known := record_id(record)) in listed:
                listed[known].append((record, each))
    fetched = [each for each in fetched if listed[each.params["id"]]]
    findings, compared, unusable = [], 0, None
    for each in fetched:
        records = listed[each.params["id"]]
        if each.unavailable or each.status not in (200, 404) or (each.status == 200 and not each.records):
            unusable = each.unavailable or f"{each.request} answered {each.status}: {excerpt(each.body)}"
        elif each.status == 404:
            text = f"{each.request} answered 404 for a listed usage"
            first, wanted = records[0][0].data, "200 with the listed usage"
            name, example = name_of(first), excerpt(first)
            findings.append(Finding(text, None, each.request, example, record=name, expected=wanted, actual="404"))
        else:
            compared += 1
            findings += [finding for record, shows in records for finding in _differences(record, shows, each)]
    if not fetched:
        return without_evidence(evidence, "list_llm", "no record to request by id")
    if unusable and not compared and not findings:
        return Outcome("nothing to compare", inconclusive=unusable)
    return outcome(f"{compared} of {len(fetched)} records requested by id and compared", findings)


def _differences(listed: Record, listing: Interaction, interaction: Interaction) -> list[Finding]:
    single = interaction.records[0]
    return [
        Finding(
            f"{name} is {shown(single.data, name)} by id and {shown(listed.data, name)} in the list",
            name,
            interaction.request,
            excerpt(single.data),
            record=name_of(listed.data),
            expected=shown(listed.data, name),
            actual=shown(single.data, name),
            contradiction=(interaction, listing),
            shows_less=lesser(name, [(listed, single)], listing, interaction),
        )
        for name in single.differences(listed)
        if name not in single.ignored
    ]


def _is_unknown(interaction: Interaction) -> bool:
    return interaction.params.get("id") == NONEXISTENT_ID


def unknown(evidence: Evidence) -> Outcome:
    """Judge what came for an id that cannot be."""
    for each in filter(_is_unknown, evidence.of("get_llm")):
        if each.unavailable:
            return Outcome("nothing", inconclusive=each.unavailable)
        examined = f"{each.status} for id {NONEXISTENT_ID}"
        if each.status != 200:
            return outcome(examined)
        if isinstance(each.json, dict) and each.json.get("id") == NONEXISTENT_ID:
            return Outcome("it exists", inconclusive=f"id {NONEXISTENT_ID} exists here", no_data=True)
        text = f"get_llm answers 200 for an unknown id ({each.params['id']}) with {excerpt(each.body)}"
        body = excerpt(each.body)
        return outcome(examined, [Finding(text, request=each.request, example=body, expected="404", actual="200")])
    return Outcome("nothing", inconclusive=evidence.stopped or "not requested")


def unknown_404(evidence: Evidence) -> Outcome:
    """Judge the error for the id that cannot be."""
    for each in filter(_is_unknown, evidence.of("get_llm")):
        if each.unavailable:
            return Outcome("nothing", inconclusive=each.unavailable)
        text = f"get_llm answers {each.status} instead of 404 for an unknown id"
        wrong = each.status not in (404, 403, 200)
        finding = Finding(text, request=each.request, expected="404", actual=f"{each.status}")
        return outcome(f"{each.status} for id {NONEXISTENT_ID}", [finding] if wrong else [])
    return Outcome("nothing", inconclusive=evidence.stopped or "not requested")


CHECKS = (
    Check(
        "get-llm-equals-listed",
        "get_llm",
        "A record requested by id equals the record with that id in the lists.",
        equals_listed,
    ),
    Check("get-llm-unknown", "get_llm", "An unknown id never returns another record.", unknown),
    Check(
        "get-llm-unknown-404",
        "get_llm",
        "An unknown id gets the API's own 404.",
        unknown_404,
        Basis.RECORDED,
    ),
)
