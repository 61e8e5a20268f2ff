"""The witness: puts questions to the API within a budget, and remembers every answer.

Checks share it. A question asked before is answered from memory, so checks that need the same list cost one request.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from functools import cached_property
from random import Random
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlencode

from civis_usage.client.errors import ConnectionFailed, InvalidResponse
from civis_usage.client.retries import RETRY_STATUSES, RetryPolicy
from civis_usage.client.transport import Attempt, Response, Transport
from civis_usage.contract_tests.answers import Answer, Record, Unusable
from civis_usage.contract_tests.config import Config
from civis_usage.contract_tests.history import History
from civis_usage.contract_tests.recording.cassette import Credentials, Interaction
from civis_usage.contract_tests.windows import DAY
from civis_usage.schemas import OPERATIONS

if TYPE_CHECKING:
    from civis_usage.contract_tests.drift.compare import Difference
    from civis_usage.contract_tests.shapes import Tally

__all__ = ["Hidden", "NotJudged", "Spared", "Witness", "decimals_of", "request_of"]

WRONG_KEY = "wrong-key-of-civis-usage-check"
TRIES = 5
SLOW = 0.1
"""Seconds to pause before each request while less than a tenth of the rate limit is left for others."""
SHORT = 10.0
"""Seconds of ``Retry-After`` up to which the API's rhythm is kept without being refused again and again."""
PATIENCE = 330.0
"""Seconds that retries of one request may take: a little more than one of the live API's rate-limit periods."""


T = TypeVar("T")
Parameters = Mapping[str, Any]
"""Path and query parameters by their documented names."""
CREDENTIALS = {"own": Credentials.VALID, "wrong": Credentials.INVALID, None: Credentials.NONE}


def request_of(operation: str, parameters: Parameters) -> str:
    """Give path and query of a question, as they are sent."""
    path = OPERATIONS[operation].path
    inside = {name for name in parameters if f"{{{name}}}" in path}
    path = path.format(**{name: parameters[name] for name in inside})
    query = urlencode({name: value for name, value in parameters.items() if name not in inside})
    return f"{path}?{query}" if query else path


def decimals_of(number: float) -> int:
    """Give the decimals that a number is written with; fewer than none where it ends in zeros."""
    return -int(Decimal(repr(number)).normalize().as_tuple().exponent)


class NotJudged(Exception):  # noqa: N818 - named by what happened
    """The question cannot be put or got no answer of the API's; its text says why (budget, rate limit, outage)."""


class Spared(Exception):  # noqa: N818 - named by what happened
    """The question was not put: its answer would be very long. The text says what was spared."""


class Hidden(Exception):  # noqa: N818 - named by what happened
    """The organization is not visible to this key (403 or 404): a legal answer, and nothing to judge."""


def _recorded(interaction: Interaction | None, request: str) -> Interaction:
    if interaction is None:
        raise NotJudged(f"not recorded: {request}")
    if interaction.failure == "undecodable":
        raise InvalidResponse("The body could not be decoded when this was recorded.")
    if interaction.failure is not None:
        raise ConnectionFailed("No whole response came when this was recorded.")
    return interaction


