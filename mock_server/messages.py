"""What messages about invalid input have in common."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

__all__ = ["did_you_mean", "quote", "sentence"]


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


def did_you_mean(word: str, words: Iterable[str]) -> str:
    """Return the remedy for a word that is not one of ``words``: the nearest, or all of them.

    >>> did_you_mean("list_lm", ["get_llm", "list_llm"])
    "did you mean 'list_llm'?"
    """
    words = list(words)
    close = get_close_matches(word, words, n=1)
    return f"did you mean {close[0]!r}?" if close else f"use one of {', '.join(words)}"
