"""The fake as a Flask application."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Flask

from . import hooks, responses, usage
from .controls import routes as controls
from .fake import Fake
from .page import routes as page
from .settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterable

    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

__all__ = ["create_app"]


def create_app(settings: Settings | None = None, *, fake: Fake | None = None) -> Flask:
    """Return the fake of the API as a Flask application; ``app.extensions["civis_usage"]`` is its :class:`Fake`.

    Args:
        settings: what to start with; by default what ``civis-usage serve`` starts with.
        fake: a fake that exists already; it has settings of its own.
    """
    app = Flask(__name__, static_folder=None)
    app.extensions["civis_usage"] = fake = fake or Fake(settings)
    app.config["PROVIDE_AUTOMATIC_OPTIONS"] = False  # OPTIONS gets 405, as every method but GET and HEAD (assumed)
    app.url_map.merge_slashes = False  # `/usage//llm` is not a route of the API
    app.wsgi_app = _single_leading_slash(app.wsgi_app)  # type: ignore[assignment, method-assign]  # Flask's documented way
    app.register_blueprint(usage.blueprint)  # the API: /usage/… and /endpoints
    app.register_blueprint(controls.blueprint)  # the fake's own: /_fake/… and /openapi.json
    app.register_blueprint(page.blueprint)  # the page at /
    for blueprint in fake.settings.blueprints:  # the user's
        app.register_blueprint(blueprint)
    hooks.register(app)
    responses.register_error_handlers(app)
    return app


def _single_leading_slash(application: WSGIApplication) -> WSGIApplication:
    """Serve ``//usage`` as ``/usage``: some clients append the path to an endpoint that ends in a slash (assumed)."""

    def wrapped(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        environ["PATH_INFO"] = "/" + environ["PATH_INFO"].lstrip("/")
        return application(environ, start_response)

    return wrapped
