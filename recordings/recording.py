"""What a recording holds, as values."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

__all__ = ["MAX_AGE", "Exchange", "Recording"]

MAX_AGE = 90
"""Days after which a recording is said to be old, where nothing else is told."""


@dataclass(frozen=True)
class Exchange:
    """One question and what came of it, both with identifiers replaced."""

    operation: str
    parameters: Mapping[str, Any]
    """Path and query parameters by their documented names."""
    key: str | None
    """Which key it was asked with: ``own``, ``wrong``, or ``None`` for none."""
    status: int | None = None
    """The HTTP status; ``None`` where no whole answer came."""
    headers: Mapping[str, str] = field(default_factory=dict)
    """The contract's headers only, names in lower case."""
    body: Any = None
    """The body, where it is JSON."""
    text: str | None = None
    """What stands for a body that is not JSON; ``None`` where it is."""
    failure: str | None = None
    """Why no whole answer came, ``unreachable`` or ``undecodable``; ``None`` where one did."""

    @property
    def content(self) -> bytes:
        """The body as it would come over the wire."""
        text = json.dumps(self.body, separators=(",", ":")) if self.text is None else self.text
        return text.encode()


@dataclass(frozen=True)
class Recording:
    """One run's answers, and all that is needed to ask the same questions again."""

    kit: str
    """The version of the kit that made it."""
    made_at: datetime
    """When it was made, as the clock said; aware."""
    made_from: str
    """The base URL, without credentials."""
    start: datetime | None
    """The window that was asked for; ``None`` where it was left to the check. Moved where the recording is blurred."""
    end: datetime | None
    organizations: tuple[int, ...]
    """The organizations in it, by the numbers that replace theirs."""
    blurred: bool
    """Whether times are moved and amounts scaled."""
    now: datetime
    """The moment at which the check was asked, moved where the recording is blurred."""
    seed: int
    """The seed of the check's choices."""
    named: tuple[int, ...]
    """The organizations that the user named, by the numbers that replace theirs; none where the API was asked."""
    summary_decimals: int | None
    """How coarsely the API's summaries were rounded, where scaling hides that."""
    exchanges: tuple[Exchange, ...]

    def aged(self, most: int = MAX_AGE) -> str | None:
        """Say in words that it is older than ``most`` days, by the machine's clock; ``None`` where it is not."""
        days = (datetime.now(UTC) - self.made_at).days
        return f"was recorded {days} days ago, and may no longer show what the API does" if days > most else None
