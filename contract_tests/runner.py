"""One run of the check: collect evidence, judge it, confirm what contradicts itself, judge again, report."""

from __future__ import annotations

import time
import traceback
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from functools import lru_cache
from importlib.metadata import metadata, version
from pathlib import Path
from typing import NamedTuple

from civis_usage.client.excerpts import describe
from civis_usage.contract_tests.causes import causes
from civis_usage.contract_tests.change import doubted, without_change
from civis_usage.contract_tests.checks import checks
from civis_usage.contract_tests.checks.schema import wrong_fields
from civis_usage.contract_tests.checks.spec import spec_notes
from civis_usage.contract_tests.collect.evidence import Evidence
from civis_usage.contract_tests.collect.interaction import Failure, Interaction
from civis_usage.contract_tests.collect.plan import Plan, evidence_of
from civis_usage.contract_tests.collect.session import Observer, Session
from civis_usage.contract_tests.collect.window import format_timestamp
from civis_usage.contract_tests.config import Config
from civis_usage.contract_tests.narrow import narrower
from civis_usage.contract_tests.observe.fidelity import contradicted
from civis_usage.contract_tests.observe.further import settle
from civis_usage.contract_tests.observe.observation import Observation
from civis_usage.contract_tests.observe.observe import observe
from civis_usage.contract_tests.results import Check, Outcome, Program, Report, Result, Verdict
from civis_usage.contract_tests.waivers import apply, expired, unused
from civis_usage.schemas import OPERATIONS, load

__all__ = ["collect", "judge", "report", "run"]

MAX_LENGTH = 300
"""Characters of a body that is not the API's."""
MAX_CONFIRMATIONS = 8
"""Requests that are sent to see a contradiction again."""
MAX_NARROWER = 3
"""Requests beside those for parts of a window in which a list and its summary disagree."""
SUM = "get-llm-organization-summary-sum"
"""The check whose findings such requests narrow."""


def run(config: Config, observer: Observer | None = None) -> Report:
    """Check an API and return the report.

    Args:
        config: the API, the limits, and how to judge.
        observer: sees what is requested and what came of it, for progress.

    Nothing is raised for what the API does: an API that cannot be judged gets a report that says so.
    """
    began = time.monotonic()
    evidence, further, requests, resent = collect(config, observer=observer)
    seconds = time.monotonic() - began
    return report(config, evidence, further, requests=requests, resent=resent, seconds=seconds)


class Collected(NamedTuple):
    """What a run collected."""

    evidence: Evidence
    """What the checks stand on."""
    further: tuple[Interaction, ...]
    """What was requested beside, to settle open questions: no check judges it, since none could confirm it."""
    requests: int
    resent: Mapping[str, int]
    """How many of the requests were sent again, by the reason."""


def collect(
    config: Config,
    *,
    then: Callable[[Session, tuple[int, ...]], None] | None = None,
    observer: Observer | None = None,
) -> Collected:
    """Send the requests of a run, and return what came of them.

    Args:
        config: the API and the limits.
        then: sends further requests, with what is left, about the organizations that were looked at; what is left of
            the budget then settles open questions.
        observer: sees what is requested and what came of it.
    """
    session = Session(config, observer)
    try:
        plan = Plan(session)
        used = _checks(config)
        evidence = plan.collect()
        collected = session.requests
        evidence = confirm(session, evidence, used, MAX_CONFIRMATIONS)
        confirmed = session.requests - collected
        narrow(session, evidence, used)
        if then is not None:
            then(session, evidence.organizations)
        evidence = confirm(session, plan.combine(), used, MAX_CONFIRMATIONS - confirmed)
        return Collected(evidence, settle(session, evidence), session.requests, session.resent)
    finally:
        session.close()


def _checks(config: Config) -> tuple[Check, ...]:
    return checks(with_drift=config.with_drift, with_requests=config.requests is not None)


@lru_cache(maxsize=2)
def judge(evidence: Evidence, used: tuple[Check, ...]) -> tuple[Outcome, ...]:
    """Return the outcome of each check; evidence to which nothing was added is not judged twice."""
    related = _related(evidence)
    return tuple(_outcome(check, related) for check in used)


def _related(evidence: Evidence) -> Evidence:
    """Return the evidence without the fields that are wrong by their shape."""
    return evidence.ignoring(wrong_fields(evidence))


