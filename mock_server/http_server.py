"""Cheroot, made to answer as the API does: JSON even to what is no HTTP, and quick with clients that ask one by one."""

from __future__ import annotations

import logging
import selectors
import socket
import time
from typing import Any
from urllib.parse import unquote_to_bytes

from cheroot import server as http
from cheroot import wsgi
from flask import Flask

from . import answers
from .sockets import BACKLOG

__all__ = ["THREADS", "HttpServer"]

THREADS = 32
"""Requests that one process answers at a time; more wait in line."""

LINGERING = 1.0
"""Seconds that a thread waits for a client's next request before it looks for other work."""

_log = logging.getLogger(__name__)


class Request(http.HTTPRequest):
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


class Connection(http.HTTPConnection):
    """A connection whose thread stays with it while the client goes on asking, which saves two changes of threads."""

    RequestHandlerClass = Request

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


class HttpServer(wsgi.Server):
    """Cheroot on a socket that is bound already, saying what goes wrong to ``logging``."""

    ConnectionClass = Connection
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