class Witness:
    """One run's access to the API."""

    def __init__(self, config: Config) -> None:
        self.config = config
        self.rng = Random(config.seed)  # noqa: S311 - reproducible choices, no secrets
        self.now = config.clock()
        """When the run began, in seconds since the epoch."""
        self.answers: list[Answer] = []
        """Every answer so far, in the order of the questions."""
        self.requests = 0
        """Requests sent so far, retries included."""
        self._pace = (config.max_requests, 0.0)
        """After how many requests to pause, and for how long: learned from refusals with a short ``Retry-After``."""
        self._since_refusal = 0
        self.tallies: dict[str, Tally] = {}
        """The shapes of all answers by operation, once they are counted."""
        self.drift: tuple[Difference, ...] | NotJudged | None = None
        """How the API's own spec differs from the contract, or why nobody knows; ``None`` until it is asked for."""
        self.rate_limit: tuple[int, int] | None = None
        """The fewest requests that were left in a rate-limit period, and the period's limit; ``None`` if never said."""
        self._memory: dict[tuple[str, str, str | None], Answer] = {}
        self._histories: dict[tuple[str, int], History] = {}
        self._stopped: NotJudged | None = None

    @cached_property
    def _transport(self) -> Transport:
        return self._open(self.config.api_key)

    def _open(self, key: str) -> Transport:
        config = self.config
        return Transport(
            config.base_url,
            key,
            timeout=config.timeout,
            retries=RetryPolicy(TRIES, PATIENCE),
            on_request=self._spend,
            on_response=self._note,
        )

    def close(self) -> None:
        """Close the connections, if any were opened."""
        if "_transport" in self.__dict__:
            self._transport.close()

    def _spend(self, url: str) -> None:
        if self.requests >= self.config.max_requests:
            budget = self.config.max_requests
            raise self._stop(f"the budget of {budget} requests is spent: raise it with --max-requests")
        if self.rate_limit and self.rate_limit[0] < self.rate_limit[1] // 10:
            time.sleep(SLOW)
        burst, pause = self._pace
        if self._since_refusal >= burst:
            time.sleep(pause)
            self._since_refusal = 0
        self._since_refusal += 1
        self.requests += 1

    def _note(self, attempt: Attempt) -> None:
        if attempt.status == 429 and (attempt.retry_after or 0) <= SHORT:
            self._pace = max(1, self._since_refusal - 1), attempt.retry_after or 1.0
            self._since_refusal = 0
        left, limit = attempt.calls_remaining, attempt.rate_limit
        if left is not None and limit is not None and (self.rate_limit is None or left < self.rate_limit[0]):
            self.rate_limit = left, limit

    def _stop(self, reason: str) -> NotJudged:
        """Remember why no further question makes sense."""
        self._stopped = NotJudged(reason)
        return self._stopped

    def ask(
        self,
        operation: str,
        parameters: Parameters,
        *,
        again: bool = False,
        key: str | None = "own",
        legitimate: bool = True,
    ) -> Answer:
        """Put one question and give the answer, whatever its status.

        Args:
            operation: the operation's id.
            parameters: path and query parameters.
            again: ask even if the question was answered before.
            key: ``own``, ``wrong`` or ``None`` for no key.
            legitimate: whether the documentation promises a 200. The shape checks look at such answers, and at any 200.

        Raises:
            NotJudged: the budget or the rate limit is spent, the API is unreachable or unavailable, the key refused.
        """
        request = request_of(operation, parameters)
        memory = (operation, request, key)
        if not again and memory in self._memory:
            return self._memory[memory]
        if self._stopped:
            raise self._stopped
        found = self._answered(lambda: self._send(operation, parameters, CREDENTIALS[key]))
        status = found.status or 0
        promised = key == "own" and (legitimate or status == 200)
        answer = Answer(operation, request, status, found.headers, found.body, parameters, promised)
        if answer.status == 429:
            raise self._stop(f"the rate limit is spent: {request} answered 429, after retries as well")
        if answer.status in RETRY_STATUSES:
            raise NotJudged(f"{request} answered {answer.status}, after retries as well")
        if answer.status == 401 and key == "own":
            raise self._stop("the API refused the key (401): set CIVIS_API_KEY to a valid one")
        self._memory[memory] = answer
        self.answers.append(answer)
        return answer

    def fetch(self, path: str) -> Response:
        """Ask for what is no operation, and give the answer, whatever its status; no check of answers looks at it.

        Raises:
            NotJudged: as :meth:`ask`.
            Unusable: the body cannot be decoded.
        """
        if self._stopped:
            raise self._stopped
        return self._answered(lambda: self._transport.get(path))

    def _send(self, operation: str, parameters: Parameters, credentials: Credentials) -> Interaction:
        if self.config.replay is not None:
            return _recorded(self.config.replay(operation, parameters, credentials), request_of(operation, parameters))
        sent = Interaction(operation, dict(parameters), credentials, datetime.now(UTC))
        try:
            response = self._get(request_of(operation, parameters), credentials)
        except (ConnectionFailed, InvalidResponse) as error:
            self._keep(replace(sent, failure="unreachable" if isinstance(error, ConnectionFailed) else "undecodable"))
            raise
        headers = {name.lower(): value for name, value in response.headers.items()}
        return self._keep(replace(sent, status=response.status_code, headers=headers, body=response.content))

    def _keep(self, interaction: Interaction) -> Interaction:
        if self.config.on_interaction is not None:
            self.config.on_interaction(interaction)
        return interaction

    def _answered(self, ask: Callable[[], T]) -> T:
        try:
            return ask()
        except ConnectionFailed as error:
            raise NotJudged(str(error)) if self.answers else self._stop(str(error)) from error
        except InvalidResponse as error:
            raise Unusable(str(error)) from error

    def _get(self, request: str, credentials: Credentials) -> Response:
        if credentials is Credentials.INVALID:
            with self._open(WRONG_KEY) as stranger:
                return stranger.get(request)
        return self._transport.get(request, auth=credentials is Credentials.VALID)

    @property
    def summary_decimals(self) -> int:
        """The decimals of the summaries seen so far, 2 at least: how coarsely they may be rounded."""
        decimals = [2]
        for answer in self.answers:
            if answer.operation == "get_llm_organization_summary" and answer.status == 200 and answer.is_json:
                shown = answer.json.get("credits") if isinstance(answer.json, dict) else None
                if isinstance(shown, float):
                    decimals.append(decimals_of(shown))
        return max(decimals)

    def shows_usage(self, operation: str) -> bool:
        """Whether the organization named first has shown any usage in the questions so far."""
        known = self._histories.get((operation, self.organizations[0]))
        return known is not None and bool(known.records)

    def records(self, operation: str, parameters: Parameters, *, again: bool = False) -> tuple[list[Record], str]:
        """Ask for a list; give its records, and the request.

        Raises:
            Unusable: the answer is no list (the shape checks report it).
            Hidden: 403 or 404 for a named organization.
            NotJudged: as :meth:`ask`.
        """
        answer = self.ask(operation, parameters, again=again)
        if answer.status in (403, 404) and "org_id" in parameters:
            raise Hidden(f"{answer.request} answered {answer.status}")
        if answer.status != 200:
            raise Unusable(f"{answer.request} answered {answer.status}")
        if not isinstance(answer.json, list):
            raise Unusable(f"{answer.request} answered no list")
        return answer.records, answer.request

    def summary(self, org_id: int, parameters: Parameters, *, again: bool = False) -> tuple[float, str]:
        """Ask for a summary; give its credits, and the request.

        Raises:
            Unusable: the answer is no summary.
            Hidden: 403 or 404.
            NotJudged: as :meth:`ask`.
        """
        answer = self.ask("get_llm_organization_summary", {"org_id": org_id, **parameters}, again=again)
        if answer.status in (403, 404):
            raise Hidden(f"{answer.request} answered {answer.status}")
        if answer.status != 200:
            raise Unusable(f"{answer.request} answered {answer.status}")
        body = answer.json
        if not isinstance(body, Mapping) or not isinstance(body.get("credits"), int | float):
            raise Unusable(f"{answer.request} answered no summary")
        return float(body["credits"]), answer.request

    def history(self, operation: str, org: int) -> History:
        """Give what is known of an organization's usage: explored once, at the first call."""
        known = self._histories.get((operation, org))
        if known is None:
            known = History.explore(self, operation, org, thorough=org == self.organizations[0])
            self._histories[(operation, org)] = known
        return known

    def histories(self, operation: str) -> Iterator[History]:
        """Give the history of each organization that the key may see, the one named first in front."""
        for org in self.organizations:
            try:
                yield self.history(operation, org)
            except Hidden:
                continue

    @property
    def looked_at(self) -> tuple[int, ...]:
        """The organizations named by the user, or found so far."""
        return self.organizations if "organizations" in self.__dict__ else self.config.organizations

    @cached_property
    def organizations(self) -> tuple[int, ...]:
        """The organizations to look at: those named by the user, else the one that the API shows most of."""
        if self.config.organizations:
            return self.config.organizations
        counts: dict[int, int] = {}
        for days in (40, 400, 4000):
            start = datetime.fromtimestamp(self.now - days * DAY, UTC).strftime("%Y-%m-%dT00:00:00Z")
            end = datetime.fromtimestamp(self.now, UTC).strftime("%Y-%m-%dT00:00:00Z")
            found, _ = self.records("list_llm", {"start_date": start, "end_date": end})
            for record in found:
                if isinstance(record.org, int):
                    counts[record.org] = counts.get(record.org, 0) + 1
            if counts:
                return (max(counts, key=lambda org: counts[org]),)
        raise NotJudged("the API shows no usage to this key without an organization: name one with --org-id")
