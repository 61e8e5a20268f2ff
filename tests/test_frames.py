"""Answers as data frames: nothing is lost, and no type depends on what an answer happens to hold."""

from __future__ import annotations

import copy
import json
import pickle
import subprocess
import sys
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from civis_usage.client import InvalidResponse, LLMOrganizationSummary, LLMUsage, MatchingUsage, Record, Records
from civis_usage.client import UsageClient as Client
from civis_usage.client.records import camel_case
from civis_usage.fixtures import bodies
from civis_usage.schemas import load, times
from civis_usage.schemas.strategies import from_schema

from .extras import load as load_extra
from .http_stub import Reply, answering

pandas = load_extra("pandas")

BODIES: dict[type[Record], str] = {
    LLMUsage: "llm_usage",
    MatchingUsage: "matching_usage",
    LLMOrganizationSummary: "llm_organization_summary",
}
DTYPES = {"integer": "Int64", "number": "float64", "string": "string", "date-time": "datetime64[us, UTC]"}
PLAIN = {
    kind: next(body.value for body in bodies("valid") if (body.schema, body.about) == (name, "plain"))
    for kind, name in BODIES.items()
}


def documented(kind: type[Record]) -> dict[str, str]:
    """Return the types of the columns, as the contract has the fields."""
    fields = load(BODIES[kind])["properties"]
    schemas = {name: fields[camel_case(name)] for name in kind.field_types}
    return {name: DTYPES["date-time" if "date" in s.get("format", "") else s["type"]] for name, s in schemas.items()}


def dtypes(frame: pandas.DataFrame) -> dict[str, str]:
    return {str(name): str(dtype) for name, dtype in frame.dtypes.items()}


def llm(**changes: Any) -> LLMUsage:
    return LLMUsage.from_json({**PLAIN[LLMUsage], **changes})


@pytest.mark.parametrize("kind", BODIES)
def test_an_empty_answer_has_all_columns_with_the_types_of_a_full_one(kind: type[Record]) -> None:
    empty = Records(kind).to_pandas()
    assert len(empty) == 0
    assert dtypes(empty) == documented(kind)
    assert dtypes(Records(kind, [kind.from_json(PLAIN[kind])]).to_pandas()) == documented(kind)


@pytest.mark.parametrize("kind", BODIES)
def test_null_in_every_field_breaks_no_type(kind: type[Record]) -> None:
    frame = Records(kind, [kind.from_json(PLAIN[kind]), kind.from_json(dict.fromkeys(PLAIN[kind]))]).to_pandas()
    assert dtypes(frame) == documented(kind)
    assert frame.isna().to_numpy().tolist() == [[False] * frame.shape[1], [True] * frame.shape[1]]


def test_ids_of_64_bits_keep_every_digit_beside_a_null() -> None:
    frame = Records(LLMUsage, [llm(id=2**63 - 1), llm(id=None), llm(id=2**53 + 1)]).to_pandas()
    assert [frame["id"][0], frame["id"][2]] == [9223372036854775807, 9007199254740993]


def test_times_are_moments_in_utc() -> None:
    frame = Records(LLMUsage, [llm(runCreatedAt="2026-04-17T19:26:07.25+02:00")]).to_pandas()
    assert frame["run_created_at"][0].isoformat() == "2026-04-17T17:26:07.250000+00:00"
    assert frame.set_index("run_created_at").loc["2026-04", "credits"].sum() == llm().credits


def test_additional_fields_come_last_as_they_are() -> None:
    frame = Records(LLMUsage, [llm(region="eu", tags=["a"], RunId=7), llm(region=None), llm()]).to_pandas()
    added = dict(list(dtypes(frame).items())[len(documented(LLMUsage)) :])
    assert added == {"region": "object", "tags": "object", "RunId": "object"}
    assert (frame["tags"][0], frame["RunId"][0], frame["run_id"][0]) == (["a"], 7, llm().run_id)
    assert frame.iloc[2].isna()[list(added)].all()


