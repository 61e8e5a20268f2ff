"""Headers, encodings and connections."""

from __future__ import annotations

import gzip

from ..standin_runs import noise
from .table import around


@around("finish")
def gzip_bodies(api, right, request, answer):
    """Bodies are compressed, where the client accepts it."""
    if "gzip" in request.headers.get("Accept-Encoding", ""):
        answer.body, answer.headers["Content-Encoding"] = gzip.compress(answer.body, 1), "gzip"
    return right(request, answer)


@around("finish")
def lower_case_headers(api, right, request, answer):
    """Header names are in lower case."""
    answer = right(request, answer)
    answer.headers = {name.lower(): value for name, value in answer.headers.items()}
    return answer


@around("headers")
def no_rate_limit_headers(api, right, request, answer):
    """Answers say nothing of a rate limit."""
    return {name: value for name, value in right(request, answer).items() if "RateLimit" not in name}


@around("headers")
def no_other_headers(api, right, request, answer):
    """Answers have no headers but the type and the length."""
    return {}


@around("headers")
def remaining_requests_jump(api, right, request, answer):
    """The remaining requests are not monotonic."""
    remaining = 200 + noise(len(api.journal)) % 700
    return right(request, answer) | {"X-RateLimit-Remaining": str(remaining)}


@around("finish")
def type_without_charset(api, right, request, answer):
    """The content type has no charset."""
    answer.headers["Content-Type"] = "application/json"
    return right(request, answer)


@around("finish")
def type_spelt_otherwise(api, right, request, answer):
    """The content type is in other letters and has other blanks."""
    answer.headers["Content-Type"] = "Application/JSON ;Charset=UTF-8"
    return right(request, answer)


@around("finish")
def not_modified(api, right, request, answer):
    """A request with If-None-Match gets 304 where nothing changed."""
    if answer.status == 200 and request.headers.get("If-None-Match") == answer.headers.get("ETag", ""):
        answer.status, answer.body = 304, b""
    return right(request, answer)


@around("finish")
def connection_closed_after_each_answer(api, right, request, answer):
    """Every answer closes its connection."""
    answer.headers["Connection"] = "close"
    return right(request, answer)


@around("finish")
def chunked_bodies(api, right, request, answer):
    """Bodies come in chunks, without a length."""
    if answer.status == 200:
        body, answer.headers = answer.body, answer.headers | {"Transfer-Encoding": "chunked"}
        cuts = [body[at : at + 5000] for at in range(0, len(body), 5000)]
        answer.body = b"".join(b"%x\r\n%s\r\n" % (len(cut), cut) for cut in cuts) + b"0\r\n\r\n"
    return right(request, answer)


@around("headers")
def cookies_and_other_headers(api, right, request, answer):
    """Answers set cookies and headers that nobody knows."""
    return right(request, answer) | {"Set-Cookie": "session=1; Path=/", "X-Powered-By": "steam", "Deprecation": "true"}
