"""The settings of one run of the check."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from civis_usage.client.errors import ConfigurationError
from civis_usage.client.transport import MAX_BODY
from civis_usage.schemas import OPERATIONS
from civis_usage.schemas.behavior import Choice

if TYPE_CHECKING:
    from requests.adapters import BaseAdapter

__all__ = ["MAX_RETRY_AFTER", "Config", "Journal", "Request", "Waiver", "parse_date"]

MAX_REQUESTS = 72
"""The request budget for one organization; it is MORE_REQUESTS larger for each further one."""
MORE_REQUESTS = 12
MAX_RETRY_AFTER = 330.0
"""Seconds that a run waits because the API asks for it: a little more than one of its rate-limit periods."""
_DAY = 86400
_EARLIEST = 1262304000
"""2010-01-01, before any usage of the platform."""
_MIN_LOOKBACK = 500 * _DAY
"""What is looked at before ``end``, where that lies before any usage of the platform."""

Request = tuple[str, tuple[tuple[str, Any], ...]]
"""An operation, and its parameters."""


@dataclass(frozen=True)
class Waiver:
    """A deviation that a user knows and accepts."""

    check: str
    reason: str
    field: str | None = None
    expires: str | None = None
    """The last day on which it holds, ``YYYY-MM-DD``."""


@dataclass(frozen=True)
class Journal:
    """The requests of a journal file that can be sent, and what was left out. The fake answered each with success."""

    file: str
    """The file's name, without its folder."""
    requests: tuple[Request, ...]
    """Those to send, in this order."""
    left_out: Mapping[str, int]
    """How many of its requests are not among them, by the reason."""

    def for_organizations(self, organizations: tuple[int, ...]) -> tuple[Request, ...]:
        """Return the requests with the first of ``organizations`` in place of any other: tests have some of their own.

        Those that become the same are one.
        """
        if not organizations:
            return self.requests
        return tuple(
            dict.fromkeys(
                (
                    operation,
                    tuple((name, _stand_in(name, value, organizations)) for name, value in params),
                )
                for operation, params in self.requests
            )
        )

    def replaced(self, organizations: tuple[int, ...]) -> tuple[int, ...]:
        """Return the organizations in whose place the first of ``organizations`` is asked about."""
        named = (value for _, params in self.requests for name, value in params if name == "org_id")
        ids = {value for value in named if isinstance(value, int) and value not in organizations}
        return tuple(sorted(ids)) if organizations else ()


def _stand_in(name: str, value: Any, organizations: tuple[int, ...]) -> Any:
    return organizations[0] if name == "org_id" and isinstance(value, int) and value not in organizations else value


