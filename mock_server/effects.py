"""What a fault does to an answer."""

from __future__ import annotations

import json
from typing import Any

from . import answers, fault_words
from .answers import Answer, Body, Stream
from .fault import Fault
from .wire import encode

__all__ = ["instead", "on_body", "on_the_way"]


def instead(fault: Fault | None) -> None:
    """Raise the :class:`~.answers.Problem` that a fault has in the place of a true answer, if it has one."""
    if fault is None or fault.status is None:
        return
    wait = {} if fault.retry_after is None else {"Retry-After": fault_words.number(fault.retry_after)}
    raise answers.Problem(fault.status, headers=wait)


def on_body(fault: Fault | None, body: Body) -> Body:
    """Give the body of a successful answer with the fault's fields made null, left out or retyped in every record."""
    if fault is None or not (fault.null or fault.missing or fault.retyped):
        return body
    found = json.loads(b"".join(body.parts) if isinstance(body, Stream) else body)
    for record in found if isinstance(found, list) else [found]:
        _drift(fault, record)
    return encode(found)


def on_the_way(fault: Fault | None, answer: Answer) -> Answer:
    """Give ``answer`` as the fault lets it through: under another content type, spoilt, cut, or not at all."""
    if fault is None:
        return answer
    if fault.content_type is not None:
        answer = answer.without("Content-Type").adding(("Content-Type", fault.content_type))
    if fault.malformed:
        answer = answer.without("ETag")._replace(body=_spoilt(answer.whole))
    if fault.disconnect:
        return answer._replace(end="none")
    if fault.cut:
        return answer._replace(body=answer.whole, end="cut")
    return answer


def _drift(fault: Fault, record: dict[str, Any]) -> None:
    for name in fault.retyped:
        if name in record:
            record[name] = _retyped(record[name])
    for name in fault.null:
        if name in record:
            record[name] = None
    for name in fault.missing:
        record.pop(name, None)


def _retyped(value: object) -> object:
    return len(value) if isinstance(value, str) else str(value)


def _spoilt(body: bytes) -> bytes:
    """Give ``body`` without its last character and with a comma instead, which ends no JSON."""
    return body[:-1] + b","
