"""Sick responses: what servers, proxies and other things on a port send in place of the API's answers."""

from __future__ import annotations

import gzip
import json
import socket
import zlib

from .server import Script, head, reset, response

__all__ = ["JSON_BODIES", "ODD_VALUES", "RUN", "SICK"]

RUN = (
    '{"id":5,"runId":7,"jobId":8,"userId":9,"organizationId":1,"runTime":9,"credits":1.25,"modelId":"m",'
    '"inputTokens":10,"outputTokens":20,"runCreatedAt":"2026-04-17T17:26:07.000Z"}'
)


def _one_byte(client: socket.socket, _: bytes) -> None:
    client.sendall(b"H")


def _nothing(client: socket.socket, _: bytes) -> None: ...


def _tls_alert(client: socket.socket, _: bytes) -> None:
    client.sendall(b"\x15\x03\x03\x00\x02\x02\x28")


SICK: dict[str, Script] = {
    # what is not HTTP
    "nothing": _nothing,
    "a reset": reset,
    "one byte": _one_byte,
    "a TLS alert": _tls_alert,
    "an SSH banner": b"SSH-2.0-OpenSSH_9.6p1 Ubuntu-3ubuntu13\r\n",
    "an SMTP banner": b"220 mail.example.org ESMTP Postfix\r\n",
    "an FTP banner": b"220-\r\n220 ready\r\n",
    "a MySQL greeting": b"J\x00\x00\x00\n8.0.36\x00\x08\x00\x00\x00abcdefgh\x00\xff\xf7",
    "a Redis error": b"-ERR unknown command 'GET'\r\n",
    "HTTP/2 settings": b"\x00\x00\x12\x04\x00\x00\x00\x00\x00\x00\x03\x00\x00\x00\x80\x00\x04\x00\x01\x00\x00",
    "HTTP/0.9": b"<html>hello</html>",
    "JSON without a head": b"[]",
    "zeros": bytes(100),
    "0xff": b"\xff" * 100,
    "line ends": b"\r\n" * 100,
    "70,000 bytes in a line": b"x" * 70_000 + b"\r\n\r\n",
    # status lines
    "status line of 70,000 bytes": b"HTTP/1.1 200 " + b"x" * 70_000 + b"\r\n\r\n",
    "status without a number": b"HTTP/1.1 OK\r\n\r\n[]",
    "status 0": b"HTTP/1.1 0 None\r\n\r\n[]",
    "status 99": b"HTTP/1.1 99 Low\r\n\r\n[]",
    "status 1000": b"HTTP/1.1 1000 High\r\n\r\n[]",
    "status 999": response("[]", "999 Request denied"),
    "status -200": b"HTTP/1.1 -200 OK\r\n\r\n[]",
    "status 200.5": b"HTTP/1.1 200.5 OK\r\n\r\n[]",
    "status in Arabic digits": "HTTP/1.1 ٢٠٠ OK\r\n\r\n[]".encode(),
    "HTTP without a version": b"HTTP 200 OK\r\n\r\n[]",
    "HTTP/3.0": b"HTTP/3.0 200 OK\r\n\r\n[]",
    "ICY": b"ICY 200 OK\r\n\r\n[]",
    "HTTP/1.1 alone": b"HTTP/1.1\r\n\r\n",
    "101": b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n",
    "interim alone": b"HTTP/1.1 100 Continue\r\n\r\n",
    "20 interim": b"HTTP/1.1 103 Early Hints\r\n\r\n" * 20,
    # heads
    "120 headers": response("[]", "200 OK", *(f"X-{number}: {number}" for number in range(120))),
    "a header of 70,000 bytes": response("[]", "200 OK", f"X-Long: {'x' * 70_000}"),
    "a header without a colon": b"HTTP/1.1 200 OK\r\nno colon here\r\nContent-Length: 2\r\n\r\n[]",
    "a header without a name": b"HTTP/1.1 200 OK\r\n: value\r\nContent-Length: 2\r\n\r\n[]",
    "a head that breaks off": b"HTTP/1.1 200 OK\r\nContent-Type: applic",
    "a head with zeros": b"HTTP/1.1 200 OK\r\nX-\x00: \x00\x00\r\nContent-Length: 2\r\n\r\n[]",
    "a head of controls": b"HTTP/1.1 200 \x1b[31m\r\nX-A: \x1b]0;title\x07\r\nContent-Length: 9\r\n\r\n\x1b[31m<<>>",
    "a head in Latin-1": b"HTTP/1.1 200 \xd6K\r\nX-\xfc: \xe9\xe8\r\nContent-Length: 4\r\n\r\n\xff\xfe[]",
    "two lengths": head("200 OK", "Content-Length: 2", "Content-Length: 4") + b"[{}]",
    "two lengths in one": head("200 OK", "Content-Length: 2, 4") + b"[{}]",
    "a length of -5": head("200 OK", "Content-Length: -5") + b"[]",
    "a length of words": head("200 OK", "Content-Length: two") + b"[]",
    "a length of 10^30": head("200 OK", f"Content-Length: {10**30}") + b"[]",
    "a length of 5,000 digits": head("200 OK", f"Content-Length: {'9' * 5000}") + b"[]",
    "a length that is too long": head("200 OK", "Content-Length: 50") + b"[]",
    "a length that is too short": head("200 OK", "Content-Length: 1") + b"[]",
    "no length and broken off": head() + b'[{"id":',
    "a redirect": head("302 Found", "Location: https://login.example.org/sso?next=%2Fusage", "Content-Length: 0"),
    "a redirect to nowhere": head("301 Moved Permanently", "Location: http://[::1", "Content-Length: 0"),
    "a redirect without a target": head("307 Temporary Redirect", "Content-Length: 0"),
    "a date of year 1": response("[]", "200 OK", "Date: Mon, 01 Jan 0001 00:00:00 GMT"),
    "a date of year 9999": response("[]", "200 OK", "Date: Fri, 31 Dec 9999 23:59:59 GMT"),
    "a date of year 0": response("[]", "200 OK", "Date: Mon, 01 Jan 0000 00:00:00 GMT"),
    "a date of year 99999": response("[]", "200 OK", "Date: Fri, 31 Dec 99999 23:59:59 GMT"),
    "a date with an odd offset": response("[]", "200 OK", "Date: Fri, 31 Dec 2025 23:59:59 +9999"),
    "a date of nonsense": response("[]", "200 OK", "Date: yesterday"),
    "Retry-After 1e400": response("no", "503 No", "Retry-After: 1e400"),
    "Retry-After nan": response("no", "503 No", "Retry-After: nan"),
    "Retry-After -5": response("no", "503 No", "Retry-After: -5"),
    "Retry-After of 5,000 digits": response("no", "503 No", f"Retry-After: {'9' * 5000}"),
    "Retry-After of year 9999": response("no", "429 No", "Retry-After: Fri, 31 Dec 9999 23:59:59 GMT"),
    "Retry-After of year 1": response("no", "429 No", "Retry-After: Mon, 01 Jan 0001 00:00:00 GMT"),
    "rate limits of 5,000 digits": response(
        "[]", "200 OK", f"X-RateLimit-Limit: {'9' * 5000}", f"X-RateLimit-Remaining: {'9' * 5000}"
    ),
    "rate limits that are none": response("[]", "200 OK", "X-RateLimit-Limit: ²", "X-RateLimit-Remaining: -1"),
    # chunks
    "a chunk of -5 bytes": head("200 OK", "Transfer-Encoding: chunked") + b"-5\r\n[]\r\n0\r\n\r\n",
    "a chunk of words": head("200 OK", "Transfer-Encoding: chunked") + b"five\r\n[]\r\n0\r\n\r\n",
    "a chunk of 10^30 bytes": head("200 OK", "Transfer-Encoding: chunked") + b"F" * 30 + b"\r\n[]\r\n0\r\n\r\n",
    "a chunk size of 70,000 digits": head("200 OK", "Transfer-Encoding: chunked") + b"0" * 70_000 + b"\r\n",
    "chunks that break off": head("200 OK", "Transfer-Encoding: chunked") + b"5\r\n[",
    "chunks without an end": head("200 OK", "Transfer-Encoding: chunked") + b"2\r\n[]\r\n",
    "chunks without a size": head("200 OK", "Transfer-Encoding: chunked") + b"[]",
    "an unknown transfer encoding": head("200 OK", "Transfer-Encoding: brotli") + b"[]",
    # content encodings
    "gzip that is none": response("[]", "200 OK", "Content-Encoding: gzip"),
    "gzip that breaks off": response(gzip.compress(b"[]" * 999)[:20], "200 OK", "Content-Encoding: gzip"),
    "gzip with a wrong sum": response(gzip.compress(b"[]")[:-6] + b"......", "200 OK", "Content-Encoding: gzip"),
    "deflate that is none": response("[]", "200 OK", "Content-Encoding: deflate"),
    "br": response("[]", "200 OK", "Content-Encoding: br"),
    "zstd": response("[]", "200 OK", "Content-Encoding: zstd"),
    "gzip ten times": response("[]", "200 OK", f"Content-Encoding: {', '.join(['gzip'] * 10)}"),
    "an unknown content encoding": response(zlib.compress(b"[]"), "200 OK", "Content-Encoding: rot13"),
    # statuses
    **{
        f"status {status}": response("<h1>Out of order</h1>", f"{status} No", kind="text/html")
        for status in (201, 204, 206, 300, 304, 305, 402, 404, 407, 408, 410, 413, 418, 421, 425, 451)
    },
    **{
        f"status {status} with a sentence": response(
            json.dumps({"error": "maintenance", "errorDescription": "Back at noon.", "code": status}), f"{status} No"
        )
        for status in (403, 409, 429, 500, 501, 502, 503, 504, 520, 529, 599)
    },
    "503 of a gateway": response("<html><h1>503 Backend is down</h1></html>", "503 No", kind="text/html"),
    # bodies
    "a login page": response("<!DOCTYPE html><title>Sign in</title><form>", kind="text/html"),
    "an empty body": response(""),
    "a byte order mark alone": response("\ufeff"),
    "bytes that are no UTF-8": response(b'[{"modelId":"\xff\xfe"}]'),
    "UTF-16": response(f"[{RUN}]".encode("utf-16")),
    "a ZIP archive": response(b"PK\x03\x04\x14\x00\x00\x00\x08\x00" + bytes(200)),
    "NaN": response(f"[{RUN}]".replace("1.25", "NaN")),
    "a number of 5,000 digits alone": response("9" * 5000),
    "-": response("-"),
    "a lone surrogate": response('"\\ud800"'),
    "two documents": response(f"[{RUN}][{RUN}]"),
    "controls": response("\x1b[31m\x1b]0;title\x07\u202e\u2028::error::\x9b31m"),
    "a quote of a megabyte": response('"' + "x" * 2**20 + '"'),
    "arrays a million deep": response("[" * 10**6),
    "closed arrays a hundred thousand deep": response("[" * 10**5 + "]" * 10**5),
    "objects a hundred thousand deep": response('{"a":' * 10**5 + "1" + "}" * 10**5),
}
"""By name: what comes to every request."""

