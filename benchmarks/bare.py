"""The least that could answer: given bytes from a bare Flask route or WSGI function, on the fake's own server.

python benchmarks/bare.py (flask|wsgi) PORT WORKERS ANSWERS, where ANSWERS is a JSON file of bodies by path and query.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flask import Flask, Response, request

from civis_usage.mock_server import server

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

__all__ = ["by_flask", "by_wsgi"]

_JSON = "application/json; charset=utf-8"


def by_flask(answers: dict[str, bytes]) -> Flask:
    """Give a Flask application with a route for each question, which does nothing but answer."""
    app = Flask(__name__, static_folder=None)

    @app.get("/usage/llm/<id>")
    @app.get("/usage/llm")
    @app.get("/usage/llm/organization/<id>/summary")
    def answer(**_: str) -> Response:
        query = request.query_string.decode()
        return Response(answers[f"{request.path}?{query}" if query else request.path], content_type=_JSON)

    return app


def by_wsgi(answers: dict[str, bytes]) -> Any:
    """Give a WSGI function that does nothing but answer."""

    def application(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        query = environ["QUERY_STRING"]
        body = answers[f"{environ['PATH_INFO']}?{query}" if query else environ["PATH_INFO"]]
        start_response("200 OK", [("Content-Type", _JSON), ("Content-Length", str(len(body)))])
        return [body]

    return application


def main() -> None:
    """Serve until a signal."""
    kind, port, workers, file = sys.argv[1:]
    answers = {path: body.encode() for path, body in json.loads(Path(file).read_text(encoding="utf-8")).items()}
    app: Any = {"flask": by_flask, "wsgi": by_wsgi}[kind](answers)
    sys.exit(server.serve(app, server.bind("127.0.0.1", int(port), int(workers))))


if __name__ == "__main__":
    main()
