"""HTTP: one GET, sent again where that helps, with the key and without traces of it.

This layer knows nothing of operations and records. The client stands on it, and so does whoever needs raw responses::

    with Transport("http://127.0.0.1:8000", "my-key") as transport:
        response = transport.get("/usage/llm", {"org_id": 1})
        response.status_code, response.headers["ETag"], response.content
"""

from __future__ import annotations

import io
import logging
import time
from collections.abc import Callable, Mapping
from http.cookiejar import DefaultCookiePolicy
from itertools import count
from threading import Event
from typing import Any, NamedTuple, Self

import requests
from requests.adapters import BaseAdapter
from requests.auth import AuthBase, HTTPBasicAuth
from requests.structures import CaseInsensitiveDict

from .config import is_loopback, resolve_api_key, resolve_base_url
from .connections import Adapter
from .deadline import run_within
from .errors import ConfigurationError, ConnectionFailed, InvalidResponse, UsageError
from .failures import check_ca_bundle, check_proxy, failure_of
from .redaction import Secret
from .retries import RETRY_STATUSES, RetryPolicy, retry_after

__all__ = ["MAX_BODY", "Attempt", "Response", "Timeout", "Transport", "size_of"]

Timeout = float | tuple[float, float]
"""Seconds for connecting and for each wait for bytes: one number for both, or a pair."""

MAX_BODY = 256 * 2**20
"""Bytes of a body, unpacked, where nothing else is said; a list of all the usage of some years takes a tenth of it."""

BYTES_PER_VALUE = 12
"""Bytes of JSON that a value takes in records, with its name, at least: a body has no more values than records of its
limit could have, since a value may take much more memory than its two or three bytes."""
_VALUES = (b",", b"[", b"{")

log = logging.getLogger("civis_usage.client")


class Response(NamedTuple):
    """A response, read to its end."""

    method: str
    url: str
    """Without the key."""
    status_code: int
    headers: Mapping[str, str]
    """Names in any case."""
    content: bytes
    """The body, unpacked as its ``Content-Encoding`` says. A key of 20 and more characters in it, or in the headers, is
    replaced by ``***``."""

    def __repr__(self) -> str:
        return f"Response({self.method} {self.url}: {self.status_code}, {len(self.content)} bytes)"


class Attempt(NamedTuple):
    """One request that was sent, and what came of it."""

    method: str
    url: str
    """Without the key."""
    number: int
    """1 for the first request of a call, 2 for its first retry."""
    seconds: float
    """From sending to the last byte, or to the failure."""
    response: Response | None = None
    """The response; ``None`` where no whole one came."""
    failure: UsageError | None = None
    """Why no whole response came; ``None`` where one did."""

    @property
    def status(self) -> int | None:
        """The HTTP status; ``None`` where no response came."""
        return None if self.response is None else self.response.status_code

    @property
    def headers(self) -> Mapping[str, str]:
        """The response's headers, names in any case; empty where no response came."""
        return {} if self.response is None else self.response.headers

    @property
    def rate_limit(self) -> int | None:
        """``X-RateLimit-Limit``: requests allowed in a period; ``None`` where the response does not say."""
        return _integer(self.headers.get("X-RateLimit-Limit"))

    @property
    def calls_remaining(self) -> int | None:
        """``X-RateLimit-Remaining``: requests left in this period; ``None`` where the response does not say."""
        return _integer(self.headers.get("X-RateLimit-Remaining"))

    @property
    def retry_after(self) -> float | None:
        """Seconds to wait as ``Retry-After`` says; ``None`` where the response does not say."""
        return retry_after(self.headers)


