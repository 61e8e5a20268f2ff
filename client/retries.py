"""When to ask again, and after how long.

As the published Python client does (documented): a GET is tried again after 429, 502, 503 and 504, with growing waits
with jitter, at least as long as ``Retry-After`` says, up to ten tries or 600 seconds. A connection that failed or was
lost is tried again as well, three times at most, so that a wrong address is told soon.
"""

from __future__ import annotations

import math
import random
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import NamedTuple

__all__ = ["RETRIED", "Retries", "retry_after"]

RETRIED = frozenset({429, 502, 503, 504})
"""The statuses after which a GET is tried again."""

_jitter = random.SystemRandom()
"""Chance that leaves the state of the module ``random``, which is its program's, as it is."""

_CONNECTION_TRIES = 3
_LONGEST_WAIT = 60.0


class Retries(NamedTuple):
    """How often, and for how long altogether."""

    tries: int = 10
    """Requests sent for one call at most; 1 for no retry."""
    max_wait: float = 600.0
    """Seconds from the first request to the start of the last one, at most."""

    def wait(self, attempt: int, elapsed: float, headers: Mapping[str, str] | None) -> float | None:
        """Give the seconds to wait after try number ``attempt`` (from 1), or ``None`` to give up.

        Args:
            elapsed: seconds since the first request was sent.
            headers: those of the answer; ``None`` where the connection failed.
        """
        tries = self.tries if headers is not None else min(self.tries, _CONNECTION_TRIES)
        if attempt >= tries:
            return None
        wait = max(_backoff(attempt), (headers is not None and retry_after(headers)) or 0.0)
        return wait if elapsed + wait <= self.max_wait else None


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Give the seconds that ``Retry-After`` asks for, from a number or an HTTP date; ``None`` where it says nothing."""
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
    longest = min(_LONGEST_WAIT, 0.5 * 2 ** (attempt - 1))
    return _jitter.uniform(longest / 2, longest)
