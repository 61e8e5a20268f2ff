"""The requests of a user's program, from a journal file: which of them are sent first of all."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from itertools import chain, zip_longest
from pathlib import Path
from typing import Any

from civis_usage.contract_tests.config import Journal, Request
from civis_usage.schemas import OPERATIONS, times

__all__ = ["MOST", "InvalidJournal", "read"]

MOST = 30
"""Requests of a journal that are sent; of more, some of each kind."""


class InvalidJournal(ValueError):  # noqa: N818  named for what is wrong
    """A journal file that cannot be used: one sentence."""


def read(path: str) -> Journal:
    """Return the requests in a file of ``serve --journal`` or ``pytest --usage-journal``: at most :data:`MOST`.

    Requests for one record by its id are left out, since the fake's ids are not the API's, and so are those of which
    the journal hides a part. Of many, the first of each kind come first: of an operation, its parameters and their
    forms.

    Raises:
        InvalidJournal: it cannot be read, or has no such requests; the message says which line and the remedy.
    """
    try:
        lines = Path(path).read_text(encoding="utf-8").splitlines()
    except OSError as reason:
        raise InvalidJournal(f"{path} cannot be read: {(reason.strerror or str(reason)).lower()}") from None
    except UnicodeDecodeError:
        raise InvalidJournal(f"{path} is not UTF-8 text: write it with serve --journal") from None
    found = dict.fromkeys(
        _request(line, f"{path}, line {number}") for number, line in enumerate(lines, 1) if line.strip()
    )
    left_out: Counter[str] = Counter()
    kinds: dict[object, list[Request]] = {}
    for each in found:
        if why := _why_left_out(each):
            left_out[why] += 1
        else:
            kinds.setdefault(_kind(each), []).append(each)
    if not kinds:
        raise InvalidJournal(f"{path} has no requests that can be sent: write it with pytest --usage-journal {path}")
    by_turns = [each for each in chain.from_iterable(zip_longest(*kinds.values())) if each is not None]
    if more := len(by_turns[MOST:]):
        left_out[f"more than {MOST} requests"] = more
    return Journal(Path(path).name, tuple(by_turns[:MOST]), dict(left_out))


def _request(line: str, place: str) -> Request:
    try:
        given = json.loads(line)
    except (ValueError, RecursionError):
        given = None
    if not isinstance(given, Mapping) or not isinstance(given.get("parameters"), Mapping):
        raise InvalidJournal(f'{place} is not a request such as {{"operation": "list_llm", "parameters": {{}}}}')
    operation, written = str(given.get("operation")), given["parameters"]
    if operation not in OPERATIONS:
        raise InvalidJournal(f"{place}: the API has no operation {operation!r}: use one of {', '.join(OPERATIONS)}")
    return operation, tuple((str(name), _value(operation, str(name), str(value))) for name, value in written.items())


def _value(operation: str, name: str, text: str) -> Any:
    kind = next((each.type for each in OPERATIONS[operation].parameters if each.name == name), "string")
    return int(text) if kind == "integer" and text.isascii() and text.isdecimal() and len(text) < 20 else text


def _why_left_out(request: Request) -> str | None:
    """Return why a request is not sent; ``None`` where it is."""
    operation, params = request
    given = dict(params)
    if any("…" in str(value) or "…" in name for name, value in params):
        return "a part that the journal hides"
    needed = {each.name for each in OPERATIONS[operation].parameters if each.place == "path"}
    if not needed <= given.keys():
        return "a missing part of the path"
    return "one record by its id" if operation == "get_llm" and isinstance(given["id"], int) else None


def _kind(request: Request) -> object:
    return request[0], frozenset((name, _form(value)) for name, value in request[1])


def _form(value: Any) -> object:
    """Return the form of a value: a number, a date, a date-time in UTC or with an offset, or the text itself."""
    if isinstance(value, int):
        return int
    if times.is_date(value) and value[:4].isdecimal():
        return "date"
    try:
        times.parse(value)
    except ValueError:
        return value
    return "UTC" if value[-1] in "Zz" else "offset"
