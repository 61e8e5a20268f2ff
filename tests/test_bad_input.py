"""Whatever is sent, the server answers in the API's form, with the right status, and is ready for the next request."""

from __future__ import annotations

import http.client
import json
import socket
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlsplit

import pytest

from civis_usage.schemas import OPERATIONS, Operation, Parameter, validator

from .serve_process import Served, serving

AUTHORIZATION = {"Authorization": "Bearer any"}
NAMES = {400: "bad_request", 404: "not_found", 405: "method_not_allowed"}

BAD_INTEGERS = [
    *("abc", "1.0", "1.5", "1e3", "+1", "0x1F", "1_000", "1,000", " 1", "1 ", "--1", "-", "NaN", "Infinity", "null"),
    *(
        "true",
        "٣",
        "\uff11",
        "²",
        "1;drop table",
        "[1]",
        "{}",
        "1\x00",
        "\x00",
        "1\n",
        "%31",
        "\x7f",
        "é",
        "😀",
        "a" * 5000,
    ),
]
BIG_INTEGERS = ["99999999999999999999", "-99999999999999999999", "9" * 5000, str(2**63), str(-(2**63) - 1)]
UNKNOWN_INTEGERS = ["0", "-1", "-0", "007000000", str(2**31), str(2**53 + 1), str(2**63 - 1), *BIG_INTEGERS]
BAD_DATES = [
    *("tomorrow", "now", "2026", "2026-04", "2026-02-30", "2026-13-01", "2026-00-10", "2025-02-29", "0000-01-01"),
    *("2026-04-17T25:00:00Z", "2026-04-17T17:61:00Z", "2026-04-17T17:26:07+99:00", "2026-02-29T00:00:00Z"),
    *("17/04/2026", "April 17, 2026", "2026-04-17T", "T17:26:07Z", "1776446767", "-1", "1e400", "NaN", "null", "[]"),
    *("2026-04-17T17:26:07 02:00", "\uff12\uff10\uff12\uff16-04-17", "2026-04-17\x00", "\x00", "😀", "9" * 5000),
    *("12026-01-01", "-2026-01-01"),
]
BAD_TASKS = ["idr", "Idr", "IDR ", "IDR,CDM", "XYZ", "0", "null", "IDR\x00", "😀", "T" * 5000]


@dataclass(frozen=True)
class Answer:
    """An answer, as it came."""

    status: int
    headers: http.client.HTTPMessage
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


class Wire:
    """Sends request targets as they are: no library quotes them or refuses them first."""

    def __init__(self, url: str) -> None:
        self.address = (urlsplit(url).hostname or "", urlsplit(url).port or 0)

    def ask(self, target: str, method: str = "GET", body: bytes = b"", **headers: str) -> Answer:
        lines = {"Host": "fake", **AUTHORIZATION, "Content-Length": str(len(body)), "Connection": "close", **headers}
        head = "".join([f"{method} {target} HTTP/1.1\r\n", *(f"{name}: {value}\r\n" for name, value in lines.items())])
        return self.send(head.encode("latin-1") + b"\r\n" + body, method)

    def send(self, request: bytes, method: str = "GET") -> Answer:
        with socket.create_connection(self.address, timeout=20) as connection:
            connection.sendall(request)
            with closing(http.client.HTTPResponse(connection, method=method)) as response:
                response.begin()
                return Answer(response.status, response.msg, response.read())

    def must_still_answer(self) -> None:
        assert self.ask("/usage/llm?org_id=1").status == 200, "the server did not survive"


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    """Return a server that has complained of nothing when the tests are through with it."""
    with serving() as server:
        yield server
        assert server.process.poll() is None
        said = "".join(server.said)
        assert "Traceback" not in said, said


@pytest.fixture
def wire(served: Served) -> Iterator[Wire]:
    wire = Wire(served.url)
    yield wire
    wire.must_still_answer()


