"""Lists of any length: short ones in one piece, long ones made while they are sent."""

from __future__ import annotations

from itertools import chain

from .answers import Body, Stream
from .world import Kind, World

__all__ = ["AT_ONCE", "listed"]

AT_ONCE = 1 << 20
"""Bytes up to which a list is made in one piece: some four thousand runs."""


def listed(
    world: World, kind: Kind, org_id: int, start: int | None, end: int | None, *, now: int, task: str | None = None
) -> Body:
    """Give a list of the API: bytes, or from about a megabyte on a stream of them, in memory that is bounded."""
    pieces = world.pieces(kind, org_id, start, end, now=now, task=task)
    made, size = [], 0
    for piece in pieces:
        made.append(piece)
        size += len(piece)
        if size > AT_ONCE:
            return Stream(chain(made, pieces), world.mark(kind, org_id, start, end, now=now, task=task))
    return b"".join(made)
