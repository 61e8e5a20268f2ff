"""Keys that one operation treats in another way than the others, or that spoil what follows."""

from __future__ import annotations

from ..standin import KEY, Refused, Request
from .table import ALL, ANY, JUDGED_OR_NOT, deviates


def kind(request: Request) -> str:
    """Return the scheme by which a request brings its key."""
    return request.headers.get("Authorization", "").partition(" ")[0]


@deviates("admit", *ALL, about="key")
def wrong_key_accepted_here(api, right, request):
    """One operation answers to a wrong key."""
    if request.key is None:
        right(request)


@deviates("admit", *ALL, about="key")
def bearer_key_never_looked_at_here(api, right, request):
    """One operation answers to every key that comes as Bearer."""
    if kind(request) != "Bearer":
        right(request)


@deviates("admit", *ALL, about="key", exits=JUDGED_OR_NOT)
def bearer_refused_here(api, right, request):
    """One operation refuses the right key where it comes as Bearer."""
    if kind(request) == "Bearer":
        raise Refused(401, "unauthorized", "The API key is missing or not known.")
    right(request)


@deviates("finish", *ALL, about="key")
def no_challenge_here(api, right, request, answer):
    """One operation refuses keys without WWW-Authenticate."""
    answer.headers.pop("WWW-Authenticate", None)
    return right(request, answer)


@deviates("finish", *ALL, about="key")
def no_challenge_for_a_wrong_key_here(api, right, request, answer):
    """One operation refuses a wrong key without WWW-Authenticate."""
    if request.key is not None:
        answer.headers.pop("WWW-Authenticate", None)
    return right(request, answer)


@deviates("admit", *ALL, about="key")
def missing_key_gets_404_here(api, right, request):
    """One operation answers 404 to a request without a key."""
    if request.key is None:
        raise Refused.unknown()
    right(request)


@deviates("admit", ANY, about="key", exits=JUDGED_OR_NOT)
def right_key_refused_after_a_wrong_one(api, right, request):
    """After a wrong key, the right one is refused for good."""
    if request.key not in (None, KEY):
        api.memory["locked"] = True
    if api.memory.get("locked"):
        raise Refused(401, "unauthorized", "The API key is missing or not known.")
    right(request)


@deviates("admit", *ALL, about="key", exits=JUDGED_OR_NOT)
def refusal_kept_for_the_right_key(api, right, request):
    """Where a key was refused, the same request with the right key is refused too."""
    refused = api.memory.setdefault("refused", set())
    if request.key != KEY:
        refused.add(request.target)
    if request.target in refused:
        raise Refused(401, "unauthorized", "The API key is missing or not known.")
    right(request)