def refused(answer: Answer, status: int, naming: str = "") -> None:
    """Assert that an answer is the API's error of this status, in its form, and names what is wrong."""
    seen = f"{answer.status} {answer.body[:300]!r}"
    assert answer.status == status, seen
    assert answer.headers["Content-Type"] == "application/json; charset=utf-8", seen
    assert "ETag" not in answer.headers, seen
    body = answer.json()
    assert list(body) == ["error", "errorDescription", "code"], seen
    assert body["code"] == status, seen
    assert body["error"] == NAMES.get(status, body["error"]), seen
    assert naming in body["errorDescription"], seen
    assert len(answer.body) < 1000, "an error repeats everything that was sent"
    validator("error").validate(body)


def in_path(operation: Operation, value: str) -> str:
    """Return an operation's target with ``value`` for its path parameter; without one, its path alone."""
    return operation.path.format(**{p.name: value for p in operation.parameters if p.place == "path"})


def kind_of(parameter: Parameter) -> str:
    return "enum" if parameter.enum else parameter.format or parameter.type


def queries(kind: str) -> list[Any]:
    """Return every query parameter of a kind, as pytest's parameters."""
    return [
        pytest.param(operation, parameter, id=f"{operation.id}-{parameter.name}")
        for operation in OPERATIONS.values()
        for parameter in operation.parameters
        if parameter.place == "query"
        and kind in ("any", parameter.format or ("enum" if parameter.enum else parameter.type))
    ]


def targets(operation: Operation, parameter: Parameter, values: list[str]) -> Iterator[str]:
    for value in values:
        yield f"{in_path(operation, '1')}?{parameter.name}={quote(value, safe='')}"


every_operation = pytest.mark.parametrize("operation", OPERATIONS.values(), ids=list(OPERATIONS))
with_a_path_parameter = pytest.mark.parametrize("name", ["get_llm", "get_llm_organization_summary"])


@pytest.mark.parametrize(("operation", "parameter"), queries("integer"))
def test_what_is_no_integer_gets_400_and_is_named(wire: Wire, operation: Operation, parameter: Parameter) -> None:
    for target in targets(operation, parameter, BAD_INTEGERS):
        refused(wire.ask(target), 400, naming=parameter.name)


@pytest.mark.parametrize(("operation", "parameter"), queries("integer"))
def test_an_organization_that_nobody_knows_has_an_empty_list(
    wire: Wire, operation: Operation, parameter: Parameter
) -> None:
    for target in targets(operation, parameter, UNKNOWN_INTEGERS):
        answer = wire.ask(target)
        assert (answer.status, answer.json()) == (200, []), target


@pytest.mark.parametrize(("operation", "parameter"), queries("date-time"))
def test_what_is_no_moment_gets_400_and_is_named(wire: Wire, operation: Operation, parameter: Parameter) -> None:
    for target in targets(operation, parameter, BAD_DATES):
        refused(wire.ask(target), 400, naming=parameter.name)


@pytest.mark.parametrize(("operation", "parameter"), queries("enum"))
def test_what_is_no_task_gets_400_and_is_named(wire: Wire, operation: Operation, parameter: Parameter) -> None:
    for target in targets(operation, parameter, BAD_TASKS):
        refused(wire.ask(target), 400, naming=parameter.name)


@pytest.mark.parametrize(("operation", "parameter"), queries("any"))
def test_an_empty_value_gets_400_and_is_named(wire: Wire, operation: Operation, parameter: Parameter) -> None:
    for query in (f"{parameter.name}=", parameter.name, f"&{parameter.name}=&"):
        refused(wire.ask(f"{in_path(operation, '1')}?{query}"), 400, naming=parameter.name)