@dataclass(frozen=True)
class Config:
    """What to check, with which limits, and how to judge it. All times are aware.

    Raises:
        ConfigurationError: it cannot be run: the window is empty, a number too small. The message names the option.
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
    max_requests: int | None = None
    """The request budget, retries included; ``None`` for 72, and more for organizations and :attr:`requests`."""
    deadline: float = 60.0
    """Seconds that the API may take altogether, without the waiting that it asks for (``Retry-After``)."""
    max_body: int = MAX_BODY
    """Bytes that a response may have, unpacked, and all together that the run keeps."""
    strict: bool = False
    """Whether a warning fails the run."""
    waivers: tuple[Waiver, ...] = ()
    allow_no_data: bool | tuple[str, ...] = False
    """Whether a run passes although an operation showed no usage; or which operations may show none."""
    behavior: Mapping[str, Choice] | None = None
    """The answers to open questions that the API is compared with; ``None`` for the fake's defaults."""
    with_drift: bool = False
    """Whether the API's own spec is compared with the contract too."""
    seed: int = 0
    """Decides which windows, records and tasks are looked at, where there is a choice."""
    timeout: float = 30.0
    """Seconds to wait for one answer."""
    requests: Journal | None = None
    """What is requested first: the requests that a user's program sends."""
    now: Callable[[], datetime] | None = None
    """The clock where the API sends no ``Date``; ``None`` for the machine's."""
    sleep: Callable[[float], None] = time.sleep
    """Waits before a request is sent again."""
    adapter: BaseAdapter | None = None
    """How ``requests`` sends, such as to an application in this process; ``None`` for the network."""

    def __post_init__(self) -> None:
        if self.max_requests is not None and self.max_requests < 1:
            raise ConfigurationError(f"--max-requests {self.max_requests} allows no request: set it to 1 or more.")
        if not 1 <= self.deadline <= _DAY:
            raise ConfigurationError(f"--deadline {self.deadline:g} is not in the range 1<=x<={_DAY}: name seconds.")
        for name in self.operations_without_data:
            if name not in OPERATIONS:
                raise ConfigurationError(
                    f"--allow-no-data {name} is not an operation: name some of {', '.join(OPERATIONS)}."
                )
        for org in self.organizations:
            if org < 0:
                raise ConfigurationError(f"--org-id {org} is not an organization's id: use 0 or more.")
        if self.start and self.end and int(self.start.timestamp()) >= int(self.end.timestamp()):
            raise ConfigurationError(_reversed(self.start, self.end))
        earliest, settled = self.bounds(self.clock())
        if self.start and earliest >= settled:
            raise ConfigurationError(
                f"--start-date {_format(self.start)} leaves nothing to look at: only what is a day old is settled, so "
                f"name {datetime.fromtimestamp(settled, UTC):%Y-%m-%d} or an earlier day."
            )

    @property
    def budget(self) -> int:
        """The requests that may be sent, retries included."""
        if self.max_requests is not None:
            return self.max_requests
        of_program = len(self.requests.requests) if self.requests else 0
        return MAX_REQUESTS + MORE_REQUESTS * max(0, len(self.organizations) - 1) + of_program

    @property
    def operations_without_data(self) -> tuple[str, ...]:
        """The operations that may show no usage."""
        allowed = self.allow_no_data
        return allowed if isinstance(allowed, tuple) else tuple(OPERATIONS) if allowed else ()

    def clock(self) -> int:
        """Return what time it is, in seconds since the epoch."""
        return int((self.now() if self.now else datetime.now(UTC)).timestamp())

    def bounds(self, now: int) -> tuple[int, int]:
        """Return the earliest and the latest instant that windows reach whose responses are settled at ``now``.

        They end at a whole minute a day before, or where the user said.
        """
        settled = (now - _DAY) // 60 * 60 - 23
        if self.end:
            settled = min(settled, int(self.end.timestamp()))
        return int(self.start.timestamp()) if self.start else min(_EARLIEST, settled - _MIN_LOOKBACK), settled


def _reversed(start: datetime, end: datetime) -> str:
    if start > end:
        return f"--start-date is later than --end-date ({_format(start)}, {_format(end)}): swap them."
    return f"--start-date and --end-date are the same moment ({_format(start)}): name a later one with --end-date."


def _format(at: datetime) -> str:
    """Return a moment as a user writes it: as a day, where it is the first or the last moment of one."""
    day = at.replace(hour=0, minute=0, second=0, microsecond=0)
    whole = at.tzinfo is UTC and at - day in (timedelta(0), timedelta(days=1, milliseconds=-1))
    return at.strftime("%Y-%m-%d") if whole else at.isoformat()


def parse_date(text: str, *, last: bool = False) -> datetime:
    """Return a day (``2026-01-31``: its first moment in UTC, or its last millisecond) or an ISO 8601 instant.

    Raises:
        ValueError: it is neither; the message is one sentence.

    """
    try:
        read = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f"{text!r} is not a date: write it as 2026-01-31 or 2026-01-31T12:00:00Z.") from None
    if last and len(text) <= len("2026-01-31"):
        read += timedelta(days=1, milliseconds=-1)
    return read if read.tzinfo else read.replace(tzinfo=UTC)
