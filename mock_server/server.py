"""The server: uvicorn, in this process on a thread of its own (:func:`start`), or as processes (:func:`serve`).

It runs any WSGI application; one that is a fake is told when the server stops, and which of its requests may wait.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import socket
import threading
from collections.abc import Callable, Sequence
from multiprocessing.connection import wait
from typing import TYPE_CHECKING

from .api import is_own
from .bridge import THREADS, Bridge
from .http_server import HttpServer
from .sockets import CannotListen, bind, url

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

    from .fake import Fake

__all__ = ["THREADS", "CannotListen", "Server", "bind", "serve", "start", "url"]

PATIENCE = 0.8
"""Seconds that requests under way have to end when the server stops."""


class Server:
    """A server on a thread of its own; also a context manager that stops it at its end."""

    def __init__(self, app: WSGIApplication, bound: socket.socket) -> None:
        self._fake = _fake(app)
        self._bridge = Bridge(app, self._may_wait, self._is_own)
        self._http = HttpServer(self._bridge)
        self.url = url(bound)
        """The base URL, without a slash at its end."""
        if self._fake:
            self._fake.open()
        self._thread = threading.Thread(target=self._http.run, args=([bound],), name="civis-usage-server", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End the requests under way and give the port back; a second call does nothing."""
        if self._fake:
            self._fake.close()
        self._http.should_exit = True
        self._thread.join()
        self._bridge.close()

    def _may_wait(self, path: str) -> bool:
        return self._fake is not None and self._fake.may_wait(path)

    def _is_own(self, path: str) -> bool:
        return self._fake is not None and is_own(path)

    def __enter__(self) -> Server:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


def start(app: WSGIApplication, host: str = "127.0.0.1", port: int = 0) -> Server:
    """Start a server in this process; port 0 means any free one, and ``Server.url`` tells which.

    Raises:
        CannotListen: the address cannot be had.
    """
    [bound] = bind(host, port)
    return Server(app, bound)


def serve(app: WSGIApplication, sockets: Sequence[socket.socket], announce: Callable[[], None] = lambda: None) -> int:
    """Serve on each socket in a process of its own, or on one in this, until SIGINT or SIGTERM; give the exit code.

    Call it from the main thread. ``announce`` is called when requests are being answered. It returns within a second
    of the signal, whatever requests are under way.
    """
    stopping = _on_signal()
    if len(sockets) == 1:
        return _serve_here(app, sockets[0], stopping, announce)
    return _serve_in_many(app, sockets, stopping, announce)


def _serve_here(
    app: WSGIApplication, bound: socket.socket, stopping: threading.Event, announce: Callable[[], None] = lambda: None
) -> int:
    server = Server(app, bound)
    announce()
    while not stopping.wait(0.2):  # a wait without an end hears no Ctrl-C on Windows
        pass
    end = threading.Thread(target=server.stop, daemon=True)
    end.start()
    end.join(PATIENCE)
    if end.is_alive():
        os._exit(0)  # a request is still being answered: nobody waits for it any more
    return 0


def _serve_in_many(
    app: WSGIApplication, sockets: Sequence[socket.socket], stopping: threading.Event, announce: Callable[[], None]
) -> int:
    fork = multiprocessing.get_context("fork")
    processes = [fork.Process(target=_work, args=(app, bound)) for bound in sockets]
    for process in processes:
        process.start()
    for bound in sockets:
        bound.close()
    announce()
    _first_of(stopping, [process.sentinel for process in processes])
    failed = not stopping.is_set()
    for process in processes:
        process.terminate()
    for process in processes:
        process.join(PATIENCE)
        process.kill()
    return 1 if failed else 0


def _work(app: WSGIApplication, bound: socket.socket) -> None:
    stopping = _on_signal()
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_follow, args=(parent.sentinel, stopping), daemon=True).start()
    _serve_here(app, bound, stopping)


def _follow(sentinel: int, stopping: threading.Event) -> None:
    """Stop when the process that started this one is gone, however it went."""
    wait([sentinel])
    stopping.set()


def _first_of(stopping: threading.Event, sentinels: list[int]) -> None:
    while not stopping.is_set() and not wait(sentinels, timeout=0.2):
        pass


def _on_signal() -> threading.Event:
    stopping = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopping.set())
    return stopping


def _fake(app: WSGIApplication) -> Fake | None:
    """Give the fake that an application is; ``None`` for another application."""
    extensions: dict[str, Fake] = getattr(app, "extensions", {})
    return extensions.get("civis_usage")
