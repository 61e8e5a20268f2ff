"""The API's part of the fake, in plain WSGI: the way of a request from the door to the answer.

It stands before Flask (which has what is the fake's own: the controls and the page), since most of what Flask does
for a request is of no use to an answer that is bytes already; ``benchmarks/run.py`` shows what that saves.
"""

from __future__ import annotations

import logging
import os
import re
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from . import answers, compression, credentials, description, effects, parameters, prefer, usage
from .answers import Answer, Problem
from .bridge import AT_ONCE
from .credentials import KeyDigest
from .fake import Fake

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

    from .faults import Chosen
    from .limits import Standing

__all__ = ["Api", "is_own"]

ROUTES: tuple[tuple[str, str, usage.Operate], ...] = (
    ("/usage/llm", "list_llm", usage.list_llm),
    ("/usage/llm/(?P<id>[^/]+)", "get_llm", usage.get_llm),
    ("/usage/llm/organization/(?P<org_id>[^/]+)/summary", "get_llm_organization_summary", usage.get_llm_summary),
    ("/usage/matching", "list_matching", usage.list_matching),
    ("/endpoints/?", "endpoints", description.endpoints),
)
"""Path, operation, and what answers it."""

_log = logging.getLogger(__name__)
_ROUTES = tuple((re.compile(path).fullmatch, operation, operate) for path, operation, operate in ROUTES)
_ALLOWED = ("GET", "HEAD")
_NO_ENDPOINT = "The requested endpoint could not be found."


def is_own(path: str) -> bool:
    """Tell whether a path is the fake's own, and no part of the API."""
    return path.startswith("/_fake/") or path in ("/", "/openapi.json")


@dataclass(slots=True)
class Visit:
    """A request to the API while it is being answered."""

    environ: WSGIEnvironment
    method: str
    path: str
    operation: str | None
    operate: usage.Operate | None
    in_path: Mapping[str, str]
    query: Mapping[str, str]
    key: str | None
    digest: KeyDigest | None
    standing: Standing
    fault: str | None = None


class Api:
    """Answers the API's requests, and hands the others on."""

    def __init__(self, fake: Fake, own: WSGIApplication) -> None:
        """Answer from ``fake``; what is the fake's own is answered by ``own``."""
        self._fake = fake
        self._own = own

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Count a request, look at its key, let its operation answer or a fault, and write it down."""
        path = environ["PATH_INFO"]
        if path.startswith("//"):  # what clients make of an endpoint that ends in a slash (assumed)
            environ["PATH_INFO"] = path = "/" + path.lstrip("/")
        if is_own(path):
            return self._own(environ, start_response)
        began, arrived, era = time.perf_counter(), self._fake.clock.now(), self._fake.journal.era
        visit = self._visit(environ, path)
        try:
            answer = self._answer(visit)
        except Problem as problem:
            answer = answers.error(problem.status, problem.sentence, problem.headers)
        except Exception:
            _log.exception("%s %s failed", visit.method, path)
            answer = answers.error(500)
        return self._leave(visit, answer, began, arrived, era)(environ, start_response)

    def _visit(self, environ: WSGIEnvironment, path: str) -> Visit:
        key = credentials.presented(environ.get("HTTP_AUTHORIZATION"))
        digest = None if key is None else KeyDigest.of(key)
        operation, operate, in_path = _route(path)
        return Visit(
            environ,
            environ["REQUEST_METHOD"],
            path,
            operation,
            operate,
            in_path,
            parameters.query(environ.get("QUERY_STRING", "")),
            key,
            digest,
            self._fake.limits.count(digest),
        )

    def _answer(self, visit: Visit) -> Answer:
        if visit.operation is None or visit.operate is None:
            raise Problem(404, _NO_ENDPOINT)
        if visit.method not in _ALLOWED:
            visit.operation = None  # no operation is called so
            raise Problem(405, headers={"Allow": ", ".join(_ALLOWED)})
        self._fake.admit(visit.key, visit.standing)
        chosen = self._chosen(visit, visit.operation)
        visit.fault, fault = chosen.rule, chosen.fault
        if chosen.wait and not visit.environ.get(AT_ONCE):  # a fault that was set just now slows the next request
            self._fake.sleep(chosen.wait)
        try:
            effects.instead(fault)
            asked = usage.read(visit.operation, visit.in_path, visit.query)
            whole = answers.ok(effects.on_body(fault, visit.operate(self._fake, asked)))
            whole = answers.conditional(whole, visit.environ.get("HTTP_IF_NONE_MATCH"))
        except Problem as problem:
            whole = answers.error(problem.status, problem.sentence, problem.headers)
        return effects.on_the_way(fault, whole)

    def _chosen(self, visit: Visit, operation: str) -> Chosen:
        preferred = prefer.chosen(visit.environ.get("HTTP_PREFER"))
        return preferred or self._fake.faults.choose(
            operation, visit.digest, lambda: usage.organization(self._fake, operation, visit.in_path, visit.query)
        )

    def _leave(self, visit: Visit, answer: Answer, began: float, arrived: int, era: int) -> Answer:
        """Give an answer the headers that all have (recorded), and write the request down."""
        request_id, seconds = _request_id(), time.perf_counter() - began
        self._fake.journal.add(
            era=era,
            at=arrived,
            request_id=request_id,
            method=visit.method,
            path=_text(visit.path),
            operation=visit.operation,
            parameters={**visit.query, **visit.in_path},
            status=None if answer.end == "none" else answer.status,
            duration=round(seconds * 1000, 3),
            fault=visit.fault,
            secrets=(visit.key, *self._fake.settings.api_keys),
        )
        answer = answer.adding(*answers.headers(visit.standing, request_id, seconds))
        return compression.compressed(answer, visit.environ)


def _request_id() -> str:
    """Give a UUID of version 4, at a third of what :func:`uuid.uuid4` costs.

    The module ``random`` is left alone: in a test suite it is its program's, and Hypothesis watches it while it draws.
    """
    digits = os.urandom(16).hex()
    return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-a{digits[17:20]}-{digits[20:]}"


def _route(path: str) -> tuple[str | None, usage.Operate | None, Mapping[str, str]]:
    for matches, operation, operate in _ROUTES:
        found = matches(path)
        if found is not None:
            return operation, operate, {name: _text(value) for name, value in found.groupdict().items()}
    return None, None, {}


def _text(path: str) -> str:
    """Give a path, which WSGI has as Latin-1, as the UTF-8 that it is."""
    return path if path.isascii() else path.encode("latin-1").decode("utf-8", "replace")
