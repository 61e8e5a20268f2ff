"""Why no response came: from the exceptions of requests, urllib3 and the system to one that names the cause."""

from __future__ import annotations

import http.client
import os
import ssl
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TypeVar

import requests
from requests.utils import select_proxy
from urllib3.exceptions import NameResolutionError

from .config import is_loopback
from .errors import ConfigurationError, ConnectionFailed, InvalidResponse, UsageError

__all__ = ["check_ca_bundle", "failure_of"]

_CA_BUNDLES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")


def check_ca_bundle(url: str, bundle: bool | str) -> None:
    """Refuse a CA bundle that is missing, before anything is sent to an https ``url``.

    Raises:
        ConfigurationError: the message names the variable and the file.
    """
    if url.startswith("https:") and isinstance(bundle, str) and not Path(bundle).exists():
        variable = _variable_of(bundle, _CA_BUNDLES)
        raise ConfigurationError(
            f"{variable} names {bundle}, which does not exist: name a file of CA certificates, or unset it."
        )


def failure_of(error: Exception, url: str, proxies: Mapping[str, str]) -> UsageError:
    """Return why no whole response came from ``url``, in one sentence, without the libraries' layers."""
    if isinstance(error, requests.exceptions.ContentDecodingError):
        return InvalidResponse("The body of the response cannot be decoded as its Content-Encoding says.")
    proxy = select_proxy(url, proxies)
    variable = proxy and _variable_of(proxy, [name for name in os.environ if name.lower().endswith("_proxy")])
    if isinstance(error, requests.exceptions.InvalidProxyURL | ValueError) and variable:
        return ConfigurationError(f"{variable} cannot be used as a proxy: write it as http://host:port, or unset it.")
    return ConnectionFailed(f"The API cannot be reached: {_reason(error, variable)}{_hint(url)}.")


def _hint(url: str) -> str:
    """Return what may be wrong with an https URL of this machine, where the fake speaks http."""
    is_local = url.startswith("https:") and is_loopback(url)
    return "; if the fake listens there, begin the endpoint with http://" if is_local else ""


def _reason(error: Exception, proxy: str | None) -> str:
    text = str(error)
    if isinstance(error, TimeoutError):
        return f"it sent no whole response within {text}"
    if isinstance(error, requests.exceptions.ConnectTimeout):
        return "connecting took too long"
    if isinstance(error, requests.exceptions.Timeout) or "timed out" in text:
        return "it did not respond in time"
    if isinstance(error, requests.exceptions.ProxyError):
        return f"the proxy of {proxy} refuses or does not respond"
    if _cause(error, NameResolutionError):
        return "its host name is not known"
    if (failed := _cause(error, ssl.SSLError)) or isinstance(error, requests.exceptions.SSLError):
        return f"TLS failed{_tls_reason(failed)}"
    if _cause(error, ConnectionRefusedError):
        return "nothing listens at this address (connection refused)"
    if _cause(error, http.client.IncompleteRead) or isinstance(error, requests.exceptions.ChunkedEncodingError):
        return "the response broke off before its end"
    if _cause(error, ConnectionResetError):  # also a connection that is closed without a byte
        return "the connection was closed before a response came"
    if _cause(error, http.client.HTTPException):
        return "what listens at this address does not speak HTTP"
    return type(error).__name__


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