def _outcome(check: Check, evidence: Evidence) -> Outcome:
    try:
        found = check.judge(evidence)
    except Exception as error:  # a response that the check's author did not think of must not end the run
        return Outcome("nothing", inconclusive=f"the responses hold what nobody expected ({_place(error)})")
    if found.inconclusive and check.operation in OPERATIONS and not any(evidence.of(check.operation)):
        reason = evidence.stopped or f"there is no request of {check.operation}"
        found = Outcome("nothing", inconclusive=reason)
    if found.inconclusive and evidence.shows_nothing and evidence.stopped is None:
        return Outcome(found.examined, inconclusive=evidence.invisible, no_data=True)
    return found


def _place(error: Exception) -> str:
    frame = traceback.extract_tb(error.__traceback__)[-1]
    return f"in {Path(frame.filename).name}, line {frame.lineno}"


def confirm(session: Session, evidence: Evidence, used: tuple[Check, ...], most: int) -> Evidence:
    """Send again, in ``most`` requests, what contradicts itself, and return the evidence with the responses.

    What the responses contradict in turn is sent again as well, and what seems to have changed once more.
    """
    most = min(most, session.left)
    while most > 0 and (queries := doubted(evidence, zip(used, judge(evidence, used), strict=True))[:most]):
        for query in queries:
            session.send(query, again=True)
        most = min(most - len(queries), session.left)
        evidence = evidence_of(session, evidence.organizations)
    return evidence


def narrow(session: Session, evidence: Evidence, used: tuple[Check, ...]) -> Evidence:
    """Find the place where a list and its summary disagree, by summaries of parts of the window."""
    outcomes, _ = without_change(evidence, judge(evidence, used))
    is_wrong = any(outcome.findings for check, outcome in zip(used, outcomes, strict=True) if check.id == SUM)
    for _ in range(MAX_NARROWER if is_wrong else 0):
        part = narrower(_related(evidence))
        if part is not None and session.left > 0:
            session.send(part)
            evidence = evidence_of(session, evidence.organizations)
    return evidence


def report(
    config: Config,
    evidence: Evidence,
    further: tuple[Interaction, ...] = (),
    *,
    requests: int = 0,
    resent: Mapping[str, int] | None = None,
    seconds: float = 0.0,
) -> Report:
    """Judge evidence by the checks and the waivers of ``config``.

    Args:
        config: how to judge.
        evidence: collected just now, or recorded.
        further: what was requested beside, to settle open questions.
        requests: what it took, for the report.
        resent: how many of them were sent again, by the reason.
        seconds: what it took, for the report.
    """
    used = _checks(config)
    today = datetime.fromtimestamp(evidence.now, UTC).date()
    outcomes = judge(evidence, used)
    outcomes, changes = without_change(evidence, outcomes)
    results = [apply(check, outcome, config.waivers, today) for check, outcome in zip(used, outcomes, strict=True)]
    unjudged = None if evidence.shows_nothing else _unjudged(config, evidence, results)
    if unjudged:
        results = [_without_verdict(each, unjudged) for each in results]
    program = _program(evidence)
    observations, trouble = ((), None) if unjudged else _observations(evidence, further)
    return Report(
        version=version("civis-usage-kit"),
        base_url=config.base_url,
        organizations=evidence.organizations,
        started=format_timestamp(evidence.now),
        seconds=seconds,
        requests=requests,
        budget=config.budget,
        seed=config.seed,
        results=tuple(results),
        documentation=_documentation(),
        causes=() if unjudged else causes(_related(evidence), results),
        observations=observations,
        chosen=config.behavior,
        unjudged=unjudged,
        invisible=evidence.invisible,
        without_usage=() if unjudged else evidence.organizations_without_usage,
        expired_waivers=expired(config.waivers, today),
        unused_waivers=unused(config.waivers, results, today),
        program=program,
        notes=(
            *([str(program)] if program else []),
            *([trouble] if trouble else []),
            *_notes(evidence, changes),
            *_resent(resent or {}),
            *contradicted(observations, config.behavior or {}),
        ),
        strict=config.strict,
        allow_no_data=config.operations_without_data,
    )


def _documentation() -> str | None:
    """Return the address of the page that explains the checks: under Documentation in the package's metadata."""
    addresses = metadata("civis-usage-kit").get_all("Project-URL") or []
    return next((each.partition(", ")[2] for each in addresses if each.startswith("Documentation, ")), None)


