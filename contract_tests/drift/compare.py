"""Two descriptions of ``/usage``, compared statement by statement.

Whether a difference breaks programs follows from one rule. A change widens, narrows or replaces the values that are
allowed. Programs read responses, and the API reads requests: a wider response or a narrower request breaks, and so does
what is replaced. A keyword that is not known here narrows the values where it is added, as those of JSON Schema do.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from .spec import ApiDescription
from .statements import Statement

__all__ = ["Difference", "Severity", "compare", "rewrite"]

PRESENCE = {"operation", "parameter", "field"}
"""Statements that there is such a thing; their values are words for a reader."""
WORDING = {"description", "enum notation", "name", "summary"}
REPLACED = {"base path", "in", "media type", "repeats", "status"}
"""Keywords whose values are never wider or narrower."""
KNOWN = {*PRESENCE, *WORDING, *REPLACED, "default", "deprecated", "enum", "format", "required", "type"}
CONTAINERS = {"array", "object"}
OF_ANY_TYPE = {"deprecated", "description", "in", "name", "required", "type"}
"""Keywords that mean the same for values of every type."""


class Severity(StrEnum):
    """What a difference means to a program that follows the contract."""

    BREAKING = "breaking"
    """It may fail."""
    DEPRECATED = "deprecated"
    """It works, and the API announces the end of something."""
    COMPATIBLE = "compatible"
    """It works."""
    WORDING = "wording"
    """Only descriptions differ."""


@dataclass(frozen=True, slots=True)
class Difference:
    """What the contract and the spec say of one thing."""

    id: str
    """The kind of change: ``response-field-removed``, ``parameter-enum-changed``, ``response-field-keyword-added``."""
    operation: str
    """The contract's name of the operation (``list_llm``); method and path for one that it does not have."""
    location: str
    """``operation``, ``parameter task``, ``response``, ``response[].credits``."""
    keyword: str
    """``field``, ``type``, ``required``, ``enum`` …"""
    contract: Any
    """The contract's value, as JSON; ``None`` where it has none."""
    spec: Any
    """The spec's value, as JSON; ``None`` where it has none."""
    severity: Severity

    @property
    def name(self) -> str:
        """The name of the field or parameter that differs; empty where it is neither."""
        if "." not in self.location and "parameter " not in self.location:
            return ""
        return self.location.replace("[]", "").rpartition(".")[2].rpartition(" ")[2]

    @property
    def sentence(self) -> str:
        """All of it but the operation, in one line: ``response[].credits: type number → string``."""
        return f"{self.location}: {self.keyword} {_shown(self.contract)} → {_shown(self.spec)}"


def compare(contract: ApiDescription, spec: ApiDescription) -> tuple[Difference, ...]:
    """Return the differences of ``spec`` from ``contract``, operation by operation in the contract's order.

    Errors are not compared: the contract's are recorded, not documented, and the API's own spec describes none.
    """
    ours, theirs = contract.statements, spec.statements
    keys = [key for key in dict.fromkeys([*ours, *theirs]) if _differs(key, ours, theirs)]
    order = {operation: index for index, operation in enumerate({**contract.names, **spec.names})}
    explained = _Explained(keys, ours, theirs)
    return tuple(
        Difference(
            id=_change_id(key, ours.get(key), theirs.get(key)),
            operation=contract.names.get(key.operation, key.operation),
            location="".join(key.location),
            keyword=key.keyword,
            contract=ours.get(key),
            spec=theirs.get(key),
            severity=_severity(key, ours, theirs),
        )
        for key in sorted(keys, key=lambda key: order[key.operation])
        if key not in explained
    )


def rewrite(difference: Difference, change: Callable[[str], str]) -> Difference:
    """Return ``difference`` with ``change`` applied to every text that the spec may have written."""
    return replace(
        difference,
        operation=change(difference.operation),
        location=change(difference.location),
        keyword=change(difference.keyword),
        spec=_rewrite(difference.spec, change),
    )


