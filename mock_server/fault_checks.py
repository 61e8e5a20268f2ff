"""Whether a fault can be: the rules that its attributes keep, each with a sentence for who broke it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from ..schemas import OPERATIONS, load
from .credentials import KeyDigest
from .fault_words import EFFECTS, FIELD_EFFECTS, FLAGS, OPERATION_NAMES, BadFault

if TYPE_CHECKING:
    from .fault import Fault

__all__ = ["LONGEST_WAIT", "check"]

LONGEST_WAIT = 3600
"""The most seconds that a fault may make a request wait."""


def check(fault: Fault) -> None:
    """Raise :class:`BadFault` where ``fault`` has a value that cannot be, or where its parts contradict each other."""
    if fault.operation is not None and fault.operation not in OPERATION_NAMES:
        raise BadFault(f"operation {fault.operation!r} is not known: use one of {', '.join(OPERATION_NAMES)}")
    if fault.key is not None and not isinstance(fault.key, KeyDigest):
        raise BadFault("key is no text: write the key that the rule is for")
    _whole("org", fault.org, -(2**63), 2**63 - 1)
    _whole("first", fault.first, 1)
    _whole("every", fault.every, 1)
    _whole("status", fault.status, 400, 599)
    _number("chance", fault.chance, 0, 1)
    _number("retry-after", fault.retry_after, 0, 10**9)
    if fault.chance == 0:
        raise BadFault("chance=0 would never act: give a number above 0 and up to 1")
    _latency(fault.latency)
    _texts(fault)
    _fields(fault)
    _together(fault)


def _whole(name: str, value: Any, least: int, most: int | None = None) -> None:
    if value is None:
        return
    if type(value) is not int or value < least or (most is not None and value > most):
        span = f"from {least} to {most}" if most is not None else f"of at least {least}"
        raise BadFault(f"{name}={str(value)[:40]} cannot be: give a whole number {span}")


def _number(name: str, value: Any, least: float, most: float) -> None:
    if value is None:
        return
    if type(value) not in (int, float) or not math.isfinite(value) or not least <= value <= most:
        raise BadFault(f"{name}={str(value)[:40]} cannot be: give a number from {least} to {most}")


def _latency(latency: Any) -> None:
    if not isinstance(latency, tuple):
        return _number("latency", latency, 0, LONGEST_WAIT)
    if len(latency) != 2:
        raise BadFault(f"latency={str(latency)[:40]} cannot be: give seconds, or a span of two such as 0.1-2")
    for seconds in latency:
        _number("latency", seconds, 0, LONGEST_WAIT)
    if latency[0] > latency[1]:
        raise BadFault(f"latency={latency[0]}-{latency[1]} runs backwards: put the shorter wait first")
    return None


def _texts(fault: Fault) -> None:
    for name in FLAGS:
        if type(getattr(fault, name)) is not bool:
            raise BadFault(f"{name}={str(getattr(fault, name))[:40]} cannot be: it is true or false")
    kind = fault.content_type
    if kind is not None and not (isinstance(kind, str) and kind and kind.isascii() and kind.isprintable()):
        raise BadFault(f"content-type={str(kind)[:40]!r} cannot be: write a media type such as text/html")


def _fields(fault: Fault) -> None:
    operations = [each for each in OPERATIONS.values() if fault.operation in (None, "endpoints", each.id)]
    there = {name: None for operation in operations for name in load(operation.body)["properties"]}
    for effect in FIELD_EFFECTS:
        for name in getattr(fault, effect):
            if name not in there:
                where = f"answers of {fault.operation}" if fault.operation else "answers"
                raise BadFault(f"{effect}={name[:40]} names no field of the {where}: use one of {', '.join(there)}")


def _together(fault: Fault) -> None:
    if fault.operation == "endpoints" and fault.org is not None:
        raise BadFault("endpoints concerns no organization: leave out org")
    effects = [name for name in EFFECTS if getattr(fault, name) not in (None, False, ())]
    if fault.retry_after is not None and fault.status is None:
        raise BadFault("retry-after needs a status: write status=429 or status=503 beside it")
    if not effects:
        raise BadFault(f"the fault {str(fault)!r} does nothing: add an effect such as status=503, latency=1 or cut")
    if fault.disconnect and set(effects) - {"disconnect", "latency"}:
        raise BadFault("disconnect sends no answer: only latency can stand beside it")
    if fault.cut and fault.malformed:
        raise BadFault("cut and malformed cannot stand together: make two faults of them")
    if fault.status is not None and any(getattr(fault, name) for name in FIELD_EFFECTS):
        raise BadFault("status answers with an error, which has no records: make two faults of status and fields")
    if fault.operation == "endpoints" and any(getattr(fault, name) for name in FIELD_EFFECTS):
        raise BadFault("endpoints answers with a description, which has no records: use cut, malformed or a status")