def _observations(evidence: Evidence, further: tuple[Interaction, ...]) -> tuple[tuple[Observation, ...], str | None]:
    """Return how the API behaves, and why that cannot be said: observations are information, and never end a run."""
    try:
        return observe(evidence, further), None
    except Exception as error:  # a response that nobody thought of
        return (), f"the responses hold what nobody expected, so no open question was observed ({_place(error)})"


def _without_verdict(result: Result, reason: str) -> Result:
    outcome = replace(result.outcome, inconclusive=reason)
    return replace(result, verdict=Verdict.INCONCLUSIVE, outcome=outcome, findings=())


def _unjudged(config: Config, evidence: Evidence, results: list[Result]) -> str | None:
    """Return why nothing can be said of the API; ``None`` where at least one promised response came as JSON."""
    foreign = [each.unavailable for each in evidence.interactions if each.is_foreign]
    promised = [
        each for each in evidence.interactions if each.is_promised and not each.unavailable and each.status != 401
    ]
    if any(each.looks_like_api for each in promised):
        return None
    hidden = [each for each in promised if each.status in (403, 404)]
    if hidden and len(hidden) == len(promised):
        named = f"organization {', '.join(map(str, config.organizations))}" if config.organizations else "usage"
        came = f"{hidden[0].request} answered {hidden[0].status}{_description(hidden[0])}"
        return f"{named} is not visible to this key: {came}"
    if promised:
        first = promised[0]
        return f"the answers are not the API's: {first.request} answered {first.status}{_description(first)}"
    reasons = [result.outcome.inconclusive for result in results if result.outcome.inconclusive]
    return next(iter(foreign), None) or evidence.stopped or next(iter(reasons), "nothing was requested")


def _description(interaction: Interaction) -> str:
    """Describe what came in a sentence's end."""
    if not interaction.body.strip() and "location" not in interaction.headers:
        return " without a body"
    return f"; this came: {describe(interaction.status or 0, interaction.headers, interaction.body, length=MAX_LENGTH)}"


def _program(evidence: Evidence) -> Program | None:
    """Return what became of the requests of a user's program; ``None`` where there are none."""
    journal, organizations = evidence.journal, evidence.organizations
    if journal is None:
        return None
    different = journal.for_organizations(organizations)
    sent = sum(each.failure != Failure.UNSENT for each in evidence.of_journal.values())
    more = {
        "the same as another with that organization": len(journal.requests) - len(different),
        "the end of the run": len(different) - sent,
    }
    return Program(
        file=journal.file,
        requests=len(journal.requests) + sum(journal.left_out.values()),
        sent=sent,
        left_out={reason: count for reason, count in {**journal.left_out, **more}.items() if count},
        organization=organizations[0] if journal.replaced(organizations) else None,
        in_place_of=journal.replaced(organizations),
    )


def _resent(counts: Mapping[str, int]) -> Iterator[str]:
    """Yield how many requests were sent again and why: a response that comes at last hides that."""
    if counts:
        number = sum(counts.values())
        reasons = [f"{count} {why}" for why, count in counts.items()]
        why = f" {next(iter(counts))}" if len(counts) == 1 else f": {', '.join(reasons)}"
        yield f"{number} request{' was' if number == 1 else 's were'} sent again{why}"


def _notes(evidence: Evidence, changes: int) -> Iterator[str]:
    """Yield what is worth knowing beside the verdicts."""
    for org in evidence.organizations_without_usage:
        yield f"organization {org} showed no usage"
    if changes:
        yield f"usage was added during the run, which explains {changes} disagreements of earlier and later responses"
    for operation in OPERATIONS.values():
        documented = load(operation.body)["properties"]
        bodies = (item for each in evidence.of(operation.id) if each.status == 200 for item in each.items)
        more = {name for item in bodies if isinstance(item, dict) for name in item if name not in documented}
        if more:
            yield f"additional fields in {operation.id}: {', '.join(sorted(more))}"
    limits = [
        (int(left), int(limit))
        for each in evidence.interactions
        if (left := each.headers.get("x-ratelimit-remaining", "")).isdecimal() and len(left) < 20
        and (limit := each.headers.get("x-ratelimit-limit", "")).isdecimal() and len(limit) < 20
    ]  # fmt: skip
    if limits and min(limits)[0] < min(limits)[1] // 10:
        yield f"only {min(limits)[0]} of {min(limits)[1]} requests were left in a rate-limit period"
    yield from spec_notes(evidence)
