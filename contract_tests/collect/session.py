"""The requests of one run: within the budget and the deadline, each query once.

A request is sent by a thread of its own and left behind when it takes too long: ``requests`` has no limit for a whole
response, and a server can send a byte at a time. The thread is a daemon, so it does not hold up the end of the process.
"""

from __future__ import annotations

import re
import time
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime
from queue import Empty, SimpleQueue
from threading import Thread

from civis_usage.client.errors import ConfigurationError, ConnectionClosed, ConnectionFailed, UsageError
from civis_usage.client.excerpts import explanation_of
from civis_usage.client.retries import RETRY_STATUSES, RetryPolicy, retry_after
from civis_usage.client.transport import Attempt, Response, Transport, size_of
from civis_usage.contract_tests.config import MAX_RETRY_AFTER, Config
from civis_usage.schemas import OPERATIONS

from .interaction import HICCUPS, Credentials, Failure, Interaction, Query, date_of

__all__ = ["Observer", "Session"]

WRONG_KEY = "wrong-key-of-civis-usage-check"
MAX_ATTEMPTS = 5
HICCUP_SECONDS = 1.0
"""Seconds before what may have been a hiccup on the way is asked again."""
LEAST = 0.25
"""Seconds of the deadline with which no request is begun."""


class _Stop(Exception):  # noqa: N818 - ends a call of the transport, from one of its hooks
    """No further request is to be sent; the text says why."""


class Observer:
    """Sees what a session does, for progress; each method does nothing until it is overridden."""

    def on_request(self, query: Query, sent: int) -> None:
        """See a query before it is sent, and the number of requests until then."""

    def on_wait(self, seconds: float) -> None:
        """See a wait before a request is sent again."""

    def on_interaction(self, interaction: Interaction, sent: int) -> None:
        """See what came of a query, and the number of requests until then."""


