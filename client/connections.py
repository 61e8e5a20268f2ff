"""HTTP connections that read the head of a response to its end.

Python's ``http.client`` takes a response that breaks off within its head for a complete one, and an interim response
such as 103 for the final one; the next request on that connection would then get another one's response.
"""

from __future__ import annotations

import http.client
from typing import Any, BinaryIO, cast

from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool, PoolManager, ProxyManager
from urllib3.connection import HTTPConnection, HTTPSConnection

__all__ = ["Adapter"]

MAX_INTERIM = 10
"""Interim responses that are passed over before the final one."""


class Adapter(HTTPAdapter):
    """The adapter of ``requests`` with these connections, through proxies too."""

    def init_poolmanager(self, *args: Any, **options: Any) -> None:
        """Make the pool of direct connections."""
        super().init_poolmanager(*args, **options)
        _use_connections(self.poolmanager)

    def proxy_manager_for(self, *args: Any, **options: Any) -> Any:
        """Return the pool of connections through a proxy; SOCKS has connections of its own."""
        manager = super().proxy_manager_for(*args, **options)
        return _use_connections(manager) if isinstance(manager, ProxyManager) else manager


class _Head:
    """The lines of a response's head; reading them fails if the stream ends within it."""

    def __init__(self, file: BinaryIO):
        self._file = file
        self._heads = 0
        self._at_start = True

    def readline(self, limit: int = -1) -> bytes:
        line = self._file.readline(limit)
        if not line.endswith(b"\n") and len(line) != limit and self._is_http(line):
            raise http.client.IncompleteRead(line)
        self._at_start = line in (b"\r\n", b"\n")
        self._heads += self._at_start
        if self._heads > MAX_INTERIM + 1:
            raise http.client.HTTPException(f"it has more than {MAX_INTERIM} interim responses before it")
        return line

    def close(self) -> None:
        self._file.close()

    def _is_http(self, line: bytes) -> bool:
        """Return whether an unfinished ``line`` belongs to a head: else ``http.client`` says what is wrong with it."""
        return not self._at_start or (bool(line) and b"HTTP/".startswith(line[:5]))


class _Response(http.client.HTTPResponse):
    def begin(self, *args: Any, **options: Any) -> None:
        """Read the head of the final response, passing over interim ones."""
        stream = self.fp
        self.fp = cast(Any, _Head(stream))
        try:
            super().begin(*args, **options)
            while 100 <= self.status < 200 and self.status != http.client.SWITCHING_PROTOCOLS:
                self.headers = self.msg = cast(Any, None)  # so that the next head is read
                super().begin(*args, **options)
        finally:
            if self.fp is not None:  # None: closed, since what came is not HTTP
                self.fp = stream
        _check_headers(self.headers)


def _check_headers(headers: http.client.HTTPMessage) -> None:
    """Refuse a head that contradicts itself, or has a line that is not a header.

    The headers after such a line would be lost, and urllib3 would log them; what it refuses itself stays open.
    """
    lengths = {part.strip() for value in headers.get_all("Content-Length", []) for part in value.split(",")}
    if len(lengths) > 1:
        raise http.client.HTTPException("its Content-Length names two different lengths")
    rest = headers.get_payload()
    if headers.defects or rest:
        line = f": {rest.strip().splitlines()[0]}" if isinstance(rest, str) and rest.strip() else ""
        raise http.client.HTTPException(f"its head has a line that is not a header{line}")


class _HTTPConnection(HTTPConnection):
    response_class = _Response


class _HTTPSConnection(HTTPSConnection):
    response_class = _Response


class _HTTPPool(HTTPConnectionPool):
    ConnectionCls = _HTTPConnection


class _HTTPSPool(HTTPSConnectionPool):
    ConnectionCls = _HTTPSConnection


def _use_connections(manager: PoolManager) -> PoolManager:
    manager.pool_classes_by_scheme = {"http": _HTTPPool, "https": _HTTPSPool}
    return manager
