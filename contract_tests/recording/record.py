"""Recording an API: the evidence of one run of the check, anonymized."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import UTC, datetime
from importlib.metadata import version
from typing import NamedTuple

from civis_usage.client.errors import UsageError
from civis_usage.client.redaction import Secret
from civis_usage.contract_tests.collect.evidence import Evidence
from civis_usage.contract_tests.collect.interaction import NONEXISTENT_ID, SPEC, Failure, Query
from civis_usage.contract_tests.collect.session import Observer, Session
from civis_usage.contract_tests.collect.window import Window
from civis_usage.contract_tests.config import Config
from civis_usage.contract_tests.exit_code import ExitCode
from civis_usage.contract_tests.reports.text import clean_text
from civis_usage.contract_tests.results import Report
from civis_usage.contract_tests.runner import collect, report

from .anonymize import anonymize
from .cassette import Recording

__all__ = ["NotRecorded", "Recorded", "record"]

WINDOWED = ("list_llm", "list_matching", "get_llm_organization_summary")


class NotRecorded(UsageError):  # noqa: N818 - named as in `except NotRecorded`
    """The API cannot be recorded: unreachable, key refused, budget spent, not the API. The message says why."""


class Recorded(NamedTuple):
    """A recording, and the report of the run that it was made in."""

    recording: Recording
    """Anonymized."""
    report: Report
    """With the API's own identifiers."""


def record(config: Config, *, observer: Observer | None = None, secret: bytes | None = None) -> Recorded:
    """Run the check, and request all usage of the window if one is named; return what was answered, anonymized.

    Args:
        config: the run's settings; waivers play no part.
        observer: sees what is requested and what came of it, for progress.
        secret: the key of the pseudonyms; left out, a random one that is thrown away.

    Raises:
        NotRecorded: the check could judge nothing, or not all documented rules because the budget or the rate limit was
            spent, or the window got no response.
    """
    config = replace(config, waivers=())
    began = time.monotonic()
    evidence, further, requests, resent = collect(config, then=_request_window, observer=observer)
    live = report(config, evidence, further, requests=requests, resent=resent, seconds=time.monotonic() - began)
    reason = live.unjudged or (evidence.stopped if live.exit_code == ExitCode.NOT_JUDGED else None)
    reason = reason or (_unanswered_window(config, evidence) if config.start or config.end else None)
    if reason:
        raise NotRecorded(clean_text(reason, [config.api_key]))
    kept = tuple(each for each in evidence.interactions if each.operation != SPEC and each.failure != Failure.UNSENT)
    recording = Recording(
        kit=version("civis-usage-kit"),
        recorded_at=datetime.fromtimestamp(evidence.now, UTC),
        base_url=config.base_url,
        organizations=evidence.organizations,
        start=config.start,
        end=config.end,
        seed=config.seed,
        interactions=kept,
        further=tuple(each for each in further if each.failure != Failure.UNSENT),
    )
    redact = Secret(config.api_key).redact
    anonymized = anonymize(recording, made_up=(NONEXISTENT_ID,), redact=redact, secret=secret)
    if live.exit_code != ExitCode.VIOLATED and not anonymized.records:
        named = ", ".join(map(str, live.organizations))
        raise NotRecorded(live.invisible or f"no usage is shown to this key for organization {named}")
    return Recorded(anonymized, live)


def _window(config: Config, now: int) -> Window:
    return Window(config.bounds(now)[0], int(config.end.timestamp()) if config.end else now)


def _request_window(session: Session, organizations: tuple[int, ...]) -> None:
    """Request all usage in the window that the user named, with what is left of the budget."""
    if session.config.start or session.config.end:
        window = _window(session.config, session.now)
        for org in organizations:
            for operation in WINDOWED:
                session.send(Query.of(operation, org_id=org, **window.params))


def _unanswered_window(config: Config, evidence: Evidence) -> str | None:
    window = _window(config, evidence.now)
    wanted = {
        Query.of(operation, org_id=org, **window.params) for org in evidence.organizations for operation in WINDOWED
    }
    missing = (each.unavailable for each in evidence.interactions if each.query in wanted and each.unavailable)
    return next(missing, None)