ODD_VALUES: dict[str, str] = {
    "null": "null",
    "true": "true",
    "an empty text": '""',
    "an empty object": "{}",
    "an empty list": "[]",
    "nested lists": "[[[[]]]]",
    "a lone surrogate": '"\\ud800"',
    "controls": '"\\u001b[31m\\u0000\\u202e\\r\\n::error::x"',
    "year 1": '"0001-01-01T00:00:00Z"',
    "year 1, east": '"0001-01-01T00:00:00+14:00"',
    "year 9999": '"9999-12-31T23:59:59.999Z"',
    "year 9999, west": '"9999-12-31T23:59:59-12:00"',
    "year 0": '"0000-01-01T00:00:00Z"',
    "a leap second": '"9999-12-31T23:59:60Z"',
    "-1": "-1",
    "-0": "-0",
    "-0.0": "-0.0",
    "2^63": str(2**63),
    "10^30": str(10**30),
    "10^308 * 9": "9" + "0" * 308,
    "10^400": "1" + "0" * 400,
    "1e400": "1e400",
    "-1e400": "-1e400",
    "1e308": "1e308",
    "1e-400": "1e-400",
    "4,000 digits": "7" * 4000,
    "NaN": "NaN",
    "Infinity": "Infinity",
    "100,000 characters": '"' + "y" * 100_000 + '"',
    "arrays 500 deep": "[" * 500 + "]" * 500,
    "objects 500 deep": '{"a":' * 500 + "1" + "}" * 500,
}
"""Values for the fields of a record, as JSON writes them."""


def _record(name: str, value: str) -> str:
    fields = json.loads(RUN)
    texts = {each: json.dumps(fields[each]) for each in fields} | {name: value}
    return "{" + ",".join(f'"{each}":{text}' for each, text in texts.items()) + "}"


JSON_BODIES: dict[str, str] = {
    **{
        f"{name} is {words}": _record(name, value)
        for words, value in ODD_VALUES.items()
        for name in ("id", "organizationId", "credits", "modelId", "runCreatedAt", "another")
    },
    **{f"{words} for a record": value for words, value in ODD_VALUES.items()},
}
"""Bodies that are JSON, and odd: a record, or what stands for it."""