class Session:
    """Sends queries and remembers what came of each; nothing is raised for what the API does.

    Args:
        config: the API and the limits.
        observer: sees each request, each wait and what came, in their order.
    """

    def __init__(self, config: Config, observer: Observer | None = None) -> None:
        self.config = config
        self.interactions: list[Interaction] = []
        self.requests = 0
        """Requests sent, retries included."""
        self.resent: Counter[str] = Counter()
        """How many of them were sent again, by the reason."""
        self.stopped: str | None = None
        """Why no more requests are sent; ``None`` while they are."""
        self.slowness = 0.0
        """Seconds that the API took, without the waiting that it asked for."""
        self.waited = 0.0
        """Seconds that it asked to wait."""
        self._kept = 0
        """Bytes of the bodies that the interactions hold."""
        self.observer = observer or Observer()
        self._memory: dict[Query, Interaction] = {}
        self._calls: dict[Credentials, _Calls] = {}

    def send(self, query: Query, *, again: bool = False) -> Interaction:
        """Send a query, or return what came of it before; with ``again`` it is sent even if it was answered.

        What failed is never sent again.
        """
        known = self._memory.get(query)
        if known is not None and (not again or known.unavailable):
            return known
        self.observer.on_request(query, self.requests)
        interaction = self._remember(self._send(query))
        self.observer.on_interaction(interaction, self.requests)
        return interaction

    def skip(self, query: Query, reason: str) -> None:
        """Note that a query is left out, and why."""
        self._remember(_failed(self._sent(query), Failure.SKIPPED, reason))

    @property
    def now(self) -> int:
        """When the run began by the API's clock (its first ``Date``), or by this machine's; seconds since the epoch."""
        for each in self.interactions:
            if (at := date_of(each.headers)) is not None:
                return at
        return self.config.clock()

    @property
    def left(self) -> int:
        """Requests left in the budget."""
        return self.config.budget - self.requests if self.stopped is None else 0

    def close(self) -> None:
        """Close the connections."""
        for calls in self._calls.values():
            calls.close()

    def _remember(self, interaction: Interaction) -> Interaction:
        numbered = replace(interaction, number=len(self.interactions))
        self._memory[numbered.query] = numbered
        self.interactions.append(numbered)
        return numbered

    def _sent(self, query: Query) -> Interaction:
        now = self.config.now() if self.config.now else datetime.now(UTC)
        return Interaction(query.operation, dict(query.params), query.credentials, now)

    def _send(self, query: Query) -> Interaction:
        sent = self._sent(query)
        left = self.config.deadline - self.slowness
        if self.stopped is None and left < LEAST:
            allowed = f"{self.config.deadline:g} seconds"
            self.stopped = f"the API took longer than {allowed} altogether: raise the limit with --deadline"
        if self.stopped is not None:
            return _failed(sent, Failure.UNSENT, self.stopped)
        key = Credentials.INVALID if query.credentials is Credentials.INVALID else Credentials.VALID
        if key not in self._calls:
            self._calls[key] = _Calls(self, self.config.api_key if key is Credentials.VALID else WRONG_KEY)
        calls = self._calls[key]
        # Half of what is left: however many requests hang, there is time for others.
        seconds = min(self.config.timeout, left / 2)
        result = calls.get(query, seconds=seconds, max_body=self.config.max_body - self._kept)
        if calls.abandoned:
            del self._calls[key]
        return self._interaction(sent, result, calls.attempts, seconds)

    def _interaction(
        self, sent: Interaction, result: Response | Exception | None, attempts: int, seconds: float
    ) -> Interaction:
        if result is None:
            return _failed(sent, Failure.TIMEOUT, f"{sent.request} got no whole response within {seconds:.1f} seconds")
        if isinstance(result, _Stop):
            self.stopped = str(result)
            return _failed(sent, Failure.UNSENT, self.stopped)
        if isinstance(result, ConnectionFailed):
            said = _said(result, f"{self.config.base_url}{sent.request}")
            if not isinstance(result, ConnectionClosed) and not any(each.status for each in self.interactions):
                self.stopped = said
            elif self._is_down(sent):
                self.stopped = f"no operation is available: {said}"
            return _failed(sent, Failure.UNREACHABLE, _said(result, sent.request))
        if isinstance(result, ConfigurationError):
            raise result
        if isinstance(result, UsageError):
            return _failed(sent, Failure.UNDECODABLE, _said(result, sent.request))
        if isinstance(result, Exception):
            raise result
        self._kept += size_of(result.content)
        headers = {name.lower(): value for name, value in result.headers.items()}
        reason = self._judge(sent, result, attempts)
        return Interaction(
            sent.operation, sent.params, sent.credentials, sent.sent_at, result.status_code, headers, result.content,
            reason=reason,
        )  # fmt: skip

    def _judge(self, sent: Interaction, response: Response, attempts: int) -> str:
        """Return what an unavailable response means, and stop the run where no other would fare better."""
        status, wait = response.status_code, retry_after(response.headers)
        tries = ", after retries as well" if attempts > 1 else ""
        reason = ""
        if status in RETRY_STATUSES | HICCUPS:
            reason = f"{sent.request} answered {status}{tries}{explanation_of(response.content)}"
        if reason and wait is not None and wait > MAX_RETRY_AFTER - self.waited:
            reason = f"the API asks to come back in {wait:.0f} seconds (Retry-After): {reason}"
            if sent.is_valid:
                self.stopped = reason
        elif status == 429 and sent.is_valid:
            self.stopped = f"the rate limit is spent: {reason}"
        elif status == 401 and sent.credentials is Credentials.VALID:
            self.stopped = "the API refused the key (401): set CIVIS_API_KEY to a valid one"
        elif reason and self._is_down(sent):
            self.stopped = f"no operation is available: {reason}"
        return reason

    def _is_down(self, sent: Interaction) -> bool:
        """Return whether every operation was requested, ``sent`` being unavailable too, and none was available."""
        requested = {each.operation for each in self.interactions} | {sent.operation}
        return requested >= OPERATIONS.keys() and all(each.unavailable for each in self.interactions)


