"""The fake as one WSGI application: the API's part before, and behind it Flask with what is the fake's own.

A request to the API goes through :mod:`.api`; the controls under ``/_fake/`` and the page at ``/`` are Flask's.
"""

from __future__ import annotations

from flask import Flask, Response, request
from werkzeug.exceptions import HTTPException, MethodNotAllowed, NotFound

from . import answers, control, guard, page
from .answers import Problem
from .api import Api
from .fake import Fake
from .settings import Settings

__all__ = ["create_app"]


_OPEN = (page.READING, "control.openapi")
"""What is not guarded here: the page looks at its visitor itself, and the contract is for everyone."""


def create_app(settings: Settings | None = None, *, fake: Fake | None = None) -> Flask:
    """Make the fake of the API as a WSGI application; ``app.extensions["civis_usage"]`` is its :class:`Fake`.

    Args:
        settings: what to start with; the defaults of ``civis-usage serve`` where not given.
        fake: a fake that was made already; ``settings`` are its own then.
    """
    app = Flask(__name__, static_folder=None)
    app.extensions["civis_usage"] = fake = fake or Fake(settings)
    app.register_blueprint(control.blueprint)  # /_fake/… and /openapi.json
    app.register_blueprint(page.blueprint)  # /, for people
    app.register_error_handler(Problem, _problem)
    app.register_error_handler(HTTPException, _no_route)
    app.before_request(lambda: None if request.endpoint in _OPEN else guard.check(fake.settings, request))
    app.wsgi_app = Api(fake, app.wsgi_app)  # type: ignore[method-assign]  # Flask's own way to stand before it
    return app


def _problem(problem: Problem) -> Response:
    return control.response(answers.error(problem.status, problem.sentence, problem.headers))


def _no_route(refusal: HTTPException) -> Response:
    """Answer a request that no route takes (404, 405), or that failed on its way (500), in the API's form."""
    sentence = "The requested endpoint could not be found." if isinstance(refusal, NotFound) else None
    allowed = refusal.valid_methods if isinstance(refusal, MethodNotAllowed) else None
    headers = {"Allow": ", ".join(sorted(allowed))} if allowed else None
    return control.response(answers.error(refusal.code or 500, sentence, headers))
