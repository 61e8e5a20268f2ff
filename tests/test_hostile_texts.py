"""What an API, or a client of the fake, says steers neither a terminal nor a CI service, wherever it is shown."""

from __future__ import annotations

import html
import json
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from civis_usage.client import UsageError
from civis_usage.commands.serve_texts import request_line
from civis_usage.contract_tests import waivers
from civis_usage.contract_tests.reports import github, junit, terminal
from civis_usage.contract_tests.reports import html as html_report
from civis_usage.contract_tests.reports import json as json_report
from civis_usage.contract_tests.reports.text import clean
from civis_usage.mock_server.calls import Call
from civis_usage.schemas.json_format import shown
from civis_usage.schemas.text import escape

from .hostile.commands import COMMANDS, run, without_waits
from .hostile.responses import RUN
from .hostile.server import head, playing, response
from .hostile.texts import COMMANDS_OF_CI, STEERING, commands_in, steers
from .report_samples import full_report

TEXTS = STEERING | COMMANDS_OF_CI


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    with pytest.MonkeyPatch.context() as patch:
        without_waits(patch)
        yield tmp_path_factory.mktemp("texts")


def page(text: str) -> bytes:
    return response(text.encode("utf-8", "replace"), kind="text/html")


def error(text: str) -> bytes:
    body = {"error": text, "errorDescription": text, "code": 500}
    return response(json.dumps(body), "500 Sick")


def refusal(text: str) -> bytes:
    body = {"error": text, "errorDescription": text, "code": 503}
    return response(json.dumps(body), "503 Sick")


def record(text: str) -> bytes:
    return response(f"[{RUN}]".replace('"m"', json.dumps(text)).replace('"credits"', f'{json.dumps(text)}:1,"credits"'))


def names(text: str) -> bytes:
    return response(f"[{{{json.dumps(text)}:1,{json.dumps(text[::-1])}:2}}]")


def odd_record(text: str) -> bytes:
    return response(
        f"[{RUN}]".replace("1.25", json.dumps(text)).replace('"2026-04-17T17:26:07.000Z"', json.dumps(text))
    )


def _header_text(text: str) -> str:
    return text.encode("latin-1", "ignore").decode("latin-1").replace("\r", "").replace("\n", "")


def redirect(text: str) -> bytes:
    return head("302 Found", f"Location: http://a/{_header_text(text)}", "Content-Length: 0", "Connection: close")


def content_type(text: str) -> bytes:
    return response(f"[{RUN}]", kind=f"text/{_header_text(text)}")


def status_line(text: str) -> bytes:
    return f"HTTP/1.1 {_header_text(text)}\r\n\r\n".encode("latin-1")


def banner(text: str) -> bytes:
    return f"{_header_text(text)}\r\n\r\n".encode("latin-1")


def not_a_header(text: str) -> bytes:
    return f"HTTP/1.1 200 OK\r\nbad {_header_text(text)}\r\n\r\n[]".replace(":", "").encode("latin-1")


PLACES: list[Callable[[str], bytes]] = [
    *(page, error, refusal, record, odd_record, names, redirect, content_type, status_line, banner, not_a_header)
]
ALL = "".join(TEXTS.values())


def assert_harmless(where: str, text: str, ours: tuple[str, ...] = ("::error title=", "::warning title=")) -> None:
    assert not steers(text), (where, steers(text), text[-1500:])
    lines = [line for line in text.splitlines() if not line.startswith(ours)]
    assert not commands_in("\n".join(lines)), (where, commands_in("\n".join(lines)))


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("place", PLACES, ids=lambda place: place.__name__)
def test_no_text_of_an_api_steers_a_terminal_or_a_ci_service(
    folder: Path, monkeypatch: pytest.MonkeyPatch, command: str, place: Callable[[str], bytes]
) -> None:
    monkeypatch.setenv("CI", "true")
    texts = [ALL, *COMMANDS_OF_CI.values()] if command.startswith("call") or command == "drift" else [ALL]
    for text in texts:
        with playing(place(text)) as url:
            said = run(command, url, folder, github=True)
        for where, written in said.everything.items():
            if where not in ("log", "r.json"):
                assert_harmless(f"{where} of {command}", written)
                assert_harmless(f"{where} of {command}", html.unescape(written))


REPORTS: dict[str, Callable[[Any], str]] = {
    "JSON": json_report.render,
    "JUnit": junit.render,
    "HTML": html_report.render,
    "terminal": lambda report: terminal.render(report, verbosity=2),
    "narrow terminal": lambda report: terminal.render(report, verbosity=2, width=30),
    "annotations": github.annotate,
    "summary": github.summary,
    "waivers": waivers.draft,
}


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("kind", REPORTS)
def test_no_report_steers_a_terminal_or_a_ci_service(kind: str, text: str) -> None:
    written = REPORTS[kind](clean(full_report(TEXTS[text]), []))
    assert_harmless(kind, written)


@pytest.mark.parametrize("text", TEXTS)
def test_a_line_of_the_request_log_is_one_line_that_steers_nothing(text: str) -> None:
    call = Call(
        number=1, at=0, request_id="r", method=f"GET{TEXTS[text]}", path=TEXTS[text], operation=None,
        parameters={TEXTS[text]: TEXTS[text]}, status=404, duration=1.0, fault=TEXTS[text],
    )  # fmt: skip
    line = request_line(call, datetime(2026, 1, 1))
    assert line.isprintable()
    assert_harmless("log", line)


@settings(max_examples=300, deadline=None)
@given(st.text() | st.text("#:[]vso terycami\n\r\x1b\x9b", max_size=30))
def test_escaping_leaves_one_line_that_steers_nothing_and_changes_nothing_else(text: str) -> None:
    escaped = escape(text)
    assert escaped.isprintable()
    assert not commands_in(escaped)
    if text.isprintable() and "##" not in text and "::" not in text:
        assert escaped == text


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text() | st.sampled_from(list(TEXTS.values())),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=200, deadline=None)
@given(json_values, st.booleans())
def test_json_that_is_shown_is_the_same_value_and_steers_nothing(value: Any, ascii_only: bool) -> None:
    text = shown(value, ascii_only=ascii_only)
    assert json.loads(text) == value
    assert_harmless("JSON", text)


def test_no_exception_of_the_client_steers_a_terminal(folder: Path) -> None:
    from civis_usage.client import UsageClient

    for place in PLACES:
        with playing(place(ALL)) as url, UsageClient("a-key-of-tests", url, sleep=lambda _: None, retries=0) as api:
            try:
                api.get_llm(5)
            except UsageError as problem:
                assert_harmless(place.__name__, str(problem))
