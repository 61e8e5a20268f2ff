"""What happens before and after each request to the API: counting, authorization, faults, headers, the journal."""

from __future__ import annotations

import time
import uuid
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, cast

from flask import Flask, Response, current_app, g, request

from ..schemas import OPERATIONS
from . import parameters, responses, usage, variations
from .coverage import Noted
from .faults import NOTHING, BadFault, Injection, effects, preferred
from .messages import sentence
from .rate_limit import RateLimitStatus
from .responses import ApiError

if TYPE_CHECKING:
    from .fake import Fake, State
    from .stubs import Stub

__all__ = ["register"]


@dataclass
class Exchange:
    """What the hooks note of a request for the end of it."""

    state: State
    key: str | None
    rate_limit: RateLimitStatus
    arrived: int
    """By the fake's clock, in milliseconds."""
    began: float = field(default_factory=time.perf_counter)
    injection: Injection = NOTHING
    is_varied: bool = False
    """Whether the fault is a variation's, of which the journal does not know."""


def register(app: Flask) -> None:
    """Let the hooks see every request of ``app``; they act on those to the API."""
    app.before_request(before)
    app.after_request(after)


def before() -> Response | None:
    """Count and authorize the request, then delay it or answer in its place where a fault or a stub does."""
    if not _is_for_the_api():
        return None
    fake = cast("Fake", current_app.extensions["civis_usage"])
    state, key = fake.state(), _key()
    if fake.coverage is not None:
        state = replace(state, behavior=Noted(state.behavior, fake.coverage))
        fake.coverage.note(_operation() if request.endpoint else "another path")
    g.state = state
    g.exchange = exchange = Exchange(state, key, state.rate_limits.count(key), state.clock.now())
    stub = _stub(state)
    if request.routing_exception is not None and stub is None:
        return None  # 404 and 405, with a key or without
    _authorize(state, key, exchange.rate_limit)
    exchange.injection = _injection(state, key)
    # A test that sets faults handles its own.
    if state.trouble and exchange.injection is NOTHING and not state.rules and request.endpoint:
        trouble = state.trouble.choose(_operation(), key, lambda: None)
        exchange.injection, exchange.is_varied = replace(trouble, rule=None), trouble.fault is not None
    if exchange.injection.wait:
        state.wait(exchange.injection.wait)
    fault = exchange.injection.fault
    if fault is not None and fault.status is not None:
        raise ApiError(fault.status, headers=effects.headers(fault))
    return None if stub is None else responses.stubbed(stub)


def after(response: Response) -> Response:
    """Apply the fault to the response, add the headers that all have, and note the request in the journal."""
    if "exchange" not in g:
        return response
    exchange: Exchange = g.exchange
    fault, state = exchange.injection.fault, exchange.state
    request_id, seconds = str(uuid.uuid4()), time.perf_counter() - exchange.began
    effects.mutate_records(fault, response)
    _vary(response, state)
    responses.finish(response, exchange.rate_limit, request_id, seconds, state.clock.now())
    response = effects.mutate_response(fault, response)
    if exchange.is_varied:
        return response
    state.journal.add(
        generation=state.generation,
        at=exchange.arrived,
        request_id=request_id,
        method=request.method,
        path=request.path,
        operation=None if request.endpoint is None else _operation(),
        parameters={**parameters.query(request), **(request.view_args or {})},
        status=None if isinstance(response, effects.HangUp) else response.status_code,
        duration=round(seconds * 1000, 3),
        fault=exchange.injection.rule,
        secrets=(exchange.key, *state.settings.api_keys),
    )
    return response


def _vary(response: Response, state: State) -> None:
    """Write a successful response of ``/usage`` as the variations in force do."""
    if not state.variations or response.status_code != 200 or not request.endpoint or _operation() not in OPERATIONS:
        return
    for each in state.variations:
        if each.content_type is not None:
            response.headers["Content-Type"] = each.content_type
        if each.adds_run and _operation() in each.operations:
            cast("Fake", current_app.extensions["civis_usage"]).add_late_run(_organization(state))
    if any(each.changes_bodies for each in state.variations):
        response.set_data(variations.render(response.get_data(), state.variations))


def _is_for_the_api() -> bool:
    """Return whether the request is for one of the API's routes, or for none of any blueprint."""
    if request.endpoint is None:
        return not request.path.startswith("/_fake/")
    return request.blueprint == usage.blueprint.name


def _key() -> str | None:
    """Return the API key: the user name of Basic credentials, or the token of Bearer ones (documented)."""
    given = request.authorization
    if given is None:
        return None
    if given.type == "basic":
        return (given.username or "").strip() or None
    if given.type == "bearer":
        return request.headers["Authorization"].partition(" ")[2].strip() or None  # a token may contain "="
    return None


def _authorize(state: State, key: str | None, rate_limit: RateLimitStatus) -> None:
    """Raise 401 for a missing or refused key, 429 where the limit is enforced and reached.

    A missing key is offered Basic beside Bearer: ``curl --anyauth``, ``wget --user`` and others send a key only then.
    After a refused key it is Bearer alone, so that a browser does not ask for a password (assumed).
    """
    if key is None:
        raise ApiError(401, headers=[("WWW-Authenticate", f'Basic realm="{responses.REALM}"')])
    if not state.accepts(key):
        raise ApiError(401)
    if state.settings.rate_limit is not None and rate_limit.retry_after is not None:
        raise ApiError(429, headers=[("Retry-After", str(rate_limit.retry_after))])


def _stub(state: State) -> Stub | None:
    """Return the stub that answers the request; a path that has stubs for other methods only is answered by 405."""
    methods = state.stubs.get(request.path) if request.endpoint is None else None
    if not methods:
        return None
    stub = methods.get("GET" if request.method == "HEAD" else request.method)
    if stub is None:
        raise ApiError(405, headers=[("Allow", ", ".join(sorted(methods)))])
    return stub


def _injection(state: State, key: str | None) -> Injection:
    try:
        chosen = preferred(request.headers.get("Prefer"))
    except BadFault as reason:
        raise responses.bad_request(sentence(reason)) from None
    if request.endpoint is None:
        return chosen or NOTHING  # rules are for /usage
    return chosen or state.faults.choose(_operation(), key, lambda: _organization(state), state.rules)


def _operation() -> str:
    return cast(str, request.endpoint).rpartition(".")[2]


def _organization(state: State) -> int | None:
    """Return the organization that the request is about; ``None`` where it names none that can be read."""
    if _operation() not in OPERATIONS:
        return None
    try:
        values = parameters.read(request, state.behavior)
    except ApiError:
        return None
    if "id" in values:
        return state.organization_of(cast(int, values["id"]))
    org = values["org_id"]
    return state.own_organization if org is None else org if isinstance(org, int) else None
