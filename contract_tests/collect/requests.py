"""The requests of a user's program, from a journal file: which of them are sent first of all."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from itertools import chain, zip_longest
from pathlib import Path
from typing import Any

from civis_usage.schemas import OPERATIONS, times

__all__ = ["MOST", "InvalidJournal", "for_organizations", "read"]

MOST = 30
"""Requests of a journal that are sent; of more, some of each kind."""

Request = tuple[str, tuple[tuple[str, Any], ...]]
"""An operation, and its parameters."""


class InvalidJournal(ValueError):  # noqa: N818  named for what is wrong
    """A journal file that cannot be used: one sentence."""


def read(path: str) -> tuple[Request, ...]:
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
    found = [_request(line, f"{path}, line {number}") for number, line in enumerate(lines, 1) if line.strip()]
    sent = [each for each in dict.fromkeys(found) if _can_be_sent(each)]
    if not sent:
        raise InvalidJournal(f"{path} has no requests that can be sent: write it with pytest --usage-journal {path}")
    kinds: dict[object, list[Request]] = {}
    for each in sent:
        kinds.setdefault(_kind(each), []).append(each)
    by_turns = chain.from_iterable(zip_longest(*kinds.values()))
    return tuple(each for each in by_turns if each is not None)[:MOST]


def for_organizations(requests: Iterable[Request], organizations: tuple[int, ...]) -> tuple[Request, ...]:
    """Return the requests with the first of ``organizations`` in place of any other: tests have some of their own."""

    def ours(name: str, value: Any) -> Any:
        return organizations[0] if name == "org_id" and isinstance(value, int) and value not in organizations else value

    if not organizations:
        return tuple(requests)
    mapped = ((operation, tuple((name, ours(name, value)) for name, value in params)) for operation, params in requests)
    return tuple(dict.fromkeys(mapped))


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


def _can_be_sent(request: Request) -> bool:
    operation, params = request
    given = dict(params)
    if any("…" in str(value) or "…" in name for name, value in params):
        return False
    needed = {each.name for each in OPERATIONS[operation].parameters if each.place == "path"}
    return needed <= given.keys() and not (operation == "get_llm" and isinstance(given["id"], int))


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
