"""Why no response came: from the exceptions of requests, urllib3 and the system to one that names the cause."""

from __future__ import annotations

import http.client
import os
import ssl
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit

import requests
from requests.utils import select_proxy
from urllib3.exceptions import (
    HTTPError,
    InvalidChunkLength,
    NameResolutionError,
)

from .config import is_loopback
from .errors import ConfigurationError, ConnectionClosed, ConnectionFailed, InvalidResponse, UsageError
from .excerpts import excerpt

__all__ = ["check_ca_bundle", "check_proxy", "failure_of"]

_PROXY_SCHEMES = ("http", "https", "socks4", "socks4a", "socks5", "socks5h")
_PROXY_REMEDY = "write it as http://host:port, or unset it."
_CA_BUNDLES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")


def check_ca_bundle(url: str, bundle: bool | str) -> None:
    """Refuse a CA bundle that cannot be used, before anything is sent to an https ``url``.

    Raises:
        ConfigurationError: the message names the variable and the file.
    """
    if url.startswith("https:") and isinstance(bundle, str) and (problem := _bundle_problem(bundle)):
        variable = _variable_of(bundle, _CA_BUNDLES)
        raise ConfigurationError(f"{variable} names {bundle}, {problem}: name a file of CA certificates, or unset it.")


@lru_cache(maxsize=16)
def _bundle_problem(bundle: str) -> str | None:
    path = Path(bundle)
    if not path.exists():
        return "which does not exist"
    try:
        folder = path.is_dir()
        ssl.create_default_context(cafile=None if folder else bundle, capath=bundle if folder else None)
    except ssl.SSLError:
        return "which holds no CA certificate"
    except OSError as error:
        return f"which cannot be read ({(error.strerror or 'an error of the system').lower()})"
    return None


def check_proxy(url: str, proxies: Mapping[str, str]) -> None:
    """Refuse a proxy that cannot be used, before anything is sent to ``url``.

    Raises:
        ConfigurationError: the message names the variable, not its value, which may hold a password.
    """
    proxy = select_proxy(url, proxies)
    if proxy and (problem := _proxy_problem(proxy)):
        raise ConfigurationError(f"{_variable_of(proxy, _proxy_variables())} cannot be used as a proxy: {problem}")


def _proxy_problem(proxy: str) -> str | None:
    try:
        parts = urlsplit(proxy if "://" in proxy else f"http://{proxy}")
        host = (parts.hostname or "").encode("idna")
        usable = parts.scheme in _PROXY_SCHEMES and bool(host.strip(b".")) and parts.port != 0
    except ValueError:  # an impossible port or address, or a host name that no name server can know
        return _PROXY_REMEDY
    if not usable or not proxy.isprintable() or " " in proxy:
        return _PROXY_REMEDY
    if parts.scheme.startswith("socks") and find_spec("socks") is None:
        return "a SOCKS proxy needs the package PySocks: pip install 'requests[socks]', or unset it."
    return None


def _proxy_variables() -> list[str]:
    return [name for name in os.environ if name.lower().endswith("_proxy")]


_CLOSED = (ConnectionResetError, http.client.IncompleteRead)


def failure_of(error: Exception, url: str, proxies: Mapping[str, str], redact: Callable[[str], str]) -> UsageError:
    """Return why no whole response came from ``url``, in one sentence, without the libraries' layers.

    What the server sent, and stands in the sentence, is redacted before it is cut.
    """
    if isinstance(error, requests.exceptions.ContentDecodingError):
        return InvalidResponse("The response cannot be read: its body is not what its Content-Encoding says.")
    proxy = select_proxy(url, proxies)
    variable = proxy and _variable_of(proxy, _proxy_variables())
    is_closed = proxy is None and any(_cause(error, kind) for kind in _CLOSED)
    kind = ConnectionClosed if is_closed else ConnectionFailed
    if what := _sickness(error, redact):
        return kind(f"The response cannot be read: {what}.")
    return kind(f"The API cannot be reached: {_reason(error, proxy, variable)}{_hint(url)}.")


