"""What messages about invalid input have in common."""

from __future__ import annotations

__all__ = ["quote", "sentence"]


def quote(text: str, length: int = 60) -> str:
    """Return ``text`` in quotes, cut to a readable length."""
    return repr(text if len(text) <= length else f"{text[:length]}…")


def sentence(reason: object) -> str:
    """Return a message with a full stop at its end, unless it ends with a question.

    >>> sentence("did you mean 'list_llm'?")
    "did you mean 'list_llm'?"
    """
    text = str(reason)
    return text if text.endswith("?") else f"{text}."
