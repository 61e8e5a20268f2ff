"""A WSGI application on waitress: in a thread (:func:`start`), or until a signal (:func:`serve`).

Each request has a thread of its own: one that waits holds up no other. The application can close the connection by an
``OSError``, raised before the first byte or after some.
"""

from __future__ import annotations

import errno
import ipaddress
import logging
import os
import signal
import socket
import threading
from collections.abc import Callable
from contextlib import ExitStack
from typing import TYPE_CHECKING

import waitress  # type: ignore[import-untyped]  # it ships no types
import waitress.channel  # type: ignore[import-untyped]
import waitress.parser  # type: ignore[import-untyped]

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

__all__ = ["THREADS", "RunningServer", "StartError", "serve", "start"]

THREADS = 256
"""Requests that are answered at a time."""

CONNECTIONS = 1000
"""Connections that are held; others wait to be accepted."""

LARGEST_BODY = 256 << 20
"""Bytes that a request may send, where nothing else is said. The server reads a body whole before the application is
called: what is larger than half a megabyte into a temporary file."""

BUFFERED = 1 << 20
"""Bytes of a response that are made before the client has read the ones before."""

BACKLOG = 1024
"""Connections that wait to be accepted."""


DESCRIPTORS = 8
"""File descriptors that must be free at the start."""


class _Parser(waitress.parser.HTTPRequestParser):  # type: ignore[misc]  # it ships no types
    def parse_header(self, header_plus: bytes) -> None:
        """Refuse a head that waitress fails to read: it would close the connection, and log a trace."""
        try:
            super().parse_header(header_plus)
        except ValueError:  # a target that is no URL, a number of too many digits
            raise waitress.parser.ParsingError("The head of the request cannot be read.") from None


class _Channel(waitress.channel.HTTPChannel):  # type: ignore[misc]  # it ships no types
    parser_class = _Parser

    def handle_close(self) -> None:
        """Close the temporary file of a body that was not sent to its end as well."""
        super().handle_close()
        if self.request is not None:
            self.request.close()


class StartError(OSError):
    """The server cannot start; the message names what is missing, such as the port, and the remedy."""


class RunningServer:
    """A server in a thread of its own; as a context manager, it stops at the end."""

    def __init__(
        self, application: WSGIApplication, host: str, port: int, largest_body: int, on_stop: Callable[[], object]
    ) -> None:
        logging.getLogger("waitress.queue").setLevel(logging.ERROR)  # requests may wait: a fault can want it
        self._on_stop = on_stop
        self._stopping = threading.Lock()
        bound = _bind(host, port)
        self.url = _url(bound)
        """The base URL, without a slash at its end, by which this machine reaches the server."""
        self.port = int(bound.getsockname()[1])
        try:
            self._server = waitress.create_server(
                application,
                sockets=[bound],
                threads=1,
                backlog=BACKLOG,
                connection_limit=CONNECTIONS,
                max_request_body_size=largest_body,
                outbuf_high_watermark=BUFFERED,
                asyncore_use_poll=True,  # select knows the first 1,024 descriptors only
                log_socket_errors=False,  # so that an OSError closes the connection
                ident=None,
            )
        except (OSError, RuntimeError) as reason:
            bound.close()
            raise StartError(_why(host, port, reason)) from None
        self._server.channel_class = _Channel
        self._thread = threading.Thread(target=self._server.run, name="civis-usage-server", daemon=True)
        try:
            self._server.task_dispatcher.set_thread_count(THREADS)
            self._thread.start()
        except RuntimeError as reason:
            self._server.task_dispatcher.set_thread_count(0)
            self._server.close()
            raise StartError(_why(host, port, reason)) from None

    @property
    def running(self) -> bool:
        """Whether it answers requests."""
        return self._thread.is_alive()

    def stop(self) -> None:
        """Close all connections and the port, whatever is under way; a second call does nothing.

        It reads no clock, since a test may have frozen it. A request that does not end is left behind after a second.
        """
        with self._stopping:
            if not self.running:
                return
            self._server.trigger.pull_trigger(self._close_connections)
            workers = self._server.task_dispatcher
            workers.set_thread_count(0)
            self._on_stop()
            with workers.thread_exit_cv:
                while workers.threads and workers.thread_exit_cv.wait(1):
                    pass
            self._server.trigger.pull_trigger(self._server.close)  # last: the threads pull it as well
            self._thread.join()

    def _close_connections(self) -> None:
        self._server.accepting = False
        for channel in list(self._server.active_channels.values()):
            channel.handle_close()

    def __enter__(self) -> RunningServer:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


