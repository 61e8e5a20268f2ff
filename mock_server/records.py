"""Reading records of a user's own from JSON, NDJSON or CSV."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from functools import cache
from typing import Any

from ..schemas import load
from .wire_names import wire_name

__all__ = ["BadRecords", "read"]

KINDS = ("llm_usage", "matching_usage")


class BadRecords(ValueError):  # noqa: N818  named for what it says
    """A text in which no records can be read; the message says where, and what to write."""


def read(content: bytes, media_type: str = "") -> list[Any]:
    """Give the records in ``content``, as they are written there; whether they can be is for the world to judge.

    A list or an object is JSON, one object a line is NDJSON, and everything else is CSV with field names in its first
    line, where a cell is read as its field's type and an empty one leaves the field out.

    Args:
        content: UTF-8.
        media_type: ``text/csv`` where the content is CSV beyond doubt.

    Raises:
        BadRecords: it is none of these.
    """
    try:
        text = content.decode("utf-8-sig").strip()
    except UnicodeDecodeError as reason:
        raise BadRecords(f"the records are not UTF-8: byte {reason.start} cannot be read") from None
    if not text:
        return []
    if media_type != "text/csv" and text[0] in "[{":
        return _json(text)
    return list(_csv(text))


def _json(text: str) -> list[Any]:
    try:
        found = json.loads(text, parse_constant=_no_number)
        return found if isinstance(found, list) else [found]
    except RecursionError:
        raise BadRecords("the records are nested too deeply to be records") from None
    except ValueError as reason:
        if text[0] == "[" or "\n" not in text:
            raise BadRecords(f"the records are not JSON: {reason}") from None
    return list(_lines(text))


def _lines(text: str) -> Iterator[Any]:
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        try:
            yield json.loads(line, parse_constant=_no_number)
        except (ValueError, RecursionError) as reason:
            raise BadRecords(f"line {number} of the records is not JSON: {reason}") from None


def _no_number(constant: str) -> float:
    raise ValueError(f"{constant} is no number in JSON")


def _csv(text: str) -> Iterator[dict[str, Any]]:
    try:
        rows = list(csv.reader(io.StringIO(text), strict=True))
    except csv.Error as reason:
        raise BadRecords(f"the records are neither JSON nor CSV: {reason}") from None
    header, *body = [[cell.strip() for cell in row] for row in rows]
    header = [wire_name(name) for name in header]
    known = _types()
    for name in header:
        if name not in known:
            raise BadRecords(f"the records' first line names {name[:40]!r}, which is no field: use {', '.join(known)}")
    for number, row in enumerate(body, 2):
        if len(row) > len(header):
            raise BadRecords(f"line {number} of the records has {len(row)} cells under {len(header)} names")
        yield {name: _cell(known[name], cell) for name, cell in zip(header, row, strict=False) if cell}


def _cell(kind: str, cell: str) -> Any:
    """Give a cell as its field's type, or as it is written where it cannot be read, for the world to complain about."""
    try:
        return int(cell) if kind == "integer" else float(cell) if kind == "number" else cell
    except ValueError:
        return cell


@cache
def _types() -> dict[str, str]:
    fields = {name: field["type"] for kind in KINDS for name, field in load(kind)["properties"].items()}
    return {**fields, "kind": "string"}
