"""Reading a user's records from a file: JSON, a JSON object a line, or a table, in the forms that programs write.

What the records say is judged when a world loads them (:mod:`.completion`).
"""

from __future__ import annotations

import csv
import gzip
import io
import re
import zlib
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

from ...schemas.json_format import InvalidJSON, decode, wire_name
from .given import FileRecord, InvalidRecord, is_field
from .pool import FIELDS

__all__ = ["read_file", "read_records"]

MAX_EXPONENT = 400
"""Numbers with larger exponents are infinite or zero: as integers they would fill memory."""
LARGEST = 256 << 20
"""Bytes of a compressed file, unpacked."""

_BINARY = {
    b"PK\x03\x04": ("an Excel workbook or another zip archive", "save the sheet as CSV UTF-8"),
    b"\xd0\xcf\x11\xe0": ("an old Excel workbook", "save the sheet as CSV UTF-8"),
    b"PAR1": ("a Parquet file", "write it as CSV or JSON, as pandas' to_csv() does"),
    b"%PDF": ("a PDF document", "export CSV or JSON instead"),
}
_TEXTS = {
    "version https://git-lfs": ("a Git LFS pointer and not the file itself", "fetch the file with git lfs pull"),
    "<": ("an HTML or XML document", "save the data itself, as JSON or CSV"),
}
_YAML = re.compile(r"(---|-\s|\s*[\w-]+:(\s|$))")
_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]{1,3})?").fullmatch
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[\[\]{}\n]')


def read_records(content: bytes | str) -> list[Any]:
    """Return the records, whole or partial, of a file's content. ``World.with_records`` takes them.

    It may be gzipped. Bytes are UTF-8, with or without a byte order mark, or UTF-16 with one. It is recognized as:

    - JSON: an array of records, one record, ``{"llm": [...], "matching": [...]}``, ``{"data": [...]}``,
      ``{"records": [...]}`` (a recording has it) or what pandas' ``to_json`` writes;
    - a JSON object a line; blank lines are skipped;
    - a table: a header with the fields' names (and ``kind``, if the other fields do not say it), then a record a line,
      with commas, semicolons (decimal commas are allowed then) or tabs. An empty cell leaves its field out, a column
      without a name is left out, blank rows are skipped.

    Raises:
        InvalidRecord: it cannot be read; the text names the line.
    """
    text = (_decoded(content) if isinstance(content, bytes) else content).removeprefix("\ufeff")
    begin = text.lstrip()
    for mark, (what, remedy) in _TEXTS.items():
        if begin.lower().startswith(mark):
            raise InvalidRecord(f"this is {what}", remedy)
    if not begin:
        return []
    if begin[0] not in "[{":
        return list(_table(text))
    return list(_lines(text)) if _is_json_lines(begin) else _json(text)


def read_file(path: str | Path) -> list[Any]:
    """Return the records of a file, as :func:`read_records` does.

    Raises:
        InvalidRecord: they cannot be read.
        OSError: the file cannot be.
    """
    return read_records(Path(path).read_bytes())


def _decoded(content: bytes) -> str:
    for mark, (what, remedy) in _BINARY.items():
        if content.startswith(mark):
            raise InvalidRecord(f"this is {what}", remedy)
    if content.startswith(b"\x1f\x8b"):
        try:
            with gzip.GzipFile(fileobj=io.BytesIO(content)) as file:
                unpacked = file.read(LARGEST + 1)
            if len(unpacked) > LARGEST:
                raise InvalidRecord(f"this gzip file is larger than {LARGEST >> 20} MB unpacked", "split it")
            return _decoded(unpacked)
        except (OSError, EOFError, zlib.error):
            raise InvalidRecord("this gzip file is damaged", "compress it again, or use it as it was before") from None
    encoding = "utf-16" if content.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8"
    try:
        return content.decode(encoding)
    except UnicodeDecodeError as problem:
        line = content.count(b"\n", 0, problem.start) + 1
        raise InvalidRecord(f"this is not {encoding.upper()}", "save the file as UTF-8", line=line) from None


# -- JSON ------------------------------------------------------------------------------------------------------------


def _is_json_lines(begin: str) -> bool:
    first, _, rest = begin.partition("\n")
    if not rest.strip() or not first.startswith("{"):
        return False
    try:
        decode(first)
    except InvalidJSON:
        return False
    return True


def _lines(text: str) -> Iterator[Any]:
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            yield _located(_parsed(line, "write one record a line", number), number)


def _json(text: str) -> list[Any]:
    document = _parsed(text, "write an array of records")
    depth = 2 if isinstance(document, dict) else 1
    rows = list(_rows(document))
    lines = _object_lines(text, depth)
    if len(lines) != len(rows) or lines[-1:] == [1]:  # lines that cannot be told apart say nothing
        return rows
    return [_located(row, line) for row, line in zip(rows, lines, strict=True)]


def _parsed(text: str, remedy: str, line: int | None = None) -> Any:
    try:
        return decode(text, parse_float=_number)
    except InvalidJSON as reason:
        place = "" if reason.column is None else f", column {reason.column}"
        raise InvalidRecord(
            f"this is not JSON ({reason.problem}{place})", remedy, line=reason.line if line is None else line
        ) from None


