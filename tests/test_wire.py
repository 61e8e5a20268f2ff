"""JSON as the API writes it."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from civis_usage.mock_server.wire import credits_text, csv_field, encode, on_the_wire, string

quick = settings(derandomize=True, database=None)


def test_it_is_compact_utf_8_with_its_keys_in_their_order():
    assert encode({"b": [1, None, True], "a": "模型é"}) == '{"b":[1,null,true],"a":"模型é"}'.encode()


def test_what_html_would_read_is_escaped_in_keys_and_values():
    assert encode({"<a>": "R&D"}) == rb'{"\u003ca\u003e":"R\u0026D"}'
    assert string('<"&') == r'"\u003c\"\u0026"'


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_there_is_no_number_that_json_does_not_know(value):
    with pytest.raises(ValueError, match="not JSON compliant"):
        encode(value)


@pytest.mark.parametrize(
    ("name", "wire"), [("run_created_at", "runCreatedAt"), ("runId", "runId"), ("id", "id"), ("x_1", "x_1")]
)
def test_names_are_written_in_camel_case(name, wire):
    assert on_the_wire(name) == wire


@quick
@given(st.lists(st.none() | st.booleans() | st.integers() | st.text()))
def test_it_reads_back(value):
    assert json.loads(encode(value)) == value


@pytest.mark.parametrize(
    ("micro", "text"),
    [(0, "0.0"), (1, "0.000001"), (99, "0.000099"), (100, "0.0001"), (10**6, "1.0"), (1_250_000, "1.25")],
)
def test_credits_are_written_plainly(micro, text):
    assert credits_text(micro) == text


@quick
@given(st.integers(0, 10**7) | st.integers(0, 10**20))
def test_credits_are_written_exactly(micro):
    text = credits_text(micro)
    assert Decimal(text) == Decimal(micro).scaleb(-6)
    assert "e" not in text.lower()


@pytest.mark.parametrize(
    ("text", "field"),
    [("a.b-c:0", "a.b-c:0"), ("a,b", '"a,b"'), ('say "a"', '"say ""a"""'), ("", '""'), ("\n", '"\n"')],
)
def test_fields_of_csv_are_quoted_where_they_need_it(text, field):
    assert csv_field(text) == field
