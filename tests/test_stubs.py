"""Fixed answers outside of ``/usage``, and another spec at ``/endpoints``."""

from __future__ import annotations

import json
from importlib import resources

import pytest
from click.testing import CliRunner

from civis_usage.commands.serve import serve
from civis_usage.fixtures.fake_server import resolve_settings
from civis_usage.mock_server.api_spec import read_spec
from civis_usage.mock_server.app import create_app
from civis_usage.mock_server.rate_limit import Limit
from civis_usage.mock_server.settings import Settings
from civis_usage.mock_server.stubs import InvalidStub, Stub, Stubs, read_stubs
from civis_usage.schemas import swagger

KEY = {"Authorization": "Bearer a-key-of-the-tests"}
LIMITS = Stub("GET", "/usage_limits/llm", [{"id": 1, "hardLimit": 1000}])


def app_with(**settings):
    app = create_app(Settings(now="2026-04-20T12:00:00Z", **settings))
    return app.extensions["civis_usage"], app.test_client()


def test_a_stub_answers_its_method_and_path_whatever_the_query():
    _, client = app_with(stubs=(LIMITS,))
    answer = client.get("/usage_limits/llm?organization_id=1", headers=KEY)
    assert (answer.status_code, answer.json) == (200, [{"id": 1, "hardLimit": 1000}])
    assert answer.headers["X-RateLimit-Remaining"] == "999"
    assert client.head("/usage_limits/llm", headers=KEY).status_code == 200
    assert client.get("/usage_limits/llm/1", headers=KEY).status_code == 404


def test_another_method_than_the_stubs_is_405():
    fake, client = app_with(stubs=(LIMITS,))
    fake.stubs.add("DELETE", "/usage_limits/llm", status=204)
    answer = client.post("/usage_limits/llm", headers=KEY)
    assert (answer.status_code, answer.headers["Allow"]) == (405, "DELETE, GET")
    assert client.delete("/usage_limits/llm", headers=KEY).status_code == 204


def test_a_stub_needs_a_key_and_keeps_to_the_rate_limit():
    _, client = app_with(stubs=(LIMITS,), api_keys=("the-key",), rate_limit=Limit(1, 300))
    own = {"Authorization": "Bearer the-key"}
    assert client.get("/usage_limits/llm").status_code == 401
    assert client.get("/usage_limits/llm", headers=KEY).status_code == 401
    assert [client.get("/usage_limits/llm", headers=own).status_code for _ in range(2)] == [200, 429]


def test_rules_are_for_usage_and_prefer_is_for_all():
    fake, client = app_with(stubs=(LIMITS,))
    fake.faults.add("status=500")
    assert client.get("/usage_limits/llm", headers=KEY).status_code == 200
    assert client.get("/usage_limits/llm", headers={**KEY, "Prefer": "code=503"}).status_code == 503


def test_a_stub_is_in_the_journal_and_has_its_status_and_headers():
    fake, client = app_with()
    fake.stubs.add("POST", "/jobs/5/runs", {"id": 9}, status=202, headers={"X-Name": "value"})
    answer = client.post("/jobs/5/runs", headers=KEY, json={})
    assert (answer.status_code, answer.json, answer.headers["X-Name"]) == (202, {"id": 9}, "value")
    assert [(call.method, call.path, call.status) for call in fake.journal] == [("POST", "/jobs/5/runs", 202)]


def test_reset_brings_back_the_stubs_of_the_start():
    fake, client = app_with(stubs=(LIMITS,))
    fake.stubs.add("GET", "/users/me", {"id": 5})
    fake.stubs.add("GET", "/usage_limits/llm", [])
    assert client.get("/users/me", headers=KEY).json == {"id": 5}
    assert client.get("/usage_limits/llm", headers=KEY).json == []
    fake.reset()
    assert client.get("/users/me", headers=KEY).status_code == 404
    assert client.get("/usage_limits/llm", headers=KEY).json == LIMITS.body
    fake.stubs.clear()
    assert client.get("/usage_limits/llm", headers=KEY).status_code == 404


