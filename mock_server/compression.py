"""Answers in gzip, for clients that accept it and are far enough away that it pays.

Over loopback it never does: a body is sent in less time than it takes to press it. Across a network of some hundred
megabits a second it does, so long as the body fills more than a packet. (That the API does so is assumed.)
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from werkzeug.http import parse_accept_header

from .answers import Answer, Stream
from .guard import is_loopback

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

__all__ = ["compressed"]

A_PACKET = 1400
"""Bytes below which a body is sent as it is."""

_LEVEL = 1
_GZIP = 31  # zlib's code for a gzip container with the largest window


def compressed(answer: Answer, environ: WSGIEnvironment) -> Answer:
    """Give an answer in gzip where the client accepts that and is on another machine; otherwise as it is."""
    if not isinstance(answer.body, Stream) and len(answer.body) <= A_PACKET:
        return answer
    if is_loopback(environ.get("REMOTE_ADDR")) or answer.end != "whole":
        return answer
    if not parse_accept_header(environ.get("HTTP_ACCEPT_ENCODING")).quality("gzip"):
        return answer
    shown = answer.without("Vary").adding(("Vary", "Accept-Encoding, Origin"), ("Content-Encoding", "gzip"))
    if isinstance(answer.body, Stream):
        return shown._replace(body=replace(answer.body, parts=_pressed(answer.body.parts)))
    return shown._replace(body=b"".join(_pressed(iter([answer.body]))))


def _pressed(parts: Iterator[bytes]) -> Iterator[bytes]:
    press = zlib.compressobj(_LEVEL, wbits=_GZIP)
    for part in parts:
        pressed = press.compress(part)
        if pressed:
            yield pressed
    yield press.flush()
