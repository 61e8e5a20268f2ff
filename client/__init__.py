"""The reference client: the five methods of the ``/usage`` resource, on requests."""

from .errors import (
    APIError,
    BadRequest,
    ConfigurationError,
    ConnectionClosed,
    ConnectionFailed,
    Forbidden,
    InvalidResponse,
    NotFound,
    RateLimited,
    ServerError,
    Unauthorized,
    UsageError,
)
from .records import LLMOrganizationSummary, LLMUsage, MatchingUsage, Record, Records
from .retries import RetryPolicy
from .transport import Attempt, Response, Transport
from .usage import Moment, UsageClient

__all__ = [
    "APIError",
    "Attempt",
    "BadRequest",
    "ConfigurationError",
    "ConnectionClosed",
    "ConnectionFailed",
    "Forbidden",
    "InvalidResponse",
    "LLMOrganizationSummary",
    "LLMUsage",
    "MatchingUsage",
    "Moment",
    "NotFound",
    "RateLimited",
    "Record",
    "Records",
    "Response",
    "RetryPolicy",
    "ServerError",
    "Transport",
    "Unauthorized",
    "UsageClient",
    "UsageError",
]
