"""The check on a recording: the same questions as when it was made, answered from the file."""

from __future__ import annotations

import json
from collections import defaultdict, deque
from collections.abc import Callable
from typing import Any

from civis_usage.client.errors import ConnectionFailed, InvalidResponse
from civis_usage.contract_tests.config import Config
from civis_usage.contract_tests.relay import Parameters, Reply
from civis_usage.contract_tests.witness import NotJudged, request_of
from civis_usage.recordings.recording import Exchange, Recording

__all__ = ["Replay", "config_of"]


class Replay:
    """Answers each question with the answer that it got then, in the order in which it was asked."""

    def __init__(self, recording: Recording) -> None:
        self._answers: dict[str, deque[Exchange]] = defaultdict(deque)
        for exchange in recording.exchanges:
            self._answers[_question(exchange.operation, exchange.parameters, exchange.key)].append(exchange)

    def __call__(
        self, operation: str, parameters: Parameters, key: str | None, send: Callable[[Parameters], Reply], /
    ) -> Reply:
        """Give the recorded reply.

        Raises:
            NotJudged: there is none.
            ConnectionFailed, InvalidResponse: there was no whole answer then.
        """
        answers = self._answers.get(_question(operation, parameters, key))
        if not answers:
            raise NotJudged(f"not recorded: {request_of(operation, parameters)}")
        exchange = answers.popleft()
        if exchange.failure == "undecodable":
            raise InvalidResponse("The body could not be decoded when this was recorded.")
        if exchange.status is None:
            raise ConnectionFailed("No whole answer came when this was recorded.")
        return Reply(exchange.status, exchange.headers, exchange.content)


def config_of(recording: Recording, **more: Any) -> Config:
    """Give the run that asks ``recording`` what the API was asked; ``more`` are further fields of the config."""
    return Config(
        base_url=recording.made_from,
        api_key="",
        organizations=recording.named,
        start=recording.start,
        end=recording.end,
        seed=recording.seed,
        now=lambda: recording.now,
        relay=Replay(recording),
        summary_decimals=recording.summary_decimals,
        **more,
    )


def _question(operation: str, parameters: Parameters, key: str | None) -> str:
    return json.dumps([operation, dict(parameters), key], sort_keys=True)
