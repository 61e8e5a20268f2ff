"""The routes of the API: the operations of ``/usage``, and the API's description at ``/endpoints``."""

from __future__ import annotations

from decimal import Decimal
from itertools import chain
from typing import cast

from flask import Blueprint, Response, g, request

from ..schemas import openapi_30, swagger
from ..schemas.json_format import encode
from . import organizations, parameters, rounding, windows
from .fake import State
from .responses import ApiError, ok
from .world import Kind, Order

__all__ = ["ONE_PIECE", "blueprint"]

ONE_PIECE = 16 << 20
"""Bytes up to which a list is sent in one piece, with its length and an ``ETag``: some 60,000 records."""

blueprint = Blueprint("usage", __name__)


@blueprint.get("/usage/llm")
def list_llm() -> Response:
    """Return LLM usage records in a window: those of one organization, newest first, unless the behavior differs."""
    return _list(g.state, "llm")


@blueprint.get("/usage/llm/<id>")
def get_llm(id: str) -> Response:  # noqa: A002  the API's name
    """Return one LLM usage record."""
    state: State = g.state
    record_id = cast(int, parameters.read(request, state.behavior)["id"])
    record = state.llm_record(record_id)
    if record is None:
        is_hidden = state.organization_of(record_id) is not None
        raise ApiError(403 if is_hidden and state.behavior["foreign_organization"] == "forbidden" else 404)
    return ok(b"".join(rounding.round_records([record], state.behavior["record_decimals"])))


@blueprint.get("/usage/llm/organization/<org_id>/summary")
def get_llm_organization_summary(org_id: str) -> Response:
    """Return an organization's credits in a window; by default an unknown organization has no summary (assumed)."""
    state: State = g.state
    values = parameters.read(request, state.behavior)
    org, now = cast(int, values["org_id"]), state.clock.now()
    is_served = organizations.is_served(state, org, "unknown_organization_in_summary")
    if parameters.NOTHING in values.values():
        window = windows.NOWHERE
    else:
        window = windows.window(values, "llm", state.behavior, now)
    if is_served and state.behavior["summary_without_usage"] == "not_found" and not _has_usage(state, org, window, now):
        raise ApiError(404)
    amount = state.world.credits(org, *window, now=now) if is_served else Decimal(0)
    amount = rounding.round_amount(amount, state.behavior["summary_decimals"])
    return ok(encode({"credits": float(amount), "organizationId": org}))


@blueprint.get("/usage/matching")
def list_matching() -> Response:
    """Return matching usage records in a window, of one task or both, as :func:`list_llm` does."""
    return _list(g.state, "matching")


@blueprint.get("/endpoints", strict_slashes=False)
def endpoints() -> Response:
    """Return the API's description: Swagger 2.0, or OpenAPI 3.0 with ``openapi_version=3.0`` (documented)."""
    state: State = g.state
    if state.settings.spec is not None:
        return ok(state.settings.spec)
    return ok(encode(openapi_30() if request.args.get("openapi_version", "").startswith("3") else swagger()))


def _list(state: State, kind: Kind) -> Response:
    """Return a list; one that is longer than :data:`ONE_PIECE` is made while it is sent."""
    values, now = parameters.read(request, state.behavior), state.clock.now()
    org_ids = organizations.of_list(state, values["org_id"])
    if parameters.NOTHING in values.values():
        return ok(b"[]")
    first, last = windows.window(values, kind, state.behavior, now)
    if not org_ids:
        return ok(b"[]")
    task, order = cast(str | None, values.get("task")), cast(Order, state.behavior["list_order"])
    pieces = state.world.pieces(kind, org_ids, first, last, now=now, task=task, order=order)
    if kind == "llm":
        pieces = rounding.round_records(pieces, state.behavior["record_decimals"])
    made, size = [], 0
    for piece in pieces:
        made.append(piece)
        size += len(piece)
        if size > ONE_PIECE:
            return ok(chain(made, pieces))
    return ok(b"".join(made))


def _has_usage(state: State, org_id: int, window: windows.Window, now: int) -> bool:
    return next(state.world.pieces("llm", org_id, *window, now=now)) != b"[]"