class Transport:
    """GET requests to one API with one key, over connections that are kept open.

    Threads may share a transport: it keeps no cookies, and nothing in it changes between requests but the pool of
    connections, which is made for that.

    Args:
        base_url: ``None`` for ``CIVIS_API_ENDPOINT``, and where that is not set for the live API.
        api_key: ``None`` for ``CIVIS_API_KEY``.
        timeout: seconds for connecting and for each wait for bytes.
        deadline: seconds for a whole attempt, however slowly the bytes come; ``None`` for no limit. One that takes
            longer has failed, and is left behind in a thread of its own.
        max_body: bytes that a body may have, unpacked; more is not read.
        retries: how often and for how long a request is sent again.
        on_request: called with the URL before each attempt; what it raises ends the call, so that it can keep a budget.
        on_response: called after each attempt, with what came of it.
        sleep: waits between attempts; what it raises ends the call.
        adapter: how ``requests`` sends, such as to an application in this process; ``None`` for the network.

    Raises:
        ConfigurationError: where there is no key, or the key or URL cannot be used.
    """

    def __init__(
        self,
        base_url: str | None = None,
        api_key: str | Secret | None = None,
        *,
        timeout: Timeout = (5.0, 60.0),
        deadline: float | None = None,
        max_body: int = MAX_BODY,
        retries: RetryPolicy = RetryPolicy(),  # noqa: B008 - immutable
        on_request: Callable[[str], None] | None = None,
        on_response: Callable[[Attempt], None] | None = None,
        sleep: Callable[[float], None] = time.sleep,
        adapter: BaseAdapter | None = None,
    ):
        self.secret = api_key if isinstance(api_key, Secret) else resolve_api_key(api_key)
        self.base_url = resolve_base_url(base_url, self.secret)
        self.timeout = timeout
        self.deadline = deadline
        self.max_body = max_body
        self.retries = retries
        self._on_request, self._on_response, self._sleep = on_request, on_response, sleep
        self._session = _Session()
        self._session.headers["User-Agent"] = _user_agent()
        self._session.headers["Accept"] = "application/json"
        self._session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        for scheme in ("http://", "https://"):
            self._session.mount(scheme, adapter or Adapter())

    def get(
        self,
        path: str,
        params: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        auth: bool = True,
        max_body: int | None = None,
    ) -> Response:
        """Return the response to ``path`` (beginning with a slash, joined to the base URL), whatever its status.

        Redirects are not followed, so that the key goes nowhere else.

        Args:
            auth: ``False`` sends no key, and no login from a ``.netrc`` either.
            max_body: bytes that the body may have, unpacked; ``None`` for the transport's own limit.

        Raises:
            ConfigurationError: a setting of the environment (proxy, CA bundle) cannot be used.
            ConnectionFailed: no whole response came, after the retries.
            InvalidResponse: the body is not what its ``Content-Encoding`` says, or is too large.
        """
        prepared = self._prepare(path, params, headers, auth)
        settings = self._settings(prepared.url or "")
        most = self.max_body if max_body is None else max_body
        started = time.monotonic()
        for number in count(1):
            attempt = self._send(prepared, settings, most, number)
            if attempt.response is not None and attempt.response.status_code not in RETRY_STATUSES:
                break
            if attempt.failure is not None and not isinstance(attempt.failure, ConnectionFailed):
                break
            answered = None if attempt.response is None else attempt.headers
            delay = self.retries.delay(number, time.monotonic() - started, answered)
            if delay is None:
                break
            log.info("%s; next attempt in %.1f s", attempt.failure or f"GET {attempt.url}: {attempt.status}", delay)
            self._sleep(delay)
        if attempt.failure is not None:
            raise attempt.failure
        assert attempt.response is not None  # noqa: S101 - an attempt without a failure has one
        return attempt.response

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
        self, path: str, params: Mapping[str, Any] | None, headers: Mapping[str, str] | None, auth: bool
    ) -> requests.PreparedRequest:
        key = _Key(self.secret if auth else None)
        request = requests.Request("GET", self.base_url + path, headers, params=params, auth=key)
        try:
            return self._session.prepare_request(request)
        except (requests.RequestException, UnicodeError):
            raise ConfigurationError(f"The base URL {self.base_url!r} cannot be used: its host is not valid.") from None

    def _settings(self, url: str) -> dict[str, Any]:
        """Return the proxies and the CA bundle of the environment, for a response that is read as a stream.

        A proxy would look for the loopback on its own machine. Whoever has one seldom says so in NO_PROXY, and a fake
        on this machine has to be reached all the same.
        """
        settings: dict[str, Any] = {**self._session.merge_environment_settings(url, {}, True, None, None)}
        if is_loopback(url):
            settings["proxies"] = {}
        check_ca_bundle(url, settings["verify"])
        check_proxy(url, settings["proxies"])
        return settings

    def _send(self, prepared: requests.PreparedRequest, settings: dict[str, Any], most: int, number: int) -> Attempt:
        url = self.secret.redact(prepared.url or "")
        if self._on_request is not None:
            self._on_request(url)
        response, failure = None, None
        started = time.perf_counter()
        try:
            response = run_within(self.deadline, lambda abandoned: self._receive(prepared, settings, most, abandoned))
        except UsageError as error:
            failure = error
        except Exception as error:  # the libraries raise whatever a response that is not HTTP makes them
            failure = failure_of(error, prepared.url or "", settings["proxies"], self.secret.redact)
        if failure is not None:
            failure = type(failure)(f"{self.secret.redact(str(failure))} (GET {url})", method="GET", url=url)
        attempt = Attempt("GET", url, number, time.perf_counter() - started, response, failure)
        if self._on_response is not None:
            self._on_response(attempt)
        return attempt

    def _receive(
        self, prepared: requests.PreparedRequest, settings: dict[str, Any], most: int, abandoned: Event
    ) -> Response:
        with self._session.send(prepared, timeout=self.timeout, allow_redirects=False, **settings) as raw:
            body = io.BytesIO()
            values = 0
            for chunk in raw.iter_content(2**16):
                values += sum(map(chunk.count, _VALUES))
                if body.tell() + len(chunk) > most:
                    raise InvalidResponse(f"The response cannot be read: its body is larger than {_megabytes(most)}.")
                if values * BYTES_PER_VALUE > most:
                    much = f"{most // BYTES_PER_VALUE:,} values"
                    raise InvalidResponse(f"The response cannot be read: its body has more than {much}.")
                body.write(chunk)
                if abandoned.is_set():
                    break
            redact = self.secret.redact_data
            headers = CaseInsensitiveDict(
                (_text(redact(_bytes(name))), _text(redact(_bytes(value)))) for name, value in raw.headers.items()
            )
            url = self.secret.redact(prepared.url or "")
            return Response("GET", url, raw.status_code, headers, redact(body.getvalue()))


