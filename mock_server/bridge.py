"""A WSGI application as an ASGI one: quick requests are answered in the event loop, those that may wait in threads.

A change of threads costs more than most answers do. A body that is made while it is sent lets other requests be
answered between its pieces.
"""

from __future__ import annotations

import asyncio
import io
import re
import sys
from collections.abc import Awaitable, Callable, Iterable, Iterator, MutableMapping
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import unquote_to_bytes

from . import answers

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication, WSGIEnvironment

__all__ = ["AT_ONCE", "GONE", "HANG_UP", "LARGEST_BODY", "THREADS", "Begun", "Bridge"]

THREADS = 32
"""Requests that may wait, as with a fault of latency, that one process answers at a time; more stand in line."""

OWN_THREADS = 4
"""Threads for the application's own requests, which so do not stand in line behind those that wait."""

LARGEST_BODY = 1 << 20
"""Bytes that a request may send."""

LARGEST_OWN_BODY = 256 << 20
"""Bytes that a request of the application's own may send."""

AT_ONCE = "civis_usage.at_once"
"""In a request's environment: it is answered in the event loop, where nothing may wait."""

GONE = "civis_usage.gone"
"""The server's extension of ASGI that tells whether the client has gone."""

HANG_UP = "civis_usage.hang_up"
"""The server's extension of ASGI that ends a connection after what was sent."""

_NO_BODY = ("204", "304")

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]


