"""Whose usage a request shows, as the fake's behavior says."""

from __future__ import annotations

from .fake import State
from .parameters import Value
from .responses import ApiError

__all__ = ["is_served", "of_list"]


def of_list(state: State, org_id: Value) -> tuple[int, ...]:
    """Return the organizations whose usage a list shows; ``org_id`` is what the request says.

    Raises:
        ApiError: the organization is refused.
    """
    if isinstance(org_id, int):
        return (org_id,) if is_served(state, org_id, "unknown_organization_in_list") else ()
    if org_id is not None:
        return ()
    if state.behavior["org_id_omitted"] == "all_organizations":
        return tuple(each.id for each in state.world.organizations if state.may_see(each.id))
    return () if state.own_organization is None else (state.own_organization,)


def is_served(state: State, org_id: int, unknown: str) -> bool:
    """Return whether the caller sees an organization's usage; if not, a response is empty.

    Args:
        state: the fake's.
        org_id: the organization.
        unknown: the question that says what an organization gets that does not exist.

    Raises:
        ApiError: the organization is refused.
    """
    if state.may_see(org_id):
        return True
    match state.behavior["foreign_organization" if state.world.knows(org_id) else unknown]:
        case "not_found":
            raise ApiError(404)
        case "forbidden":
            raise ApiError(403)
    return False
