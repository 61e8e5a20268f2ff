"""What one run of the check is told: whom to ask, with which key, about what, and how gently."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from civis_usage.client.errors import ConfigurationError
from civis_usage.contract_tests.recording.cassette import Credentials, Interaction
from civis_usage.contract_tests.results import Waiver
from civis_usage.contract_tests.windows import DAWN, DAY, stamp

__all__ = ["Config", "moment"]


YEAR_AND_MORE = 500 * DAY
"""What is looked at before ``end``, where that lies before any usage of the platform."""


@dataclass(frozen=True)
class Config:
    """What one run is told. All times are aware.

    Raises:
        ConfigurationError: it cannot be asked: the window is empty, a number too small. The message names the option.
    """

    base_url: str
    """Scheme, host and path of the API, without credentials."""
    api_key: str = field(repr=False)
    organizations: tuple[int, ...] = ()
    """The organizations to ask about; with none named, the one that it shows most of."""
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
    replay: Callable[[str, Mapping[str, Any], Credentials], Interaction | None] | None = None
    """Answers requests from a recording, ``None`` for what was not recorded; left out, the API answers."""
    on_interaction: Callable[[Interaction], None] | None = None
    """Called with each request to an operation and what came of it, in their order."""

    def __post_init__(self) -> None:
        if self.max_requests < 1:
            raise ConfigurationError(f"--max-requests {self.max_requests} leaves nothing to ask: give 1 or more.")
        for org in self.organizations:
            if org < 0:
                raise ConfigurationError(f"--org-id {org} is no organization's id: give 0 or more.")
        if self.start and self.end and int(self.start.timestamp()) >= int(self.end.timestamp()):
            raise ConfigurationError(_reversed(self.start, self.end))
        dawn, horizon = self.closed(self.clock())
        if self.start and dawn >= horizon:
            raise ConfigurationError(
                f"--start-date {_written(self.start)} leaves nothing to look at: only what is a day old is settled, so "
                f"name {stamp(horizon)[:10]} or an earlier day."
            )

    def clock(self) -> int:
        """Give what time it is, in seconds since the epoch."""
        return int((self.now() if self.now else datetime.now(UTC)).timestamp())

    def closed(self, now: int) -> tuple[int, int]:
        """Give the earliest and the latest instant that windows reach to whose answers are settled at ``now``.

        They end at a whole minute a day before, or where the user said.
        """
        horizon = (now - DAY) // 60 * 60 - 23
        if self.end:
            horizon = min(horizon, int(self.end.timestamp()))
        return int(self.start.timestamp()) if self.start else min(DAWN, horizon - YEAR_AND_MORE), horizon


def _reversed(start: datetime, end: datetime) -> str:
    if start > end:
        return f"--start-date is later than --end-date ({_written(start)}, {_written(end)}): swap them."
    return f"--start-date and --end-date are the same moment ({_written(start)}): name a later one with --end-date."


def _written(at: datetime) -> str:
    """Write a moment as a user does: as a day, where it is the first or the last moment of one."""
    day = at.replace(hour=0, minute=0, second=0, microsecond=0)
    whole = at.tzinfo is UTC and at - day in (timedelta(0), timedelta(days=1, milliseconds=-1))
    return at.strftime("%Y-%m-%d") if whole else at.isoformat()


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
