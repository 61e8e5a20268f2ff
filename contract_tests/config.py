"""What one run of the check is told: whom to ask, with which key, about what, and how gently."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from civis_usage.contract_tests.relay import Relay
from civis_usage.contract_tests.results import Waiver

__all__ = ["Config", "moment"]


@dataclass(frozen=True)
class Config:
    """What one run is told. All times are aware."""

    base_url: str
    """Scheme, host and path of the API, without credentials."""
    api_key: str = field(repr=False)
    organizations: tuple[int, ...] = ()
    """The organizations to ask about; with none named, those that the API shows of itself."""
    start: datetime | None = None
    """Look at no usage before this moment."""
    end: datetime | None = None
    """Look at no usage after this moment."""
    max_requests: int = 60
    """The request budget, retries included."""
    strict: bool = False
    """Whether a warning fails the run."""
    waivers: tuple[Waiver, ...] = ()
    allow_no_data: bool = False
    """Whether a run passes although an operation showed no usage."""
    with_drift: bool = False
    """Whether the API's own spec is compared with the contract too."""
    seed: int = 0
    """Decides which windows, records and tasks are looked at, where there is a choice."""
    timeout: float = 30.0
    """Seconds to wait for one answer."""
    now: Callable[[], datetime] | None = None
    """The clock; ``None`` for the machine's."""
    relay: Relay | None = None
    """Who stands between the check and the API; ``None`` to ask the API itself."""
    summary_decimals: int | None = None
    """How coarsely summaries were rounded, where amounts were scaled since; ``None`` to tell it from what they show."""


def moment(text: str, *, last: bool = False) -> datetime:
    """Read a day (``2026-01-31``: its first moment in UTC, or its last millisecond) or an ISO 8601 instant.

    Raises:
        ValueError: it is neither; the message is one sentence.

    """
    try:
        read = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f"{text!r} is no date: write it as 2026-01-31 or 2026-01-31T12:00:00Z.") from None
    if last and len(text) <= len("2026-01-31"):
        read += timedelta(days=1, milliseconds=-1)
    return read if read.tzinfo else read.replace(tzinfo=UTC)
