"""What ``civis-usage serve`` shows and does for people at a terminal: request lines, proxies, a browser, reloading."""

from __future__ import annotations

import os
import sys
import threading
from datetime import datetime

import pytest
import requests
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from civis_usage.client import ConnectionFailed, UsageClient
from civis_usage.commands import reloading
from civis_usage.commands.serve import serve
from civis_usage.commands.serve_texts import request_line, welcome
from civis_usage.mock_server import server
from civis_usage.mock_server.app import create_app
from civis_usage.mock_server.fake import Fake
from civis_usage.mock_server.settings import Settings

from .serve_process import serving

AT = datetime(2026, 4, 30, 14, 2, 11)
URL = "http://127.0.0.1:8765"
KEY = {"Authorization": "Bearer a-key-of-the-tests"}
PROXIES = ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY", "no_proxy", "NO_PROXY")


def line_of(path, **options):
    fake = Fake(Settings(now="2026-04-20T12:00:00Z", generated=False))
    fake.faults.add("list_matching status=503")
    create_app(fake=fake).test_client().open(path, headers=KEY, **options)
    [call] = fake.journal
    return request_line(call._replace(duration=1.25), AT)


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("/usage/llm?org_id=1&start_date=2026-04-01", "GET  /usage/llm?org_id=1&start_date=2026-04-01  200  1.2 ms"),
        ("/usage/llm/5", "GET  /usage/llm/5  404  1.2 ms"),
        ("/usage/llm/organization/7/summary", "GET  /usage/llm/organization/7/summary  404  1.2 ms"),
        ("/usage/matching", "GET  /usage/matching  503  1.2 ms  [list_matching status=503]"),
        ("/users/me", "GET  /users/me  404  1.2 ms"),
    ],
)
def test_a_request_has_a_line_with_time_method_path_status_duration_and_fault(path, line):
    assert line_of(path) == f"14:02:11  {line}"


def test_a_request_that_was_disconnected_says_so():
    assert "  disconnected  " in request_line(call_with(status=None), AT)


def call_with(**values):
    from civis_usage.mock_server.journal import Call

    fields = {"number": 1, "at": 0, "request_id": "", "method": "GET", "path": "/", "operation": None}
    return Call(**{**fields, "parameters": {}, "status": 200, "duration": 1.0, **values})


@given(st.text(), st.text(), st.dictionaries(st.text(), st.text()), st.text())
def test_a_request_is_one_line_of_printable_characters_whatever_it_holds(method, path, parameters, fault):
    line = request_line(call_with(method=method, path=path, parameters=parameters, fault=fault), AT)
    assert line.isprintable()


def test_the_key_is_in_no_line():
    assert "a-key-of-the-tests" not in line_of("/usage/llm?token=x&z=a-key-of-the-tests")


@pytest.mark.parametrize(("option", "lines"), [("requests", 1), ("none", 0)])
def test_the_log_can_be_chosen_and_is_off_where_there_is_no_terminal(option, lines):
    for options, expected in (((), 0), (("--log", option), lines)):
        with serving(*options) as served:
            requests.get(f"{served.url}/usage/llm/1", auth=("k", ""), timeout=10)
        assert sum("/usage/llm/1  404" in said for said in served.said) == expected


@pytest.mark.skipif(sys.platform == "win32", reason="a pseudo-terminal is of POSIX")
def test_on_a_terminal_there_is_a_line_for_each_request():
    import pty
    import re
    import subprocess

    terminal, other = pty.openpty()
    command = [sys.executable, "-m", "civis_usage", "serve", "--port", "0"]
    process = subprocess.Popen(command, stdout=other, stderr=other, stdin=subprocess.DEVNULL)
    os.close(other)
    try:
        shown = b""
        while b"Ctrl-C" not in shown:
            shown += os.read(terminal, 4096)
        url = re.search(rb"CIVIS_API_ENDPOINT=(\S+)", shown)[1].decode()
        requests.get(f"{url}/usage/llm/1", auth=("k", ""), timeout=10)
        shown = b""
        while b"ms" not in shown:
            shown += os.read(terminal, 4096)
        assert re.search(rb"\d\d:\d\d:\d\d  GET  /usage/llm/1  404  [0-9.]+ ms", shown)
    finally:
        process.kill()
        process.wait()
        os.close(terminal)


