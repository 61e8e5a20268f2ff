"""The questions about organizations: none named, an unknown one, another than the key's own, and empty summaries."""

from __future__ import annotations

from collections.abc import Iterator

from civis_usage.contract_tests.collect.interaction import NONEXISTENT_ID, Interaction
from civis_usage.contract_tests.collect.window import EARLIEST

from .facts import DATES, LISTS, SUMMARY, Facts, Seen, credits_of, is_list, organizations_of, refusal

__all__ = ["foreign_organization", "org_id_omitted", "summary_without_usage", "unknown_organization"]

REFUSALS = {404: ["not_found"], 403: ["forbidden"]}


def org_id_omitted(facts: Facts) -> Seen:
    """See whose usage lists without ``org_id`` show."""
    for each in _without_organization(facts):
        shown = organizations_of(each)
        if len(shown) > 1:
            what = f"it shows usage of {len(shown)} organizations"
            yield from facts.see("org_id_omitted", each, what, ["all_organizations"])
        elif hidden := _hidden(facts, each):
            what = f"it leaves out the usage of organization {hidden[0]}"
            yield from facts.see("org_id_omitted", each, what, ["own_organization"])


def _without_organization(facts: Facts) -> Iterator[Interaction]:
    for each in facts.lists():
        if "org_id" not in each.params and set(each.params) >= DATES and each.window is not None:
            yield each


def _hidden(facts: Facts, interaction: Interaction) -> list[int]:
    """Return the organizations whose known usage in the list's window the list does not show."""
    shown, window = set(organizations_of(interaction)), interaction.window
    known = facts.known_of_all(interaction)
    found = {record.org for record in known if window is not None and window.contains(record.timestamp)}
    return sorted(org for org in found - shown if type(org) is int)


def foreign_organization(facts: Facts) -> Seen:
    """See what a key gets for an organization other than its own."""
    question = "foreign_organization"
    for each in _without_organization(facts):
        shown = organizations_of(each)
        if len(shown) > 1:
            what = f"it shows usage of {len(shown)} organizations, of which one at most is the key's own"
            yield from facts.see(question, each, what, ["served"])
        elif hidden := _hidden(facts, each):
            lists = facts.lists(each.operation)
            served = next((other for other in lists if other.org == hidden[0] and other.records), each)
            what = f"it shows usage of organization {hidden[0]}, which {each.request} leaves out"
            yield from facts.see(question, served, what, ["served"])
    yield from _refused(facts)


def _refused(facts: Facts) -> Seen:
    """See how organizations are refused that are neither the key's own nor treated as unknown ones."""
    own = {org for each in _without_organization(facts) if len(shown := organizations_of(each)) == 1 for org in shown}
    unknown = facts.possible["unknown_organization_in_list"]
    if facts.possible["org_id_omitted"] == ("all_organizations",) or len(own) != 1 or len(unknown) != 1:
        return
    for each in facts.readable(*LISTS):
        status = refusal(each)
        if each.org is None or each.org in own or status not in REFUSALS or not each.query.is_promised:
            continue
        if REFUSALS[status] != list(unknown):
            what = f"it is refused with {status}, unlike an organization that does not exist"
            yield from facts.see("foreign_organization", each, what, REFUSALS[status])


def unknown_organization(facts: Facts) -> Seen:
    """See what lists and summaries of an organization are that does not exist."""
    for each in facts.evidence.of(*LISTS, SUMMARY):
        if each.params.get("org_id") != NONEXISTENT_ID or each.unavailable is not None:
            continue
        name, nothing = ("summary", "zero") if each.operation == SUMMARY else ("list", "empty")
        question, status = f"unknown_organization_in_{name}", refusal(each)
        if status is not None:
            yield from facts.see(question, each, f"it is refused with {status}", REFUSALS.get(status, []))
        elif is_list(each):
            what = f"it shows {len(each.items)} records" if each.items else "it is empty"
            yield from facts.see(question, each, what, [] if each.items else [nothing])
        elif (spent := credits_of(each)) is not None:
            yield from facts.see(question, each, f"it shows {spent:g} credits", [] if spent else [nothing])


def summary_without_usage(facts: Facts) -> Seen:
    """See what summaries of windows without usage are."""
    for each in facts.readable(SUMMARY):
        if not _has_no_usage(facts, each):
            continue
        if (status := refusal(each)) is not None:
            possible = ["not_found"] if status == 404 else []
            yield from facts.see("summary_without_usage", each, f"it is refused with {status}", possible)
        elif (spent := credits_of(each)) is not None:
            what = f"it shows {spent:g} credits"
            yield from facts.see("summary_without_usage", each, what, [] if spent else ["zero"])


def _has_no_usage(facts: Facts, summary: Interaction) -> bool:
    """Return whether a summary's window holds no usage, of an organization that has some."""
    has_usage = any(each.org == summary.org and each.records for each in facts.lists("list_llm"))
    if not has_usage or summary.window is None or not set(summary.params) >= DATES:
        return False
    empty = (each for each in facts.lists("list_llm") if dict(each.params) == dict(summary.params))
    return (summary.window.end or 0) <= EARLIEST or any(not each.items for each in empty)