@pytest.mark.parametrize(("operation", "parameter"), queries("any"))
def test_of_a_parameter_given_twice_the_last_counts(wire: Wire, operation: Operation, parameter: Parameter) -> None:
    good = {"integer": "1", "string": "2026-04-02T00:00:00Z"}[parameter.type]
    good = parameter.enum[0] if parameter.enum else good
    path, name = in_path(operation, "1"), parameter.name
    refused(wire.ask(f"{path}?{name}={good}&{name}=x"), 400, naming=name)
    assert wire.ask(f"{path}?{name}=x&{name}={good}").body == wire.ask(f"{path}?{name}={good}").body
    assert wire.ask("&".join([f"{path}?{name}={good}"] * 500)).status in (200, 400)


@pytest.mark.parametrize(("operation", "parameter"), queries("any"))
def test_bytes_that_are_no_text_get_400(wire: Wire, operation: Operation, parameter: Parameter) -> None:
    for value in (
        "%FF",
        "%C3%28",
        "%00",
        "%",
        "%2",
        "%zz",
        "%ED%A0%80",
        "%F0%9F",
        "%250A",
        "%0d%0aX-Evil:%201",
    ):
        answer = wire.ask(f"{in_path(operation, '1')}?{parameter.name}={value}")
        refused(answer, 400, naming=parameter.name)
        assert "X-Evil" not in answer.headers


@with_a_path_parameter
def test_what_is_no_integer_in_the_path_gets_404(wire: Wire, name: str) -> None:
    for value in BAD_INTEGERS:
        refused(wire.ask(in_path(OPERATIONS[name], quote(value, safe=""))), 404)


@with_a_path_parameter
def test_a_number_that_nothing_has_gets_404(wire: Wire, name: str) -> None:
    for value in UNKNOWN_INTEGERS:
        answer = wire.ask(in_path(OPERATIONS[name], value))
        refused(answer, 404, naming="The requested resource could not be found.")


@with_a_path_parameter
def test_bytes_that_are_no_text_in_the_path_get_404(wire: Wire, name: str) -> None:
    for value in (
        "%FF",
        "%C3%28",
        "%00",
        "%",
        "%zz",
        "%2F",
        "%2e%2e",
        "..",
        "%2e%2e%2fmatching",
        "%5c",
        "%0d%0aX-Evil:%201",
    ):
        refused(wire.ask(in_path(OPERATIONS[name], value)), 404)


@every_operation
def test_parameters_that_nobody_knows_are_ignored(wire: Wire, operation: Operation) -> None:
    path = in_path(operation, "1")
    plain = wire.ask(path)
    for query in (
        "page_num=x",
        "limit=-1",
        "%FF=%FF",
        "%00",
        "=",
        "&&&",
        "org_id[]=x",
        "ORG_ID=x",
        "a[b][c]=1",
        "?",
        "%F0%9F%A4%B7=1",
    ):
        answer = wire.ask(f"{path}?{query.encode().decode('latin-1')}")
        assert (answer.status, answer.body) == (plain.status, plain.body), query


@every_operation
def test_a_query_string_of_100_kb_is_answered(wire: Wire, operation: Operation) -> None:
    path = in_path(operation, "1")
    plain = wire.ask(path)
    for query in (
        "x=" + "y" * 100_000,
        "&".join(f"p{number}=1" for number in range(12_000)),
        "&" * 100_000,
        "%41" * 33_334,
    ):
        answer = wire.ask(f"{path}?{query}")
        assert (answer.status, answer.body) == (plain.status, plain.body), query[:20]
    for parameter in operation.parameters:
        if parameter.place == "query":
            refused(wire.ask(f"{path}?{parameter.name}={'z' * 100_000}"), 400, naming=parameter.name)
            refused(wire.ask(f"{path}?{parameter.name}={'+' * 100_000}"), 400, naming=parameter.name)


@every_operation
@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND", "QUERY"])
def test_another_method_gets_405_and_is_told_which_are_allowed(wire: Wire, operation: Operation, method: str) -> None:
    answer = wire.ask(in_path(operation, "1"), method, body=b'{"a": 1}', **{"Content-Type": "application/json"})
    refused(answer, 405)
    assert sorted(answer.headers["Allow"].split(", ")) == ["GET", "HEAD"]