def _hint(url: str) -> str:
    """Return what may be wrong with an https URL of this machine, where the fake speaks http."""
    is_local = url.startswith("https:") and is_loopback(url)
    return "; if the fake listens there, begin the endpoint with http://" if is_local else ""


def _sickness(error: Exception, redact: Callable[[str], str]) -> str | None:
    """Return what is wrong with the response that came; ``None`` where none did."""
    if isinstance(error, MemoryError):
        return "it takes more memory than there is"
    if _cause(error, http.client.RemoteDisconnected):
        return None
    if bad := _cause(error, http.client.BadStatusLine):
        line = excerpt(redact(str(bad)))
        if line.startswith("HTTP/"):
            return f'its status line is "{line}"'
        sent = f'"{line}"' if line else "an empty line"
        return f"what listens at this address does not speak HTTP; it sends {sent}"
    if unknown := _cause(error, http.client.UnknownProtocol):
        return f'its version of HTTP is "{excerpt(redact(str(unknown)))}"'
    if _cause(error, http.client.LineTooLong):
        return "its head has a line of more than 65,536 bytes"
    if _cause(error, InvalidChunkLength):
        return "it has a chunk whose size is not a number"
    if _cause(error, http.client.IncompleteRead):
        return "it broke off before its end"
    if found := _cause(error, http.client.HTTPException):
        text = excerpt(redact(str(found)), 200)
        return text.replace("got more than", "its head has more than") or "it is not HTTP"
    if isinstance(error, requests.exceptions.ChunkedEncodingError):
        return "it broke off before its end"
    is_known = isinstance(error, OSError | HTTPError | ssl.SSLError)
    return None if is_known else "it is not well-formed HTTP"


def _reason(error: Exception, proxy: str | None, variable: str | None) -> str:
    text = str(error)
    if isinstance(error, TimeoutError):
        return f"it sent no whole response within {text}"
    if isinstance(error, requests.exceptions.ConnectTimeout):
        return "connecting took too long"
    if isinstance(error, requests.exceptions.Timeout) or "timed out" in text:
        return "it did not respond in time"
    is_socks = (proxy or "").lower().startswith("socks")
    if is_socks and isinstance(error, requests.exceptions.ConnectionError):
        return f"the SOCKS proxy of {variable} refuses, does not respond, or does not reach it"
    if isinstance(error, requests.exceptions.ProxyError):
        return f"the proxy of {variable} refuses or does not respond"
    if _cause(error, NameResolutionError):
        return "its host name is not known"
    if (failed := _cause(error, ssl.SSLError)) or isinstance(error, requests.exceptions.SSLError):
        return f"TLS failed{_tls_reason(failed)}"
    if _cause(error, ConnectionRefusedError):
        return "nothing listens at this address (connection refused)"
    if _cause(error, ConnectionResetError):  # also a connection that is closed without a byte
        whose = f"the proxy of {variable} closed the connection" if proxy else "the connection was closed"
        return f"{whose} before a response came"
    if (failed_by := _cause(error, OSError)) and failed_by.errno:
        return os.strerror(failed_by.errno).lower()
    return "the connection failed"


def _tls_reason(error: ssl.SSLError | None) -> str:
    bundle = next((f", CA bundle {os.environ[name]} of {name}" for name in _CA_BUNDLES if os.environ.get(name)), "")
    what = getattr(error, "verify_message", "") or getattr(error, "reason", "") or ""
    return f" ({what}{bundle})" if what or bundle else ""


E = TypeVar("E", bound=BaseException)


def _cause(error: object, kind: type[E]) -> E | None:
    """Return the first exception of ``kind`` within ``error``, which libraries wrap in their own."""
    if isinstance(error, kind):
        return error
    if not isinstance(error, BaseException):
        return None
    inner = (*error.args, getattr(error, "reason", None), error.__cause__)
    return next((found for each in inner if (found := _cause(each, kind))), None)


def _variable_of(value: str, names: Iterable[str]) -> str:
    return next((name for name in names if os.environ.get(name) == value), "A setting")
