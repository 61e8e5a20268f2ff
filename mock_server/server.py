"""The server: cheroot, in this process on threads of its own (:func:`start`), or as processes (:func:`serve`).

Cheroot was chosen by measurement (``benchmarks/servers.py``) among those that let the fake answer every request in the
API's form: it sets no bound of its own to a query string, hangs up when the application raises ``ConnectionError``, and
runs in a thread as well as in a process.
"""

from __future__ import annotations

import errno
import ipaddress
import logging
import multiprocessing
import os
import selectors
import signal
import socket
import threading
import time
from collections.abc import Callable, Sequence
from multiprocessing.connection import wait
from typing import Any
from urllib.parse import unquote_to_bytes

from cheroot import server as http
from cheroot import wsgi
from flask import Flask

from . import answers

__all__ = ["CannotListen", "Server", "bind", "serve", "start", "url"]

THREADS = 32
"""Requests that one process answers at a time; more wait in line."""

BACKLOG = 1024
"""Connections that can wait for a thread."""

LINGERING = 1.0
"""Seconds that a thread waits for a client's next request before it looks for other work."""

PATIENCE = 0.8
"""Seconds that requests under way have to end when the server stops."""

_log = logging.getLogger(__name__)


class CannotListen(OSError):  # noqa: N818  named for what it says
    """The address cannot be had; the message names it and the remedy."""


class Server:
    """A server on threads of its own; also a context manager that stops it at its end."""

    def __init__(self, app: Flask, bound: socket.socket) -> None:
        self._app = app
        self._http = _Http(app, bound)
        self.url = url(bound)
        """The base URL, without a slash at its end."""
        _closing(app).clear()
        self._http.prepare()
        self._thread = threading.Thread(target=self._http.serve, name="civis-usage-server", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End the requests under way and give the port back; a second call does nothing."""
        _closing(self._app).set()
        self._http.stop()
        self._thread.join()

    def __enter__(self) -> Server:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


def start(app: Flask, host: str = "127.0.0.1", port: int = 0) -> Server:
    """Start a server in this process; port 0 means any free one, and ``Server.url`` tells which.

    Raises:
        CannotListen: the address cannot be had.
    """
    [bound] = bind(host, port)
    return Server(app, bound)


def serve(app: Flask, sockets: Sequence[socket.socket], announce: Callable[[], None] = lambda: None) -> int:
    """Serve on each socket in a process of its own, or on one in this, until SIGINT or SIGTERM; give the exit code.

    Call it from the main thread. ``announce`` is called when requests are being answered. It returns within a second
    of the signal, whatever requests are under way.
    """
    stopping = _on_signal()
    if len(sockets) == 1:
        return _serve_here(app, sockets[0], stopping, announce)
    return _serve_in_many(app, sockets, stopping, announce)


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
    except OSError as reason:
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


def _why(host: str, port: int, reason: OSError) -> str:
    if isinstance(reason, socket.gaierror):
        return f"host {host!r} cannot be found: use an address of this machine such as 127.0.0.1"
    if reason.errno == errno.EADDRINUSE:
        return f"port {port} on {host} is taken: stop what listens there, choose another, or 0 for any free one"
    if reason.errno == errno.EADDRNOTAVAIL:
        return f"host {host!r} is not this machine: use one of its addresses, such as 127.0.0.1 or 0.0.0.0"
    return f"port {port} on {host} cannot be had ({os.strerror(reason.errno or 0).lower()}): choose another"


def _serve_here(
    app: Flask, bound: socket.socket, stopping: threading.Event, announce: Callable[[], None] = lambda: None
) -> int:
    server = Server(app, bound)
    announce()
    stopping.wait()
    end = threading.Thread(target=server.stop, daemon=True)
    end.start()
    end.join(PATIENCE)
    if end.is_alive():
        os._exit(0)  # a request is still being answered: nobody waits for it any more
    return 0


def _serve_in_many(
    app: Flask, sockets: Sequence[socket.socket], stopping: threading.Event, announce: Callable[[], None]
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


def _work(app: Flask, bound: socket.socket) -> None:
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


def _closing(app: Flask) -> threading.Event:
    closing: threading.Event = app.extensions["civis_usage"].closing
    return closing


class _Request(http.HTTPRequest):
    """A request whose errors of HTTP itself are told in the API's form as well."""

    def __init__(self, server: Any, connection: Any) -> None:
        # A target may name its host: HTTP/1.1 asks servers to take that.
        super().__init__(server, connection, proxy_mode=True)

    def read_request_line(self) -> bool:
        """Take ``//usage/llm``, from an endpoint that ends in a slash, for ``/usage/llm`` (assumed), not for a host."""
        parent: Any = super()  # which says nothing of its types
        read: bool = parent.read_request_line()
        if read and self.uri.startswith(b"//"):
            self.path = b"/" + unquote_to_bytes(self.uri.partition(b"?")[0]).lstrip(b"/")
        return read

    def send_headers(self) -> None:
        """Read what is left of the request first: to hang up on a client that still sends takes its answer away."""
        self.rfile.read(getattr(self.rfile, "remaining", 0))
        super().send_headers()

    def simple_response(self, status: Any, msg: Any = "") -> None:
        """Answer what is no HTTP with the API's error body, and hang up."""
        code = int(str(status)[:3])
        text = msg.decode("latin-1") if isinstance(msg, bytes) else msg
        answer = answers.error(code, f"The given request was not as expected: {text}" if text else None)
        headers = "".join(f"{name}: {value}\r\n" for name, value in answer.headers)
        self.close_connection = True
        self.conn.wfile.write(
            f"{self.server.protocol} {answer.status}\r\n{headers}Connection: close\r\n\r\n".encode("latin-1")
            + answer.get_data()
        )


class _Connection(http.HTTPConnection):
    """A connection whose thread stays with it while the client goes on asking, which saves two changes of threads."""

    RequestHandlerClass = _Request

    def communicate(self) -> bool:
        """Answer requests; tell whether the connection is to be kept, for the server to watch."""
        parent: Any = super()  # which says nothing of its types
        while parent.communicate():
            if not self._asks_on():
                return True
        return False

    def _asks_on(self) -> bool:
        """Wait a moment for the next request, as long as there are threads for other connections."""
        if self.rfile.has_data():
            return True
        deadline = time.monotonic() + LINGERING
        with selectors.DefaultSelector() as selector:
            selector.register(self.socket, selectors.EVENT_READ)
            while self.server.ready and self.server.requests.idle and time.monotonic() < deadline:
                if selector.select(0.05):
                    return True
        return False


class _Http(wsgi.Server):
    """Cheroot on a socket that is bound already, saying what goes wrong to ``logging``."""

    ConnectionClass = _Connection
    keep_alive_conn_limit = 10_000
    expiration_interval = 0.1
    max_request_header_size = 1024 * 1024
    max_request_body_size = 256 * 1024 * 1024

    def __init__(self, app: Flask, bound: socket.socket) -> None:
        self._bound = bound
        super().__init__(
            bound.getsockname()[:2],
            app,
            numthreads=THREADS,
            request_queue_size=BACKLOG,
            timeout=60,
            server_name="civis-usage",
            shutdown_timeout=0,
        )

    def bind(self, *_: Any) -> socket.socket:
        """Take the socket that is there."""
        self.socket = self._bound
        return self._bound

    def error_log(self, msg: str = "", level: int = logging.INFO, traceback: bool = False) -> None:
        """Log ``msg``; what a client or a fault did to a connection is for debugging alone."""
        _log.log(level if level >= logging.ERROR else logging.DEBUG, "%s", msg, exc_info=traceback)
