"""The fake's own controls under ``/_fake/``: a thin layer of HTTP over the methods of :class:`~..fake.Fake`.

==========================  =========================================================================
GET    /_fake/health        what is served
POST   /_fake/reset         data, faults, stubs, journal, clock and rate-limit counters, as at the start
GET    /_fake/data          the records that were loaded
POST   /_fake/data          load records: JSON, NDJSON or CSV; ?replace=true for them alone
DELETE /_fake/data          take them back
GET    /_fake/faults        the faults that are set, with their counts, and the ids of those that never fired
POST   /_fake/faults        set one, or a list: {"operation": "list_llm", "status": 503, "first": 2}
DELETE /_fake/faults        take all back; /_fake/faults/ID for one
GET    /_fake/stubs         the fixed answers outside of /usage
POST   /_fake/stubs         add one, or a list: {"method": "GET", "path": "/users/me", "body": {"id": 5}}
DELETE /_fake/stubs         take all back
GET    /_fake/journal       the last calls: ?operation= &status= &org_id= &since= &limit=
DELETE /_fake/journal       forget them
GET    /_fake/clock         what time it is
POST   /_fake/clock         {"pin": "2026-04-30T23:59:00Z"}, {"move": 3600} or {"release": true}
DELETE /_fake/clock         release it
==========================  =========================================================================

An invalid request gets 400 and one sentence, and changes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from flask import Blueprint, Response, current_app, request

from ...schemas.json_format import InvalidJSON, decode, encode
from .. import parameters, responses
from ..fake import Fake
from ..faults import Fault
from ..messages import quote, sentence
from ..openapi import openapi as served_openapi
from ..responses import ApiError, bad_request
from ..stubs import Stub
from ..world import InvalidRecord
from ..world.loading import read_records
from . import access

__all__ = ["blueprint"]

blueprint = Blueprint("controls", __name__)


@blueprint.before_request
def _check_access() -> None:
    if request.endpoint != "controls.openapi":  # the contract is for everybody
        access.check(fake().settings, request)


@blueprint.get("/openapi.json")
def openapi() -> Response:
    """Return the contract as OpenAPI 3.1, to everybody; no key is needed."""
    response = responses.ok(encode(served_openapi(fake().state())))
    responses.add_etag(response)
    return response


@blueprint.get("/_fake/health")
def health() -> Response:
    """Return what is served."""
    return _json(fake().health())


@blueprint.post("/_fake/reset")
def reset() -> Response:
    """Bring everything back to how the fake started."""
    fake().reset()
    return _json(fake().health())


@blueprint.get("/_fake/data")
def data() -> Response:
    """Return the records that were loaded, as completed."""
    return _json(fake().loaded())


@blueprint.post("/_fake/data")
def load() -> Response:
    """Load records."""
    said: list[str] = []
    try:
        rows = read_records(request.get_data())
        loaded = fake().load(rows, replace=_flag("replace"), warn=lambda warning: said.append(str(warning)))
    except InvalidRecord as reason:
        raise bad_request(sentence(reason)) from None
    return _json({"loaded": len(loaded), **({"warnings": said} if said else {})}, 201)


@blueprint.delete("/_fake/data")
def unload() -> Response:
    """Take back every record that was loaded."""
    fake().unload()
    return _json([])


@blueprint.get("/_fake/faults")
def faults() -> Response:
    """Return the faults that are set."""
    return _json(_faults(fake()))


@blueprint.post("/_fake/faults")
def add_faults() -> Response:
    """Set one fault, or a list of them; each an object, or a text as ``--fault`` takes it."""
    rules = _body()
    try:
        made = [
            Fault.parse(rule) if isinstance(rule, str) else Fault.from_dict(rule)
            for rule in (rules if isinstance(rules, list) else [rules])
        ]
    except ValueError as reason:
        raise bad_request(sentence(reason)) from None
    fake().faults.add(*made)
    return _json(_faults(fake()), 201)


@blueprint.delete("/_fake/faults")
def clear_faults() -> Response:
    """Take all faults back."""
    fake().faults.clear()
    return _json(_faults(fake()))


@blueprint.delete("/_fake/faults/<int:id>")
def remove_fault(id: int) -> Response:  # noqa: A002  the route's name for it
    """Take one fault back."""
    if not fake().faults.remove(id):
        raise ApiError(404, f"No fault has the id {quote(str(id))}: GET /_fake/faults lists those that are set.")
    return _json(_faults(fake()))


@blueprint.get("/_fake/stubs")
def stubs() -> Response:
    """Return the fixed answers outside of ``/usage``."""
    return _json(fake().stubs.as_list())


@blueprint.post("/_fake/stubs")
def add_stubs() -> Response:
    """Add one fixed answer, or a list of them."""
    given = _body()
    try:
        made = [Stub.from_dict(each) for each in (given if isinstance(given, list) else [given])]
    except ValueError as reason:
        raise bad_request(sentence(reason)) from None
    fake().stubs.extend(made)
    return _json(fake().stubs.as_list(), 201)


@blueprint.delete("/_fake/stubs")
def clear_stubs() -> Response:
    """Take all fixed answers back."""
    fake().stubs.clear()
    return _json([])


@blueprint.get("/_fake/journal")
def journal() -> Response:
    """Return the last calls, oldest first."""
    asked = parameters.query(request)
    known = ("operation", "status", "org_id", "since", "limit")
    for name in asked:
        if name not in known:
            raise bad_request(f"the journal cannot be filtered by {quote(name)}: use {', '.join(known)}.")
    number = {name: _integer(name, asked[name]) for name in ("status", "org_id", "limit") if name in asked}
    organization = {"org_id": number["org_id"]} if "org_id" in number else {}
    try:
        calls = fake().journal.calls(
            asked.get("operation"),
            status=number.get("status"),
            since=asked.get("since"),
            limit=number.get("limit"),
            **organization,
        )
    except ValueError as reason:
        raise bad_request(sentence(reason)) from None
    return _json({"calls": [call.as_dict() for call in calls], **_counts(fake())})


@blueprint.delete("/_fake/journal")
def forget() -> Response:
    """Forget the calls."""
    fake().journal.clear()
    return _json({"calls": [], **_counts(fake())})


@blueprint.get("/_fake/clock")
def clock() -> Response:
    """Return what time it is."""
    return _json(_clock(fake()))


@blueprint.post("/_fake/clock")
def set_clock() -> Response:
    """Pin, move or release the clock."""
    match _body():
        case {"pin": str() as moment, **rest} if not rest:
            _try(fake().clock.pin, moment)
        case {"move": int() | float() as seconds, **rest} if not rest and not isinstance(seconds, bool):
            _try(fake().clock.move, seconds)
        case {"release": True, **rest} if not rest:
            fake().clock.release()
        case _:
            raise bad_request('send {"pin": "2026-04-30T23:59:00Z"}, {"move": 3600} (seconds) or {"release": true}.')
    return _json(_clock(fake()))


@blueprint.delete("/_fake/clock")
def release_clock() -> Response:
    """Release the clock."""
    fake().clock.release()
    return _json(_clock(fake()))


def fake() -> Fake:
    """Return the fake that is being controlled."""
    return cast(Fake, current_app.extensions["civis_usage"])


def _json(value: Any, status: int = 200) -> Response:
    return Response(encode(value), status, [("Cache-Control", "no-store")], content_type=responses.JSON)


def _faults(fake: Fake) -> Mapping[str, Any]:
    return {
        "faults": [each.as_dict() for each in fake.faults],
        "unfired": [each.id for each in fake.faults if not each.fired],
    }


def _counts(fake: Fake) -> Mapping[str, Any]:
    return {"remembered": len(fake.journal), "counts": fake.journal.counts}


def _clock(fake: Fake) -> Mapping[str, Any]:
    return {"now": fake.clock.text, "pinned": fake.clock.pinned}


def _body() -> Any:
    try:
        return decode(request.get_data())
    except InvalidJSON as reason:
        raise bad_request(
            f'the body is not JSON ({reason}), such as {{"status": 503}} or "list_llm status=503".'
        ) from None


def _try(change: Any, value: object) -> None:
    try:
        change(value)
    except ValueError as reason:
        raise bad_request(sentence(reason)) from None


def _integer(name: str, text: str) -> int:
    try:
        return parameters.integer(text)
    except ValueError as reason:
        raise bad_request(sentence(f"{name} {reason}")) from None


def _flag(name: str) -> bool:
    text = request.args.get(name, "false").lower()
    if text not in ("true", "false"):
        raise bad_request(f"{name} {quote(text)} is neither true nor false.")
    return text == "true"
