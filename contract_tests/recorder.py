"""Recording an API: the check asks its questions, and each answer is written down as the check sees it.

The recorder stands between the two. It replaces identifiers in the answers, and puts the originals back into the
questions, so that the check never sees an original, and the same questions have the same answers when they are asked of
the recording.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from importlib.metadata import version
from typing import Any

from civis_usage.client.errors import ConnectionFailed, InvalidResponse
from civis_usage.client.redaction import Secret
from civis_usage.contract_tests.answers import Unusable
from civis_usage.contract_tests.check_defaults import readings
from civis_usage.contract_tests.config import Config
from civis_usage.contract_tests.relay import Parameters, Reply
from civis_usage.contract_tests.results import Report, Result
from civis_usage.contract_tests.runner import run
from civis_usage.contract_tests.windows import DAY, Window
from civis_usage.contract_tests.witness import NotJudged, Witness, decimals_of
from civis_usage.recordings.blur import PLAIN, Blur
from civis_usage.recordings.pseudonyms import Pseudonyms
from civis_usage.recordings.recording import Exchange, Recording
from civis_usage.recordings.replacement import Replacement
from civis_usage.recordings.usage import listed

__all__ = ["Made", "NotRecorded", "record", "shifts"]

VIOLATED = 1
"""The exit code of a report that found a documented rule broken."""
UNJUDGED = 3
"""The exit code of a report that leaves documented rules open."""
MONTHS = 60
"""How many months back a blurred recording may be moved."""
WINDOWED = ("list_llm", "list_matching", "get_llm_organization_summary")


class NotRecorded(Exception):  # noqa: N818 - named by what happened
    """The API cannot be recorded: unreachable, key refused, budget spent, not the API. Its text says why."""


@dataclass(frozen=True)
class Made:
    """A recording, and what is missing in it."""

    recording: Recording
    unasked: str | None
    """Why some questions were not asked; ``None`` where all were."""


def record(
    config: Config,
    *,
    blur: bool = False,
    on_result: Callable[[Result], None] | None = None,
    secret: bytes | None = None,
) -> Made:
    """Ask the API for all usage of the window, where one is named, and what the check asks; give the recording.

    Args:
        config: whom to ask, and how gently. Its waivers play no part.
        blur: move all times and scale all amounts.
        on_result: called with the result of each check as it comes, for progress.
        secret: the key of the pseudonyms; left out, a random one that is forgotten.

    Raises:
        NotRecorded: the window got no answer of the API's, or the check could judge nothing, or not all of what is
            documented because the budget or the rate limit was spent.
    """
    recorder = _Recorder(config, blur=blur, secret=secret)
    recorder.ask_window()
    report = recorder.check(on_result)
    reason = report.unjudged or (recorder.stopped if report.exit_code == UNJUDGED else None)
    if reason:
        raise NotRecorded(recorder.read(reason))
    recording = recorder.recording(report)
    if report.exit_code != VIOLATED and not any(listed(recording)):
        raise NotRecorded(recorder.read(f"no usage is shown to this key for {_named(recording)}"))
    return Made(recording, recorder.stopped)


def shifts(now: int) -> list[int]:
    """Give the days that times may be moved back by, so that "this month" and "today" stay what they are.

    Moved by them, the first of the month at ``now`` (seconds since the epoch) is the first of another month, in every
    time zone.
    """
    here = datetime.fromtimestamp(now, UTC)
    months = (divmod(here.year * 12 + here.month - 1 - back, 12) for back in range(1, MONTHS + 1))
    days = ((datetime(here.year, here.month, 1) - datetime(year, month + 1, 1)).days for year, month in months)
    windows = readings(now)
    return [each for each in days if _moved(windows, each) == readings(now - each * DAY)]


def _moved(windows: list[Window], days: int) -> list[Window]:
    return [Window((window.start or 0) - days * DAY, (window.end or 0) - days * DAY) for window in windows]


class _Recorder:
    """The relay that writes down."""

    def __init__(self, config: Config, *, blur: bool, secret: bytes | None) -> None:
        self._now = (config.now() if config.now else datetime.now(UTC)).replace(microsecond=0)
        self._blur = Blur.drawn(shifts(int(self._now.timestamp()))) if blur else PLAIN
        self._pseudonyms = Pseudonyms(secret)
        self._replacement = Replacement(self._pseudonyms, self._blur, Secret(config.api_key).redact)
        self._decimals = [2]
        self._exchanges: list[Exchange] = []
        self._beside: list[Exchange] = []
        self._spent = 0
        self.stopped: str | None = None
        """Why the API was not asked further; ``None`` where it was."""
        self._back = timedelta(days=self._blur.days)
        self.config = replace(
            config,
            organizations=tuple(self._pseudonyms.number("organizationId", org) for org in config.organizations),
            start=config.start and config.start - self._back,
            end=config.end and config.end - self._back,
            now=lambda: self._now - self._back,
            relay=self,
            waivers=(),
        )

    def __call__(
        self, operation: str, parameters: Parameters, key: str | None, send: Callable[[Parameters], Reply], /
    ) -> Reply:
        """Ask the API, write its answer down and give it as it is written."""
        try:
            reply = send(self._replacement.asked(parameters))
        except NotJudged:
            self.stopped = self._spent_budget
            raise
        except (ConnectionFailed, InvalidResponse) as error:
            failure = "unreachable" if isinstance(error, ConnectionFailed) else "undecodable"
            self._exchanges.append(Exchange(operation, dict(parameters), key, failure=failure))
            raise
        exchange = self._replaced(operation, parameters, key, reply)
        self._exchanges.append(exchange)
        if reply.status == 429:
            self.stopped = "the rate limit is spent: the API answered 429, after retries as well"
        if reply.status == 401 and key == "own":
            self.stopped = "the API refused the key (401): set CIVIS_API_KEY to a valid one"
        return Reply(reply.status, exchange.headers, exchange.content)

    def _replaced(self, operation: str, parameters: Parameters, key: str | None, reply: Reply) -> Exchange:
        body: dict[str, Any] = self._replacement.body(operation, reply.status, reply.content)
        if operation == "get_llm_organization_summary" and reply.status == 200:
            self._decimals.append(_decimals(reply.content))
        headers = self._replacement.headers(reply.headers)
        return Exchange(operation, dict(parameters), key, reply.status, headers, **body)

    def ask_window(self) -> None:
        """Ask for all usage in the window that the user named; it stands behind what the check asks.

        Raises:
            NotRecorded: an answer did not come.
        """
        if not (self.config.start or self.config.end):
            return
        start, _ = self.config.closed(self.config.clock())
        window = Window(start, int((self.config.end or self._now - self._back).timestamp()))
        witness = Witness(self.config)
        try:
            for org in witness.organizations:
                for operation in WINDOWED:
                    witness.ask(operation, {"org_id": org, **window.parameters})
        except Unusable:
            pass  # the check will say so
        except NotJudged as reason:
            raise NotRecorded(self.read(self.stopped or str(reason))) from None
        finally:
            witness.close()
        self._spent = witness.requests
        self._beside, self._exchanges = self._exchanges, []

    def check(self, on_result: Callable[[Result], None] | None) -> Report:
        """Ask what the check asks, with what is left of the budget.

        Raises:
            NotRecorded: nothing is left.
        """
        if self._spent >= self.config.max_requests:
            raise NotRecorded(self._spent_budget)
        return run(replace(self.config, max_requests=self.config.max_requests - self._spent), on_result)

    @property
    def _spent_budget(self) -> str:
        return f"the budget of {self.config.max_requests} requests is spent: raise it with --max-requests"

    def read(self, sentence: str) -> str:
        """Give a sentence with the originals of the pseudonyms in it."""
        return self._pseudonyms.read(sentence)

    def recording(self, report: Report) -> Recording:
        """Give what was written down."""
        return Recording(
            kit=version("civis-usage-kit"),
            made_at=self._now,
            made_from=self.config.base_url,
            start=self.config.start,
            end=self.config.end,
            organizations=report.organizations,
            blurred=self._blur is not PLAIN,
            now=self._now - self._back,
            seed=self.config.seed,
            named=self.config.organizations,
            summary_decimals=max(self._decimals) if self._blur is not PLAIN else None,
            exchanges=(*self._exchanges, *self._beside),
        )


def _named(recording: Recording) -> str:
    return f"organization {', '.join(map(str, recording.organizations))}"


def _decimals(content: bytes) -> int:
    """Give the decimals of a summary's credits as the API showed them."""
    try:
        body = json.loads(content)
    except (ValueError, RecursionError):
        return 0
    credits = body.get("credits") if isinstance(body, dict) else None  # noqa: A001 - the field's name
    return decimals_of(credits) if isinstance(credits, float) and math.isfinite(credits) else 0
