"""A raw socket server on loopback: it reads the head of a request and plays a script, HTTP or not."""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

__all__ = ["Script", "accepting", "head", "playing", "reset", "response"]

Script = bytes | Callable[[socket.socket, bytes], None]
"""The bytes of each response, or a function that gets the connection and the head of the request."""


def head(status: str = "200 OK", *lines: str, kind: str = "application/json") -> bytes:
    """Return the head of a response; ``lines`` are further headers."""
    return "\r\n".join([f"HTTP/1.1 {status}", f"Content-Type: {kind}", *lines, "", ""]).encode("latin-1")


def response(body: bytes | str, status: str = "200 OK", *lines: str, kind: str = "application/json") -> bytes:
    """Return a whole response, after which the connection is closed."""
    body = body.encode() if isinstance(body, str) else body
    return head(status, *lines, f"Content-Length: {len(body)}", "Connection: close", kind=kind) + body


def reset(client: socket.socket, _: bytes) -> None:
    """Reset the connection without an answer."""
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


@contextmanager
def accepting(talk: Callable[[socket.socket], None]) -> Iterator[str]:
    """Let ``talk`` have every connection to a free port, in a thread of its own; yields the base URL."""
    server = socket.create_server(("127.0.0.1", 0), backlog=128)

    def served(client: socket.socket) -> None:
        with client, suppress(OSError):
            talk(client)

    def accept() -> None:
        with suppress(OSError):
            while True:
                threading.Thread(target=served, args=(server.accept()[0],), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.getsockname()[1]}"
    finally:
        with suppress(OSError):
            server.shutdown(socket.SHUT_RDWR)
        server.close()


@contextmanager
def playing(script: Script) -> Iterator[str]:
    """Play ``script`` to every request on a free port; yields the base URL."""

    def talk(client: socket.socket) -> None:
        client.settimeout(20)
        request = b""
        while b"\r\n\r\n" not in request and (piece := client.recv(65536)):
            request += piece
            if not request.startswith(b"GET "):
                break  # TLS, or whatever else
        if callable(script):
            script(client, request)
        else:
            client.sendall(script)

    with accepting(talk) as url:
        yield url
