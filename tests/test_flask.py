"""The fake is a Flask application: Flask sees it, a user's code stands beside it, any WSGI server runs it."""

from __future__ import annotations

import logging
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest
import requests
from flask import Blueprint, abort, jsonify

from civis_usage.fixtures.fake_server import UsageServer
from civis_usage.mock_server import Settings, create_app, server
from civis_usage.mock_server.fake import Fake
from civis_usage.mock_server.world import World
from civis_usage.schemas import OPERATIONS

NOW = "2026-04-20T12:00:00Z"
KEY = {"Authorization": "Bearer any-key"}
OWN = {"x-request-id", "x-runtime", "x-ratelimit-remaining", "date", "server", "connection", "transfer-encoding"}
"""Headers that differ from request to request, or that a server sets itself."""


def test_flask_lists_the_routes():
    command = [sys.executable, "-m", "flask", "--app", "civis_usage.mock_server", "routes"]
    listed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    routes = dict(re.findall(r"^usage\.(\w+) +GET +(\S+)", listed, re.MULTILINE))
    documented = {name: operation.path.replace("{", "<").replace("}", ">") for name, operation in OPERATIONS.items()}
    assert routes == {**documented, "endpoints": "/endpoints"}


@contextmanager
def running(*command):
    """Run a server on a free port, and give its base URL once it answers."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    arguments = [sys.executable, "-m", *(each.format(port=port) for each in command)]
    process = subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        end = time.monotonic() + 30
        while True:
            try:
                requests.get(f"http://127.0.0.1:{port}/_fake/health", timeout=10)
                break
            except requests.ConnectionError:
                assert process.poll() is None and time.monotonic() < end, process.stdout.read()
                time.sleep(0.02)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=20)


SERVERS = {
    "flask": ("flask", "--app", "civis_usage.mock_server", "run", "--port", "{port}"),
    "gunicorn": ("gunicorn", "--threads", "64", "--bind", "127.0.0.1:{port}", "civis_usage.mock_server:create_app()"),
}


@pytest.mark.parametrize("name", SERVERS)
def test_another_server_serves_the_same(name):
    app = create_app()
    with running(*SERVERS[name]) as url, requests.Session() as session:
        session.trust_env = False
        session.headers.update(KEY)
        assert session.post(f"{url}/_fake/clock", json={"pin": NOW}, timeout=10).status_code == 200
        app.extensions["civis_usage"].clock.pin(NOW)
        for path in ("/usage/llm", "/usage/llm?org_id=x", "/usage/llm/0", "/usage/matching", "/endpoints", "/nothing"):
            served, inside = session.get(f"{url}{path}", timeout=10), app.test_client().get(path, headers=KEY)
            assert (served.status_code, served.content) == (inside.status_code, inside.data), path
            one, other = (
                {header.lower(): value for header, value in each.headers.items() if header.lower() not in OWN}
                for each in (served, inside)
            )
            assert one == other, path
        chunks = iter([b'[{"kind": "llm", ', b'"credits": 7.5}]'])
        if name == "gunicorn":  # flask's own server reads no chunks
            loaded = session.post(f"{url}/_fake/data?replace=true", data=chunks, timeout=10)
            assert loaded.json() == {"loaded": 1}
            session.post(f"{url}/_fake/faults", json="disconnect first=1", timeout=10)
            with pytest.raises(requests.ConnectionError):
                session.get(f"{url}/usage/llm", timeout=10)
            assert session.get(f"{url}/usage/llm", timeout=10).json()[0]["credits"] == 7.5


def test_a_users_after_request_sees_every_response():
    app = create_app(Settings(now=NOW))
    seen = []

    @app.after_request
    def note(response):
        seen.append(response.status_code)
        response.headers["X-Seen"] = "yes"
        return response

    client = app.test_client()
    for path in ("/usage/llm", "/usage/llm/0", "/usage/llm?org_id=x", "/endpoints", "/nothing"):
        assert client.get(path, headers=KEY).headers["X-Seen"] == "yes"
    client.get("/usage/llm")
    client.post("/usage/llm", headers=KEY)
    assert seen == [200, 404, 400, 200, 404, 401, 405]


users = Blueprint("users", __name__)


@users.get("/users/me")
def me():
    return jsonify(id=5, name="Ada")


@users.get("/users/<int:number>")
def user(number):
    abort(404)


@users.get("/broken")
def broken():
    raise RuntimeError("a mistake")


class TestABlueprint:
    @pytest.fixture
    def client(self):
        return create_app(Settings(now=NOW, blueprints=(users,))).test_client()

    def test_stands_beside_usage_without_a_key(self, client):
        answer = client.get("/users/me")
        assert answer.json == {"id": 5, "name": "Ada"}
        assert "X-Request-Id" not in answer.headers, "the API's headers are not a user's"
        assert client.get("/usage/llm", headers=KEY).status_code == 200
        assert client.get("/usage/llm").status_code == 401

    def test_meets_no_fault_and_is_not_in_the_journal(self, client):
        fake = client.application.extensions["civis_usage"]
        fake.faults.add("status=503")
        assert client.get("/users/me").status_code == 200
        assert not len(fake.journal)

    def test_answers_errors_in_the_apis_form(self, client, caplog):
        assert client.get("/users/7").json["error"] == "not_found"
        assert client.get("/users").json["errorDescription"] == "The requested endpoint could not be found."
        with caplog.at_level(logging.CRITICAL):
            assert client.get("/broken").json["code"] == 500

    def test_is_a_setting_of_the_fixture_as_well(self):
        fixture = UsageServer({"blueprints": (users,)})
        try:
            assert requests.get(f"{fixture.url}/users/me", timeout=10).json()["name"] == "Ada"
        finally:
            fixture.stop()


class TestOneState:
    """A request is answered from one state; a change comes before it or after it, whole."""

    def test_clients_that_read_while_everything_changes_see_whole_states(self):
        early, late = "2026-03-10T00:00:00Z", "2026-04-20T00:00:00Z"
        fake = Fake(Settings(now=early, data=({"kind": "llm", "credits": 1, "id": 1},), generated=False))
        stopped, seen = threading.Event(), set()

        def read(url):
            with requests.Session() as session:
                session.headers.update(KEY)
                while not stopped.is_set():
                    answer = session.get(f"{url}/usage/llm?start_date=2020-01-01", timeout=30)
                    if answer.status_code != 503:
                        ids = (each["id"] for each in answer.json())
                        seen.add((answer.status_code, answer.headers["Date"][5:11], *ids))

        def change():
            for turn in range(60):
                fake.load([{"kind": "llm", "credits": 2, "id": 2}], replace=True)
                fake.clock.pin(late)
                if turn % 2:
                    fake.faults.add("list_llm status=503")
                fake.reset()
            stopped.set()

        with server.start(create_app(fake=fake)) as running, ThreadPoolExecutor(33) as threads:
            readers = [threads.submit(read, running.url) for _ in range(32)]
            threads.submit(change).result(timeout=60)
            assert [each.result(timeout=60) for each in readers] == [None] * 32
        whole = {(200, "10 Mar", 1), (200, "10 Mar", 2), (200, "20 Apr", 2)}
        assert (200, "10 Mar", 1) in seen and seen <= whole, seen - whole

    def test_requests_are_answered_while_records_are_loaded(self, monkeypatch):
        fake = Fake(Settings(now=NOW))
        client, making, made = create_app(fake=fake).test_client(), threading.Event(), threading.Event()
        before = client.get("/usage/llm", headers=KEY).data
        with_records = World.with_records

        def slowly(*args, **options):
            making.set()
            assert made.wait(30)
            return with_records(*args, **options)

        monkeypatch.setattr(World, "with_records", slowly)
        with ThreadPoolExecutor(1) as threads:
            loading = threads.submit(fake.load, [{"kind": "llm", "credits": 1}], replace=True)
            assert making.wait(30)
            assert client.get("/usage/llm", headers=KEY).data == before
            made.set()
            assert len(loading.result(timeout=30)) == 1
        assert len(client.get("/usage/llm", headers=KEY).json) == 1
