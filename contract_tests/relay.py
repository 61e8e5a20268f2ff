"""What may stand between the check and the API: who writes answers down, or gives those that were written down."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

__all__ = ["Parameters", "Relay", "Reply"]

Parameters = Mapping[str, Any]
"""Path and query parameters by their documented names."""


@dataclass(frozen=True)
class Reply:
    """What came back for a question."""

    status: int
    headers: Mapping[str, str]
    """Names in lower case."""
    content: bytes


class Relay(Protocol):
    """Answers a question of the check, with the API's help or without."""

    def __call__(
        self, operation: str, parameters: Parameters, key: str | None, send: Callable[[Parameters], Reply], /
    ) -> Reply:
        """Give the reply to a question.

        Args:
            operation: the operation's id.
            parameters: what the check asks with.
            key: ``own``, ``wrong`` or ``None`` for no key.
            send: asks the API for the same operation with parameters of the relay's choice.
        """
