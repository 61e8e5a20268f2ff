"""Answers that are not JSON, or not under its type."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

from ..standin import GET, LLM, MATCHING, SUMMARY, Answer
from .table import ALL, JUDGED_OR_NOT, add


def good_answers(name: str, wrong: str, change: Callable[[Answer], Any], *operations: str, **more: Any) -> None:
    """Enter a change to the good answers of each operation named."""

    def changed(api, right, request):
        answer = right(request)
        if answer.status == 200:
            change(answer)
        return answer

    for operation in operations:
        add(name, operation, "JSON", wrong, "answer", changed, **more)


def rewrites(change: Callable[[bytes], bytes]) -> Callable[[Answer], None]:
    """Change the body alone."""

    def rewrite(answer: Answer) -> None:
        answer.body = change(answer.body)

    return rewrite


def retypes(content_type: str) -> Callable[[Answer], None]:
    """Change the content type alone."""

    def retype(answer: Answer) -> None:
        answer.headers["Content-Type"] = content_type

    return retype


def in_place_of_credits(text: bytes) -> Callable[[Answer], None]:
    """Write ``text`` in place of the first number of credits."""
    return rewrites(lambda body: re.sub(rb'"credits":[^,}]+', b'"credits":' + text, body, count=1))


ERROR = b'{"error":"internal_error","errorDescription":"Something went wrong.","code":500}'
GONE = b'{"error":"not_found","errorDescription":"The requested endpoint could not be found.","code":404}'
good_answers("html-type", "a right body under text/html", retypes("text/html; charset=utf-8"), *ALL)
good_answers("plain-type", "a right body under text/plain", retypes("text/plain"), LLM)
good_answers("no-type", "a right body without a type", lambda answer: answer.headers.pop("Content-Type"), MATCHING)
good_answers("nan", "credits are NaN, which is no JSON", in_place_of_credits(b"NaN"), LLM, GET, SUMMARY)
good_answers("infinity", "credits are Infinity, which is no JSON", in_place_of_credits(b"Infinity"), SUMMARY)
good_answers("minus-infinity", "credits are -Infinity, which is no JSON", in_place_of_credits(b"-Infinity"), LLM)
good_answers("beyond-doubles", "credits are 1e999, beyond any double", in_place_of_credits(b"1e999"), GET)
good_answers("trailing-garbage", "text after the body", rewrites(lambda body: body + b"\n<!-- 0.07 s -->"), *ALL)
good_answers("two-values", "the body stands twice", rewrites(lambda body: body + body), SUMMARY)
good_answers("cut", "the body is cut in the middle", rewrites(lambda body: body[: len(body) // 2]), LLM, MATCHING)
good_answers("lines", "one record a line", rewrites(lambda body: body[1:-1].replace(b"},{", b"}\n{")), MATCHING)
good_answers("python", "written as Python", rewrites(lambda body: repr(json.loads(body)).encode()), LLM)
good_answers("json-in-json", "the body is a string of JSON", rewrites(lambda body: json.dumps(body.decode()).encode()),
             SUMMARY)  # fmt: skip
good_answers("wrapped", "the list inside an object", rewrites(lambda body: b'{"data":' + body + b"}"), LLM, MATCHING,
             SUMMARY)  # fmt: skip
good_answers("by-id-object", "the list as an object by number",
             rewrites(lambda body: json.dumps(dict(enumerate(json.loads(body)))).encode()), LLM)  # fmt: skip
good_answers("empty", "200 with an empty body", rewrites(lambda body: b""), *ALL)
good_answers("error-in-200", "200 with an error body", rewrites(lambda body: ERROR), *ALL)
good_answers("null", "200 with null", rewrites(lambda body: b"null"), LLM, MATCHING)
good_answers("null-for-empty", "null in place of an empty list",
             rewrites(lambda body: b"null" if body == b"[]" else body), LLM, MATCHING)  # fmt: skip
good_answers("latin-1", "the body is in Latin-1",
             rewrites(lambda body: body.decode().replace("claude", "cläude").encode("latin-1")), LLM)  # fmt: skip


def no_content(answer: Answer) -> None:
    """Answer 204."""
    answer.status, answer.body = 204, b""


def no_content_for_empty(answer: Answer) -> None:
    """Answer 204 in place of an empty list."""
    if answer.body == b"[]":
        no_content(answer)


good_answers("no-content", "204 in place of an answer", no_content, LLM, SUMMARY)
good_answers("no-content-for-empty", "204 in place of an empty list", no_content_for_empty, LLM)


def fails(status: int, body: bytes = ERROR, content_type: str = "application/json") -> Callable[[Answer], None]:
    """Answer with an error."""

    def fail(answer: Answer) -> None:
        answer.status, answer.body, answer.headers = status, body, {"Content-Type": content_type}

    return fail


good_answers("fails", "an operation always answers 500", fails(500), *ALL, exits=JUDGED_OR_NOT)
good_answers("gone", "an operation is no longer there", fails(404, GONE), MATCHING, SUMMARY, exits=JUDGED_OR_NOT)
good_answers(
    "html", "an operation answers with a page", fails(200, b"<html>Sign in</html>", "text/html"), LLM, MATCHING
)


def cut_in_transport(answer: Answer) -> None:
    """Promise more bytes than there are."""
    answer.headers |= {"Content-Length": str(len(answer.body) + 100), "Connection": "close"}


def falsely_compressed(answer: Answer) -> None:
    """Say gzip, and send the plain body."""
    answer.headers["Content-Encoding"] = "gzip"


good_answers("trailing-comma", "a comma after the last field", rewrites(lambda body: body[:-1] + b",}"), SUMMARY, GET)
good_answers("guarded", "a prefix against hijacking", rewrites(lambda body: b")]}',\n" + body), MATCHING)
good_answers("jsonp", "the body is a call", rewrites(lambda body: b"callback(" + body + b")"), LLM)
good_answers("utf-16", "the body is in UTF-16", rewrites(lambda body: body.decode().encode("utf-16")), MATCHING)
good_answers("single-quotes", "strings are in single quotes", rewrites(lambda body: body.replace(b'"', b"'")), SUMMARY)
good_answers("raw-line-break", "a string has a raw line break",
             rewrites(lambda body: body.replace(b"claude-", b"claude-\n")), LLM)  # fmt: skip
good_answers("nan-in-some", "some records have NaN for credits",
             rewrites(lambda body: re.sub(rb'("id":\d*1,[^}]*"credits":)0[.][0-3]\d*', rb"\1NaN", body)),
             LLM)  # fmt: skip
good_answers("octets", "a right body as application/octet-stream", retypes("application/octet-stream"), MATCHING)
good_answers("html-type-for-empty", "an empty list under text/html",
             lambda answer: retypes("text/html")(answer) if answer.body == b"[]" else None, LLM)  # fmt: skip
good_answers("cut-in-transport", "the connection ends in the middle", cut_in_transport, LLM, exits=JUDGED_OR_NOT)
good_answers("falsely-compressed", "said to be gzip, and is not", falsely_compressed, MATCHING, exits=JUDGED_OR_NOT)
good_answers("fails-when-long", "a list of more than 20 kB gets 500",
             lambda answer: fails(500)(answer) if len(answer.body) > 20_000 else None, LLM, MATCHING,
             exits=JUDGED_OR_NOT)  # fmt: skip
good_answers("gateway", "an operation always answers 502 and a page", fails(502, b"<h1>502</h1>", "text/html"), LLM,
             exits=JUDGED_OR_NOT)  # fmt: skip
good_answers("forbidden", "an operation always answers 403",
             fails(403, b'{"error":"forbidden","errorDescription":"You may not see this.","code":403}'), MATCHING,
             exits=JUDGED_OR_NOT)  # fmt: skip