@every_operation
def test_head_answers_as_get_does_without_a_body(wire: Wire, operation: Operation) -> None:
    target = in_path(operation, "1")
    head, get = wire.ask(target, "HEAD"), wire.ask(target)
    assert (head.status, head.body) == (get.status, b"")
    assert head.headers["Content-Length"] == get.headers["Content-Length"]
    assert head.headers.get("ETag") == get.headers.get("ETag")


@every_operation
@pytest.mark.parametrize(
    "body", [b"{}", b"", b"not json", b"\x00\xff", b"[" * 50_000, b'{"org_id": "x"}', b"x" * 1_000_000]
)
def test_a_body_makes_no_difference(wire: Wire, operation: Operation, body: bytes) -> None:
    target = in_path(operation, "1")
    answer = wire.ask(target, body=body, **{"Content-Type": "application/json"})
    assert (answer.status, answer.body) == ((plain := wire.ask(target)).status, plain.body)


@pytest.mark.parametrize(
    "target",
    [
        *("/usage", "/usage/", "/usage/llm/", "/usage/llm/1/", "/usage/llm/1/2", "/usage/llm/organization"),
        *("/usage/llm/organization/1", "/usage/llm/organization/1/summary/", "/usage/llm/organization//summary"),
        *("/usage/matching/", "/usage/matching/1", "/usage/LLM", "/Usage/llm", "/usage//llm"),
        *("/usage/llm.json", "/usage/../usage/llm", "/usage/%2e%2e/usage/llm", "/usage/llm%00", "/%FF"),
        *(
            "/jobs/1",
            "/files/1",
            "/users/me",
            "/usage_limits/llm",
            "/favicon.ico",
            "/robots.txt",
            "/static/x",
            "/%F0%9F%98%80",
        ),
        *("/" + "a" * 100_000, "/usage/llm;a=b", "/usage/llm%3Forg_id=1", "/cgi-bin/../../etc/passwd"),
    ],
    ids=lambda target: target[:40],
)
def test_an_unknown_route_gets_404_in_the_apis_form(wire: Wire, target: str) -> None:
    answer = wire.ask(target.encode().decode("latin-1"))
    refused(answer, 404)
    assert "could not be found" in answer.json()["errorDescription"]


def test_a_target_may_name_its_host(wire: Wire) -> None:
    whole, plain = wire.ask("http://fake/usage/llm/1?x=1"), wire.ask("/usage/llm/1?x=1")
    assert (whole.status, whole.body) == (plain.status, plain.body)


def test_slashes_too_many_at_the_start_are_forgiven(wire: Wire) -> None:
    assert wire.ask("//usage/llm?org_id=1").body == wire.ask("/usage/llm?org_id=1").body
    refused(wire.ask("//usage/llm?org_id=%31x"), 400, naming="org_id")
    refused(wire.ask("///usage/llm/%31x"), 404)


@pytest.mark.parametrize("method", ["POST", "DELETE", "OPTIONS"])
def test_an_unknown_route_gets_404_whatever_the_method(wire: Wire, method: str) -> None:
    refused(wire.ask("/usage/gpu", method), 404)


@every_operation
@pytest.mark.parametrize(
    "value",
    [
        "",
        "Basic",
        "Basic !!!",
        "Basic Og==",
        "Bearer",
        "Bearer ",
        "Digest x",
        "\xff\xfe",
        "Digest " + "A" * 60_000,
    ],
    ids=lambda value: value[:12].encode("unicode_escape").decode() or "empty",
)
def test_a_key_that_cannot_be_read_gets_401_with_a_challenge(wire: Wire, operation: Operation, value: str) -> None:
    answer = wire.ask(in_path(operation, "1"), Authorization=value)
    refused(answer, 401)
    assert answer.headers["WWW-Authenticate"]


