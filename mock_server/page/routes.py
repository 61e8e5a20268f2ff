"""The page at ``/``: static files, and one JSON document with what they show of the world."""

from __future__ import annotations

from typing import cast

from flask import Blueprint, Response, current_app, request

from ...schemas.json_format import encode
from .. import parameters, responses
from ..controls import access
from ..fake import Fake
from ..responses import ApiError, bad_request
from .overview import overview

__all__ = ["blueprint"]

blueprint = Blueprint("page", __name__, static_folder="static", static_url_path="/_page")

_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src data:; connect-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
}


@blueprint.get("/")
def index() -> Response:
    """Return the page."""
    response = blueprint.send_static_file("index.html")
    response.headers.update(_HEADERS)
    return response


@blueprint.get("/_fake/overview")
def show() -> Response:
    """Return what the page shows of the world: ``?org=`` for one organization, ``?days=`` for that many days."""
    fake = cast(Fake, current_app.extensions["civis_usage"])
    access.check(fake.settings, request)
    org, days = (_integer(name) for name in ("org", "days"))
    state = fake.state()
    if org is not None and not (state.world.knows(org) and state.may_see(org)):
        known = [str(each.id) for each in state.world.organizations if state.may_see(each.id)]
        there = ", ".join([*known[:20], *(["…"] if len(known) > 20 else [])]) or "none"
        raise ApiError(404, f"There is no organization {org} here; there are {there}.")
    if days is not None and not 1 <= days <= 3660:
        raise bad_request(f"days {days} is out of range: use 1 to 3660.")
    body = encode(overview(state, org, days or 30))
    return Response(body, headers=[("Cache-Control", "no-store")], content_type=responses.JSON)


def _integer(name: str) -> int | None:
    text = request.args.get(name)
    try:
        return None if text is None else parameters.integer(text)
    except ValueError as reason:
        raise bad_request(f"{name} {reason}.") from None
