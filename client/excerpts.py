"""What came in place of a response as documented, in few words."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from civis_usage.schemas.json_format import InvalidJSON, decode
from civis_usage.schemas.text import escape

__all__ = ["describe", "excerpt", "explanation_of", "sentence_of"]

_LENGTH = 60
_LONGEST_SENTENCE = 500
_READ = 1 << 16
"""Bytes of a body that are looked at."""
_LONGEST_KEY = 1 << 14


def excerpt(text: str, length: int = _LENGTH) -> str:
    """Return the beginning of ``text`` on one line, escaped. Redact it first: what is cut may hide a key."""
    text = " ".join(text.split())
    return escape(text if len(text) <= length else f"{text[: length - 1]}…")


def describe(
    status: int,
    headers: Mapping[str, str],
    content: bytes,
    redact: Callable[[str], str] = str,
    length: int = _LENGTH,
) -> str:
    """Return what came: the target of a redirect, the API's own sentence, or how the body begins.

    Args:
        status: the response's.
        headers: names in any case.
        content: the body.
        redact: takes the key out of a text.
        length: characters of a body that are shown.
    """
    target = re.split("[?#]", headers.get("Location") or headers.get("location") or "")[0]  # a query may hold a secret
    if target and 300 <= status < 400:
        return f"a redirect to {excerpt(redact(target), _LONGEST_SENTENCE)}"
    return sentence_of(content, redact) or excerpt(_beginning(content, redact), length) or "an empty body"


def explanation_of(content: bytes) -> str:
    """Return what the body of an error says, in quotes behind a blank: the API's sentence, or a page's beginning."""
    try:
        decode(content)
        said = sentence_of(content)
    except InvalidJSON:
        said = excerpt(_beginning(content, str))
    return f' ("{said}")' if said else ""


def sentence_of(content: bytes, redact: Callable[[str], str] = str) -> str | None:
    """Return the API's own sentence (``errorDescription``) in the body of an error; ``None`` where there is none."""
    try:
        body = decode(content)
    except InvalidJSON:
        return None
    text = body.get("errorDescription") if isinstance(body, dict) else None
    return (excerpt(redact(text), _LONGEST_SENTENCE) or None) if isinstance(text, str) else None


def _beginning(content: bytes, redact: Callable[[str], str]) -> str:
    text = redact(content[:_READ].decode("utf-8", "replace"))
    return text if len(content) <= _READ else text[:-_LONGEST_KEY]  # a key that was cut is not found
