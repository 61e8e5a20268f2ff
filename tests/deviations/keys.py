"""Keys that are not looked at, or refused in another way than clients understand."""

from __future__ import annotations

from ..standin import KEY, Answer, Refused
from .table import ALL, ANY, deviates


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
