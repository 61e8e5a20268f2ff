"""What one run of the check is told: whom to ask, with which key, about what, and how gently."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import urlsplit

from civis_usage.contract_tests.redaction import DISTINCT, Redactor
from civis_usage.contract_tests.results import Waiver

__all__ = ["LIVE", "Config", "ConfigError", "usable_base_url", "usable_key"]

LIVE = "https://api.civisanalytics.com"
"""The live API: what the Python client asks where ``CIVIS_API_ENDPOINT`` is not set (documented)."""


class ConfigError(ValueError):
    """A run cannot be set up as told; the message is one sentence and shows neither key nor base URL."""


@dataclass(frozen=True)
class Config:
    """What one run is told. All times are aware."""

    base_url: str
    """Scheme, host and path of the API, without credentials; see :func:`usable_base_url`."""
    api_key: str = field(repr=False)
    organizations: tuple[int, ...] = ()
    """The organizations to ask about; with none named, those that the API shows of itself."""
    start: datetime | None = None
    """Look at no usage before this moment."""
    end: datetime | None = None
    """Look at no usage after this moment."""
    max_requests: int = 60
    """The request budget, retries included."""
    strict: bool = False
    """Whether a warning fails the run."""
    waivers: tuple[Waiver, ...] = ()
    allow_no_data: bool = False
    """Whether a run passes although an operation showed no usage."""
    seed: int = 0
    """Decides which windows, records and tasks are looked at, where there is a choice."""
    timeout: float = 30.0
    """Seconds to wait for one answer."""
    now: Callable[[], datetime] | None = None
    """The clock; ``None`` for the machine's."""


def usable_base_url(url: str, key: str = "") -> str:
    """Give ``url`` without its trailing slash.

    Raises:
        ConfigError: no http or https, no host, credentials or the key in it, a query or a fragment.

    """
    try:
        parts = urlsplit(url.strip())
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise ConfigError("The base URL cannot be read: give one like https://api.example.com.") from None
    if "@" in parts.netloc or (len(key) >= DISTINCT and Redactor([key]).text(url) != url):
        raise ConfigError("The base URL carries credentials: give the key in CIVIS_API_KEY and the URL without it.")
    if parts.scheme not in ("http", "https") or not host:
        raise ConfigError("The base URL must begin with http:// or https:// and name a host.")
    if parts.query or parts.fragment or any(c.isspace() for c in parts.geturl()):
        raise ConfigError("The base URL must end with its path: give it without spaces, '?' and '#'.")
    return parts.geturl().rstrip("/")


def usable_key(key: str | None) -> str:
    """Give ``key`` without surrounding white space.

    Raises:
        ConfigError: there is none, or it has characters that no HTTP header can carry.

    """
    key = (key or "").strip()
    if not key:
        raise ConfigError("There is no API key: set CIVIS_API_KEY.")
    if not all("!" <= c <= "~" for c in key):
        raise ConfigError("The API key has white space or characters outside of ASCII in it: set CIVIS_API_KEY again.")
    return key
