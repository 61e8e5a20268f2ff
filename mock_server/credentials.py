"""API keys: how they travel (documented), and how to remember one without keeping it."""

from __future__ import annotations

import hashlib
from typing import NamedTuple

__all__ = ["KeyDigest"]


class KeyDigest(NamedTuple):
    """What is kept of a key: enough to know it again, not enough to use it. It shows itself as ``…``."""

    sha256: bytes

    @classmethod
    def of(cls, key: str) -> KeyDigest:
        """Give the digest of ``key``."""
        return cls(hashlib.sha256(key.encode("utf-8", "surrogateescape")).digest())

    def __repr__(self) -> str:
        return "…"