class Begun(NamedTuple):
    """An answer that has begun: its status and headers are told; its body is there, or made piece by piece."""

    status: str
    headers: list[tuple[str, str]]
    body: bytes | Iterator[bytes]

    @classmethod
    def of(cls, app: WSGIApplication, environ: WSGIEnvironment) -> Begun:
        """Ask an application, until its first piece is there or it has raised."""
        told: list[tuple[str, list[tuple[str, str]]]] = []

        def start_response(status: str, headers: list[tuple[str, str]], _: object = None) -> Callable[[bytes], object]:
            told.append((status, headers))
            return _no_write

        pieces = app(environ, start_response)
        rest = iter(pieces)
        first = next(rest, b"")  # with it, status and headers are told at the latest
        status, headers = told[-1]
        without_body = environ["REQUEST_METHOD"] == "HEAD" or status.startswith(_NO_BODY)
        if not without_body and ("Content-Length", str(len(first))) not in headers:
            return cls(status, headers, _to_its_end(first, rest, pieces))
        _close(pieces)
        return cls(status, headers, b"" if without_body else first)

    async def send(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it, as an ASGI application does; a ``ConnectionError`` on the way hangs up."""
        headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in self.headers]
        body = self.body
        if scope["http_version"] == "1.0" and all(name.lower() != b"content-length" for name, _ in headers):
            body = body if isinstance(body, bytes) else b"".join(body)
            headers.append((b"content-length", b"%d" % len(body)))  # HTTP/1.0 knows no chunks
        await send({"type": "http.response.start", "status": int(self.status[:3]), "headers": headers})
        if not isinstance(body, bytes):
            try:
                for piece in body:
                    await send({"type": "http.response.body", "body": piece, "more_body": True})
                    await asyncio.sleep(0)  # others' turn
                    if scope["extensions"][GONE]():
                        break
            except ConnectionError:
                await _hang_up(scope, receive)
                return
            finally:
                _close(body)
            body = b""
        await send({"type": "http.response.body", "body": body})


class Bridge:
    """An ASGI application that asks a WSGI one; what is quick can be had :meth:`at_once`."""

    def __init__(
        self, app: WSGIApplication, may_wait: Callable[[str], bool], is_own: Callable[[str], bool] = lambda _: False
    ) -> None:
        """Ask ``app``.

        Args:
            app: the application.
            may_wait: tells of a path whether its requests are not to be answered in the event loop.
            is_own: tells of a path whether it is the application's own control: then it may send more, and is answered
                by threads of its own.
        """
        self._app = app
        self._may_wait = may_wait
        self._is_own = is_own
        self._threads = ThreadPoolExecutor(THREADS, "civis-usage")
        self._own_threads = ThreadPoolExecutor(OWN_THREADS, "civis-usage-own")

    def close(self) -> None:
        """Let the threads go; no request comes any more."""
        self._threads.shutdown(wait=False)
        self._own_threads.shutdown(wait=False)

    def at_once(self, scope: Scope) -> Begun | None:
        """Answer a request that sends nothing and need not wait; ``None`` for another.

        Raises:
            ConnectionError: the application hangs up.
        """
        if _sends(scope):
            return None
        environ = _environ(scope, b"")
        if self._may_wait(environ["PATH_INFO"]):
            return None
        environ[AT_ONCE] = True
        return Begun.of(self._app, environ)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer any request; a ``ConnectionError`` of the application hangs up."""
        try:
            largest = LARGEST_OWN_BODY if self._is_own(scope["path"]) else LARGEST_BODY
            body = await _body(receive, largest) if _sends(scope) else b""
            begun = _too_large(largest) if body is None else await self._begun(_environ(scope, body))
        except ConnectionError:
            await _hang_up(scope, receive)
        else:
            await begun.send(scope, receive, send)

    async def _begun(self, environ: WSGIEnvironment) -> Begun:
        path = environ["PATH_INFO"]
        if not self._may_wait(path):
            environ[AT_ONCE] = True
            return Begun.of(self._app, environ)
        threads = self._own_threads if self._is_own(path) else self._threads
        return await asyncio.get_running_loop().run_in_executor(threads, Begun.of, self._app, environ)


def _to_its_end(first: bytes, rest: Iterator[bytes], pieces: Iterable[bytes]) -> Iterator[bytes]:
    try:
        yield first
        yield from rest
    finally:
        _close(pieces)


def _close(pieces: Iterable[bytes]) -> None:
    getattr(pieces, "close", lambda: None)()


async def _hang_up(scope: Scope, receive: Receive) -> None:
    scope["extensions"][HANG_UP]()
    while (await receive())["type"] != "http.disconnect":
        pass


def _sends(scope: Scope) -> bool:
    return any(name in (b"content-length", b"transfer-encoding") for name, _ in scope["headers"])


async def _body(receive: Receive, largest: int) -> bytes | None:
    """Give what a request sends, or ``None`` where that is too much; it is read whole, so that the answer arrives."""
    parts, size, more = [], 0, True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ConnectionResetError("the client went away")
        part, more = message["body"], message["more_body"]
        size += len(part)
        if size <= largest:
            parts.append(part)
    return b"".join(parts) if size <= largest else None


def _too_large(largest: int) -> Begun:
    answer = answers.error(413, f"The body is too large: {largest >> 20} MB are taken.")
    return Begun(answer.status_line, [*answer.headers, ("Content-Length", str(len(answer.whole)))], answer.whole)


def _environ(scope: Scope, body: bytes) -> WSGIEnvironment:
    path, query = scope["raw_path"], scope["query_string"]
    host, port = scope["server"]
    environ: WSGIEnvironment = {
        "REQUEST_METHOD": scope["method"],
        "SCRIPT_NAME": "",
        "PATH_INFO": (_unquoted(path) if b"%" in path else path).decode("latin-1"),
        "QUERY_STRING": query.decode("latin-1"),
        "SERVER_NAME": host,
        "SERVER_PORT": str(port),
        "SERVER_PROTOCOL": f"HTTP/{scope['http_version']}",
        "REMOTE_ADDR": scope["client"][0] if scope["client"] else "",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(body),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    for name, value in scope["headers"]:
        key = _name(name)
        text = value.decode("latin-1")
        environ[key] = f"{environ[key]},{text}" if key in environ else text
    if body:
        environ["CONTENT_LENGTH"] = str(len(body))
    return environ


def _unquoted(path: bytes) -> bytes:
    """Give a path without its percent signs; a slash in one of its parts stays apart from those between them."""
    return unquote_to_bytes(re.sub(b"%2f", b"%252F", path, flags=re.IGNORECASE))


def _name(header: bytes) -> str:
    name = header.decode("latin-1").upper().replace("-", "_")
    return name if name in ("CONTENT_TYPE", "CONTENT_LENGTH") else f"HTTP_{name}"


def _no_write(_: bytes) -> None:
    raise NotImplementedError("the fake gives its bodies as iterables")
