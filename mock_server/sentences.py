"""What sentences about bad input have in common."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

__all__ = ["meant", "shown"]


def shown(text: str, length: int = 60) -> str:
    """Give ``text`` in quotes, cut to a readable length."""
    return repr(text if len(text) <= length else f"{text[:length]}…")


def meant(word: str, words: Iterable[str]) -> str:
    """Give the remedy for a word that is none of ``words``: the one that was probably meant, or all of them.

    >>> meant("list_lm", ["get_llm", "list_llm"])
    "did you mean 'list_llm'?"
    """
    words = list(words)
    close = get_close_matches(word, words, n=1)
    return f"did you mean {close[0]!r}?" if close else f"use one of {', '.join(words)}"
