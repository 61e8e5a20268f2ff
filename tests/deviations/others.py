"""Answers that are somebody else's: a web server's page, a gateway's JSON, an empty body; and hiccups that stay."""

from __future__ import annotations

from ..standin import Answer
from .table import ALL, ANY, JUDGED_OR_NOT, LISTS, add

NOT_JUDGED = frozenset({3})
PAGE, JSON, TEXT = {"Content-Type": "text/html"}, {"Content-Type": "application/json"}, {"Content-Type": "text/plain"}
ELSEWHERE = {
    "a-web-servers-404": (404, b"<html><title>404 Not Found</title><hr>nginx/1.27.3</html>", PAGE),
    "a-web-servers-403": (403, b"<html><title>403 Forbidden</title>Apache</html>", PAGE),
    "a-gateways-404": (404, b'{"message":"no Route matched with those values"}', JSON),
    "a-gateways-403": (403, b'{"message":"Missing Authentication Token"}', JSON),
    "a-firewalls-403": (403, b'{"fault":{"faultstring":"Access denied","detail":{"errorcode":"1020"}}}', JSON),
    "an-empty-404": (404, b"", {}),
    "an-empty-403": (403, b"", JSON),
    "a-404-in-plain-text": (404, b"404 page not found\n", TEXT),
    "a-404-with-a-list": (404, b"[]", JSON),
}
"""By name: status, body and headers of answers that the API does not give."""


def elsewhere(name: str, *operations: str) -> None:
    """Enter an answer of somebody else's in the place of every good one, for an operation or for all."""
    status, body, headers = ELSEWHERE[name]

    def answer(api, right, request):
        right(request)
        return Answer(status, body, dict(headers))

    for operation in operations:
        add(name, operation, "the API's answer", f"requests with the right key get {name.replace('-', ' ')}", "answer",
            answer, exits=NOT_JUDGED)  # fmt: skip


for _name in ELSEWHERE:
    elsewhere(_name, ANY)
elsewhere("a-gateways-404", *LISTS)
elsewhere("a-web-servers-403", *LISTS)
elsewhere("an-empty-404", *LISTS)


def never_passes(status: int, *operations: str) -> None:
    """Enter a hiccup that does not pass."""

    def answer(api, right, request):
        right(request)
        return Answer(status, b"<h1>Try again</h1>", dict(PAGE))

    for operation in operations:
        add(f"always-{status}", operation, "the API's answer", f"an operation always answers {status}", "answer",
            answer, exits=JUDGED_OR_NOT)  # fmt: skip


never_passes(408, *ALL)
never_passes(521, *LISTS)
never_passes(524, *LISTS)
never_passes(530, *ALL)
