"""Fixed answers to requests outside of ``/usage``, by method and path."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from os import PathLike
from pathlib import Path
from typing import Any

from ..schemas.json_format import InvalidJSON, decode, encode
from ..schemas.text import did_you_mean
from .messages import quote

__all__ = ["METHODS", "InvalidStub", "Stub", "Stubs", "read_stubs"]

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")

_NAMES = ("method", "path", "status", "headers", "body")
_OWN = ("/usage/", "/endpoints/", "/openapi.json/", "/_fake/", "/_page/")


class InvalidStub(ValueError):  # noqa: N818  a kind of ValueError, named as InvalidRecord is
    """A stub that cannot be used; the message names what, its value and the remedy."""


@dataclass(frozen=True)
class Stub:
    """One fixed answer.

    Raises:
        InvalidStub: the path is served by the fake itself, or a value cannot be sent.
    """

    method: str
    path: str
    body: Any = field(default=None, repr=False)
    """What is sent as JSON; ``None`` for an empty body."""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    """Headers beside those that all responses of the API have."""

    def __post_init__(self) -> None:
        if self.method not in METHODS:
            raise InvalidStub(f"invalid method {quote(str(self.method))}: use one of {', '.join(METHODS)}")
        if not isinstance(self.path, str) or not self.path.startswith("/") or "?" in self.path or self.path == "/":
            raise InvalidStub(f"invalid path {quote(str(self.path))}: write it as /users/me, without a query")
        if f"{self.path}/".startswith(_OWN):
            raise InvalidStub(
                f"the fake itself answers {quote(self.path)}: load records, or set a fault such as list_llm limit=1"
            )
        if not isinstance(self.status, int) or isinstance(self.status, bool) or not 200 <= self.status <= 599:
            raise InvalidStub(f"invalid status {quote(str(self.status))}: use a number from 200 to 599")
        if not isinstance(self.headers, Mapping) or not all(map(_is_header, self.headers.items())):
            raise InvalidStub('invalid headers: write names and values as texts on one line, as in {"X-Name": "value"}')
        try:
            encode(self.body)
        except (TypeError, ValueError, RecursionError) as reason:
            why = "it has half a character (a lone surrogate)" if isinstance(reason, UnicodeError) else str(reason)[:80]
            raise InvalidStub(f"the body of {self.method} {quote(self.path)} cannot be sent as JSON: {why}") from None

    @classmethod
    def from_dict(cls, given: object) -> Stub:
        """Return the stub that a JSON object describes; ``path`` is required, ``method`` is GET where it is left out.

        Raises:
            InvalidStub: it is not such an object.
        """
        if not isinstance(given, Mapping):
            raise InvalidStub('a stub is an object, such as {"method": "GET", "path": "/users/me", "body": {"id": 5}}')
        for name in given:
            if name not in _NAMES:
                raise InvalidStub(f"a stub has no {quote(str(name))}: {did_you_mean(str(name), _NAMES)}")
        if "path" not in given:
            raise InvalidStub("a stub has no path: add one, such as /users/me")
        return cls(**{"method": "GET", **given})

    def as_dict(self) -> dict[str, Any]:
        """Return the stub as JSON can hold it."""
        return {
            "method": self.method,
            "path": self.path,
            "status": self.status,
            "headers": dict(self.headers),
            "body": self.body,
        }

    def encoded(self) -> bytes:
        """Return the body as it is sent."""
        return b"" if self.body is None else encode(self.body)


class Stubs:
    """The stubs that are active: one for each method and path, of which the last one added counts."""

    def __init__(self, start: Iterable[Stub] = ()) -> None:
        self._start = _by_path({}, start)
        self._lock = threading.Lock()
        self.active = self._start
        """The stubs by path and method; replaced whole by each change."""

    def add(
        self, method: str, path: str, body: Any = None, *, status: int = 200, headers: Mapping[str, str] | None = None
    ) -> Stub:
        """Answer requests to ``path`` with ``body``: ``stubs.add("GET", "/users/me", {"id": 5})``.

        Raises:
            InvalidStub: the fake itself answers that path, or a value cannot be sent.
        """
        __tracebackhide__ = True
        stub = Stub(method, path, body, status, headers or {})
        self.extend([stub])
        return stub

    def extend(self, stubs: Iterable[Stub]) -> None:
        """Add stubs, all at once."""
        with self._lock:
            self.active = _by_path(self.active, stubs)

    def clear(self) -> None:
        """Remove all stubs."""
        self.active = {}

    def reset(self) -> None:
        """Make those active that the fake started with."""
        self.active = self._start

    def as_list(self) -> list[dict[str, Any]]:
        """Return the active stubs as JSON can hold them."""
        return [stub.as_dict() for methods in self.active.values() for stub in methods.values()]


def read_stubs(name: str | PathLike[str]) -> tuple[Stub, ...]:
    """Read a file of stubs: a JSON list.

    Raises:
        InvalidStub: the file cannot be read, or one of the stubs is invalid; the message names it.
    """
    try:
        listed = decode(Path(name).read_bytes())
    except OSError as reason:
        raise InvalidStub(f"{name} cannot be read: {(reason.strerror or str(reason)).lower()}") from None
    except InvalidJSON:
        raise InvalidStub(f"{name} is not JSON: write a list of stubs in it") from None
    if not isinstance(listed, list):
        raise InvalidStub(f"{name} is not a list: write the stubs in [ and ]")
    made = []
    for number, given in enumerate(listed, 1):
        try:
            made.append(Stub.from_dict(given))
        except InvalidStub as reason:
            raise InvalidStub(f"{name}: stub {number}: {reason}") from None
    return tuple(made)


ByPath = Mapping[str, Mapping[str, Stub]]


def _by_path(active: ByPath, stubs: Iterable[Stub]) -> ByPath:
    found = {path: dict(methods) for path, methods in active.items()}
    for stub in stubs:
        found.setdefault(stub.path, {})[stub.method] = stub
    return found


def _is_header(header: tuple[object, object]) -> bool:
    return all(isinstance(text, str) and text.isascii() and text.isprintable() for text in header) and header[0] != ""
