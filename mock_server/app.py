"""The Flask application: every route in one table, and the way of a request from the door to the answer.

A request to the API goes this way: it is counted and its key looked at (:func:`_arrive`), its operation answers, or a
fault does (:func:`_view`), and the answer gets its headers and is written down (:func:`_leave`).
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, cast

from flask import Flask, Response, current_app, g, request
from werkzeug.exceptions import HTTPException, MethodNotAllowed, NotFound

from . import answers, control, credentials, description, effects, guard, page, parameters, prefer, usage
from .answers import Problem
from .credentials import KeyDigest
from .fake import Fake
from .limits import Standing
from .settings import Settings
from .usage import Answer

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

__all__ = ["create_app"]


def create_app(settings: Settings | None = None, *, fake: Fake | None = None) -> Flask:
    """Make the fake of the API as a WSGI application; ``app.extensions["civis_usage"]`` is its :class:`Fake`.

    Args:
        settings: what to start with; the defaults of ``civis-usage serve`` where not given.
        fake: a fake that was made already; ``settings`` are its own then.
    """
    app = Flask(__name__, static_folder=None)
    app.extensions["civis_usage"] = fake or Fake(settings)
    app.url_map.merge_slashes = False

    for path, operation, answer in (
        ("/usage/llm", "list_llm", usage.list_llm),
        ("/usage/llm/<id>", "get_llm", usage.get_llm),
        ("/usage/llm/organization/<org_id>/summary", "get_llm_organization_summary", usage.get_llm_summary),
        ("/usage/matching", "list_matching", usage.list_matching),
        ("/endpoints", "endpoints", description.endpoints),
        ("/endpoints/", "endpoints", description.endpoints),
    ):
        app.add_url_rule(path, operation, _view(operation, answer), methods=["GET"], provide_automatic_options=False)
    app.register_blueprint(control.blueprint)  # /_fake/… and /openapi.json, the fake's own
    app.register_blueprint(page.blueprint)  # /, for people

    app.wsgi_app = _without_empty_parts(app.wsgi_app)  # type: ignore[method-assign, assignment]  # Flask's own way to wrap it
    app.before_request(_arrive)
    app.after_request(_leave)
    app.register_error_handler(Problem, _problem)
    app.register_error_handler(HTTPException, _no_route)
    return app


def _without_empty_parts(application: WSGIApplication) -> WSGIApplication:
    """Take ``//usage/llm``, which clients make of an endpoint that ends in a slash, for ``/usage/llm`` (assumed)."""

    def wrapped(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if environ["PATH_INFO"].startswith("//"):
            environ["PATH_INFO"] = "/" + environ["PATH_INFO"].lstrip("/")
        return application(environ, start_response)

    return wrapped


def _fake() -> Fake:
    return cast(Fake, current_app.extensions["civis_usage"])


def _is_api() -> bool:
    """Tell whether a request is the API's business; what is the fake's own lives in blueprints and under /_fake/."""
    return request.blueprint is None and not request.path.startswith("/_fake/")


@dataclass
class Visit:
    """What is known of a request to the API while it is being answered."""

    started: float
    key: str | None
    digest: KeyDigest | None
    standing: Standing
    query: dict[str, str]
    fault: str | None = None


def _arrive() -> None:
    """Count a request and look at its key, or let only those near the fake's own controls who may."""
    fake = _fake()
    if not _is_api():
        return None if request.endpoint == page.READING else guard.check(fake.settings, request)
    started, key = time.perf_counter(), credentials.presented(request.headers.get("Authorization"))
    digest = None if key is None else KeyDigest.of(key)
    standing = fake.limits.count(digest)
    g.visit = Visit(started, key, digest, standing, parameters.query(request.query_string))
    if request.routing_exception is None:
        fake.admit(key, standing)
    return None


@cache
def _view(operation: str, answer: Answer) -> Callable[..., Response]:
    """Give the view of an operation: what a fault says, or else the operation's own answer."""

    def view(**path: str) -> Response:
        fake, visit = _fake(), _visit()
        chosen = prefer.chosen(request.headers.getlist("Prefer")) or fake.faults.choose(
            operation, visit.digest, lambda: usage.organization(fake, operation, path, visit.query)
        )
        visit.fault, fault = chosen.rule, chosen.fault
        if chosen.wait:
            fake.sleep(chosen.wait)
        try:
            effects.instead(fault)
            body = answer(fake, usage.read(operation, path, visit.query))
            whole = answers.conditional(answers.ok(effects.on_body(fault, body)), request)
        except Problem as problem:
            whole = _problem(problem)
        return effects.on_the_way(fault, whole)

    return view


def _visit() -> Visit:
    return cast(Visit, g.visit)


def _problem(problem: Problem) -> Response:
    return answers.error(problem.status, problem.sentence, problem.headers)


def _no_route(refusal: HTTPException) -> Response:
    """Answer a request that no route takes (404, 405), or that failed on its way (500), in the API's form."""
    sentence = "The requested endpoint could not be found." if isinstance(refusal, NotFound) else None
    allowed = refusal.valid_methods if isinstance(refusal, MethodNotAllowed) else None
    return answers.error(refusal.code or 500, sentence, {"Allow": ", ".join(sorted(allowed))} if allowed else None)


def _leave(answer: Response) -> Response:
    """Give an answer of the API the headers that all have (recorded), and write the request down."""
    if not _is_api():
        return answer
    fake, visit = _fake(), _visit()
    request_id, seconds = str(uuid.uuid4()), time.perf_counter() - visit.started
    answer.headers.extend(answers.headers(visit.standing, request_id, seconds))
    fake.journal.add(
        at=fake.clock.now(),
        request_id=request_id,
        method=request.method,
        path=request.path,
        operation=request.endpoint,
        parameters={**visit.query, **(request.view_args or {})},
        status=None if isinstance(answer, answers.NoAnswer) else answer.status_code,
        duration=round(seconds * 1000, 3),
        fault=visit.fault,
        secrets=(visit.key, *fake.settings.api_keys),
    )
    return answer