@every_operation
def test_a_request_without_a_key_gets_401_even_where_more_is_wrong(wire: Wire, operation: Operation) -> None:
    target = f"{in_path(operation, 'abc')}?start_date=tomorrow"
    answer = wire.send(f"GET {target} HTTP/1.1\r\nHost: fake\r\nConnection: close\r\n\r\n".encode())
    refused(answer, 401)


@pytest.mark.parametrize(
    "request_bytes",
    [
        b"\r\n\r\n\x00\x01\x02\r\n\r\n",
        b"GARBAGE\r\n\r\n",
        b"GET /usage/llm\r\n\r\n",
        b"GET /usage/llm HTTP/9.9\r\nHost: fake\r\n\r\n",
        b"GET /usage/llm HTTP/1.1\r\nHost: fake\r\nContent-Length: many\r\n\r\n",
        b"GET /usage/llm HTTP/1.1\r\nno colon here\r\n\r\n",
        b"GET /usage/llm HTTP/1.1\r\nHost: fake\r\nX: " + b"h" * 3_000_000 + b"\r\n\r\n",
        b"MADE-UP /usage/llm HTTP/1.1\r\nHost: fake\r\n\r\n",
        b"get /usage/llm HTTP/1.1\r\nHost: fake\r\n\r\n",
        b"GET /\xf0\x9f\x98\x80 HTTP/1.1\r\nHost: fake\r\n\r\n",
        b"GET /usage/llm?org_id=\xff HTTP/1.1\r\nHost: fake\r\n\r\n",
        b"CONNECT /usage/llm HTTP/1.1\r\nHost: fake\r\n\r\n",
        b"CONNECT fake:80 HTTP/1.1\r\nHost: fake\r\n\r\n",
        b"GET usage/llm HTTP/1.1\r\nHost: fake\r\n\r\n",
        b"GET /usage/llm?org_id=1 2 HTTP/1.1\r\nHost: fake\r\n\r\n",
    ],
    ids=lambda sent: repr(sent[:40]),
)
def test_what_is_no_http_is_refused(wire: Wire, request_bytes: bytes) -> None:
    try:
        answer = wire.send(request_bytes)
    except ConnectionError:
        return  # hanging up on what cannot be read, or is too long, is an answer as well
    assert 400 <= answer.status < 500, answer
    if answer.headers["Content-Type"] != "text/plain; charset=utf-8":  # the server's own, before any application
        refused(answer, answer.status)
    wire.must_still_answer()


def test_a_head_without_an_end_is_not_held(served: Served, wire: Wire) -> None:
    """It is refused after a megabyte, wherever it goes on: in the target, in a header's name or in its value."""
    for begun in (b"GET /usage/llm?x=", b"GET /usage/llm HTTP/1.1\r\nX-", b"GET /usage/llm HTTP/1.1\r\nX: "):
        with socket.create_connection(wire.address, timeout=20) as connection:
            sent = 0
            with suppress(ConnectionError):
                connection.sendall(begun)
                for _ in range(64):
                    connection.sendall(b"h" * (1 << 20))
                    sent += 1
            assert sent < 64, "the server goes on reading"


@pytest.mark.parametrize("target", ["/usage/llm", "/endpoints", "/nothing"])
def test_a_body_that_no_request_needs_is_passed_over(wire: Wire, target: str) -> None:
    assert wire.ask(target, body=b"x" * (2 << 20)).status == wire.ask(target).status


def test_a_body_that_is_too_large_is_refused_before_it_is_sent(wire: Wire) -> None:
    head = f"POST /_fake/data HTTP/1.1\r\nHost: localhost\r\nContent-Length: {1 << 30}\r\n\r\n"
    assert wire.send(head.encode()).status == 413


def test_a_client_that_goes_away_in_the_middle_harms_nobody(wire: Wire) -> None:
    for half in (b"", b"GET /usage", b"GET /usage/llm HTTP/1.1\r\nHost: fake\r\nContent-Length: 100\r\n\r\nhalf"):
        with socket.create_connection(wire.address, timeout=5) as connection:
            connection.sendall(half)
    wire.must_still_answer()
