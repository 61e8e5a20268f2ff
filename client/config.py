"""Where the API is and with which key: from arguments, the environment, or the default."""

from __future__ import annotations

import os
from ipaddress import ip_address
from urllib.parse import urlsplit

from .errors import ConfigurationError
from .excerpts import excerpt
from .redaction import Secret

__all__ = ["DEFAULT_BASE_URL", "is_loopback", "resolve_api_key", "resolve_base_url"]

DEFAULT_BASE_URL = "https://api.civisanalytics.com"
"""The live API: the base URL if neither an argument nor ``CIVIS_API_ENDPOINT`` says otherwise."""


def resolve_api_key(api_key: str | None = None) -> Secret:
    """Return the key: ``api_key``, or the one in ``CIVIS_API_KEY``.

    Raises:
        ConfigurationError: if there is none, or it has characters that no key has.
    """
    key = (api_key if api_key is not None else os.environ.get("CIVIS_API_KEY", "")).strip()
    if not key:
        raise ConfigurationError("There is no API key: set CIVIS_API_KEY in the environment.")
    if not all("!" <= character <= "~" for character in key) or ":" in key:
        raise ConfigurationError(
            "The API key has a character that no key has: only printable ASCII without spaces and colons can be sent."
        )
    return Secret(key)


def resolve_base_url(base_url: str | None, key: Secret | None = None) -> str:
    """Return the base URL without a slash at its end: ``base_url``, or ``CIVIS_API_ENDPOINT``, or the live API's.

    Raises:
        ConfigurationError: if it is not an http or https URL, or holds credentials, ``key``, a query or a fragment.
            The message does not show a URL that may contain a secret.
    """
    url = (base_url if base_url is not None else os.environ.get("CIVIS_API_ENDPOINT") or DEFAULT_BASE_URL).strip()
    if "@" in url:
        raise ConfigurationError("The base URL holds credentials: set the key in CIVIS_API_KEY, never in a URL.")
    if key is not None and _contains(url, key):
        raise ConfigurationError("The base URL contains the API key: set it in CIVIS_API_KEY, never in a URL.")
    try:
        parts = urlsplit(url)
        host = (parts.hostname or "").encode("idna")
        usable = parts.scheme in ("http", "https") and bool(host.strip(b".")) and parts.port != 0
    except ValueError:  # an impossible port or address, or a host name that no name server can know
        usable = False
    if not usable or any(character.isspace() or not character.isprintable() for character in url):
        raise ConfigurationError(
            f"Invalid base URL '{excerpt(url, 120)}': use an http or https URL, such as {DEFAULT_BASE_URL}."
        )
    if parts.query or parts.fragment:
        raise ConfigurationError("The base URL has a query or a fragment: it must end with the host, port or path.")
    return url.rstrip("/")


def is_loopback(url: str) -> bool:
    """Return whether ``url`` leads to this machine by its loopback: 127.0.0.1 and its like, ::1, or ``localhost``."""
    host = (urlsplit(url).hostname or "").removesuffix(".")
    try:
        return ip_address(host).is_loopback
    except ValueError:  # a name; those under localhost are loopback's too (RFC 6761)
        return f".{host}".endswith(".localhost")


def _contains(url: str, key: Secret) -> bool:
    # A short key, as people use with a fake, may well be a word of an innocent URL ("api", "localhost").
    return len(key.reveal()) >= 8 and key.redact(url) != url
