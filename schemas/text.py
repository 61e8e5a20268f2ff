"""Texts from elsewhere (an API, a client, a file), made fit to be shown."""

from __future__ import annotations

import re

__all__ = ["escape"]

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
