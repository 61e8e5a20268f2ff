"""The routes of the API: the operations of ``/usage``, and the API's description at ``/endpoints``."""

from __future__ import annotations

from itertools import chain
from typing import cast

from flask import Blueprint, Response, g, request

from ..schemas import openapi_30, swagger
from ..schemas.json_format import encode
from ..schemas.times import month_so_far
from . import parameters
from .fake import State
from .parameters import Value
from .responses import ApiError, ok
from .world import Kind

__all__ = ["ONE_PIECE", "blueprint"]

ONE_PIECE = 16 << 20
"""Bytes up to which a list is sent in one piece, with its length and an ``ETag``: some 60,000 records."""

Window = tuple[int | None, int | None]

blueprint = Blueprint("usage", __name__)


@blueprint.get("/usage/llm")
def list_llm() -> Response:
    """Return an organization's LLM usage records in a window, newest first."""
    state: State = g.state
    return _list(state, "llm", month_so_far(state.clock.now()))


@blueprint.get("/usage/llm/<id>")
def get_llm(id: str) -> Response:  # noqa: A002  the API's name
    """Return one LLM usage record."""
    state: State = g.state
    record = state.llm_record(cast(int, parameters.read(request)["id"]))
    if record is None:
        raise ApiError(404)
    return ok(record)


@blueprint.get("/usage/llm/organization/<org_id>/summary")
def get_llm_organization_summary(org_id: str) -> Response:
    """Return an organization's credits in a window; an unknown organization has no summary (assumed)."""
    state: State = g.state
    values = parameters.read(request)
    org, now = cast(int, values["org_id"]), state.clock.now()
    if not state.may_see(org):
        raise ApiError(404)
    credits_used = state.world.credits(org, *_window(values, month_so_far(now)), now=now)
    return ok(encode({"credits": float(credits_used), "organizationId": org}))


@blueprint.get("/usage/matching")
def list_matching() -> Response:
    """Return an organization's matching usage records in a window, of one task or both, newest first."""
    return _list(g.state, "matching", (None, None))


@blueprint.get("/endpoints", strict_slashes=False)
def endpoints() -> Response:
    """Return the API's description: Swagger 2.0, or OpenAPI 3.0 with ``openapi_version=3.0`` (documented)."""
    state: State = g.state
    if state.settings.spec is not None:
        return ok(state.settings.spec)
    return ok(encode(openapi_30() if request.args.get("openapi_version", "").startswith("3") else swagger()))


def _window(values: dict[str, Value], default: Window) -> Window:
    """Return both ends, ``None`` for an open one (assumed); ``default`` where neither is given."""
    window = cast(int | None, values["start_date"]), cast(int | None, values["end_date"])
    return default if window == (None, None) else window


def _list(state: State, kind: Kind, default: Window) -> Response:
    """Return a list; one that is longer than :data:`ONE_PIECE` is made while it is sent."""
    values = parameters.read(request)
    org, task = cast(int | None, values["org_id"]), cast(str | None, values.get("task"))
    if org is None:
        org = state.own_organization
        if org is None:
            return ok(b"[]")
    elif state.settings.own_organization_only and not state.may_see(org):
        raise ApiError(404)
    pieces = state.world.pieces(kind, org, *_window(values, default), now=state.clock.now(), task=task)
    made, size = [], 0
    for piece in pieces:
        made.append(piece)
        size += len(piece)
        if size > ONE_PIECE:
            return ok(chain(made, pieces))
    return ok(b"".join(made))