@pytest.fixture
def no_proxies(monkeypatch):
    for name in PROXIES:
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize(
    ("environment", "line"),
    [
        ({"HTTP_PROXY": "http://proxy:1"}, "export NO_PROXY=127.0.0.1"),
        ({"all_proxy": "http://proxy:1", "NO_PROXY": "example.org"}, "export NO_PROXY=example.org,127.0.0.1"),
        ({"http_proxy": "http://proxy:1", "no_proxy": "127.0.0.1"}, None),
        ({"https_proxy": "http://proxy:1"}, None),
        ({}, None),
    ],
)
def test_no_proxy_is_named_where_a_proxy_would_get_the_requests(no_proxies, monkeypatch, environment, line):
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    lines = [each.strip() for each in welcome(Fake(), Settings(), URL, ()).splitlines() if "NO_PROXY" in each]
    assert lines == ([line] if line else [])


@pytest.mark.skipif(sys.platform == "win32", reason="the stand-in for a browser is a shell script")
def test_open_shows_the_page_in_a_browser(tmp_path, monkeypatch):
    os.mkfifo(tmp_path / "url")
    browser = tmp_path / "browser"
    browser.write_text(f'#!/bin/sh\nprintf %s "$1" > {tmp_path / "url"}\n')
    browser.chmod(0o755)
    monkeypatch.setenv("BROWSER", str(browser))
    with serving("--open") as served:
        assert (tmp_path / "url").read_text() == served.url


@pytest.fixture
def file(tmp_path):
    file = tmp_path / "records.csv"
    file.write_text("kind,credits\nllm,5\n")
    return file


@pytest.fixture
def fake(file):
    return Fake(Settings(generated=False, now="2026-04-20T12:00:00Z", data=({"kind": "llm", "credits": 5},)))


def credits_in(fake):
    return [record["credits"] for record in fake.loaded()]


def test_a_file_that_changed_takes_the_place_of_all_records_also_after_a_reset(fake, file, capsys):
    fake.load([{"kind": "llm", "credits": 1}])
    file.write_text("kind,credits\nllm,7\nllm,8\n")
    reloading.reload(fake, [str(file)])
    assert credits_in(fake) == [7, 8]
    fake.reset()
    assert credits_in(fake) == [7, 8]
    assert capsys.readouterr().err == f"Reloaded: 2 records from {file}.\n"


@pytest.mark.parametrize("text", ["kind,credits\nllm,x\n", '[{"credits": ', "a: yaml\nb: c\n"])
def test_a_file_with_a_mistake_is_reported_and_the_records_stay(fake, file, capsys, text):
    file.write_text(text)
    reloading.reload(fake, [str(file)])
    assert credits_in(fake) == [5]
    said = capsys.readouterr().err
    assert said.startswith(f"Not reloaded: {file}: ")
    assert said.endswith("The records before stay.\n")


def test_a_change_of_a_file_is_seen(file):
    changed, stopped = threading.Event(), threading.Event()
    watching = threading.Thread(target=reloading.watch, args=([str(file)], changed.set, stopped))
    watching.start()
    try:
        for number in range(100):
            file.write_text("x" * number)
            if changed.wait(1):
                break
        assert changed.is_set()
    finally:
        stopped.set()
        watching.join()


@pytest.mark.parametrize(
    ("options", "sentence"),
    [([], "--reload needs --data"), (["--data", "-"], "--reload cannot read standard input again")],
)
def test_reload_without_a_file_is_refused_with_the_remedy(options, sentence):
    done = CliRunner().invoke(serve, ["--port", "0", "--reload", *options], input="[]")
    assert done.exit_code == 2
    assert sentence in done.output


def test_reload_serves_what_a_changed_file_has(file):
    with serving("--empty", "--data", str(file), "--reload") as served:
        file.write_text("kind,credits\nllm,7\nllm,8\n")
        url = f"{served.url}/usage/llm/organization/1/summary"
        answers = (requests.get(url, auth=("k", ""), timeout=10).json()["credits"] for _ in range(2000))
        assert any(answer == 15 for answer in answers)


def test_an_https_endpoint_on_this_machine_gets_the_hint_to_use_http():
    with server.start(create_app()) as running:
        https = running.url.replace("http:", "https:")
        with UsageClient("a-key", https, timeout=0.5, retries=0) as client, pytest.raises(ConnectionFailed) as failed:
            client.list_llm()
    assert "begin the endpoint with http://" in str(failed.value)
