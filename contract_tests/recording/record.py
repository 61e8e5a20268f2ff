"""Recording an API: one run of the check, its interactions kept and anonymized afterwards."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from importlib.metadata import version
from typing import NamedTuple

from civis_usage.client.errors import UsageError
from civis_usage.client.redaction import Secret
from civis_usage.contract_tests.answers import Unusable
from civis_usage.contract_tests.check_single import UNKNOWN
from civis_usage.contract_tests.config import Config
from civis_usage.contract_tests.exit_code import ExitCode
from civis_usage.contract_tests.results import Report, Result
from civis_usage.contract_tests.runner import run
from civis_usage.contract_tests.windows import Window
from civis_usage.contract_tests.witness import NotJudged, Witness

from .anonymize import anonymize
from .cassette import Credentials, Interaction, Recording

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


def record(
    config: Config, *, on_result: Callable[[Result], None] | None = None, secret: bytes | None = None
) -> Recorded:
    """Run the check, and request all usage of the window if one is named; return what was answered, anonymized.

    Args:
        config: the run's settings; waivers play no part.
        on_result: called with the result of each check as it comes, for progress.
        secret: the key of the pseudonyms; left out, a random one that is thrown away.

    Raises:
        NotRecorded: the check could judge nothing, or not all documented rules because the budget or the rate limit was
            spent, or the window got no response.
    """
    now = (config.now() if config.now else datetime.now(UTC)).replace(microsecond=0)
    interactions: list[Interaction] = []
    config = replace(config, now=lambda: now, on_interaction=interactions.append, waivers=())
    report = run(config, on_result)
    reason = report.unjudged or _stopped(report, interactions)
    if reason:
        raise NotRecorded(reason)
    if config.start or config.end:
        _request_window(config, report)
    recording = Recording(
        kit=version("civis-usage-kit"),
        recorded_at=now,
        base_url=config.base_url,
        organizations=config.organizations,
        start=config.start,
        end=config.end,
        seed=config.seed,
        interactions=tuple(interactions),
    )
    redact = Secret(config.api_key).redact
    anonymized = anonymize(recording, made_up=(UNKNOWN,), redact=redact, secret=secret)
    if report.exit_code != ExitCode.VIOLATED and not anonymized.records:
        named = ", ".join(map(str, report.organizations))
        raise NotRecorded(f"no usage is shown to this key for organization {named}")
    return Recorded(anonymized, report)


def _stopped(report: Report, interactions: list[Interaction]) -> str | None:
    """Return why the run ended before all documented rules were judged; ``None`` where it did not."""
    if report.exit_code != ExitCode.NOT_JUDGED:
        return None
    if any(each.status == 401 and each.credentials is Credentials.VALID for each in interactions):
        return "the API refused the key (401): set CIVIS_API_KEY to a valid one"
    if any(each.status == 429 for each in interactions):
        return "the rate limit is spent: the API answered 429, after retries as well"
    return _spent(report.budget) if report.requests >= report.budget else None


def _spent(budget: int) -> str:
    return f"the budget of {budget} requests is spent: raise it with --max-requests"


def _request_window(config: Config, report: Report) -> None:
    """Request all usage in the window that the user named, with what is left of the budget.

    Raises:
        NotRecorded: a response did not come.
    """
    left = report.budget - report.requests
    if left < 1:
        raise NotRecorded(_spent(report.budget))
    start, _ = config.closed(config.clock())
    window = Window(start, int(config.end.timestamp()) if config.end else config.clock())
    witness = Witness(replace(config, max_requests=left))
    try:
        for org in report.organizations:
            for operation in WINDOWED:
                witness.ask(operation, {"org_id": org, **window.parameters})
    except Unusable:
        pass  # the check has reported such responses
    except NotJudged as reason:
        raise NotRecorded(_spent(report.budget) if witness.requests >= left else str(reason)) from None
    finally:
        witness.close()
