"""Uvicorn, made to answer as the API does: JSON even to what is no HTTP, and query strings of any length.

A quick answer is made where its request was read, and written in one go, head and body: a task, an event and two writes
for each would cost as much as most answers do. Where several clients ask, their answers are written together, when all
that had come was read: a client that is woken by one answer sleeps again before the next, and to wake it is the dearest
part of a write. What is not quick takes uvicorn's own way.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from . import answers
from .bridge import GONE, HANG_UP, Begun, Bridge

if TYPE_CHECKING:
    from uvicorn._types import ASGI3Application

__all__ = ["HttpServer"]

KEEP_ALIVE = 60
"""Seconds for which a connection is kept for a client's next request."""

LONGEST = 60_000
"""Bytes of a request's target that httptools can split."""

LARGEST_HEAD = 1 << 20
"""Bytes of a request's line and headers."""

_log = logging.getLogger(__name__)
_log.setLevel(logging.ERROR)  # what a client does to a connection is no trouble of ours


class Protocol(HttpToolsProtocol):
    """A connection."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.logger = _log
        self._unwritten = b""
        self._head_size: int | None = None
        """Bytes that were read of a request's head, while it has not ended."""

    def data_received(self, data: bytes) -> None:
        """Read on, but hold no head that has no end."""
        super().data_received(data)
        if self._head_size is not None:
            self._head_size += len(data)
            if self._head_size > LARGEST_HEAD:
                self.send_400_response(f"its line and headers are longer than {LARGEST_HEAD >> 20} MB")

    def on_message_begin(self) -> None:
        """Let the application hang up, and know when the client has."""
        super().on_message_begin()
        self._head_size = 0
        ours = {HANG_UP: self.transport.close, GONE: self.transport.is_closing}
        self.scope["extensions"] = ours  # type: ignore[typeddict-item]  # extensions of ours

    def on_headers_complete(self) -> None:
        """Take targets of any length."""
        self._head_size = None
        target = self.url
        self.url = target[:LONGEST]
        super().on_headers_complete()
        if len(target) > LONGEST:
            self.scope["raw_path"], _, self.scope["query_string"] = target.partition(b"?")

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: ASGI3Application) -> None:
        """Answer at once where that can be; uvicorn's tasks are for what stands in line, waits or is long."""
        begun = None
        if not self.pipeline and not self.flow.write_paused and not self._unwritten:
            try:
                begun = self.config.loaded_app.at_once(cycle.scope)
            except ConnectionError:
                self.transport.close()
                return
        if begun is None:
            super()._start_asgi_task(cycle, app)
        elif not isinstance(begun.body, bytes):
            super()._start_asgi_task(cycle, begun.send)
        else:
            self._unwritten = _head(begun, cycle) + begun.body
            if len(self.connections) > 1 and cycle.keep_alive:
                self.loop.call_soon(self._write)
            else:
                self._write()
            cycle.response_complete = True
            if not cycle.keep_alive:
                self.transport.close()
            self.on_response_complete()

    def _write(self) -> None:
        answer, self._unwritten = self._unwritten, b""
        if answer and not self.transport.is_closing():
            self.transport.write(answer)

    def shutdown(self) -> None:
        """Leave no answer behind."""
        self._write()
        super().shutdown()

    def send_400_response(self, msg: str) -> None:
        """Answer what is no HTTP with the API's error body, and hang up."""
        self._write()
        answer = answers.error(400, f"The given request was not as expected: {msg}")
        headers = [*answer.headers, ("Content-Length", str(len(answer.whole))), ("Connection", "close")]
        lines = ["HTTP/1.1 400 Bad Request", *(f"{name}: {value}" for name, value in headers)]
        self.transport.write("\r\n".join([*lines, "", ""]).encode() + answer.whole)
        self.transport.close()


def _head(begun: Begun, cycle: RequestResponseCycle) -> bytes:
    """Give the head of a whole answer."""
    lines = [f"HTTP/1.1 {begun.status}"]
    lines += [f"{name}: {value}" for name, value in begun.headers]
    lines += [f"{name.decode('latin-1')}: {value.decode('latin-1')}" for name, value in cycle.default_headers]
    if not cycle.keep_alive:
        lines.append("Connection: close")
    return "\r\n".join((*lines, "", "")).encode("latin-1")


class HttpServer(uvicorn.Server):
    """Uvicorn without what it says, its signals and its middleware."""

    def __init__(self, app: Bridge) -> None:
        """Serve ``app``."""
        super().__init__(
            uvicorn.Config(
                app,
                loop="asyncio",
                http=Protocol,
                ws="none",
                lifespan="off",
                interface="asgi3",
                log_config=None,
                access_log=False,
                proxy_headers=False,
                server_header=False,
                timeout_keep_alive=KEEP_ALIVE,
                timeout_graceful_shutdown=1,
            )
        )
