"""Uvicorn, made to answer as the API does: JSON even to what is no HTTP, and query strings of any length."""

from __future__ import annotations

import logging
from typing import Any

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from . import answers
from .bridge import HANG_UP, Bridge

__all__ = ["HttpServer"]

KEEP_ALIVE = 60
"""Seconds for which a connection is kept for a client's next request."""

LONGEST = 60_000
"""Bytes of a request's target that httptools can split."""

_log = logging.getLogger(__name__)
_log.setLevel(logging.ERROR)  # what a client does to a connection is no trouble of ours


class Protocol(HttpToolsProtocol):
    """A connection."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.logger = _log

    def on_message_begin(self) -> None:
        """Let the application hang up."""
        super().on_message_begin()
        self.scope["extensions"] = {HANG_UP: self.transport.close}  # type: ignore[dict-item]  # an extension of ours

    def on_headers_complete(self) -> None:
        """Take targets of any length."""
        target = self.url
        self.url = target[:LONGEST]
        super().on_headers_complete()
        if len(target) > LONGEST:
            self.scope["raw_path"], _, self.scope["query_string"] = target.partition(b"?")

    def send_400_response(self, msg: str) -> None:
        """Answer what is no HTTP with the API's error body, and hang up."""
        answer = answers.error(400, f"The given request was not as expected: {msg}")
        headers = [*answer.headers, ("Content-Length", str(len(answer.whole))), ("Connection", "close")]
        lines = ["HTTP/1.1 400 Bad Request", *(f"{name}: {value}" for name, value in headers)]
        self.transport.write("\r\n".join([*lines, "", ""]).encode() + answer.whole)
        self.transport.close()


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
