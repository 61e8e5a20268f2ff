"""The check on a recording: the same run as when it was recorded, answered from its interactions."""

from __future__ import annotations

import json
from collections import defaultdict, deque
from collections.abc import Iterable, Mapping
from typing import Any

from civis_usage.contract_tests.config import Config

from .cassette import Credentials, Interaction, Recording

__all__ = ["Replay", "replay_config"]


class Replay:
    """Answers each request with the interaction that was recorded for it, each once, in their order."""

    def __init__(self, interactions: Iterable[Interaction]) -> None:
        self._left: dict[str, deque[Interaction]] = defaultdict(deque)
        for each in interactions:
            self._left[_key(each.operation, each.params, each.credentials)].append(each)

    def __call__(self, operation: str, params: Mapping[str, Any], credentials: Credentials) -> Interaction | None:
        """Return the next interaction of a request; ``None`` where none was recorded."""
        left = self._left.get(_key(operation, params, credentials))
        return left.popleft() if left else None


def replay_config(recording: Recording, **more: Any) -> Config:
    """Return the settings that repeat the run of ``recording``; ``more`` are further fields of the config."""
    return Config(
        base_url=recording.base_url,
        api_key="",
        organizations=recording.organizations,
        start=recording.start,
        end=recording.end,
        seed=recording.seed,
        now=lambda: recording.recorded_at,
        replay=Replay(recording.interactions),
        **more,
    )


def _key(operation: str, params: Mapping[str, Any], credentials: Credentials) -> str:
    return json.dumps([operation, dict(params), credentials], sort_keys=True)
