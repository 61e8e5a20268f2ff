"""A transport of ``requests`` that calls a WSGI application in this process, in place of the network."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3 import HTTPResponse
from werkzeug.test import Client


class WsgiAdapter(HTTPAdapter):
    """Mounted on a session, it sends every request to ``application``, whatever the host.

    >>> session = requests.Session()
    >>> session.mount("http://fake", WsgiAdapter(app))
    """

    def __init__(self, application: Any) -> None:
        super().__init__()
        self._client = Client(application, use_cookies=False)

    def send(self, request: requests.PreparedRequest, *args: Any, **more: Any) -> requests.Response:
        """Return the application's response."""
        response = self._client.open(
            request.url, method=request.method, headers=dict(request.headers), data=request.body
        )
        raw = HTTPResponse(BytesIO(response.get_data()), response.headers, response.status_code, preload_content=False)
        return self.build_response(request, raw)
