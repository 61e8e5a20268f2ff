"""Keys that are not looked at, or refused in another way than clients understand."""

from __future__ import annotations

from typing import Any

from ..standin import KEY, Answer, Refused
from .table import ALL, ANY, WINDOWED, add, deviates


@deviates("admit", ANY, about="key")
def missing_key_accepted(api, right, request):
    """A request without a key is answered."""
    if request.key is not None:
        right(request)


@deviates("admit", ANY, about="key")
def wrong_key_accepted(api, right, request):
    """A request with a wrong key is answered."""
    if request.key is None:
        right(request)


@deviates("admit", ANY, about="key")
def keys_never_looked_at(api, right, request):
    """Every request is answered."""


@deviates("admit", *ALL, about="key")
def missing_key_accepted_here(api, right, request):
    """One operation answers without a key."""
    if request.key is not None:
        right(request)


@deviates("admit", ANY, about="key")
def refused_key_gets_403(api, right, request):
    """A wrong key gets 403, from which clients do not raise the error for refused keys."""
    if request.key not in (None, KEY):
        raise Refused(403, "forbidden", "The API key is not known.")
    right(request)


@deviates("admit", ANY, about="key")
def refused_key_gets_404(api, right, request):
    """A wrong key gets 404."""
    if request.key not in (None, KEY):
        raise Refused.unknown()
    right(request)


@deviates("error", ANY, about="key")
def no_challenge(api, right, status, name, sentence):
    """401 comes without WWW-Authenticate, which clients read."""
    answer = right(status, name, sentence)
    answer.headers.pop("WWW-Authenticate", None)
    return answer


@deviates("answer", ANY, about="key")
def refused_key_gets_an_empty_list(api, right, request):
    """A wrong key gets 200 and an empty list."""
    return right(request) if request.key in (None, KEY) else Answer(200, b"[]", {"Content-Type": "application/json"})


@deviates("answer", ANY, about="key")
def missing_key_gets_a_page(api, right, request):
    """A request without a key gets 200 and a page for signing in."""
    return right(request) if request.key else Answer(200, b"<html>Sign in</html>", {"Content-Type": "text/html"})


def missing_key_gets(status: int, name: str) -> Any:
    """Answer a request without a key with another status."""

    def admit(api, right, request):
        if request.key is None:
            raise Refused(status, name, "There is no API key.")
        right(request)

    return admit


add("missing-key-gets-403", ANY, "key", "a missing key gets 403", "admit", missing_key_gets(403, "forbidden"))
add("missing-key-gets-400", ANY, "key", "a missing key gets 400", "admit", missing_key_gets(400, "bad_request"))
add("missing-key-gets-500", ANY, "key", "a missing key gets 500", "admit", missing_key_gets(500, "internal_error"))


@deviates("finish", ANY, about="key")
def no_challenge_without_a_key(api, right, request, answer):
    """The 401 for a missing key comes without WWW-Authenticate."""
    if request.key is None:
        answer.headers.pop("WWW-Authenticate", None)
    return right(request, answer)


@deviates("answer", ANY, about="key")
def missing_key_is_sent_to_a_page(api, right, request):
    """A request without a key is redirected."""
    return right(request) if request.key else Answer(302, b"", {"Location": "/sign-in"})


@deviates("answer", ANY, about="key")
def refused_key_gets_200_with_an_error(api, right, request):
    """A wrong key gets 200 and an error body."""
    body = b'{"error":"unauthorized","errorDescription":"The API key is not known.","code":401}'
    return right(request) if request.key in (None, KEY) else Answer(200, body, {"Content-Type": "application/json"})


@deviates("admit", ANY, about="key")
def refused_key_gets_500(api, right, request):
    """A wrong key gets 500."""
    if request.key not in (None, KEY):
        raise Refused(500, "internal_error", "Something went wrong.")
    right(request)


@deviates("answer", *WINDOWED, about="key")
def answers_kept_for_whoever_asks(api, right, request):
    """An answer that was given to the key is given to everybody who asks the same."""
    kept = api.memory.setdefault("kept", {})
    answer = kept.get(request.target) or right(request)
    kept[request.target] = answer
    return answer
