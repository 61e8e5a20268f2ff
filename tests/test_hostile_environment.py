"""What is wrong with the user's own environment is told as such: wrong use, the thing, its value and the remedy."""

from __future__ import annotations

import socket
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from .hostile.commands import COMMANDS, KEY, run, without_waits
from .hostile.responses import RUN
from .hostile.server import playing, response
from .http_stub import closed_port
from .test_hostile_responses import PYTHON

REMOTE = "http://usage.example.invalid"
PROXY_NAMES = (
    "HTTP_PROXY",
    "http_proxy",
    "HTTPS_PROXY",
    "https_proxy",
    "ALL_PROXY",
    "all_proxy",
    "NO_PROXY",
    "no_proxy",
)
FIRST = ["check", "record", "drift", "call list", "call one"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    with pytest.MonkeyPatch.context() as patch:
        without_waits(patch)
        yield tmp_path_factory.mktemp("environment")


@pytest.fixture(autouse=True)
def clean(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (*PROXY_NAMES, "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)


# A CA bundle that cannot be used


def bundle(kind: str, folder: Path) -> Path:
    path = folder / f"{kind}.pem"
    match kind:
        case "empty":
            path.write_text("")
        case "notes":
            path.write_text("my certificates are elsewhere")
        case "broken":
            path.write_text("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")
        case "binary":
            path.write_bytes(bytes(range(256)) * 10)
    return path


@pytest.mark.parametrize("variable", ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"])
@pytest.mark.parametrize("kind", ["missing", "empty", "notes", "broken", "binary"])
@pytest.mark.parametrize("command", FIRST)
def test_a_ca_bundle_that_cannot_be_used_is_named(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: str, kind: str, variable: str
) -> None:
    path = bundle(kind, tmp_path)
    monkeypatch.setenv(variable, str(path))
    shown = run(command, f"https://127.0.0.1:{closed_port()}", folder)
    assert shown.exit_code == 2, shown.out + shown.err
    what = "does not exist" if kind == "missing" else "holds no CA certificate"
    assert f"{variable} names {path}, which {what}: name a file of CA certificates, or unset it." in shown.sentence


def test_a_ca_bundle_means_nothing_to_http(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/nowhere/none.pem")
    with playing(response(f"[{RUN}]")) as url:
        assert run("call list", url, folder).exit_code == 0


# Proxy variables

UNUSABLE = [
    *("ftp://proxy:21", "http://host:port", "http://[::1", "http://", "http://:3128", "proxy:port", "http://a b:3128"),
    *("http://host:99999", "http://host:-1", "http://host:0x50", "foo://bar", "://", "http:///", "http://\u202ex:1"),
    *("socks9://127.0.0.1:1", "http://user:pass word@", "[", "\x1b[31m", "http://é\x00", "http://" + "a" * 300 + ":1"),
]


@pytest.mark.parametrize("proxy", UNUSABLE, ids=repr)
@pytest.mark.parametrize("name", ["http_proxy", "ALL_PROXY"])
@pytest.mark.parametrize("command", ["check", "drift", "call list"])
def test_a_proxy_that_cannot_be_used_is_named_by_its_variable(
    folder: Path, monkeypatch: pytest.MonkeyPatch, command: str, name: str, proxy: str
) -> None:
    if "\x00" in proxy:
        pytest.skip("no environment holds it")
    monkeypatch.setenv(name, proxy)
    shown = run(command, REMOTE, folder)
    assert f"{name} cannot be used as a proxy: write it as http://host:port, or unset it." in shown.sentence
    assert shown.exit_code == 2
    assert not PYTHON.search(shown.sentence), shown.sentence
    assert "pass word" not in shown.err and KEY not in shown.err


@contextmanager
def hanging_up() -> Iterator[int]:
    server = socket.create_server(("127.0.0.1", 0))

    def accept() -> None:
        while True:
            try:
                client, _ = server.accept()
            except OSError:
                return
            client.close()

    threading.Thread(target=accept, daemon=True).start()
    try:
        yield server.getsockname()[1]
    finally:
        server.shutdown(socket.SHUT_RDWR)
        server.close()


DEAD = ["http://127.0.0.1:{}", "http://user:hunter2@127.0.0.1:{}", "socks5://127.0.0.1:{}", "socks5h://127.0.0.1:{}",
        "socks4://127.0.0.1:{}", "socks4a://127.0.0.1:{}", "127.0.0.1:{}"]  # fmt: skip


@pytest.mark.parametrize("closed", [True, False], ids=["closed", "hanging up"])
@pytest.mark.parametrize("url", [REMOTE, REMOTE.replace("http:", "https:")], ids=["http", "https"])
@pytest.mark.parametrize("proxy", DEAD)
@pytest.mark.parametrize("command", ["check", "drift", "call list"])
def test_a_dead_proxy_is_named_and_not_the_api(
    folder: Path, monkeypatch: pytest.MonkeyPatch, command: str, proxy: str, url: str, closed: bool
) -> None:
    with hanging_up() as port:
        monkeypatch.setenv("ALL_PROXY", proxy.format(closed_port() if closed else port))
        shown = run(command, url, folder)
    assert shown.exit_code == 3, shown.out + shown.err
    assert "proxy of ALL_PROXY" in shown.sentence, shown.sentence
    assert "hunter2" not in shown.out + shown.err + shown.log
    assert not PYTHON.search(shown.sentence)


# Base URLs

BASE_URLS = {
    "no scheme": "127.0.0.1:8765",
    "no scheme, a name": "api.example.org",
    "one slash": "http:/127.0.0.1:8765",
    "no slash": "http:127.0.0.1:8765",
    "three slashes": "http:///usage",
    "no host": "http://",
    "another scheme": "ftp://api.example.org",
    "a file": "file:///etc/passwd",
    "a script": "javascript:alert(1)",
    "a port too large": "http://127.0.0.1:99999",
    "a port of words": "http://127.0.0.1:http",
    "port 0": "http://127.0.0.1:0",
    "a negative port": "http://127.0.0.1:-1",
    "half an address": "http://[::1",
    "an odd address": "http://[::1]x",
    "no address": "http://[hello]",
    "a query": "http://127.0.0.1:8765?a=1",
    "a fragment": "http://127.0.0.1:8765#a",
    "a user": "http://me@127.0.0.1:8765",
    "the key as the user": f"http://{KEY}:@127.0.0.1:8765",
    "the key in the path": f"http://127.0.0.1:8765/{KEY}",
    "blanks": "http://127.0.0.1 :8765",
    "a line end": "http://127.0.0.1\n:8765",
    "a title": "http://127.0.0.1\x1b]0;mine\x07",
    "a mark": "http://\u202e127.0.0.1",
    "a long label": f"http://{'a' * 70}.example.org",
    "dots": "http://...",
    "a backslash": "http:\\\\127.0.0.1",
    "a placeholder": "<url>",
    "a variable": "$CIVIS_API_ENDPOINT",
    "a percent": "http://%zz",
    "an underscore and a blank": "http://a_b c",
    "100,000 characters": "http://" + "a" * 100_000,
}


@pytest.mark.parametrize("how", ["option", "environment"])
@pytest.mark.parametrize("name", BASE_URLS)
@pytest.mark.parametrize("command", FIRST)
def test_a_base_url_that_cannot_be_used_is_wrong_use(folder: Path, command: str, name: str, how: str) -> None:
    url = BASE_URLS[name]
    more = ("--base-url", url) if how == "option" else ()
    shown = run(command, "http://127.0.0.1:9" if how == "option" else url, folder, *more)
    assert shown.exit_code == 2, shown.out + shown.err
    assert "base URL" in shown.sentence, shown.err
    assert KEY not in shown.err
    assert not PYTHON.search(shown.sentence)
    assert shown.sentence.isprintable()
    assert len(shown.sentence) < 400


@pytest.mark.parametrize("form", ["{}", "{}/", "{}//", " {} ", "{}/v1", "{}/v1/", "HTTP{rest}"])
def test_a_base_url_may_be_written_in_other_ways(folder: Path, form: str) -> None:
    with playing(response(f"[{RUN}]")) as url:
        written = form.format(url, rest=url.removeprefix("http"))
        assert run("call list", url, folder, "--base-url", written).exit_code == 0


# The key

KEYS = {
    "none": "",
    "blanks": "  ",
    "a blank within": "a key of mine",
    "a colon": "user:password",
    "a line end": "a-key\nof-mine",
    "a title": "a-key\x1b]0;mine\x07",
    "another script": "ключ-от-API",
    "a lone surrogate": "key-\udc80",
    "quotes around": "“my-key”",
}


@pytest.mark.parametrize("name", KEYS)
@pytest.mark.parametrize("command", COMMANDS)
def test_a_key_that_cannot_be_one_is_wrong_use_and_is_not_shown(folder: Path, command: str, name: str) -> None:
    shown = run(command, "http://127.0.0.1:9", folder, key=KEYS[name])
    assert shown.exit_code == 2
    assert "API key" in shown.sentence
    assert len(KEYS[name]) < 5 or KEYS[name][:5] not in shown.out + shown.err


@pytest.mark.parametrize("command", ["check", "drift", "call list"])
def test_a_socks_proxy_without_its_package_names_the_package(
    folder: Path, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    monkeypatch.setitem(sys.modules, "socks", None)  # as if it were not installed
    monkeypatch.setenv("all_proxy", "socks5://127.0.0.1:1080")
    shown = run(command, REMOTE, folder)
    assert shown.exit_code == 2
    assert "all_proxy cannot be used as a proxy: a SOCKS proxy needs the package PySocks: pip install" in shown.sentence
