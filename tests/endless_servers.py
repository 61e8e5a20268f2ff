"""Servers whose responses never come to an end, by raw sockets on loopback."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from .hostile.server import accepting

Behaviour = Callable[[socket.socket, threading.Event], None]
"""Talks to a client until the event is set."""
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"


def drip(client: socket.socket, over: threading.Event) -> None:
    """Send a byte of the body at a time."""
    client.sendall(HEAD + b"Content-Length: 1000000\r\n\r\n")
    while not over.wait(0.01):
        client.sendall(b" ")


def endless_head(client: socket.socket, over: threading.Event) -> None:
    client.sendall(HEAD)
    while not over.wait(0.01):
        client.sendall(b"X-More: yes\r\n")


def dripping_head(client: socket.socket, over: threading.Event) -> None:
    client.sendall(b"HTTP/1.1 200 OK\r\nX-More: ")
    while not over.wait(0.01):
        client.sendall(b"x")


def endless_interim(client: socket.socket, over: threading.Event) -> None:
    while not over.wait(0.01):
        client.sendall(b"HTTP/1.1 102 Processing\r\n\r\n")


def endless_body(client: socket.socket, over: threading.Event) -> None:
    client.sendall(HEAD + b"Transfer-Encoding: chunked\r\n\r\n")
    while not over.wait(0.01):
        client.sendall(b"1\r\n \r\n")


def silent(client: socket.socket, over: threading.Event) -> None:
    over.wait()


ENDLESS: list[Behaviour] = [drip, endless_head, dripping_head, endless_interim, endless_body, silent]


@contextmanager
def served(behave: Behaviour) -> Iterator[str]:
    """Serve every connection by ``behave`` until the context is left."""
    over = threading.Event()

    def talk(client: socket.socket) -> None:
        client.recv(65536)
        behave(client, over)

    with accepting(talk) as url:
        try:
            yield url
        finally:
            over.set()
