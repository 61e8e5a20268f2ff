"""The operations of ``/usage``: from a request's parameters to the body of its answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import cast

from ..schemas import OPERATIONS
from . import moments, parameters
from .answers import Body, Problem
from .fake import Fake
from .listing import listed
from .parameters import Value

__all__ = [
    "Operate",
    "Values",
    "get_llm",
    "get_llm_summary",
    "list_llm",
    "list_matching",
    "organization",
    "read",
]

Values = Mapping[str, Value]
"""What a request asks with, by the parameters' names."""

Operate = Callable[[Fake, Values], Body]
"""An operation: gives the body of the answer, or raises :class:`~.answers.Problem`."""

Window = tuple[int | None, int | None]


def get_llm(fake: Fake, asked: Values) -> bytes:
    """Give one LLM usage record."""
    body = fake.llm_record(cast(int, asked["id"]))
    if body is None:
        raise Problem(404)
    return body


def list_llm(fake: Fake, asked: Values) -> Body:
    """Give an organization's LLM usage records in a window, newest first."""
    now = fake.clock.now()
    return listed(fake.world, "llm", _listed(fake, asked), *(_window(asked) or moments.month_so_far(now)), now=now)


def get_llm_summary(fake: Fake, asked: Values) -> bytes:
    """Give an organization's credits in a window; an unknown organization has no summary (assumed)."""
    now = fake.clock.now()
    org = cast(int, asked["org_id"])
    if not fake.sees(org):
        raise Problem(404)
    credits_used = fake.world.credits(org, *(_window(asked) or moments.month_so_far(now)), now=now)
    return f'{{"credits":{float(credits_used)!r},"organizationId":{org}}}'.encode()


def list_matching(fake: Fake, asked: Values) -> Body:
    """Give an organization's matching usage records in a window, of one task or both, newest first."""
    task = cast(str | None, asked["task"])
    window = _window(asked) or (None, None)
    return listed(fake.world, "matching", _listed(fake, asked), *window, now=fake.clock.now(), task=task)


def read(operation: str, path: Mapping[str, str], query: Mapping[str, str]) -> Values:
    """Give the values that a request asks with; raises :class:`Problem` where one cannot be read."""
    return parameters.read(OPERATIONS[operation], path, query) if operation in OPERATIONS else query


def organization(fake: Fake, operation: str, path: Mapping[str, str], query: Mapping[str, str]) -> int | None:
    """Tell which organization a request is about, or ``None`` where it names none that can be read."""
    try:
        asked = read(operation, path, query)
    except Problem:
        return None
    if operation == "get_llm":
        return fake.organization_of(cast(int, asked["id"]))
    org = cast(int | None, asked["org_id"])
    return fake.own_organization if org is None else org


def _listed(fake: Fake, asked: Values) -> int:
    org = cast(int | None, asked["org_id"])
    if org is None:
        return fake.own_organization
    if fake.settings.own_organization_only and not fake.sees(org):
        raise Problem(404)
    return org


def _window(asked: Values) -> Window | None:
    """Give both ends, each ``None`` where it is open (assumed); ``None`` where neither is given."""
    window = cast(int | None, asked["start_date"]), cast(int | None, asked["end_date"])
    return None if window == (None, None) else window
