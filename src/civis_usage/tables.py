"""Records as text for people and spreadsheets: an aligned table, or CSV."""

from __future__ import annotations

import csv
import io
import json
import textwrap
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from itertools import accumulate, zip_longest
from typing import Any

__all__ = ["comma_separated", "printable", "table"]

GAP = "  "
"""What stands between two columns."""


def table(
    rows: Sequence[Mapping[str, Any]],
    columns: Sequence[str] | None = None,
    limit: int | None = None,
    width: int | None = None,
) -> str:
    """Return ``rows`` as an aligned table, names on top, numbers to the right, without a newline at its end.

    Args:
        rows: one mapping a line.
        columns: the names to show, in this order; ``None`` for all that occur.
        limit: the lines to show at most; a last line then says how many there are.
        width: the columns of the terminal; fields that do not fit are named in a last line. ``None`` for any width.
    """
    names = _names(rows) if columns is None else list(columns)
    shown = rows if limit is None else rows[:limit]
    cells = [[_cell(row.get(name)) for name in names] for row in shown]
    right = [any(_is_number(row.get(name)) for row in shown) for name in names]
    head = list(map(_cell, names))
    widths = [max(map(_width, column)) for column in zip_longest(head, *cells, fillvalue="")]
    fitting = len(names) if width is None else _fitting(widths, width)
    rules = ["-" * each for each in widths]
    lines = [_line(line[:fitting], widths[:fitting], right[:fitting]) for line in (head, rules, *cells)]
    if len(shown) < len(rows):
        lines.append(f"… {len(rows) - len(shown):,} more, {len(rows):,} in all")
    if fitting < len(names):
        named = f"… and, for want of room: {', '.join(head[fitting:])}"
        lines += textwrap.wrap(named, max(20, width or 0), subsequent_indent="  ", break_on_hyphens=False)
    return "\n".join(lines)


def _fitting(widths: Sequence[int], width: int) -> int:
    """Return how many columns fit side by side, one at least."""
    ends = accumulate(each + len(GAP) for each in widths)
    return max(1, sum(end - len(GAP) <= width for end in ends))


def comma_separated(rows: Sequence[Mapping[str, Any]], columns: Sequence[str] | None = None) -> str:
    r"""Return ``rows`` as CSV with a line of names on top; ``null`` is an empty cell, lines end with ``\n``.

    A text is written as it is, so that programs read back what the API said: quoted where it holds commas, quotes or
    line ends, and unchanged where it begins with ``=``, which a spreadsheet takes for a formula. Objects and arrays are
    JSON.
    """
    names = _names(rows) if columns is None else list(columns)
    lines: list[list[Any]] = [names, *([row.get(name) for name in names] for row in rows)]
    return "".join(map(_csv_line, lines))


def printable(text: str) -> str:
    r"""Return ``text`` with a mark in place of each character, but ``\n``, that could steer a terminal."""
    return "\n".join(map(_on_one_line, text.split("\n")))


def _names(rows: Iterable[Mapping[str, Any]]) -> list[str]:
    return list(dict.fromkeys(name for row in rows for name in row))


def _line(cells: Sequence[str], widths: Sequence[int], right: Sequence[bool]) -> str:
    aligned = []
    for cell, width, to_right in zip(cells, widths, right, strict=True):
        gap = " " * (width - _width(cell))
        aligned.append(gap + cell if to_right else cell + gap)
    return GAP.join(aligned).rstrip()


def _width(text: str) -> int:
    """Return the columns that ``text`` takes on a terminal: two for a wide character, none for a mark upon another."""
    if text.isascii():
        return len(text)
    return sum(
        0 if unicodedata.category(character) in ("Mn", "Me") else 1 + (unicodedata.east_asian_width(character) in "WF")
        for character in text
    )


def _cell(value: object) -> str:
    return _on_one_line(value if isinstance(value, str) else _json(value))


def _csv_line(values: Iterable[object]) -> str:
    text = io.StringIO()
    # The writer puts a cell into quotes for the characters of its own line end only: of "\n" alone it would miss "\r".
    csv.writer(text, lineterminator="\r\n").writerow(map(_written, values))
    return text.getvalue().removesuffix("\r\n") + "\n"


def _written(value: object) -> str:
    if value is None:
        return ""
    text = value if isinstance(value, str) else _json(value)
    return text.encode(errors="replace").decode()  # a lone surrogate, which JSON can spell, cannot be written


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _on_one_line(text: str) -> str:
    return "".join(character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in text)


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)
