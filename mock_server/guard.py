"""Who may use the fake's own controls: programs and pages on this machine, and nobody else unless allowed.

A page on another site must not be able to drive the fake through its visitor's browser. So a request's ``Host`` has to
be a name that only this machine, or its own network, can give (a name that an attacker could register in public is
refused, as DNS rebinding needs one), and its ``Origin``, where it has one, the fake's own.
"""

from __future__ import annotations

import ipaddress
import re
import socket
from functools import cache, lru_cache

from flask import Request

from .answers import Problem
from .sentences import shown
from .settings import Settings

__all__ = ["check", "check_visitor", "is_loopback"]

_LOOPBACK_NAMES = ("localhost", "localhost.localdomain")
_PRIVATE_NAME = re.compile(r"[^.]+|.+\.(local|localhost|internal|lan|home\.arpa|test)", re.IGNORECASE)
"""Names that no public registry gives: those without a dot (as in Docker's networks), and those of reserved domains."""


def check(settings: Settings, request: Request) -> None:
    """Raise a 403 :class:`Problem` for a request that may not see or change what is the fake's own."""
    check_visitor(settings, request)
    origin = request.headers.get("Origin")
    if origin is not None and origin != f"{request.scheme}://{request.host}":
        raise Problem(403, f"The fake's controls answer no page from elsewhere, such as {shown(origin)}.")
    if request.headers.get("Sec-Fetch-Site", "none") not in ("none", "same-origin"):
        raise Problem(403, "The fake's controls answer no page from elsewhere.")


def check_visitor(settings: Settings, request: Request) -> None:
    """Raise a 403 :class:`Problem` for who is elsewhere, or calls the fake by another's name.

    It does not ask which page led here: enough to show a page, not to do what one says.
    """
    remote = settings.allow_remote_control
    if not remote and not is_loopback(request.remote_addr):
        raise Problem(403, "The fake's controls answer this machine alone: start it with --allow-remote-control.")
    if not _is_own(request.host, settings.host, remote=remote):
        raise Problem(403, f"The fake is not called {shown(request.host)}: use the base URL that it printed.")


@lru_cache(maxsize=256)
def is_loopback(address: str | None) -> bool:
    """Tell whether a peer is on this machine; one without an address did not come over a socket."""
    if address is None:
        return True
    try:
        ip = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    mapped = getattr(ip, "ipv4_mapped", None)
    return (mapped or ip).is_loopback


def _is_own(host: str, bound: str, *, remote: bool) -> bool:
    name = _name(host)
    if name in _LOOPBACK_NAMES or name == bound.lower() or _is_address(name, loopback=not remote):
        return True
    return remote and (name == _hostname() or _PRIVATE_NAME.fullmatch(name) is not None)


def _name(host: str) -> str:
    """Give the name in a ``Host`` header, without the port: ``[::1]:8765`` is ``::1``."""
    bracketed = re.fullmatch(r"\[([^\]]*)\](:[0-9]*)?", host)
    return (bracketed[1] if bracketed else re.sub(r":[0-9]*$", "", host)).lower()


def _is_address(name: str, *, loopback: bool) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return not loopback or is_loopback(name)


@cache
def _hostname() -> str:
    return socket.gethostname().lower()
