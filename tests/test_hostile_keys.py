"""A key that an API echoes, anywhere and in any encoding, is shown by no command, report, file or log."""

from __future__ import annotations

import html
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from .hostile.commands import COMMANDS, run, without_waits
from .hostile.responses import RUN
from .hostile.server import head, playing, response
from .key_forms import FORMS

RUN_LENGTH = 8
"""Characters of a key in a row that nothing may show."""


JSON_SAFE = [name for name in FORMS if "JSON" in name or "base64" in name or "percent" in name or "Basic" in name]
"""The forms that can stand in a JSON string."""

visible = st.characters(min_codepoint=0x21, max_codepoint=0x7E, exclude_characters=":*")
keys = st.lists(visible, min_size=20, max_size=60, unique=True).map("".join)
"""Keys without a character that comes twice, so that no word of a report is a part of one."""
paddings = st.tuples(
    st.sampled_from(["x", " ", "\n", "é", "<b>", "€ "]),
    st.sampled_from([0, 1, 30, 58, 59, 60, 290, 390, 399, 400, 490, 3990, 15_990, 65_520]),
    st.integers(0, 30),
).map(lambda parts: parts[0] * (parts[1] // len(parts[0])) + "x" * parts[2])
"""What stands before the key, so that excerpts of every length are cut within it."""


def text_page(text: str, status: str) -> bytes:
    return response(text.encode(), status, kind="text/html")


def sentence(text: str, status: str) -> bytes:
    said = text.replace("\n", " ")
    return response(f'{{"error":"{said[-200:]}","errorDescription":"{said}","code":400}}'.encode(), status)


def field(text: str, status: str) -> bytes:
    said = text.replace("\n", " ")
    return response(f"[{RUN}]".replace('"m"', f'"{said}"').encode(), status)


def number_field(text: str, status: str) -> bytes:
    said = text.replace("\n", " ")
    return response(f"[{RUN}]".replace("1.25", f'"{said}"').encode(), status)


def field_name(text: str, status: str) -> bytes:
    said = text.replace("\n", " ")
    return response(f"[{RUN}]".replace('"credits"', f'"{said}":1,"credits"').encode(), status)


def header(text: str, status: str) -> bytes:
    said = " ".join(text.split())[-60_000:].encode("latin-1", "replace").decode("latin-1")
    names = ("Location", "WWW-Authenticate", "Content-Type", "X-Request-Id", "ETag", "Retry-After", "Date")
    return head(status, *(f"{name}: {said}" for name in names), "Content-Length: 2", "Connection: close") + b"[]"


def header_name(text: str, status: str) -> bytes:
    name = "".join(text.split())[-60_000:].encode("latin-1", "replace").decode("latin-1")
    return head(status, f"{name}: yes", "Content-Length: 2", "Connection: close") + b"[]"


def broken_header(text: str, status: str) -> bytes:
    line = " ".join(text.split())[-60_000:].encode("latin-1", "replace").replace(b":", b"")
    return b"HTTP/1.1 " + status.encode() + b"\r\n" + line + b"\r\nContent-Length: 2\r\n\r\n[]"


def status_line(text: str, status: str) -> bytes:
    return b"HTTP/1.1 " + " ".join(text.split())[-60_000:].encode() + b"\r\nContent-Length: 2\r\n\r\n[]"


def reason(text: str, status: str) -> bytes:
    return (
        head(f"{status[:3]} {' '.join(text.split())[-60_000:]}".encode().decode("latin-1"), "Content-Length: 2") + b"[]"
    )


def no_http(text: str, status: str) -> bytes:
    return " ".join(text.split()).encode()[-60_000:] + b"\r\n\r\n"


ANY_FORM = [text_page, header, header_name, broken_header, status_line, reason, no_http]
IN_JSON = [sentence, field, number_field, field_name]
echoes = st.one_of(
    st.tuples(st.sampled_from(ANY_FORM), st.sampled_from(list(FORMS))),
    st.tuples(st.sampled_from(IN_JSON), st.sampled_from(JSON_SAFE)),
)
statuses = st.sampled_from(["200 OK", "302 Found", "400 Bad", "401 No", "403 No", "404 No", "500 Sick", "503 Sick"])


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    with pytest.MonkeyPatch.context() as patch:
        without_waits(patch)
        yield tmp_path_factory.mktemp("keys")


def runs(text: str) -> set[str]:
    return {text[at : at + RUN_LENGTH] for at in range(len(text) - RUN_LENGTH + 1)}


@pytest.mark.nightly
@pytest.mark.parametrize("command", COMMANDS)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(key=keys, echo=echoes, padding=paddings, after=st.sampled_from(["", "x", " end"]), status=statuses)
def test_no_run_of_eight_characters_of_a_key_is_shown(
    folder: Path, command: str, key: str, echo: tuple[Callable[[str, str], bytes], str], padding: str, after: str,
    status: str,
) -> None:  # fmt: skip
    place, form = echo
    written = FORMS[form](key)
    with playing(place(padding + written + after, status)) as url:
        shown = run(command, url, folder, github=True, key=key)
    hidden = runs(key) | runs(written)
    for where, text in shown.everything.items():
        for reading in (text, html.unescape(text)):
            found = [each for each in hidden if each in reading]
            assert not found, f"{where} of {command} shows {found[0]!r} of {written!r}: {reading[-2000:]!r}"
