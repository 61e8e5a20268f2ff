"""The controls and what is no number: 400, one short sentence, and nothing changed; or it is taken, and works."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from civis_usage.mock_server import Settings, create_app
from civis_usage.mock_server.fake import Fake
from civis_usage.mock_server.faults.schema import PROPERTIES
from civis_usage.mock_server.world.pool import FIELDS

from .hostile.numbers import QUERY_VALUES, VALUES

LONGEST = 400
"""Characters of a sentence."""
NOW = "2026-04-20T12:00:00Z"
KEY = {"Authorization": "Bearer any"}

TEMPLATES: dict[str, tuple[str, str]] = {
    **{f"a fault's {name}": ("/_fake/faults", '{"status": 503, "%s": {}}' % name) for name in PROPERTIES},  # noqa: UP031
    "a fault": ("/_fake/faults", "{}"),
    "a list of faults": ("/_fake/faults", "[{}]"),
    "a fault of another name": ("/_fake/faults", '{"status": 503, "colour": {}}'),
    **{f"a record's {name}": ("/_fake/data", '[{"kind": "llm", "%s": {}}]' % name) for name in FIELDS["llm"]},  # noqa: UP031
    **{
        f"a matching record's {name}": ("/_fake/data", '[{"kind": "matching", "%s": {}}]' % name)  # noqa: UP031
        for name in ("runTime", "numRecords", "task", "runCreatedAt")
    },
    "a record of another name": ("/_fake/data", '[{"kind": "llm", "costCenter": {}}]'),
    "a kind": ("/_fake/data", '[{"kind": {}}]'),
    "a record": ("/_fake/data", "[{}]"),
    "records": ("/_fake/data", '{"records": {}}'),
    "all data": ("/_fake/data", "{}"),
    "a pin": ("/_fake/clock", '{"pin": {}}'),
    "a move": ("/_fake/clock", '{"move": {}}'),
    "a release": ("/_fake/clock", '{"release": {}}'),
    "a clock": ("/_fake/clock", "{}"),
    **{
        f"a stub's {name}": ("/_fake/stubs", '{"method": "GET", "path": "/x", "body": 1, "%s": {}}' % name)  # noqa: UP031
        for name in ("method", "path", "body", "status", "headers", "colour")
    },
    "a stub's header": ("/_fake/stubs", '{"method": "GET", "path": "/x", "headers": {"X-A": {}}}'),
    "a stub": ("/_fake/stubs", "{}"),
}
"""The controls that take a body, and where a value stands in it."""


@pytest.fixture(scope="module")
def app() -> Flask:
    app = create_app(fake=Fake(Settings(now=NOW, organizations={1: 3}), sleep=lambda _: None))
    app.testing = True  # so that what nobody foresaw is raised, not answered by 500
    return app


@pytest.fixture
def client(app: Flask) -> Iterator[FlaskClient]:
    yield app.test_client()
    app.extensions["civis_usage"].reset()


def state(client: FlaskClient) -> list[Any]:
    return [client.get(f"/_fake/{name}").json for name in ("data", "faults", "stubs", "clock")]


def refuse(constant: str) -> None:
    pytest.fail(f"{constant} in a response")


def assert_refused_or_usable(client: FlaskClient, answer: TestResponse, before: list[Any]) -> None:
    if answer.status_code == 400:
        assert answer.json is not None
        sentence = answer.json["errorDescription"]
        assert len(sentence) <= LONGEST, f"{len(sentence)} characters: {sentence[:500]}"
        assert sentence.isprintable(), sentence
        assert not any(word in sentence for word in ("Error", "Exception", "codec", "sys.", "recursion")), sentence
        assert state(client) == before
        return
    assert answer.status_code in (200, 201), answer.data[:500]
    answer.data.decode("utf-8")
    json.dumps(state(client))
    for path in ("/usage/llm", "/usage/matching", "/usage/llm/organization/1/summary", "/x", "/endpoints"):
        try:
            used = client.get(path, headers=KEY)
            body = used.data
        except ConnectionResetError:  # a fault that the value is valid for
            continue
        if used.status_code == 200 and used.is_json and path != "/x":
            json.loads(body, parse_constant=refuse)
    assert client.get("/_fake/journal").status_code == 200


@pytest.mark.parametrize("place", TEMPLATES)
def test_a_bad_value_in_a_body_is_one_short_sentence_or_is_used(client: FlaskClient, app: Flask, place: str) -> None:
    path, template = TEMPLATES[place]
    before = state(client)
    # Fields that are alike share the values among them: each value stands in half of them.
    values = list(VALUES.items())
    is_one_of_many = place.startswith(("a fault's ", "a record's "))
    for name, value in values[list(TEMPLATES).index(place) % 2 :: 2] if is_one_of_many else values:
        body = ("".join((template[: template.index("{}")], value, template[template.index("{}") + 2 :]))).encode()
        try:
            assert_refused_or_usable(client, client.post(path, data=body), before)
        except BaseException as problem:
            problem.add_note(f"{place} is {name}")
            raise
        finally:
            app.extensions["civis_usage"].reset()


WORDS = [f"status=503 {name.replace('_', '-')}={{}}" for name in PROPERTIES] + ["{}", "{}=5", "list_llm {}"]


@pytest.mark.parametrize("template", WORDS)
def test_a_bad_value_in_the_words_of_a_fault(client: FlaskClient, app: Flask, template: str) -> None:
    before = state(client)
    for value in QUERY_VALUES:
        answer = client.post("/_fake/faults", json=template.replace("{}", value))
        try:
            assert_refused_or_usable(client, answer, before)
        except BaseException as problem:
            problem.add_note(f"{template} with {value[:50]!r}")
            raise
        finally:
            app.extensions["civis_usage"].reset()


QUERIES = [
    *(f"/_fake/journal?{name}={{}}" for name in ("operation", "status", "org_id", "since", "limit", "colour")),
    "/_fake/journal?{}=5",
    "/usage/llm?org_id={}",
    "/usage/llm?start_date={}",
    "/usage/matching?task={}",
    "/usage/llm/{}",
    "/usage/llm/organization/{}/summary",
    "/{}",
    "/_fake/{}",
    "/_fake/faults/{}",
]


@pytest.mark.parametrize("target", QUERIES)
def test_a_bad_value_in_a_query_or_path(client: FlaskClient, target: str) -> None:
    for value in QUERY_VALUES:
        for method in ("GET", "DELETE"):
            answer = client.open(target.replace("{}", quote(value, safe="")), method=method, headers=KEY)
            text = answer.get_data(as_text=True)
            answer.close()
            assert answer.status_code < 500, (method, target, value[:50], text[:300])
            if answer.status_code >= 400 and answer.is_json and answer.json:
                assert len(answer.json["errorDescription"]) <= LONGEST, (target, value[:50])


@pytest.mark.parametrize("value", QUERY_VALUES, ids=lambda value: repr(value[:12]))
def test_a_bad_value_of_replace_and_of_prefer(client: FlaskClient, value: str) -> None:
    answer = client.post(f"/_fake/data?replace={quote(value, safe='')}", json=[])
    assert answer.status_code in (201, 400), answer.data[:300]
    assert len(answer.data) <= LONGEST + 100
    header = value.encode("latin-1", "ignore").decode("latin-1").translate({0: None, 10: None, 13: None})
    asked = client.get("/usage/llm", headers=KEY | {"Prefer": f"code={header}"})
    assert asked.status_code in (200, 400), asked.data[:300]
    if asked.status_code == 400:
        assert asked.json is not None
        assert len(asked.json["errorDescription"]) <= LONGEST
