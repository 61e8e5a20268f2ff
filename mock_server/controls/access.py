"""Who may use the fake's own controls: programs and pages on this machine, and others only if allowed.

A page of another site must not control the fake through its visitor's browser. So a request's ``Origin``, where it has
one, must be the fake's own; and unless other machines are allowed, its ``Host`` must be a name of this machine, since
DNS rebinding lets a page reach this machine by a name of its site.
"""

from __future__ import annotations

import ipaddress
import re
from functools import lru_cache

from flask import Request

from ..messages import quote
from ..responses import ApiError
from ..settings import Settings

__all__ = ["check", "check_visitor", "largest_body"]

LARGEST_BODY = 256 << 20
"""Bytes that those may send who may control the fake."""
LARGEST_BODY_OF_OTHERS = 1 << 20
"""Bytes that a request may send where other machines reach the fake and may not control it: the server reads a body
before it is known who sent it, and what for."""

_LOOPBACK_NAMES = ("localhost", "localhost.localdomain")


def check(settings: Settings, request: Request) -> None:
    """Raise a 403 :class:`ApiError` for a request that may not read or change what is the fake's own."""
    check_visitor(settings, request)
    origin = request.headers.get("Origin")
    if origin is not None and origin.lower() != f"{request.scheme}://{_host(request)}".lower():
        raise ApiError(403, f"The fake's controls refuse pages from elsewhere, such as {quote(origin)}.")
    if request.headers.get("Sec-Fetch-Site", "none") not in ("none", "same-origin"):
        raise ApiError(403, "The fake's controls refuse pages from elsewhere.")


def check_visitor(settings: Settings, request: Request) -> None:
    """Raise a 403 :class:`ApiError` for another machine, or a name that is not this machine's, unless allowed.

    Which page led here does not matter: enough to show a page, not to do what one says.
    """
    if settings.allow_remote_control:
        return
    if not _is_loopback(request.remote_addr):
        raise ApiError(403, "The fake's controls answer this machine only: start it with --allow-remote-control.")
    name = _name(_host(request))
    if name not in _LOOPBACK_NAMES and name != settings.host.lower() and not _is_loopback(name):
        raise ApiError(403, f"The fake is not called {quote(_host(request))}: use the base URL that it printed.")


def largest_body(settings: Settings) -> int:
    """Return the bytes that a request to a fake with these settings may send."""
    host = settings.host.lower()
    here = host in _LOOPBACK_NAMES or _is_loopback(host)
    return LARGEST_BODY if here or settings.allow_remote_control else LARGEST_BODY_OF_OTHERS


@lru_cache(maxsize=256)
def _is_loopback(address: str | None) -> bool:
    """Return whether an address is this machine's loopback; a request without one did not come over a socket."""
    if address is None:
        return True
    try:
        ip = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    mapped = getattr(ip, "ipv4_mapped", None)
    return (mapped or ip).is_loopback


def _host(request: Request) -> str:
    """Return the header ``Host`` as it was sent; ``request.host`` is empty for ``usage_fake:8765``."""
    return request.headers.get("Host", "")


def _name(host: str) -> str:
    """Return the name in a ``Host`` header, without the port: ``[::1]:8765`` is ``::1``."""
    bracketed = re.fullmatch(r"\[([^\]]*)\](:[0-9]*)?", host)
    return (bracketed[1] if bracketed else re.sub(r":[0-9]*$", "", host)).lower()