@pytest.mark.parametrize("change", [{"id": 2**63}, {"credits": 10**400}, {"runTime": 1e300}], ids=str)
def test_a_number_that_no_type_of_pandas_holds_is_kept_as_pythons_own(change: dict[str, Any]) -> None:
    ((name, value),) = change.items()
    frame = Records(LLMUsage, [llm(**change), llm()]).to_pandas()
    column = frame[next(each for each in frame if camel_case(each) == name)]
    assert column.dtype == object
    assert column[0] == value


def test_a_single_record_is_a_frame_of_one_row() -> None:
    summary = LLMOrganizationSummary.from_json(PLAIN[LLMOrganizationSummary])
    assert summary.to_pandas().to_dict("records") == [dict(summary)]


def test_a_time_that_is_none_is_refused_by_its_name() -> None:
    with pytest.raises(InvalidResponse, match="run_created_at: 'tomorrow' is not a date-time"):
        Records(LLMUsage, [llm(), llm(runCreatedAt="tomorrow")]).to_pandas()


@pytest.mark.parametrize("again", [copy.copy, copy.deepcopy, lambda each: pickle.loads(pickle.dumps(each))])
def test_a_copy_of_an_answer_is_an_answer(again: Any) -> None:
    records = Records(LLMUsage, [llm()])
    assert again(records) == records == [llm()]
    assert dtypes(again(records).to_pandas()) == documented(LLMUsage)


def test_the_clients_lists_are_such_answers() -> None:
    for body in ([], [PLAIN[LLMUsage]]):
        with answering(Reply(body=json.dumps(body))) as stub, Client("key", stub.url) as client:
            assert dtypes(client.list_llm().to_pandas()) == documented(LLMUsage)
    with answering(Reply(body="[]")) as stub, Client("key", stub.url) as client:
        assert dtypes(client.list_matching().to_pandas()) == documented(MatchingUsage)


WITHOUT = """
import sys
sys.modules["pandas"] = None  # what Python takes for a module that is not there
from civis_usage.client import LLMUsage, Records, UsageError
try:
    Records(LLMUsage).to_pandas()
except UsageError as error:
    print(type(error).__name__, error)
"""


def test_without_pandas_one_sentence_says_how_to_get_it() -> None:
    done = subprocess.run([sys.executable, "-c", WITHOUT], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("ConfigurationError A data frame needs pandas, which cannot be imported (")
    assert done.stdout.endswith("): pip install 'civis-usage-kit[pandas]'\n")


def test_the_client_does_not_import_pandas() -> None:
    code = "import sys, civis_usage.client; print('pandas' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "False\n"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=4,
)


def answers(kind: type[Record]) -> st.SearchStrategy[list[dict[str, Any]]]:
    """Draw answers: whatever the schema allows, ``null`` in any documented field, and additional fields."""
    nulls = st.sets(st.sampled_from(sorted(PLAIN[kind]))).map(dict.fromkeys)
    added = st.dictionaries(st.sampled_from(["extra", "extraNote", "run_id", "Credits"]), JSON)
    whole = from_schema(load(BODIES[kind]))
    return st.lists(st.builds(lambda body, *more: body | more[0] | more[1], whole, nulls, added), max_size=4)


@pytest.mark.parametrize("kind", BODIES)
@settings(max_examples=100, deadline=None)
@given(data=st.data())
def test_a_frame_holds_what_the_json_holds(kind: type[Record], data: st.DataObject) -> None:
    answer = json.loads(json.dumps(data.draw(answers(kind))))
    frame = Records(kind, map(kind.from_json, answer)).to_pandas()

    columns = {name: camel_case(name) for name in kind.field_types}
    added = {name for body in answer for name in body} - set(columns.values()) - set(columns)
    assert set(frame.columns) == {*columns, *added}
    assert list(frame.columns)[: len(columns)] == list(columns)
    assert len(frame) == len(answer)
    for name in frame:
        for body, cell in zip(answer, frame[name], strict=True):
            assert same(cell, body.get(columns.get(name, name)), name), (name, cell, body)


def same(cell: Any, value: Any, name: str) -> bool:
    if value is None:
        return cell is None or cell is pandas.NaT or bool(pandas.isna(cell))
    if name == "run_created_at":
        return bool(cell - times.EPOCH == times.parse(value) - times.EPOCH)
    return bool(cell == value) and (isinstance(value, bool) or not isinstance(cell, bool))
