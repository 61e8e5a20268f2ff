"""The OpenAPI document that the fake serves: the contract, with examples that the fake answers with."""

from __future__ import annotations

import json
from copy import deepcopy
from typing import Any

from ..schemas import OPERATIONS, bundled_openapi, times
from .fake import State
from .world import Kind

__all__ = ["openapi"]

_EXAMPLES = 3
"""How many records an example of a list has, or a few more where several are of one moment."""


def openapi(state: State) -> dict[str, Any]:
    """Return the contract as OpenAPI 3.1; its examples are requests that succeed now, with their responses.

    Without any records there are no examples of organizations, ids and successful responses.
    """
    document = deepcopy(bundled_openapi())
    for schema in document["components"]["schemas"].values():
        if schema["title"] != "Error":
            schema.pop("examples", None)
    for operation in OPERATIONS.values():
        request, records = _example(state, "matching" if operation.body == "matching_usage" else "llm")
        described = document["paths"][operation.path]["get"]
        for parameter in described["parameters"]:
            parameter.pop("example", None)
            if parameter["name"] in request:
                parameter["example"] = request[parameter["name"]]
        if records:
            one = _summary(state, request) if operation.body == "llm_organization_summary" else records[0]
            described["responses"]["200"]["content"]["application/json"]["example"] = records if operation.many else one
            document["components"]["schemas"][operation.body]["examples"] = [one]
    return document


def _example(state: State, kind: Kind) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Return the parameters of a request for the newest records of an organization, and what it is answered with."""
    world, now = state.world, state.clock.now()
    for organization in world.organizations:
        newest = world.latest(kind, organization.id, _EXAMPLES, now=now) if state.may_see(organization.id) else []
        if newest:
            start, end = newest[-1]["runCreatedAt"], newest[0]["runCreatedAt"]
            window = (times.moment(start), times.moment(end))
            task = newest[0].get("task")
            text = b"".join(world.pieces(kind, organization.id, *window, now=now, task=task))
            given = {
                "org_id": organization.id,
                "start_date": start,
                "end_date": end,
                "id": newest[0].get("id"),
                "task": task,
            }
            return given, json.loads(text)
    return {}, []


def _summary(state: State, request: dict[str, Any]) -> dict[str, Any]:
    org_id, window = request["org_id"], [times.moment(request[name]) for name in ("start_date", "end_date")]
    credits_used = state.world.credits(org_id, *window, now=state.clock.now())
    return {"credits": float(credits_used), "organizationId": org_id}