def _rewrite(value: Any, change: Callable[[str], str]) -> Any:
    if isinstance(value, dict):
        return {change(key): _rewrite(each, change) for key, each in value.items()}
    if isinstance(value, list):
        return [_rewrite(each, change) for each in value]
    return change(value) if isinstance(value, str) else value


Statements = Mapping[Statement, Any]


def _differs(key: Statement, ours: Statements, theirs: Statements) -> bool:
    if key.keyword in PRESENCE:
        return (key in ours) != (key in theirs)
    if key.keyword == "enum notation" and not (key in ours and key in theirs):
        return False
    return bool(ours.get(key) != theirs.get(key))


class _Explained:
    """The differences that need no line of their own, because another one explains them.

    What is new or gone explains all that is said of it. A value of another type explains what is inside, if one of the
    types is an object or a list, and where no type is left in common its other keywords too.
    """

    def __init__(self, keys: Iterable[Statement], ours: Statements, theirs: Statements) -> None:
        self._present, self._inside, self._other = set(), set(), set()
        for key in keys:
            place = key.operation, key.location
            if key.keyword in PRESENCE:
                self._present.add(place)
            elif key.keyword == "type":
                old, new = (set(each.get(key) or ()) for each in (ours, theirs))
                if old & CONTAINERS != new & CONTAINERS:
                    self._inside.add(place)
                if old and new and not old & new:
                    self._other.add(place)

    def __contains__(self, key: Statement) -> bool:
        operation, location, keyword = key
        above = [(operation, location[:length]) for length in range(1, len(location))]
        if location != ("operation",):
            above.append((operation, ("operation",)))
        if any(place in self._present for place in above) or any(place in self._inside for place in above):
            return True
        here = (operation, location)
        if here in self._present:
            return keyword not in PRESENCE
        return here in self._other and keyword not in OF_ANY_TYPE


def _severity(key: Statement, ours: Statements, theirs: Statements) -> Severity:
    keyword, old, new = key.keyword, ours.get(key), theirs.get(key)
    is_response = key.location[0] == "response"
    if keyword in WORDING or (keyword == "default" and is_response):
        return Severity.WORDING
    if keyword == "deprecated":
        return Severity.DEPRECATED if new else Severity.COMPATIBLE
    if keyword.startswith("x-"):  # an extension allows and forbids no value
        return Severity.COMPATIBLE
    if keyword in PRESENCE:
        must_be_sent = not is_response and theirs.get(key._replace(keyword="required"))
        breaks = new is None or must_be_sent
    elif keyword == "default":
        breaks = old is not None
    elif keyword in REPLACED:
        breaks = True
    else:
        breaks = _is_narrower(keyword, old, new) is not is_response
    return Severity.BREAKING if breaks else Severity.COMPATIBLE


def _is_narrower(keyword: str, old: Any, new: Any) -> bool | None:
    """Return whether fewer values are allowed (``True``), more (``False``) or others (``None``)."""
    if old is None or new is None:
        return old is None
    if keyword == "required":
        return bool(new)
    if keyword in ("type", "enum"):
        before, after = ({json.dumps(each, sort_keys=True) for each in values} for values in (old, new))
        return True if after < before else False if before < after else None
    return None


def _change_id(key: Statement, old: Any, new: Any) -> str:
    first = key.location[0]
    subject = first.replace(" ", "-") if first in ("operation", "request body", "response") else "parameter"
    if any(part.startswith(".") for part in key.location[1:]):
        subject += "-field"
    keyword = key.keyword.replace(" ", "-") if key.keyword in KNOWN else "keyword"
    change = "added" if old is None else "removed" if new is None else "changed"
    return f"{subject}-{change}" if key.keyword in PRESENCE else f"{subject}-{keyword}-{change}"


def _shown(value: Any, length: int = 200) -> str:
    """Return a value as text on one line, cut to ``length`` characters."""
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        text = ", ".join(each if isinstance(each, str) else json.dumps(each, ensure_ascii=False) for each in value)
    else:
        text = json.dumps(value, ensure_ascii=False) if isinstance(value, dict) else str(value)
    text = " ".join(text.split())
    return text if len(text) <= length else f"{text[: length - 1]}…"
