"""Deviations from recorded values: headers that say the wrong thing, errors without their sentence, ids as text."""

from __future__ import annotations

from collections.abc import Callable

from ..standin import GET, Answer, Refused, Request
from .recorded import warned
from .table import ANY, WARNED, add


@warned("integer", GET, everywhere=True)
def letters_as_id_get_500(api, right, name, text):
    """An id of letters gets 500."""
    if name == "id" and not text.removeprefix("-").isdecimal():
        raise Refused(500, "internal_error", "Something went wrong.")
    return right(name, text)


@warned("answer", GET)
def letters_as_id_get_a_page(api, right, request):
    """An id of letters gets 500 and a page."""
    try:
        return right(request)
    except Refused as refusal:
        if refusal.args[0] != 400:
            raise
        return Answer(500, b"<h1>We are sorry</h1>", {"Content-Type": "text/html"})


def header(name: str, wrong: str, values: Callable[[Request, Answer], dict[str, str]]) -> None:
    """Enter headers of good answers with other values than recorded."""

    def headers(api, right, request, answer):
        made = right(request, answer)
        return made | (values(request, answer) if answer.status == 200 else {})

    add(name, ANY, "recorded", wrong, "headers", headers, exits=WARNED)


header("etag-always-the-same", "the ETag is the same for every body",
       lambda request, answer: {"ETag": 'W/"9b2cf535f27731c974343645a3985328"'})  # fmt: skip
header("etag-of-the-path", "the ETag is made of the path alone",
       lambda request, answer: {"ETag": f'W/"{sum(request.path.encode()):032x}"'})  # fmt: skip
header("public-cache-of-an-hour", "every cache may keep usage for an hour",
       lambda request, answer: {"Cache-Control": "public, max-age=3600", "Pragma": "", "Expires": "3600"})  # fmt: skip
header("shared-cache-allowed", "shared caches may keep usage for five minutes",
       lambda request, answer: {"Cache-Control": "s-maxage=300, public"})  # fmt: skip
header("remaining-requests-negative", "the rate limit has fewer requests left than none",
       lambda request, answer: {"X-RateLimit-Remaining": "-12"})  # fmt: skip
header("remaining-requests-beyond-the-limit", "more requests are left than the rate limit allows",
       lambda request, answer: {"X-RateLimit-Limit": "500", "X-RateLimit-Remaining": "812"})  # fmt: skip
header("rate-limit-is-a-word", "the rate limit is a word", lambda request, answer: {"X-RateLimit-Limit": "unlimited"})
header("rate-limit-negative", "the rate limit is below nothing",
       lambda request, answer: {"X-RateLimit-Limit": "-1", "X-RateLimit-Remaining": "-1"})  # fmt: skip


def sentence(name: str, wrong: str, value: dict[str, str | None]) -> None:
    """Enter error bodies whose sentence is lost."""

    def error(api, right, status, error, said):
        answer = right(status, error, said)
        answer.body = api.encode("error", {"error": error} | value | {"code": status})
        return answer

    add(name, ANY, "recorded", wrong, "error", error, exits=WARNED)


sentence("errors-without-sentence", "error bodies lack errorDescription", {})
sentence("errors-with-an-empty-sentence", "errorDescription is empty", {"errorDescription": ""})
sentence("errors-with-null-for-a-sentence", "errorDescription is null", {"errorDescription": None})
sentence("errors-with-a-message", "the sentence is called message", {"message": "It could not be found."})
