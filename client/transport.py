"""HTTP: one GET, tried again where that helps, with the key and without traces of it.

This layer knows nothing of operations and records. The client stands on it, and so does whoever needs the raw answers::

    with Transport("http://127.0.0.1:8000", "my-key") as transport:
        response = transport.get("/usage/llm", {"org_id": 1})
        response.status_code, response.headers["ETag"], response.content
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from http.cookiejar import DefaultCookiePolicy
from typing import Any, NamedTuple, Self

import requests
from requests.auth import AuthBase, HTTPBasicAuth

from .config import is_loopback, resolve_api_key, resolve_base_url
from .errors import ConfigurationError, ConnectionFailed, InvalidResponse
from .retries import RETRIED, Retries, retry_after
from .secret import Secret

__all__ = ["Exchange", "Params", "Timeout", "Transport"]

Params = Mapping[str, Any] | Sequence[tuple[str, Any]] | str | None
"""A query: by name, as pairs (a name may come twice), or as it stands in the URL."""

Timeout = float | tuple[float, float]
"""Seconds for connecting and for each wait for bytes: one number for both, or a pair."""

_UNDECODABLE = "The body of the answer cannot be decoded as its Content-Encoding says."

log = logging.getLogger("civis_usage.client")


class Exchange(NamedTuple):  # dataclasses would import inspect: a tenth of what requests costs
    """One request that was sent, and what came of it."""

    method: str
    url: str
    """Without the key."""
    attempt: int
    """1 for the first try, 2 for the first retry."""
    seconds: float
    """From sending to the last byte, or to the failure."""
    response: requests.Response | None = None
    """The answer, read to its end; ``None`` where none came."""
    failure: str | None = None
    """Why no whole answer came; ``None`` where one did."""

    @property
    def status(self) -> int | None:
        """The HTTP status; ``None`` where no answer came."""
        return None if self.response is None else self.response.status_code

    @property
    def headers(self) -> Mapping[str, str]:
        """The answer's headers, names in any case; empty where no answer came."""
        return {} if self.response is None else self.response.headers

    @property
    def rate_limit(self) -> int | None:
        """``X-RateLimit-Limit``: requests allowed in a period; ``None`` where the answer does not say."""
        return _integer(self.headers.get("X-RateLimit-Limit"))

    @property
    def calls_remaining(self) -> int | None:
        """``X-RateLimit-Remaining``: requests left in this period; ``None`` where the answer does not say."""
        return _integer(self.headers.get("X-RateLimit-Remaining"))

    @property
    def retry_after(self) -> float | None:
        """Seconds to wait as ``Retry-After`` says; ``None`` where the answer does not say."""
        return retry_after(self.headers)


