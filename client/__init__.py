"""The reference client: the five methods of the ``/usage`` resource, on requests."""

from .errors import (
    APIError,
    BadRequest,
    ConfigurationError,
    Forbidden,
    KeyRefused,
    NotAsContracted,
    NotFound,
    NotInstalled,
    RateLimited,
    ServerError,
    Unreachable,
    UsageError,
)
from .records import LLMOrganizationSummary, LLMUsage, MatchingUsage, Record, Records
from .transport import Exchange, Transport
from .usage import Moment, UsageClient

__all__ = [
    "APIError",
    "BadRequest",
    "ConfigurationError",
    "Exchange",
    "Forbidden",
    "KeyRefused",
    "LLMOrganizationSummary",
    "LLMUsage",
    "MatchingUsage",
    "Moment",
    "NotAsContracted",
    "NotFound",
    "NotInstalled",
    "RateLimited",
    "Record",
    "Records",
    "ServerError",
    "Transport",
    "Unreachable",
    "UsageClient",
    "UsageError",
]
