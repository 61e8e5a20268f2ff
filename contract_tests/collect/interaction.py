"""A request of the check and what came of it."""

from __future__ import annotations

from codecs import BOM_UTF8
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import parsedate_to_datetime
from enum import StrEnum
from functools import cached_property
from typing import Any, NamedTuple
from urllib.parse import urlencode

from civis_usage.client.excerpts import explanation_of, sentence_of
from civis_usage.client.retries import RETRY_STATUSES
from civis_usage.schemas import OPERATIONS
from civis_usage.schemas.json_format import decode

from .record import Ignored, Record, as_json, excerpt, identity, record_of
from .window import DAY, FIRST, LAST, Window

__all__ = ["HICCUPS", "NONEXISTENT_ID", "SPEC", "Credentials", "Failure", "Interaction", "Query", "date_of"]

NONEXISTENT_ID = 9_007_199_254_740_991
"""An id that no usage has: the largest integer that every JSON reader keeps exact."""
HICCUPS = frozenset({408, *range(520, 525), 530})
"""Statuses of servers on the way, which pass as those do that the client retries; asked once more."""
SPEC = "spec"
"""The request for the API's own spec, which is not an operation of the contract."""
_SPEC_PATH = "/endpoints"


class Credentials(StrEnum):
    """Which key a request carried."""

    VALID = "valid"
    """The key, by HTTP Basic as the Python client sends it."""
    BEARER = "bearer"
    """The key, by ``Authorization: Bearer``."""
    INVALID = "invalid"
    """A wrong key, by ``Authorization: Bearer``."""
    NONE = "none"


_ACCEPTED = (Credentials.VALID, Credentials.BEARER)


class Failure(StrEnum):
    """Why there is no response."""

    UNREACHABLE = "unreachable"
    """No whole response came."""
    UNDECODABLE = "undecodable"
    """The body cannot be decoded, or is too large."""
    TIMEOUT = "timeout"
    """No whole response came in time."""
    SKIPPED = "skipped"
    """Not sent: the response might be very long, and other requests cover most of it."""
    UNSENT = "unsent"
    """Not sent: the run had ended (budget, deadline, key refused)."""


class Query(NamedTuple):
    """What to request."""

    operation: str
    params: tuple[tuple[str, Any], ...] = ()
    """Path and query parameters by their documented names."""
    credentials: Credentials = Credentials.VALID

    @classmethod
    def of(cls, operation: str, **params: Any) -> Query:
        """Return a query with the key and these parameters."""
        return cls(operation, tuple(params.items()))

    @property
    def target(self) -> str:
        """Path and query as they are sent: ``/usage/llm?org_id=1``."""
        path = _SPEC_PATH if self.operation == SPEC else OPERATIONS[self.operation].path
        inside = {name: value for name, value in self.params if f"{{{name}}}" in path}
        query = urlencode([(name, value) for name, value in self.params if name not in inside])
        return path.format(**inside) + (f"?{query}" if query else "")

    @property
    def is_promised(self) -> bool:
        """Whether the documentation promises a 200: every parameter can be read, and not one date stands alone."""
        params = dict(self.params)
        dates = [name for name in ("start_date", "end_date") if name in params]
        readable = Window.of(params) is not None and params.get("task") in (None, "IDR", "CDM")
        numbers = all(isinstance(params.get(name, 0), int) for name in ("org_id", "id"))
        known = NONEXISTENT_ID not in (params.get("id"), params.get("org_id"))
        return self.credentials in _ACCEPTED and readable and numbers and known and len(dates) != 1