def start(
    application: WSGIApplication,
    host: str = "127.0.0.1",
    port: int = 0,
    *,
    largest_body: int = LARGEST_BODY,
    on_stop: Callable[[], object] = lambda: None,
) -> RunningServer:
    """Start a server in this process; port 0 means any free one.

    Args:
        application: any WSGI application.
        host: the address to listen on.
        port: the port to listen on.
        largest_body: bytes that a request may send; a larger one gets 413, and is not read.
        on_stop: called when the server stops, to end what its requests wait for.

    Raises:
        StartError: the address is not available, or the system has too few threads or descriptors left.
    """
    return RunningServer(application, host, port, largest_body, on_stop)


def serve(
    application: WSGIApplication,
    host: str,
    port: int,
    announce: Callable[[str], object],
    *,
    largest_body: int = LARGEST_BODY,
    on_stop: Callable[[], object] = lambda: None,
) -> None:
    """Serve until SIGINT or SIGTERM; call it from the main thread. ``announce`` is given the base URL once it answers.

    Raises:
        StartError: as :func:`start`, or the server ended without a signal.
    """
    signalled = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: signalled.set())
    with start(application, host, port, largest_body=largest_body, on_stop=on_stop) as server:
        announce(server.url)
        while not signalled.wait(0.2):  # a wait without an end hears no Ctrl-C on Windows
            if not server.running:
                raise StartError("the server has ended unexpectedly: start it again")


def _bind(host: str, port: int) -> socket.socket:
    bound = None
    try:
        with ExitStack() as spare:  # a server needs some descriptors, and some for its first connections
            for _ in range(DESCRIPTORS):
                spare.enter_context(socket.socket())
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
        bound = socket.socket(family, socket.SOCK_STREAM)
        if os.name == "posix":  # elsewhere this option lets others take the port
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind(address)
        bound.listen(BACKLOG)  # only listening tells whether the port is free
    except (OSError, UnicodeError) as reason:
        if bound is not None:
            bound.close()
        raise StartError(_why(host, port, reason)) from None
    return bound


def _url(bound: socket.socket) -> str:
    host, port = bound.getsockname()[:2]
    ip = ipaddress.ip_address(host)
    if ip.is_unspecified:
        ip = ipaddress.ip_address("127.0.0.1" if ip.version == 4 else "::1")
    return f"http://[{ip}]:{port}" if ip.version == 6 else f"http://{ip}:{port}"


def _why(host: str, port: int, reason: OSError | UnicodeError | RuntimeError) -> str:
    if isinstance(reason, RuntimeError):
        return f"the server cannot start its {THREADS} threads ({reason}): end other programs, or raise the limit"
    if isinstance(reason, socket.gaierror | UnicodeError):
        return f"host {host!r} cannot be found: use an address of this machine such as 127.0.0.1"
    if reason.errno == errno.EADDRINUSE:
        return f"port {port} on {host} is taken: stop what listens there, choose another, or 0 for any free one"
    if reason.errno == errno.EADDRNOTAVAIL:
        return f"host {host!r} is not this machine: use one of its addresses, such as 127.0.0.1 or 0.0.0.0"
    if reason.errno in (errno.EMFILE, errno.ENFILE):
        return "the server cannot start, since no file descriptor is left: close some, or raise the limit (ulimit -n)"
    return f"port {port} on {host} cannot be used ({os.strerror(reason.errno or 0).lower()}): choose another"