def _number(text: str) -> Decimal | float:
    """Return the number of a text; what has an exponent keeps it, since it may have lost digits."""
    if "e" not in text.lower():
        return float(text)
    number = Decimal(text)
    return number if abs(number.adjusted()) < MAX_EXPONENT else float(text)


def _rows(document: Any) -> Iterator[Any]:
    """Return the records of a document, in whichever of the known forms it is."""
    if isinstance(document, list):
        if document and all(isinstance(row, list) for row in document):
            raise InvalidRecord(
                "these are rows without field names", "write objects, as to_json(orient='records') does"
            )
        yield from document
    elif not isinstance(document, dict):
        yield document
    elif document and document.keys() <= FIELDS.keys():
        for kind, records in document.items():
            if not isinstance(records, list):
                raise InvalidRecord(f"{kind!r} holds {str(records)[:60]}", "write an array of records")
            yield from ({"kind": kind, **record} if isinstance(record, dict) else record for record in records)
    elif isinstance(document.get("records"), list):
        yield from document["records"]
    elif document.get("format") == "civis-usage-recording":
        raise InvalidRecord("an older civis-usage-kit recorded this", "record it again with civis-usage record")
    elif isinstance(document.get("data"), list):
        yield from _pandas_rows(document)
    elif document and all(isinstance(each, dict) for each in document.values()):
        if any(is_field(wire_name(name)) for name in document):
            keys = next(iter(document.values()))
            yield from ({name: column.get(key) for name, column in document.items()} for key in keys)
        else:
            yield from document.values()
    else:
        yield document


def _pandas_rows(document: dict[str, Any]) -> Iterator[Any]:
    """Return the records under ``data``: objects, or rows as the orient ``split`` has them; without pandas' index."""
    columns, schema = document.get("columns"), document.get("schema")
    index = schema.get("primaryKey", []) if isinstance(schema, dict) else []
    for row in document["data"]:
        if isinstance(row, list) and isinstance(columns, list) and len(row) == len(columns):
            yield dict(zip(map(str, columns), row, strict=True))
        elif isinstance(row, dict):
            yield {name: value for name, value in row.items() if name not in index}
        else:
            yield row


def _located(row: Any, line: int | None) -> Any:
    if not isinstance(row, dict):
        return row
    record = FileRecord(row)
    record.line = line
    return record


def _object_lines(text: str, depth: int) -> list[int]:
    """Return the lines in which the objects inside of ``depth`` brackets begin."""
    lines, line, level = [], 1, 0
    for token in _TOKEN.finditer(text):
        match token[0]:
            case "\n":
                line += 1
            case "{" | "[" as bracket:
                if bracket == "{" and level == depth:
                    lines.append(line)
                level += 1
            case "}" | "]":
                level -= 1
    return lines


# -- tables ----------------------------------------------------------------------------------------------------------


def _table(text: str) -> Iterator[FileRecord]:
    first = next(line for line in text.splitlines() if line.strip())
    delimiter = max(",;\t", key=lambda each: sum(_is_column(cell) for cell in first.split(each)))
    if not any(_is_column(cell) for cell in first.split(delimiter)):
        if _YAML.match(first):
            raise InvalidRecord("this looks like YAML", "save it as JSON or CSV")
        raise InvalidRecord(
            f"the first line {first[:60]!r} names no field of a usage record",
            f"write a header with names such as {', '.join(FIELDS['llm'])}",
            line=text[: text.index(first)].count("\n") + 1,
        )
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    header: list[str] = []
    line = 1
    try:
        for row in rows:
            begin, line = line, rows.line_num + 1
            if not any(cell.strip() for cell in row):
                continue
            if header:
                yield _record(header, row, begin, decimal_comma=delimiter == ";")
            else:
                header = _header(row, begin)
    except csv.Error as problem:
        remedy = "put a value with quotes, separators or line ends into double quotes"
        raise InvalidRecord(f"this is not CSV ({problem})", remedy, line=rows.line_num) from None


def _is_column(cell: str) -> bool:
    name = wire_name(cell.strip().strip('"'))
    return name == "kind" or is_field(name)


def _header(cells: list[str], line: int) -> list[str]:
    names = [name.strip() for name in cells]
    twice = next((name for name in names if name and names.count(name) > 1), None)
    if twice is not None:
        raise InvalidRecord(f"the header names {twice!r} twice", "leave one out", line=line)
    return names


def _record(header: list[str], row: list[str], line: int, *, decimal_comma: bool) -> FileRecord:
    if len(row) != len(header):
        problem = f"there are {len(row)} values, but the header names {len(header)}"
        raise InvalidRecord(problem, "write a value, if an empty one, for each", line=line)
    cells = zip(header, row, strict=True)
    record = FileRecord({name: _value(name, cell, decimal_comma) for name, cell in cells if name and cell.strip()})
    record.line = line
    return record


def _value(name: str, cell: str, decimal_comma: bool) -> Decimal | float | str:
    """Return a cell's value; what is not the number that it should be stays text, for the world to refuse."""
    schemas = [fields[wire] for fields in FIELDS.values() if (wire := wire_name(name)) in fields]
    numeric = any(schema["type"] != "string" or schema.get("format") == "date-time" for schema in schemas)
    text = cell.strip().replace(",", ".") if decimal_comma else cell.strip()
    if not (numeric and _NUMBER(text)):
        return cell
    return int(text) if text.lstrip("-").isdigit() else _number(text)
