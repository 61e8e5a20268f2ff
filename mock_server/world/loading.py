"""Reading a user's records from JSON, NDJSON or CSV. What they say is judged when a world takes them in."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from ..wire import on_the_wire
from .fields import FIELDS, BadRecord, known, shown

__all__ = ["FORMATS", "BadRecord", "format_of", "read_file", "read_records"]

Record = dict[str, Any]


def read_records(text: str | bytes, form: str | None = None) -> list[Record]:
    """Read records, whole or partial.

    Args:
        text: what to read; bytes are UTF-8, with or without a byte order mark.
        form: ``json``: an array of records, one record, an object with such an array under ``records`` (a recording has
            one), or ``{"llm": [...], "matching": [...]}``, where the names tell the kinds. ``ndjson``: a record a line;
            empty lines are skipped. ``csv``: a header with the fields' names (and ``kind``, where the other fields do
            not tell it), then a record a line; an empty cell leaves its field out. Where it is not named, it is guessed
            from how the text begins.

    Returns:
        The records as they are written, with a field ``kind`` where the document names it; ``World.with_records``
        takes them.

    Raises:
        BadRecord: it cannot be read; the text names the line.
    """
    if isinstance(text, bytes):
        text = _decoded(text)
    text = text.removeprefix("\ufeff")
    return list(FORMATS[form or _guessed(text)](text))


def read_file(path: str | Path) -> list[Record]:
    """Read records from a file, as :func:`read_records` does; its name tells the format where it can.

    Raises:
        BadRecord: they cannot be read.
        OSError: the file cannot be.
    """
    return read_records(Path(path).read_bytes(), format_of(str(path)))


def format_of(name: str) -> str | None:
    """Tell the format by a file's name or by a media type, or give ``None`` where it is to be guessed.

    What is called JSON is guessed too, since people call both an array and a record a line by that name.

    >>> format_of("runs.jsonl"), format_of("text/csv"), format_of("runs.json")
    ('ndjson', 'csv', None)
    """
    formats = {"ndjson": "ndjson", "x-ndjson": "ndjson", "jsonl": "ndjson", "csv": "csv"}
    return formats.get(re.split(r"[./]", name.lower())[-1])


def _guessed(text: str) -> str:
    begin = text.lstrip()[:1]
    if begin in ("", "[", "{"):
        return "json" if begin == "[" or _is_json(text) else "ndjson"
    return "csv"


def _json(text: str) -> Iterator[Record]:
    document = _parsed(text, "write an array of records")
    if isinstance(document, dict) and document and document.keys() <= FIELDS.keys():
        for kind, records in document.items():
            if not isinstance(records, list):
                raise BadRecord(f"{kind!r} holds {shown(records)}", "write an array of records")
            yield from ({"kind": kind, **record} if isinstance(record, dict) else record for record in records)
    elif isinstance(document, dict) and isinstance(document.get("records"), list):
        yield from document["records"]
    elif isinstance(document, dict) and document.get("format") == "civis-usage-recording":
        raise BadRecord("an older civis-usage-kit recorded this", "record it again with civis-usage record")
    elif isinstance(document, list):
        yield from document
    else:
        yield document


def _ndjson(text: str) -> Iterator[Record]:
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            yield _parsed(line, "write one record a line", number)


def _parsed(text: str, remedy: str, line: int | None = None) -> Any:
    try:
        return json.loads(text, parse_constant=_no_number)
    except ValueError as problem:
        raise BadRecord(f"this is not JSON ({problem})", remedy, number=line, unit="line") from None
    except RecursionError:
        raise BadRecord("this is nested too deeply", remedy, number=line, unit="line") from None


def _no_number(name: str) -> float:
    raise ValueError(f"{name} is no number of JSON")


def _csv(text: str) -> Iterator[Record]:
    rows = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        header = _header(next(rows, []))
        for row in rows:
            if row:
                yield _row(header, row, rows.line_num)
    except csv.Error as problem:
        remedy = "put a value with quotes, commas or line ends into double quotes"
        raise BadRecord(f"this is not CSV ({problem})", remedy, number=rows.line_num, unit="line") from None


def _header(cells: list[str]) -> list[str]:
    names = [name.strip() for name in cells]
    for name in names:
        if on_the_wire(name) != "kind":
            known(on_the_wire(name), number=1, unit="line")
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise BadRecord(f"the header names {twice!r} twice", "leave one out", number=1, unit="line")
    return names


def _row(header: list[str], row: list[str], line: int) -> Record:
    if len(row) != len(header):
        problem = f"there are {len(row)} values, but the header names {len(header)}"
        raise BadRecord(problem, "write a value, if an empty one, for each", number=line, unit="line")
    record = {}
    for name, text in zip(header, row, strict=True):
        if text != "":
            record[name] = _value(name, text)
    return record


_INTEGER = re.compile(r"-?[0-9]{1,40}").fullmatch
_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?").fullmatch


def _value(name: str, text: str) -> int | float | str:
    """Give a cell's value; what is not the number that it should be stays text, for the world to refuse."""
    types = {fields[wire]["type"] for fields in FIELDS.values() if (wire := on_the_wire(name)) in fields}
    if "string" in types or not _NUMBER(text):
        return text
    return int(text) if "integer" in types and _INTEGER(text) else float(text)


FORMATS: dict[str, Callable[[str], Iterator[Record]]] = {"json": _json, "ndjson": _ndjson, "csv": _csv}
"""The formats that can be read, with their readers."""


def _decoded(text: bytes) -> str:
    try:
        return text.decode()
    except UnicodeDecodeError as problem:
        line = text.count(b"\n", 0, problem.start) + 1
        raise BadRecord("this is not UTF-8", "save the file as UTF-8", number=line, unit="line") from None


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True
