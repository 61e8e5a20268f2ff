"""When to send a request again, and after how long.

As the published Python client does (documented): a GET is sent again after 429, 502, 503 and 504, with growing delays
with jitter, at least as long as ``Retry-After`` says, up to ten attempts or 600 seconds. A connection that failed or
broke off is tried again as well, three times at most, so that a wrong address is reported soon.
"""

from __future__ import annotations

import math
import random
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import NamedTuple

__all__ = ["RETRY_STATUSES", "RetryPolicy", "retry_after"]

RETRY_STATUSES = frozenset({429, 502, 503, 504})
"""The statuses after which a GET is sent again."""

_jitter = random.SystemRandom()
"""Chance that leaves the state of the module ``random``, which is its program's, as it is."""

_CONNECTION_ATTEMPTS = 3
_MAX_BACKOFF = 60.0


class RetryPolicy(NamedTuple):
    """How often a request is sent, and for how long altogether."""

    attempts: int = 10
    """Requests sent for one call at most; 1 for no retry."""
    max_wait: float = 600.0
    """Seconds from the first request to the start of the last one, at most."""

    def delay(self, attempt: int, elapsed: float, headers: Mapping[str, str] | None) -> float | None:
        """Return the seconds to wait after attempt number ``attempt`` (from 1), or ``None`` to give up.

        Args:
            elapsed: seconds since the first request was sent.
            headers: those of the response; ``None`` where the connection failed.
        """
        attempts = self.attempts if headers is not None else min(self.attempts, _CONNECTION_ATTEMPTS)
        if attempt >= attempts:
            return None
        delay = max(_backoff(attempt), (headers is not None and retry_after(headers)) or 0.0)
        return delay if elapsed + delay <= self.max_wait else None


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Return the seconds of ``Retry-After``, a number or an HTTP date; ``None`` where it says nothing."""
    value = headers.get("Retry-After", "")
    try:
        seconds = float(value)
    except ValueError:
        until = _http_date(value)
        if until is None:
            return None
        seconds = (until - (_http_date(headers.get("Date", "")) or datetime.now(UTC))).total_seconds()
    return max(0.0, seconds) if math.isfinite(seconds) else None


def _http_date(text: str) -> datetime | None:
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _backoff(attempt: int) -> float:
    longest = min(_MAX_BACKOFF, 0.5 * 2 ** (attempt - 1))
    return _jitter.uniform(longest / 2, longest)
