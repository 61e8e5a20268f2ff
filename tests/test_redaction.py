"""No form of a key survives, and nothing else is hidden."""

from __future__ import annotations

import html
import json
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from civis_usage.client.redaction import MASK, redact
from civis_usage.contract_tests import waivers
from civis_usage.contract_tests.config import Config
from civis_usage.contract_tests.recording.record import NotRecorded, record
from civis_usage.contract_tests.reports import github, junit, terminal
from civis_usage.contract_tests.reports import html as html_report
from civis_usage.contract_tests.reports import json as json_report
from civis_usage.contract_tests.reports.text import MAX_LENGTH, clean

from .key_forms import FORMS, Form, encoded
from .report_samples import full_report
from .standin import KEY, Answer, Request, Standin
from .standin_server import serving

few = settings(max_examples=15, deadline=None)
visible = st.characters(min_codepoint=0x21, max_codepoint=0x7E, exclude_characters="*")
keys = st.text(visible, min_size=8, max_size=64)
short_keys = st.text("bcxzBCXZ789'&/+$:", min_size=1, max_size=7)
edges = st.sampled_from(["", " ", "\n", '"', "x", "=", "&", "/", "%20", "\\n", "{'a': '", "é", "&quot;"])


@pytest.mark.parametrize("form", FORMS)
@few
@given(key=keys, before=edges, after=edges)
def test_no_form_of_a_key_survives(form: str, key: str, before: str, after: str) -> None:
    written = FORMS[form](key)
    redacted = redact(f"{before}{written}{after}", [key])
    assert MASK in redacted
    assert written not in redacted


@pytest.mark.parametrize("form", FORMS)
@few
@given(key=short_keys, around=st.sampled_from(["{}", "a {} b", '"{}"', "?k={}#", "%20{}%20", "\\n{}\\n", "\n{}"]))
def test_a_short_key_is_hidden_where_it_stands_alone(form: str, key: str, around: str) -> None:
    written = FORMS[form](key)
    redacted = redact(around.format(written), [key])
    assert redacted.startswith(around.split("{}")[0] + MASK), redacted


@few
@given(key=keys, forms=st.lists(st.sampled_from(list(FORMS)), min_size=2, max_size=4))
def test_forms_side_by_side_are_all_hidden(key: str, forms: list[str]) -> None:
    assert set(redact(" ".join(FORMS[form](key) for form in forms), [key]).split()) == {MASK}


@few
@given(key=keys, text=st.text(max_size=50))
def test_redacting_twice_changes_nothing_more(key: str, text: str) -> None:
    once = redact(f"{text}{key}{text}", [key])
    assert redact(once, [key]) == once


@few
@given(key=st.text(st.characters(exclude_categories=["Cs"], exclude_characters="*"), min_size=8, max_size=20))
def test_keys_in_any_script_are_hidden(key: str) -> None:
    for written in (key, quote(key, safe=""), json.dumps(key)[1:-1], encoded(key)):
        assert redact(f"<{written}>", [key]) == f"<{MASK}>"


@pytest.mark.parametrize("form", FORMS)
def test_a_key_may_be_as_long_as_a_signed_token(form: str) -> None:
    key = "".join(f"{number:03x}.Z_" for number in range(1000))[:5000]
    assert redact(f"<{FORMS[form](key)}>", [key]) == f"<{MASK}>"


@pytest.mark.parametrize("piece", ["key-number-", "%2f", "a"])
def test_no_text_makes_the_search_slow(piece: str) -> None:
    text = piece * (200_000 // len(piece))
    started = time.perf_counter()
    redact(text, ["key-number-1", "/" * 60, "a" * 60 + "b"])
    assert time.perf_counter() - started < 3, "some tenths of a second, and hours if it does not grow with the text"


def test_a_short_key_does_not_turn_a_text_to_mush() -> None:
    text = "a banana has 120 kcal; key a, again 'a' and a:"
    assert redact(text, ["a"]) == "*** banana has 120 kcal; key ***, again '***' and ***:"
    assert redact("as it is, a request", ["k"]) == "as it is, a request", "k in base64 begins with an a"


def test_words_are_no_reason_to_hide_anything() -> None:
    text = '{"inputTokens": 5, "token": "abc", "password": "x", "api_key": "y", "Authorization": "Basic eHl6"}'
    assert redact(text, ["a-key-like-any-other"]) == text


@pytest.mark.parametrize("none", [[], [""]])
def test_without_a_key_nothing_is_hidden(none: list[str]) -> None:
    assert redact("a text", none) == "a text"


def test_of_two_keys_the_longer_one_is_hidden_whole() -> None:
    assert redact("key-number-1-and-more", ["key-number-1", "key-number-1-and-more"]) == MASK


REPORTS: dict[str, Callable[..., str]] = {
    "JSON": json_report.render,
    "JUnit": junit.render,
    "HTML": html_report.render,
    "terminal": lambda report: terminal.render(report, verbosity=2),
    "annotations": github.annotate,
    "summary": github.summary,
    "waivers": waivers.draft,
}


@pytest.mark.parametrize("kind", REPORTS)
@few
@given(key=keys, form=st.sampled_from(list(FORMS.values())))
def test_no_report_shows_a_key_that_the_api_echoes(kind: str, key: str, form: Form) -> None:
    assume(key not in REPORTS[kind](full_report()))  # a key that is a word of every report anyway
    report = clean(full_report(f"the API said {form(key)} to us"), [key])
    written = REPORTS[kind](report)
    for reading in (written, html.unescape(written)):
        assert key not in reading
        assert form(key) not in reading


def test_a_recording_that_fails_shows_no_key_and_nothing_that_steers_a_terminal() -> None:
    def finish(api: Standin, right: Callable[..., Any], request: Request, answer: Answer) -> Answer:
        answer.status, answer.body = 200, f"\x1b[31m<h1>{KEY}</h1>{'more ' * 500}".encode()
        return answer

    with serving() as server:
        server.standin = Standin().bend("finish", finish)
        with pytest.raises(NotRecorded) as refused:
            record(Config(server.url, KEY, (1,)))
    message = str(refused.value)
    assert "\\x1b[31m<h1>***</h1>more more" in message
    assert message.isprintable()
    assert len(message) < MAX_LENGTH + 5