def test_stubs_are_added_and_removed_over_http():
    _, client = app_with()
    stub = {"method": "GET", "path": "/users/me", "status": 200, "headers": {}, "body": {"id": 5}}
    assert client.post("/_fake/stubs", json={"path": "/users/me", "body": {"id": 5}}).json == [stub]
    assert client.get("/_fake/stubs").json == [stub]
    refused = client.post("/_fake/stubs", json=[{"path": "/users/1"}, {"path": "/usage/llm"}])
    assert refused.status_code == 400
    assert "the fake itself answers '/usage/llm'" in refused.json["errorDescription"]
    assert client.get("/_fake/stubs").json == [stub], "what is refused changes nothing"
    assert client.delete("/_fake/stubs").json == []
    assert client.get("/users/me", headers=KEY).status_code == 404


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ("GET /users", "a stub is an object"),
        ({"pth": "/users"}, "did you mean 'path'?"),
        ({"method": "GET"}, "a stub has no path"),
        ({"path": "users"}, "invalid path 'users': write it as /users/me"),
        ({"path": "/users?page=1"}, "without a query"),
        ({"path": 5}, "invalid path '5'"),
        ({"path": "/usage"}, "the fake itself answers"),
        ({"path": "/usage/llm/5"}, "the fake itself answers"),
        ({"path": "/_fake/reset"}, "the fake itself answers"),
        ({"path": "/endpoints"}, "the fake itself answers"),
        ({"path": "/users", "method": "FETCH"}, "invalid method 'FETCH': use one of GET, POST"),
        ({"path": "/users", "status": 99}, "invalid status '99'"),
        ({"path": "/users", "status": True}, "invalid status 'True'"),
        ({"path": "/users", "headers": {"X": "a\nb"}}, "invalid headers"),
        ({"path": "/users", "headers": ["X"]}, "invalid headers"),
        ({"path": "/users", "body": float("nan")}, "cannot be sent as JSON"),
    ],
)
def test_what_cannot_be_a_stub_is_refused_with_the_remedy(given, sentence):
    with pytest.raises(InvalidStub) as refused:
        Stub.from_dict(given)
    assert sentence in str(refused.value)


def test_stubs_under_usage_limits_are_not_mistaken_for_usage():
    assert Stub.from_dict({"path": "/usage_limits/llm"}).method == "GET"


def test_stubs_are_read_from_a_file(tmp_path):
    file = tmp_path / "stubs.json"
    file.write_text(json.dumps([{"path": "/users/me", "body": {"id": 5}}]))
    assert read_stubs(file) == (Stub("GET", "/users/me", {"id": 5}),)
    assert resolve_settings({"stubs": file}) == resolve_settings({"stubs": [{"path": "/users/me", "body": {"id": 5}}]})
    assert Stubs(read_stubs(file)).as_list() == [Stub("GET", "/users/me", {"id": 5}).as_dict()]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [("{", "is not JSON"), ("{}", "is not a list"), ('[{"path": "/a"}, {"path": "b"}]', "stub 2: invalid path 'b'")],
)
def test_a_file_that_has_no_stubs_ends_the_command_with_the_reason(tmp_path, text, sentence):
    file = tmp_path / "stubs.json"
    file.write_text(text)
    done = CliRunner().invoke(serve, ["--port", "0", "--stubs", str(file)])
    assert done.exit_code == 2
    assert sentence in done.output.replace("\n", " ")


def test_the_spec_is_the_contracts_unless_another_is_given(tmp_path):
    _, client = app_with()
    assert client.get("/endpoints", headers=KEY).json == swagger()
    file = tmp_path / "spec.json"
    file.write_text('{"swagger": "2.0", "paths": {"/users": {}}}')
    _, client = app_with(spec=read_spec(file))
    assert client.get("/endpoints", headers=KEY).data == file.read_bytes()
    assert client.get("/endpoints").status_code == 401


def test_civis_stands_for_the_spec_in_the_installed_package():
    inside = resources.files("civis.resources").joinpath("civis_api_spec.json").read_bytes()
    assert resolve_settings({"spec": "civis"}).spec == read_spec("civis") == inside


@pytest.mark.parametrize("text", ["{", "[]", '{"paths": []}', None])
def test_what_is_no_spec_ends_the_command_with_the_reason(tmp_path, text):
    file = tmp_path / "spec.json"
    if text is not None:
        file.write_text(text)
    done = CliRunner().invoke(serve, ["--port", "0", "--spec", str(file)])
    assert done.exit_code == 2
    assert ("cannot be read" if text is None else "is not an API spec") in done.output.replace("\n", " ")
