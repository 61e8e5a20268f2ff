"""The reference client: the five methods of the ``/usage`` resource, on requests."""

from .errors import (
    APIError,
    BadRequest,
    ConfigurationError,
    Forbidden,
    KeyRefused,
    NotAsContracted,
    NotFound,
    RateLimited,
    ServerError,
    Unreachable,
    UsageError,
)
from .records import LLMOrganizationSummary, LLMUsage, MatchingUsage, Record
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
    "RateLimited",
    "Record",
    "ServerError",
    "Transport",
    "Unreachable",
    "UsageClient",
    "UsageError",
]
