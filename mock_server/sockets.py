"""Addresses to listen on: had, or refused with the reason and the remedy."""

from __future__ import annotations

import errno
import ipaddress
import os
import socket
from typing import Any

__all__ = ["BACKLOG", "CannotListen", "bind", "url"]

BACKLOG = 1024
"""Connections that can wait to be taken."""


class CannotListen(OSError):  # noqa: N818  named for what it says
    """The address cannot be had; the message names it and the remedy."""


def bind(host: str, port: int, count: int = 1) -> list[socket.socket]:
    """Give ``count`` sockets on one address, which nobody else is using; port 0 means any free one.

    Raises:
        CannotListen: the address is taken, not this machine's, or not allowed.
    """
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
        first = _bound(family, address, shared=False)
        if count == 1:
            return [first]
        taken = first.getsockname()
        first.close()
        if not hasattr(socket, "SO_REUSEPORT"):
            raise CannotListen(f"port {port} cannot be shared by {count} processes on this system: use one")
        return [_bound(family, taken, shared=True) for _ in range(count)]
    except CannotListen:
        raise
    except (OSError, UnicodeError) as reason:
        raise CannotListen(_why(host, port, reason)) from None


def url(bound: socket.socket) -> str:
    """Give the base URL by which this machine reaches a socket."""
    host, port = bound.getsockname()[:2]
    ip = ipaddress.ip_address(host)
    if ip.is_unspecified:
        ip = ipaddress.ip_address("127.0.0.1" if ip.version == 4 else "::1")
    return f"http://[{ip}]:{port}" if ip.version == 6 else f"http://{ip}:{port}"


def _bound(family: int, address: Any, *, shared: bool) -> socket.socket:
    made = socket.socket(family, socket.SOCK_STREAM)
    try:
        if os.name == "posix":  # elsewhere this option lets others take the port
            made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if shared:
            made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        made.bind(address)
        made.listen(BACKLOG)  # connections wait from now on; and only listening tells that the port is free
    except BaseException:
        made.close()
        raise
    return made


def _why(host: str, port: int, reason: OSError | UnicodeError) -> str:
    if isinstance(reason, socket.gaierror | UnicodeError):
        return f"host {host!r} cannot be found: use an address of this machine such as 127.0.0.1"
    if reason.errno == errno.EADDRINUSE:
        return f"port {port} on {host} is taken: stop what listens there, choose another, or 0 for any free one"
    if reason.errno == errno.EADDRNOTAVAIL:
        return f"host {host!r} is not this machine: use one of its addresses, such as 127.0.0.1 or 0.0.0.0"
    return f"port {port} on {host} cannot be had ({os.strerror(reason.errno or 0).lower()}): choose another"