class Transport:
    """GET requests to one API with one key, over connections that are kept open.

    Threads may share a transport: it keeps no cookies, and nothing in it changes between requests but the pool of
    connections, which is made for that.

    Args:
        base_url: ``None`` for ``CIVIS_API_ENDPOINT``, and where that is not set for the live API.
        api_key: ``None`` for ``CIVIS_API_KEY``.
        tries: requests for one call at most, retries included.
        max_wait: seconds that retries may take altogether.
        before: called with the URL before each request; what it raises stops the call, so that it can keep a budget.
        on_exchange: called after each request, with what came of it.
        sleep: waits between tries.

    Raises:
        ConfigurationError: where there is no key, or the key or URL cannot be used.
    """

    def __init__(
        self,
        base_url: str | None = None,
        api_key: str | Secret | None = None,
        *,
        timeout: Timeout = (5.0, 60.0),
        tries: int = 10,
        max_wait: float = 600.0,
        user_agent: str | None = None,
        before: Callable[[str], None] | None = None,
        on_exchange: Callable[[Exchange], None] | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ):
        self.secret = api_key if isinstance(api_key, Secret) else resolve_api_key(api_key)
        self.base_url = resolve_base_url(base_url, self.secret)
        self.timeout = timeout
        self.retries = Retries(tries, max_wait)
        self._before, self._on_exchange, self._sleep = before, on_exchange, sleep
        self._session = requests.Session()
        self._session.headers["User-Agent"] = user_agent or _user_agent()
        self._session.headers["Accept"] = "application/json"
        self._session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))

    def get(
        self, path: str, params: Params = None, headers: Mapping[str, str] | None = None, auth: bool = True
    ) -> requests.Response:
        """Ask for ``path`` (beginning with a slash, joined to the base URL) and give the answer, whatever its status.

        Redirects are not followed, so that the key goes nowhere else.

        Args:
            auth: ``False`` sends no key, and no login from a ``.netrc`` either.

        Raises:
            ConnectionFailed: where no whole answer came, after the retries.
            InvalidResponse: where the body cannot be decoded as its ``Content-Encoding`` says.
        """
        prepared = self._prepare(path, params, headers, auth)
        started = time.monotonic()
        for attempt in range(1, self.retries.tries + 1):
            exchange = self._exchange(prepared, attempt)
            if exchange.failure == _UNDECODABLE:
                raise InvalidResponse(f"{_UNDECODABLE} (GET {exchange.url})", method="GET", url=exchange.url)
            if exchange.response is not None and exchange.status not in RETRIED:
                break
            answered = None if exchange.response is None else exchange.headers
            wait = self.retries.wait(attempt, time.monotonic() - started, answered)
            if wait is None:
                break
            log.info("GET %s: %s; next try in %.1f s", exchange.url, exchange.failure or exchange.status, wait)
            self._sleep(wait)
        if exchange.response is None:
            raise ConnectionFailed(f"{exchange.failure} (GET {exchange.url})", method="GET", url=exchange.url)
        return exchange.response

    def close(self) -> None:
        """Close the connections; a later request opens new ones."""
        self._session.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"Transport({self.base_url!r})"

    def _prepare(
        self, path: str, params: Params, headers: Mapping[str, str] | None, auth: bool
    ) -> requests.PreparedRequest:
        request = requests.Request(
            "GET", self.base_url + path, headers, params=params, auth=_Key(self.secret if auth else None)
        )
        try:
            return self._session.prepare_request(request)
        except (requests.RequestException, UnicodeError):
            raise ConfigurationError(
                f"The base URL {self.base_url!r} cannot be asked: its host is not valid."
            ) from None

    def _exchange(self, prepared: requests.PreparedRequest, attempt: int) -> Exchange:
        url = self.secret.redact(prepared.url or "")
        if self._before is not None:
            self._before(url)
        response, failure = None, None
        started = time.perf_counter()
        settings = self._session.merge_environment_settings(prepared.url or "", {}, False, None, None)
        if is_loopback(prepared.url or ""):
            # A proxy would look for the loopback on its own machine. Whoever has one seldom says so in NO_PROXY, and a
            # fake on this machine has to answer all the same.
            settings["proxies"] = {}
        try:
            response = self._session.send(prepared, timeout=self.timeout, allow_redirects=False, **settings)
        except requests.exceptions.ContentDecodingError:
            failure = _UNDECODABLE
        except requests.RequestException as error:
            failure = self.secret.redact(_reason(error))
        exchange = Exchange("GET", url, attempt, time.perf_counter() - started, response, failure)
        if self._on_exchange is not None:
            self._on_exchange(exchange)
        return exchange


class _Key(AuthBase):
    """HTTP Basic with the key as user name and an empty password, as the Python client sends it; or no key at all."""

    def __init__(self, secret: Secret | None):
        self._secret = secret

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        if self._secret is None:
            return request
        prepared: requests.PreparedRequest = HTTPBasicAuth(self._secret.reveal(), "")(request)
        return prepared


def _reason(error: requests.RequestException) -> str:
    """Say in one sentence why no answer came, without the layers of libraries that noticed it."""
    if isinstance(error, requests.exceptions.ConnectTimeout):
        return "The API cannot be reached: connecting took too long."
    if isinstance(error, requests.exceptions.Timeout) or "timed out" in str(error):
        return "The API did not answer in time."
    if "NameResolutionError" in str(error):
        return "The API cannot be reached: its host name is not known."
    if isinstance(error, requests.exceptions.SSLError):
        return "The API cannot be reached: its TLS certificate or protocol is not accepted."
    if isinstance(error, requests.exceptions.ProxyError):
        return "The API cannot be reached: the proxy refuses."
    if "Connection refused" in str(error):
        return "The API cannot be reached: nothing listens at this address (connection refused)."
    if isinstance(error, requests.exceptions.ChunkedEncodingError):
        return "The answer broke off before its end."
    if "RemoteDisconnected" in str(error) or "Connection reset" in str(error):
        return "The connection was closed before an answer came."
    return f"The API cannot be reached: {type(error).__name__}."


def _integer(text: str | None) -> int | None:
    try:
        return int(text) if text is not None and text.strip().isdecimal() else None
    except ValueError:  # more digits than Python reads
        return None


def _user_agent() -> str:
    from civis_usage import __version__

    return f"civis-usage-kit/{__version__} requests/{requests.__version__}"