@dataclass(frozen=True)
class Interaction:
    """One query, and its response or the reason why there is none."""

    operation: str
    params: Mapping[str, Any]
    credentials: Credentials
    sent_at: datetime
    status: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    """Names in lower case."""
    body: bytes = b""
    failure: str | None = None
    """A :class:`Failure`; ``None`` where a whole response came."""
    reason: str = field(default="", compare=False)
    """The failure in one sentence."""
    number: int = field(default=0, compare=False)
    """Its place in the run, from 0."""
    ignored: Ignored = field(default_factory=dict, compare=False, repr=False)
    """Fields of records that are wrong by their shape, and so left out of comparisons."""

    @cached_property
    def query(self) -> Query:
        """What was requested."""
        return Query(self.operation, tuple(self.params.items()), self.credentials)

    @cached_property
    def request(self) -> str:
        """Path and query as they were sent."""
        return self.query.target

    @cached_property
    def at(self) -> int:
        """When it was answered by the API's clock (``Date``), or sent by this machine's; seconds since the epoch."""
        at = date_of(self.headers)
        return int(self.sent_at.timestamp()) if at is None else at

    @cached_property
    def window(self) -> Window | None:
        """The window that the dates name; ``None`` where they cannot be read."""
        return Window.of(self.params)

    @property
    def has_offsets(self) -> bool:
        """Whether its dates have UTC offsets."""
        return self.window is not None and not self.window.params.items() <= self.params.items()

    @property
    def org(self) -> int | None:
        """The organization that was requested."""
        return self.params.get("org_id")

    @property
    def is_valid(self) -> bool:
        """Whether the request carried the key."""
        return self.credentials in _ACCEPTED

    @property
    def is_promised(self) -> bool:
        """Whether this is a response that the contract describes: a promised 200, or a success to the key."""
        succeeded = self.status is not None and 200 <= self.status < 300
        return self.failure is None and self.is_valid and (succeeded or self.query.is_promised)

    @property
    def is_error(self) -> bool:
        """Whether the body is an error as the API writes it: a JSON object that says ``error``."""
        return isinstance(self.json, dict) and isinstance(self.json.get("error"), str)

    @property
    def is_foreign(self) -> bool:
        """Whether a promised response is another server's 403 or 404: the API's own say ``error`` in JSON."""
        if self.failure is not None or self.status not in (403, 404) or not self.query.is_promised:
            return False
        return not self.is_error

    @property
    def is_hidden(self) -> bool:
        """Whether the API itself refuses a promised response by 403 or 404: there is nothing, or not for this key."""
        refused = self.failure is None and self.status in (403, 404)
        return refused and self.query.is_promised and not self.is_foreign

    @property
    def unavailable(self) -> str | None:
        """Why the response says nothing of the contract (none came, or a passing outage); ``None`` where it does."""
        if self.failure in (Failure.UNSENT, Failure.SKIPPED):
            return self.reason or _REASONS[Failure(self.failure)].format(self.request)
        reason = self._reason
        return None if reason is None else f"{self.operation} is not available: {reason}"

    @property
    def _reason(self) -> str | None:
        if self.failure is not None:
            return self.reason or _REASONS[Failure(self.failure)].format(self.request)
        if self.status in RETRY_STATUSES | HICCUPS:
            return self.reason or f"{self.request} answered {self.status}{explanation_of(self.body)}"
        if self.is_foreign:
            came = sentence_of(self.body) or excerpt(self.body) or "nothing but headers"
            return f"{self.request} answered {self.status}, which is not the API's answer; this came: {came}"
        return None

    @property
    def media_type(self) -> str:
        """The content type without its parameters, in lower case."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()

    @cached_property
    def _parsed(self) -> tuple[Any, str | None, Counter[str]]:
        repeated: Counter[str] = Counter()

        def read_object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
            read = dict(pairs)
            if len(read) < len(pairs):
                repeated.update(name for name, count in Counter(name for name, _ in pairs).items() if count > 1)
            return read

        try:
            if self.body.startswith(BOM_UTF8):
                raise ValueError("it begins with a byte order mark, which JSON must not have")
            return decode(self.body.decode("utf-8"), object_pairs_hook=read_object), None, repeated
        except UnicodeDecodeError as error:
            return None, f"byte {error.start + 1} is not UTF-8", repeated
        except ValueError as error:
            return None, str(error), repeated

    @property
    def json(self) -> Any:
        """The body as JSON, read strictly: UTF-8, no ``NaN``; ``None`` where it is not JSON."""
        return self._parsed[0]

    @property
    def json_error(self) -> str | None:
        """Why the body is not JSON; ``None`` where it is."""
        return self._parsed[1]

    @property
    def repeated_names(self) -> Counter[str]:
        """The names that stand more than once in one object, and the number of such objects."""
        return self._parsed[2]

    @property
    def looks_like_api(self) -> bool:
        """Whether this is a 200 with JSON, even if it stands after a byte order mark or inside a string."""
        return self.status == 200 and self.body.removeprefix(BOM_UTF8).lstrip()[:1] in (b"[", b"{", b'"')

    @cached_property
    def items(self) -> list[Any]:
        """The items of the list, or the one object; nothing where the body is not JSON."""
        if self.json_error is not None:
            return []
        return self.json if isinstance(self.json, list) else [self.json]

    @cached_property
    def texts(self) -> list[str]:
        """Each of ``items`` as compact JSON."""
        return list(map(as_json, self.items))

    @property
    def bodies(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """The objects among ``items``, each with its text."""
        return ((text, item) for text, item in zip(self.texts, self.items, strict=True) if isinstance(item, dict))

    @cached_property
    def records(self) -> list[Record]:
        """The usage records in the body; what is not an object is left out."""
        schema = OPERATIONS[self.operation].body
        return [
            record_of(schema, text, self.ignored.get(identity(item), _NOTHING) if self.ignored else _NOTHING)
            for text, item in self.bodies
        ]

    @cached_property
    def by_identity(self) -> dict[object, Record]:
        """The records by what names them; of those that are there twice, the last."""
        return {record.identity: record for record in self.records}


_NOTHING = frozenset[str]()
_REASONS = {
    Failure.UNREACHABLE: "no whole response to {} came",
    Failure.UNDECODABLE: "the body of the response to {} cannot be decoded",
    Failure.TIMEOUT: "no whole response to {} came in time",
    Failure.SKIPPED: "not requested: the response to {} may be very long",
    Failure.UNSENT: "{} was not requested",
}


def date_of(headers: Mapping[str, str]) -> int | None:
    """Return what ``Date`` says, in seconds since the epoch; ``None`` where it is not there or cannot be used.

    It cannot if no years can be named around it.
    """
    try:
        at = int(parsedate_to_datetime(headers["date"]).timestamp())
    except (KeyError, ValueError, OverflowError):
        return None
    return at if FIRST + 1000 * DAY < at < LAST - 1000 * DAY else None
