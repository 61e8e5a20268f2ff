"""JSON as the API writes it."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from civis_usage.schemas.json_format import encode, wire_name

quick = settings(derandomize=True, database=None)


def test_it_is_compact_utf_8_with_its_keys_in_their_order():
    assert encode({"b": [1, None, True], "a": "模型é"}) == '{"b":[1,null,true],"a":"模型é"}'.encode()


def test_what_html_would_read_is_escaped_in_keys_and_values():
    assert encode({"<a>": "R&D"}) == rb'{"\u003ca\u003e":"R\u0026D"}'


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_there_is_no_number_that_json_does_not_know(value):
    with pytest.raises(ValueError, match="not JSON compliant"):
        encode(value)


@pytest.mark.parametrize(
    ("name", "wire"), [("run_created_at", "runCreatedAt"), ("runId", "runId"), ("id", "id"), ("x_1", "x_1")]
)
def test_names_are_written_in_camel_case(name, wire):
    assert wire_name(name) == wire


@quick
@given(st.lists(st.none() | st.booleans() | st.integers() | st.text()))
def test_it_reads_back(value):
    assert json.loads(encode(value)) == value
