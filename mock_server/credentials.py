"""API keys: how they travel (documented), and how to remember one without keeping it."""

from __future__ import annotations

import base64
import binascii
import hashlib
from typing import NamedTuple

__all__ = ["KeyDigest", "presented"]


class KeyDigest(NamedTuple):
    """What is kept of a key: enough to know it again, not enough to use it. It shows itself as ``…``."""

    sha256: bytes

    @classmethod
    def of(cls, key: str) -> KeyDigest:
        """Give the digest of ``key``."""
        return cls(hashlib.sha256(key.encode("utf-8", "surrogateescape")).digest())

    def __repr__(self) -> str:
        return "…"


def presented(authorization: str | None) -> str | None:
    """Give the key in an ``Authorization`` header; ``None`` where there is none.

    It is the user name of Basic credentials (what the Python client sends; the password is not looked at), or the
    token of Bearer ones (documented).
    """
    scheme, _, rest = (authorization or "").strip().partition(" ")
    rest = rest.strip()
    if scheme.lower() == "bearer":
        return rest or None
    if scheme.lower() == "basic":
        return _user_name(rest) or None
    return None


def _user_name(encoded: str) -> str:
    try:
        decoded = base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        return ""
    return decoded.decode("utf-8", "surrogateescape").partition(":")[0].strip()
