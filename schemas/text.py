"""Texts from elsewhere (an API, a client, a file), made fit to be shown."""

from __future__ import annotations

import re
from collections.abc import Iterable
from difflib import get_close_matches

__all__ = ["did_you_mean", "escape"]

_CI_MARK = re.compile(r"##(?=[A-Za-z]*\[)")
"""The beginning of ``##[error]``, ``##vso[`` and ``##teamcity[``, which CI services find anywhere in a line."""
_CI_COMMAND = re.compile(r"(?:^|(?<=\s)):(?=:)|:(?=:[\w-]+.{0,300}?::)")
"""The beginning of ``::error::`` and its like at the beginning of a line, or where a line may be broken."""


def escape(text: str) -> str:
    r"""Return ``text`` on one line that steers neither a terminal nor a CI service.

    What cannot be printed (controls, bidirectional marks, separators, lone surrogates) is spelled out, and so is what
    would make a command of a line in a CI log: ``::`` at its beginning, and ``##[`` and its like.

    >>> escape("a\x1b[31m\nb")
    'a\\x1b[31m\\nb'
    >>> escape("::error::x ##[error]y")
    '\\x3a:error::x #\\x23[error]y'
    """
    if not text.isprintable():
        text = "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in text)
    return _CI_COMMAND.sub(r"\\x3a", _CI_MARK.sub(r"#\\x23", text))


def did_you_mean(word: str, words: Iterable[str]) -> str:
    """Return the remedy for a word that is not one of ``words``: the nearest, or all of them.

    >>> did_you_mean("list_lm", ["get_llm", "list_llm"])
    "did you mean 'list_llm'?"
    """
    words = list(words)
    close = get_close_matches(word, words, n=1)
    return f"did you mean {close[0]!r}?" if close else f"use one of {', '.join(words)}"
