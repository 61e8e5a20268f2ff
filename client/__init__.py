"""The reference client: the five methods of the ``/usage`` resource, on requests."""

from .errors import (
    APIError,
    BadRequest,
    ConfigurationError,
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
from .transport import Exchange, Transport
from .usage import Moment, UsageClient

__all__ = [
    "APIError",
    "BadRequest",
    "ConfigurationError",
    "ConnectionFailed",
    "Exchange",
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
    "ServerError",
    "Transport",
    "Unauthorized",
    "UsageClient",
    "UsageError",
]
