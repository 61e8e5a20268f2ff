"""The exceptions of the kit, as one tree::

    UsageError
    ├── ConfigurationError      a setting, option or file that cannot be used; nothing was sent
    ├── ConnectionFailed        no whole response: refused, not found, timed out, broken off, not HTTP
    │   └── ConnectionClosed    the API closed the connection before its response ended
    ├── InvalidResponse         a response that is not what the contract documents
    └── APIError                a response with an error status
        ├── BadRequest          400: a parameter is wrong
        ├── Unauthorized        401: the key is missing, wrong or expired
        ├── Forbidden           403: the key may not do this
        ├── NotFound            404: no such thing, or not visible with this key
        ├── RateLimited         429: too many requests; see ``retry_after``
        └── ServerError         500 to 599

The client raises these; the contract check, recordings and drift derive their own from them. Each carries the request,
and where a response came its status and the API's own description. No message, attribute or ``repr`` contains the key,
even where the API echoed it.
"""

# ruff: noqa: N818 - the classes are named by what happened, as callers read them in `except NotFound`

from __future__ import annotations

__all__ = [
    "APIError",
    "BadRequest",
    "ConfigurationError",
    "ConnectionClosed",
    "ConnectionFailed",
    "Forbidden",
    "InvalidResponse",
    "NotFound",
    "RateLimited",
    "ServerError",
    "Unauthorized",
    "UsageError",
    "error_class",
]


class UsageError(Exception):
    """The root: every error that the kit raises about a call, a setting or a file."""

    def __init__(
        self,
        message: str,
        *,
        method: str | None = None,
        url: str | None = None,
        status: int | None = None,
        error: str | None = None,
        description: str | None = None,
    ):
        super().__init__(message)
        self.method = method
        """The HTTP method; ``None`` if nothing was sent."""
        self.url = url
        """The whole URL of the request; ``None`` if nothing was sent."""
        self.status = status
        """The HTTP status of the response; ``None`` if none came."""
        self.error = error
        """The API's name of the error (``error``), such as ``not_found``; ``None`` if it sent none."""
        self.description = description
        """The API's own sentence (``errorDescription``); ``None`` if it sent none."""


class ConfigurationError(UsageError):
    """A setting cannot be used: the key, the base URL, a proxy, a file, a missing library. Nothing was sent."""


class ConnectionFailed(UsageError):
    """No whole response came, after all retries: refused, host not found, timed out, broken off, or not HTTP."""


class ConnectionClosed(ConnectionFailed):
    """The API closed the connection before its response ended; another request may fare better."""


class InvalidResponse(UsageError):
    """A response is not what the contract documents: not JSON, another type, a field missing, a status but 200."""


class APIError(UsageError):
    """The API responded with an error status that has no class of its own."""


class BadRequest(APIError):
    """400: a parameter is wrong."""


class Unauthorized(APIError):
    """401: the key is missing, wrong or expired."""


class Forbidden(APIError):
    """403: the key may not do this."""


class NotFound(APIError):
    """404: there is no such thing, or it is not visible with this key."""


class RateLimited(APIError):
    """429: too many requests, after the retries."""

    retry_after: float | None = None
    """Seconds to wait, from ``Retry-After``; ``None`` if the API does not say."""


class ServerError(APIError):
    """500 to 599: the API failed; for 502, 503 and 504 after the retries."""


_BY_STATUS = {400: BadRequest, 401: Unauthorized, 403: Forbidden, 404: NotFound, 429: RateLimited}


def error_class(status: int) -> type[APIError]:
    """Return the class for an error ``status``."""
    return _BY_STATUS.get(status, ServerError if 500 <= status <= 599 else APIError)