class _Session(requests.Session):
    def get_redirect_target(self, resp: requests.Response) -> None:
        """Follow no redirect, and do not look at its target, which need not be a URL."""


class _Key(AuthBase):
    """HTTP Basic with the key as user name and an empty password, as the Python client sends it; or no key at all."""

    def __init__(self, secret: Secret | None):
        self._secret = secret

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        if self._secret is None:
            return request
        prepared: requests.PreparedRequest = HTTPBasicAuth(self._secret.reveal(), "")(request)
        return prepared


def size_of(content: bytes) -> int:
    """Return what a body counts for where bodies are bounded: its bytes, or more where its values are very short."""
    return max(len(content), BYTES_PER_VALUE * sum(map(content.count, _VALUES)))


def _megabytes(size: int) -> str:
    return f"{size / 2**20:.3g} MB"


def _bytes(header: str) -> bytes:
    return header.encode("latin-1", "replace")


def _text(header: bytes) -> str:
    return header.decode("latin-1")


def _integer(text: str | None) -> int | None:
    try:
        return int(text) if text is not None and text.strip().isdecimal() else None
    except ValueError:  # more digits than Python reads
        return None


def _user_agent() -> str:
    from civis_usage import __version__

    return f"civis-usage-kit/{__version__} requests/{requests.__version__}"
