"""What can go wrong with a call, as one tree of exceptions::

    UsageError
    ├── ConfigurationError      no key, or a key or base URL that cannot be used; nothing was sent
    ├── NotInstalled            a library that was asked for is not there; nothing was sent
    ├── Unreachable             no whole answer came: refused, not found, timed out, lost on the way
    ├── NotAsContracted         an answer came, and it is not what the contract says
    └── APIError                the API answered with an error status
        ├── BadRequest          400: a parameter was not as expected
        ├── KeyRefused          401: the key is missing, wrong or expired
        ├── Forbidden           403: the key may not do this
        ├── NotFound            404: no such thing, or not visible with this key
        ├── RateLimited         429: too many requests; see ``retry_after``
        └── ServerError         500 to 599

Each carries the request, and where an answer came its status and the API's own sentence. No message, attribute or
``repr`` contains the key, also where the API echoed it.
"""

# ruff: noqa: N818 - the classes are named by what happened, as callers read them in `except NotFound`

from __future__ import annotations

__all__ = [
    "APIError",
    "BadRequest",
    "ConfigurationError",
    "Forbidden",
    "KeyRefused",
    "NotAsContracted",
    "NotFound",
    "NotInstalled",
    "RateLimited",
    "ServerError",
    "Unreachable",
    "UsageError",
    "for_status",
]


class UsageError(Exception):
    """The root: whatever the client raises about a call."""

    def __init__(
        self,
        message: str,
        *,
        method: str | None = None,
        url: str | None = None,
        status: int | None = None,
        name: str | None = None,
        sentence: str | None = None,
    ):
        super().__init__(message)
        self.method = method
        """The HTTP method; ``None`` where nothing was sent."""
        self.url = url
        """The whole URL asked for; ``None`` where nothing was sent."""
        self.status = status
        """The HTTP status of the answer; ``None`` where none came."""
        self.name = name
        """The API's name for the error, such as ``not_found``; ``None`` where it gave none."""
        self.sentence = sentence
        """The API's own sentence (``errorDescription``); ``None`` where it gave none."""


class ConfigurationError(UsageError):
    """There is no key, or the key or the base URL cannot be used. Nothing was sent."""


class NotInstalled(UsageError):
    """A library that only some need, such as pandas, cannot be imported. The message says how to install it."""


class Unreachable(UsageError):
    """No whole answer came, after all tries: refused, host not found, timed out, or lost on the way."""


class NotAsContracted(UsageError):
    """An answer came that is not as the contract says: not JSON, the wrong container or type, a field missing."""


class APIError(UsageError):
    """The API answered with an error status; those without a class of their own get this one."""


class BadRequest(APIError):
    """400: a parameter was not as expected."""


class KeyRefused(APIError):
    """401: the key is missing, wrong or expired."""


class Forbidden(APIError):
    """403: the key may not do this."""


class NotFound(APIError):
    """404: there is no such thing, or it is not visible with this key."""


class RateLimited(APIError):
    """429: too many requests, still after the retries."""

    retry_after: float | None = None
    """Seconds to wait, as the API says in ``Retry-After``; ``None`` where it does not."""


class ServerError(APIError):
    """500 to 599: the API failed, for 502, 503 and 504 still after the retries."""


_BY_STATUS = {400: BadRequest, 401: KeyRefused, 403: Forbidden, 404: NotFound, 429: RateLimited}


def for_status(status: int) -> type[APIError]:
    """Give the class that stands for an error ``status``."""
    return _BY_STATUS.get(status, ServerError if 500 <= status <= 599 else APIError)