class _Calls:
    """The calls with one key, one at a time, each in a thread that can be left behind."""

    def __init__(self, session: Session, key: str) -> None:
        self.abandoned = False
        self.attempts = 0
        """Requests of the last call."""
        self._session = session
        self._bearer = {"Authorization": f"Bearer {key}"}
        self._last_attempt: Attempt | None = None
        self._events: SimpleQueue[Response | Exception | float] = SimpleQueue()
        self._transport = Transport(
            session.config.base_url,
            key,
            timeout=session.config.timeout,
            retries=RetryPolicy(MAX_ATTEMPTS, MAX_RETRY_AFTER),
            on_request=self._before_attempt,
            on_response=self._after_attempt,
            sleep=self._sleep,
            adapter=session.config.adapter,
        )

    def get(self, query: Query, *, seconds: float, max_body: int) -> Response | Exception | None:
        """Return the response, what was raised, ``None`` if neither came within ``seconds`` of the API's time."""
        self.attempts = 0

        headers = self._bearer if query.credentials in (Credentials.BEARER, Credentials.INVALID) else None
        basic = query.credentials is Credentials.VALID

        def work() -> None:
            try:
                response = self._transport.get(query.target, headers=headers, auth=basic, max_body=max_body)
                if response.status_code in HICCUPS:
                    self._sleep(HICCUP_SECONDS)
                    response = self._transport.get(query.target, headers=headers, auth=basic, max_body=max_body)
                self._events.put(response)
            except Exception as error:  # handed over to the thread that waits
                self._events.put(error)

        Thread(target=work, daemon=True).start()
        began, waited = time.monotonic(), 0.0
        try:
            while isinstance(event := self._events.get(timeout=seconds - (time.monotonic() - began - waited)), float):
                waited += event
        except (Empty, ValueError):  # ValueError: the time is over already
            self.abandoned = True
            event = None
        self._session.slowness += max(0.0, time.monotonic() - began - waited)
        return event

    def close(self) -> None:
        self._transport.close()

    def _before_attempt(self, url: str) -> None:
        session = self._session
        if self.abandoned:
            raise _Stop("left behind")
        if session.requests >= session.config.budget:
            raise _Stop(f"the budget of {session.config.budget} requests is spent: raise it with --max-requests")
        session.requests += 1
        if self.attempts and self._last_attempt is not None:
            session.resent[_why(self._last_attempt)] += 1
        self.attempts += 1

    def _after_attempt(self, attempt: Attempt) -> None:
        self._last_attempt = attempt

    def _sleep(self, seconds: float) -> None:
        """Wait before the next attempt; what the API asked for does not count as its slowness."""
        if self.abandoned:
            raise _Stop("left behind")
        asked = self._last_attempt.retry_after if self._last_attempt is not None else None
        if asked:
            if self._session.waited + seconds > MAX_RETRY_AFTER:
                raise _Stop(
                    f"the API asks to come back in {asked:.0f} seconds (Retry-After), and the run has waited "
                    f"{self._session.waited:.0f} seconds already"
                )
            self._session.waited += seconds
            self._events.put(float(seconds))
        self._session.observer.on_wait(seconds)
        self._session.config.sleep(seconds)


def _why(attempt: Attempt) -> str:
    """Return why a request is sent again, as the end of a sentence."""
    if attempt.failure is None:
        return f"after {attempt.status}"
    return f"since {_sentence(attempt.failure).partition('; ')[0]}"


def _said(error: UsageError, request: str) -> str:
    return f"{_sentence(error)}; the request was GET {request}"


def _sentence(error: UsageError) -> str:
    """Return what the client says, as a part of a sentence and without the request."""
    text = str(error).removesuffix(f" (GET {error.url})").removesuffix(".").removeprefix("The API cannot be reached: ")
    for subject, possessive in (("it ", "the response "), ("its ", "the response's ")):
        text = re.sub(f"^The response cannot be read: {subject}", possessive, text)
    return text if text[:2].isupper() else text[:1].lower() + text[1:]


def _failed(sent: Interaction, failure: Failure, reason: str) -> Interaction:
    return Interaction(sent.operation, sent.params, sent.credentials, sent.sent_at, failure=failure, reason=reason)
