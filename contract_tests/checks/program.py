"""The check of the requests that a user's program sends: the API answers them too. Only with ``--requests``."""

from __future__ import annotations

from civis_usage.client.excerpts import explanation_of
from civis_usage.contract_tests.collect.evidence import Evidence
from civis_usage.contract_tests.collect.interaction import Interaction
from civis_usage.contract_tests.results import Check, Finding, Outcome, no_data, outcome

__all__ = ["CHECKS"]


def requests_answered(evidence: Evidence) -> Outcome:
    """Judge the status of each request of the journal: the fake answered all of them with success."""
    found = [each for each in evidence.of_journal.values() if not _shows_nothing(evidence, each)]
    answered = [each for each in found if _unavailable(each) is None]
    findings = [_refusal(evidence, each) for each in answered if each.status != 200]
    missing = [reason for each in found if (reason := _unavailable(each))]
    if missing and not findings:
        return Outcome(f"{len(answered)} of {len(found)} requests", inconclusive=missing[0])
    if not found:
        return no_data("no request for an organization that the key may see")
    return outcome(f"{len(answered)} requests", findings)


def _shows_nothing(evidence: Evidence, each: Interaction) -> bool:
    """Return whether a 403 or 404 says no more than that the key sees nothing of the organization."""
    if each.status not in (403, 404) or not each.is_error:
        return False
    is_unknown = each.org in evidence.unknown_organizations or each.org not in evidence.organizations
    return evidence.shows_nothing or (isinstance(each.org, int) and is_unknown)


def _unavailable(each: Interaction) -> str | None:
    """Return why a response does not tell whether the API answers the request; ``None`` where it does."""
    if each.unavailable:
        return each.unavailable
    if each.status == 401:
        return f"the API refused the key (401 to {each.request})"
    if each.status in (403, 404) and not each.is_error:
        return f"{each.request} answered {each.status}, which is not the API's answer"
    return None


def _refusal(evidence: Evidence, each: Interaction) -> Finding:
    file = evidence.journal.file if evidence.journal else ""
    does = "refuses" if each.status and 400 <= each.status < 500 else "fails at"
    return Finding(
        f"the API {does} a request of {file}: {each.status} to GET {each.request}",
        request=each.request,
        expected="200",
        actual=f"{each.status}{explanation_of(each.body)}",
    )


CHECKS = (
    Check(
        "any-requests-answered",
        "any",
        "Each request of the user's program that succeeds on the fake succeeds on the API.",
        requests_answered,
    ),
)
