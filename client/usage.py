"""The client: one method per operation, with the signatures of ``civis.APIClient().usage``."""

from __future__ import annotations

import operator
import threading
import time
import warnings
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any, Self

from .parsing import parse_list, parse_object
from .records import LLMOrganizationSummary, LLMUsage, MatchingUsage, Records
from .retries import RetryPolicy
from .transport import MAX_BODY, Attempt, Timeout, Transport

__all__ = ["Moment", "UsageClient"]

Moment = str | date | datetime
"""A bound of a window. A ``datetime`` without a time zone is UTC; a ``date`` is midnight UTC at its start, for both
bounds (so ``end_date=date(2026, 5, 1)`` takes in all of April); a string is sent as it is."""


class UsageClient:
    """The ``/usage`` resource of the Civis Platform API.

    ::

        with UsageClient() as client:  # key and endpoint from CIVIS_API_KEY and CIVIS_API_ENDPOINT
            for record in client.list_llm(org_id=1, start_date=date(2026, 4, 1)):
                print(record.run_created_at, record.credits)

    A list of records is a list; with pandas installed, its ``to_pandas()`` returns a data frame.

    Threads may share a client; connections are kept open and used again. A request is sent again after 429, 502, 503
    and 504 and after a lost connection, with growing waits of at least ``Retry-After``.

    Args:
        api_key: ``None`` for ``CIVIS_API_KEY`` in the environment.
        base_url: with or without a slash at its end; ``None`` for ``CIVIS_API_ENDPOINT``, else the live API.
        timeout: seconds for connecting and for each wait for bytes; one number, or a pair.
        deadline: seconds for a whole response, however slowly the bytes come; ``None`` for no limit.
        max_body: bytes that a response may have, unpacked; more is not read.
        retries: requests after the first one, for each call; 0 for none.
        max_wait: seconds that the retries of one call may take altogether.
        on_response: called after each request, retries included, with what came of it.
        sleep: waits between requests.

    Raises:
        ConfigurationError: where there is no key, or the key or URL cannot be used.

    The methods raise :class:`~civis_usage.client.UsageError`; its module draws the tree.
    """

    def __init__(
        self,
        api_key: str | None = None,
        base_url: str | None = None,
        *,
        timeout: Timeout = (5.0, 60.0),
        deadline: float | None = None,
        max_body: int = MAX_BODY,
        retries: int = 9,
        max_wait: float = 600.0,
        on_response: Callable[[Attempt], None] | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ):
        self._on_response = on_response
        self._local = threading.local()
        self._transport = Transport(
            base_url,
            api_key,
            timeout=timeout,
            deadline=deadline,
            max_body=max_body,
            retries=RetryPolicy(retries + 1, max_wait),
            on_response=self._note,
            sleep=sleep,
        )

    @property
    def base_url(self) -> str:
        """Where the API is, without a slash at the end."""
        return self._transport.base_url

    @property
    def last_response(self) -> Attempt | None:
        """This thread's latest request and what came of it, with the rate limit's figures; ``None`` before the first.

        ``client.last_response.calls_remaining`` of ``client.last_response.rate_limit`` are left in this period.
        """
        return getattr(self._local, "last", None)

    def get_llm(self, id: int) -> LLMUsage:  # noqa: A002 - civis's name
        """Return one LLM usage record by its id. ``GET /usage/llm/{id}``.

        Raises:
            NotFound: if there is none, or it is not visible with this key.
        """
        return parse_object(self._transport.get(f"/usage/llm/{_integer('id', id)}"), LLMUsage, self._transport.secret)

    def list_llm(
        self, *, org_id: int | None = None, start_date: Moment | None = None, end_date: Moment | None = None
    ) -> Records[LLMUsage]:
        """Return all LLM usage records of an organization in a window. ``GET /usage/llm``.

        Args:
            org_id: left out: as the API chooses, probably the caller's own organization (assumed).
            start_date: with neither date given, the start of the current month.
            end_date: with neither date given, the end of the current day.
        """
        query = _query(org_id=org_id, start_date=start_date, end_date=end_date)
        return parse_list(self._transport.get("/usage/llm", query), LLMUsage, self._transport.secret)

    def get_llm_organization_summary(
        self, org_id: int, *, start_date: Moment | None = None, end_date: Moment | None = None
    ) -> LLMOrganizationSummary:
        """Return an organization's LLM credits in a window. ``GET /usage/llm/organization/{org_id}/summary``.

        Args:
            start_date: with neither date given, the start of the current month.
            end_date: with neither date given, the end of the current day.
        """
        path = f"/usage/llm/organization/{_integer('org_id', org_id)}/summary"
        query = _query(start_date=start_date, end_date=end_date)
        return parse_object(self._transport.get(path, query), LLMOrganizationSummary, self._transport.secret)

    def list_llm_organization_summary(
        self, org_id: int, *, start_date: Moment | None = None, end_date: Moment | None = None
    ) -> LLMOrganizationSummary:
        """Return what :meth:`get_llm_organization_summary` returns: its old, deprecated name, which warns."""
        warnings.warn(
            "list_llm_organization_summary is deprecated: call get_llm_organization_summary, which returns the same.",
            FutureWarning,
            stacklevel=2,
        )
        return self.get_llm_organization_summary(org_id, start_date=start_date, end_date=end_date)

    def list_matching(
        self,
        *,
        org_id: int | None = None,
        task: str | None = None,
        start_date: Moment | None = None,
        end_date: Moment | None = None,
    ) -> Records[MatchingUsage]:
        """Return all matching usage records of an organization in a window. ``GET /usage/matching``.

        Args:
            task: only runs of this kind, ``IDR`` or ``CDM``.
            start_date: no default is documented, so without dates the answer may cover all time.
        """
        query = _query(org_id=org_id, task=task, start_date=start_date, end_date=end_date)
        return parse_list(self._transport.get("/usage/matching", query), MatchingUsage, self._transport.secret)

    def close(self) -> None:
        """Close the connections; a later call opens new ones."""
        self._transport.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"UsageClient(base_url={self.base_url!r})"

    def _note(self, attempt: Attempt) -> None:
        self._local.last = attempt
        if self._on_response is not None:
            self._on_response(attempt)


def _query(**parameters: Any) -> dict[str, str | int]:
    return {name: _rendered(name, value) for name, value in parameters.items() if value is not None}


def _rendered(name: str, value: Any) -> str | int:
    if name == "org_id":
        return _integer(name, value)
    if isinstance(value, datetime):
        aware = value if value.tzinfo else value.replace(tzinfo=UTC)
        return aware.astimezone(UTC).isoformat().replace("+00:00", "Z")
    if isinstance(value, date):
        return f"{value.isoformat()}T00:00:00Z"
    if isinstance(value, str):
        return value
    raise TypeError(f"{name} must be a string, a date or a datetime, not {value!r}")


def _integer(name: str, value: Any) -> int:
    try:
        return operator.index(value)
    except TypeError:
        raise TypeError(f"{name} must be an integer, not {value!r}") from None
