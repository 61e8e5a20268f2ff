"""Where a spec comes from: a file, or the API itself, which answers with its own at ``GET /endpoints`` (documented)."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from .document import BadSpec, NoSpec, parse
from .form import Api
from .operations import read_api

if TYPE_CHECKING:
    import requests

    from civis_usage.client.transport import Transport

__all__ = ["PATH", "answered", "fetched", "from_file"]

PATH = "/endpoints"
"""Where the API describes itself."""


def from_file(name: str, content: bytes) -> Api:
    """Read a spec that was kept in a file.

    Raises:
        BadSpec: it is no spec of the API.
    """
    return read_api(name, parse(name, content))


def fetched(transport: Transport) -> Api:
    """Ask the API for its spec, and read it.

    Raises:
        NoSpec: it gave none, or none that can be understood.
    """
    from civis_usage.client.errors import ConnectionFailed, InvalidResponse

    try:
        return answered(transport.base_url, lambda: transport.get(PATH), transport.secret.redact)
    except (ConnectionFailed, InvalidResponse) as error:
        raise NoSpec(str(error)) from None


def answered(base_url: str, ask: Callable[[], requests.Response], redact: Callable[[str], str]) -> Api:
    """Read the spec that ``ask`` gives as the API's answer.

    Args:
        base_url: where the API is.
        ask: puts the question; what it raises goes on.
        redact: hides the key in what the answer said.

    Raises:
        NoSpec: the answer is no spec, or none that can be understood.
    """
    source = f"{base_url}{PATH}"
    response = ask()
    if response.status_code == 401:
        raise NoSpec("the API refused the key (401): set CIVIS_API_KEY to a valid one")
    if response.status_code != 200:
        raise NoSpec(f"{source} answered {response.status_code} instead of the API's spec")
    try:
        return read_api(source, parse(source, response.content), at=urlsplit(base_url).path)
    except BadSpec as error:
        raise NoSpec(redact(str(error))) from None
