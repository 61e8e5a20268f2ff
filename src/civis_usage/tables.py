"""Records as text for people and spreadsheets: an aligned table, or CSV."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from itertools import zip_longest
from typing import Any

__all__ = ["comma_separated", "table"]


def table(rows: Sequence[Mapping[str, Any]], columns: Sequence[str] | None = None, limit: int | None = None) -> str:
    """Give ``rows`` as an aligned table, names on top, numbers to the right, without a newline at its end.

    Args:
        rows: one mapping a line.
        columns: the names to show, in this order; ``None`` for all that occur.
        limit: the lines to show at most; a last line then says how many there are.
    """
    names = _names(rows) if columns is None else list(columns)
    shown = rows if limit is None else rows[:limit]
    cells = [[_cell(row.get(name)) for name in names] for row in shown]
    right = [any(_is_number(row.get(name)) for row in shown) for name in names]
    widths = [max(map(len, column)) for column in zip_longest(names, *cells, fillvalue="")]
    lines = [_line(names, widths, right), _line(["-" * width for width in widths], widths, right)]
    lines += [_line(row, widths, right) for row in cells]
    if len(shown) < len(rows):
        lines.append(f"… {len(rows) - len(shown):,} more, {len(rows):,} in all")
    return "\n".join(lines)


def comma_separated(rows: Sequence[Mapping[str, Any]], columns: Sequence[str] | None = None) -> str:
    r"""Give ``rows`` as CSV with a line of names on top; ``null`` is an empty cell, lines end with ``\n``."""
    names = _names(rows) if columns is None else list(columns)
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(names)
    writer.writerows(["" if row.get(name) is None else _cell(row[name]) for name in names] for row in rows)
    return text.getvalue()


def _names(rows: Iterable[Mapping[str, Any]]) -> list[str]:
    return list(dict.fromkeys(name for row in rows for name in row))


def _line(cells: Sequence[str], widths: Sequence[int], right: Sequence[bool]) -> str:
    aligned = (
        cell.rjust(width) if to_right else cell.ljust(width)
        for cell, width, to_right in zip(cells, widths, right, strict=True)
    )
    return "  ".join(aligned).rstrip()


def _cell(value: object) -> str:
    if isinstance(value, str):
        return "".join(character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in value)
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)
