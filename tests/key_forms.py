"""The forms in which a key may be written: what one step of encoding makes of it."""

from __future__ import annotations

import base64
import html
import json
import re
from collections.abc import Callable
from urllib.parse import quote, quote_plus

Form = Callable[[str], str]


def encoded(text: str, encode: Callable[[bytes], bytes] = base64.b64encode) -> str:
    return encode(text.encode()).decode()


FORMS: dict[str, Form] = {
    "as it is": str,
    "percent-encoded": lambda key: quote(key, safe=""),
    "percent-encoded but for slashes": quote,
    "percent-encoded as a form": quote_plus,
    "percent-encoded in lower case": lambda key: re.sub("%..", lambda code: code[0].lower(), quote(key, safe="")),
    "JSON-escaped": lambda key: json.dumps(key)[1:-1],
    "JSON-escaped with \\/": lambda key: json.dumps(key)[1:-1].replace("/", "\\/"),
    "JSON-escaped as the API does": lambda key: re.sub("[<>&]", lambda c: f"\\u{ord(c[0]):04x}", json.dumps(key)[1:-1]),
    "HTML-escaped": html.escape,
    "HTML-escaped by numbers": lambda key: re.sub("[<>&\"'/]", lambda c: f"&#{ord(c[0])};", key),
    "Python's repr": lambda key: repr(key)[1:-1],
    "base64": encoded,
    "base64 without padding": lambda key: encoded(key).rstrip("="),
    "base64url": lambda key: encoded(key, base64.urlsafe_b64encode),
    "the Basic pair": lambda key: encoded(f"{key}:"),
    "the Basic pair, base64url": lambda key: encoded(f"{key}:", base64.urlsafe_b64encode),
}
