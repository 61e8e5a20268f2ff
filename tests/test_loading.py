"""Files as people and programs make them: each is read, or refused in one sentence that says what to do."""

from __future__ import annotations

import gzip
import json
import tracemalloc
import warnings
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from civis_usage.mock_server.world import InvalidRecord, World
from civis_usage.mock_server.world.loading import read_file, read_records
from civis_usage.schemas import times
from civis_usage.tables import comma_separated

from .test_loaded import MATCHED, NOW, WHOLE
from .worlds import generated

EMPTY = World(generated=False)
MANY = generated(World(), "llm", "2026-04-01", "2026-05-01")
MANY_MATCHED = generated(World(), "matching", "2026-04-01", "2026-05-01")


def load(content: Any) -> list[dict[str, Any]]:
    """Load what a file holds, without a warning."""
    records = read_records(content) if isinstance(content, bytes | str) else content
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return EMPTY.with_records(records, now=NOW).loaded()


def refusal(content: bytes | str) -> str:
    with pytest.raises(InvalidRecord) as caught:
        load(content)
    said = str(caught.value)
    assert "\n" not in said
    return said


def as_csv(records: list[dict[str, Any]], delimiter: str = ",", end: str = "\n") -> str:
    lines = [list(records[0]), *(record.values() for record in records)]
    return end.join(delimiter.join(map(str, line)) for line in lines) + end


TABLE = as_csv([WHOLE])
MATCHED_TABLE = as_csv([MATCHED])
NAMES = ",".join(WHOLE)

READ = {
    "a byte order mark": ("\ufeff" + TABLE).encode(),
    "UTF-16 from a spreadsheet, with tabs": as_csv([WHOLE], "\t", "\r\n").encode("utf-16"),
    "CRLF": as_csv([WHOLE], end="\r\n").encode(),
    "semicolons and decimal commas": as_csv([WHOLE], ";").replace("0.4125", "0,4125").encode(),
    "semicolons and decimal points": as_csv([WHOLE], ";").encode(),
    "tabs": as_csv([WHOLE], "\t").encode(),
    "gzip": gzip.compress(TABLE.encode()),
    "blank rows": ("\n\n" + TABLE + "\n,,,,,,,,,,\n  \n").encode(),
    "a column without a name": TABLE.replace("id,", ",id,", 1).replace("48213,", "0,48213,", 1).encode(),
    "spaces after commas in the header": TABLE.replace(NAMES, NAMES.replace(",", ", ")).encode(),
    "snake_case": TABLE.replace("runCreatedAt", "run_created_at").replace("inputTokens", "input_tokens").encode(),
    "every cell in quotes": "\n".join(
        ",".join(f'"{cell}"' for cell in line.split(",")) for line in TABLE.splitlines()
    ).encode(),
    "whole numbers as floats": TABLE.replace("18250", "18250.0").encode(),
    "a moment with a space and an offset": TABLE.replace(
        "2026-04-17T17:26:07.000Z", "2026-04-17 17:26:07+00:00"
    ).encode(),
    "a moment without an offset": TABLE.replace("2026-04-17T17:26:07.000Z", "2026-04-17 17:26:07").encode(),
    "epoch milliseconds in a table": TABLE.replace("2026-04-17T17:26:07.000Z", "1776446767000").encode(),
    "an array": json.dumps([WHOLE]).encode(),
    "an indented array with a byte order mark": b"\xef\xbb\xbf" + json.dumps([WHOLE], indent=2).encode(),
    "UTF-16 JSON": json.dumps([WHOLE]).encode("utf-16"),
    "one object": json.dumps(WHOLE).encode(),
    "an object a line": f"{json.dumps(WHOLE)}\r\n\r\n".encode(),
    "the document of a recording": json.dumps({"format": "x", "records": [{"kind": "llm", **WHOLE}]}).encode(),
    "a document with data": json.dumps({"data": [WHOLE]}).encode(),
    "a document of kinds": json.dumps({"llm": [WHOLE], "matching": []}).encode(),
    "epoch milliseconds": json.dumps([{**WHOLE, "runCreatedAt": 1776446767000}]).encode(),
    "nulls in fields of the other kind": json.dumps([{**WHOLE, "task": None, "numRecords": None}]).encode(),
}


@pytest.mark.parametrize("name", READ)
def test_a_file_is_read_with(name):
    assert load(READ[name]) == [WHOLE]


REFUSED = {
    "an Excel workbook": (b"PK\x03\x04\x14\x00", "this is an Excel workbook or another zip archive; save the sheet as"),
    "an old Excel workbook": (b"\xd0\xcf\x11\xe0\xa1", "this is an old Excel workbook; save the sheet as CSV"),
    "a Parquet file": (b"PAR1\x15\x04", "this is a Parquet file; write it as CSV or JSON"),
    "YAML": ("- id: 1\n  credits: 2\n", "this looks like YAML; save it as JSON or CSV"),
    "YAML of one record": ("id: 1\ncredits: 2\n", "this looks like YAML; save it as JSON or CSV"),
    "a page of HTML": ("<!DOCTYPE html><html>", "this is an HTML or XML document; save the data itself"),
    "a Git LFS pointer": ("version https://git-lfs.github.com/spec/v1\n", "fetch the file with git lfs pull"),
    "a damaged gzip": (gzip.compress(b"id\n1\n")[:-5], "this gzip file is damaged"),
    "Windows-1252": ("id,modelId\n1,café\n".encode("cp1252"), "line 2: this is not UTF-8; save the file as UTF-8"),
    "half of UTF-16": ("id\n1\n".encode("utf-16")[:-1], "this is not UTF-16"),
    "Excel's date": (TABLE.replace("2026-04-17T17:26:07.000Z", "17.04.2026 17:26"), "'17.04.2026 17:26' is not a date"),
    "Excel's short ids": (TABLE.replace("302144871", "3.02E+08"), "runId: 3.02E+8 has lost digits; export the column"),
    "short ids in JSON": ('[{"runId": 9.82e12, "credits": 1}]', "runId: 9.82E+12 has lost digits"),
    "thousands": (TABLE.replace("18250", '"18,250"'), "(line 2): inputTokens: '18,250' is not a whole number"),
    "thousands beside decimal commas": ("credits;id\n1.250,5;7\n", "credits: '1.250,5' is not a number"),
    "NaN": ("credits,id\nNaN,7\n", "record 1 (line 2): credits: 'NaN' is not a number; write one such as 0.25"),
    "NaN in JSON": ('[\n{"credits": NaN}]', "this is not JSON (NaN is not a JSON number)"),
    "a null in a field of its own kind": ('[\n{"credits": null}]', "record 1 (line 2): credits: null is not a number"),
    "a misspelt column": (
        "id,credit\n1,2\n",
        "record 1 (line 2): 'credit' is not a field of an LLM usage record; did you",
    ),
    "no header": ("1,2,3\n4,5,6\n", "line 1: the first line '1,2,3' names no field of a usage record"),
    "a short row": ("credits,id\n1,2\n3\n", "line 3: there are 1 values, but the header names 2"),
    "a long row": ("credits\n1,2\n", "line 2: there are 2 values, but the header names 1"),
    "a column twice": ("id,id\n1,2\n", "line 1: the header names 'id' twice; leave one out"),
    "a stray quote": ('modelId\n"a"b\n', "line 2: this is not CSV"),
    "half of a JSON file": ('[\n  {"credits": 1},\n  {', "line 3: this is not JSON (Expecting property name"),
    "half of a line of JSON": ('{"credits": 1}\n{"credits"\n', "line 2: this is not JSON"),
    "deep nesting": ("[" * 100_000, "this is not JSON (it is nested too deeply)"),
    "rows without names": ("[[1, 2]]", "these are rows without field names; write objects"),
    "a kind that is no list": ('{"llm": 5}', "'llm' holds 5; write an array of records"),
    "an old recording": (
        '{"format": "civis-usage-recording"}',
        "older civis-usage-kit recorded this; record it again",
    ),
    "a number": ("[1]", "record 1: 1 is not a record; write an object"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_file_is_refused_in_one_sentence_for(name):
    content, sentence = REFUSED[name]
    assert sentence in refusal(content)


@pytest.mark.parametrize("content", [b"", b" \n", b"\xef\xbb\xbf", b"[]", "credits,id\n"])
def test_an_empty_file_has_no_records(content):
    assert load(content) == []


def test_a_line_is_counted_from_where_its_record_begins():
    table = 'modelId,credits\n"a\n\nb",1\n\nc,much\n'
    assert refusal(table).startswith("record 2 (line 6): credits: 'much'")
    document = json.dumps({"data": [{"credits": 1, "modelId": 'a{\\["'}, {"credits": "x"}]}, indent=1)
    assert refusal(document).startswith(f"record 2 (line {document[: document.index('x')].count(chr(10))}): credits")


def test_an_empty_cell_is_filled_as_a_missing_field_is():
    (record,) = load("credits,inputTokens,modelId\n2,,\n")
    assert record["inputTokens"] > 0 and record["modelId"]


class TestWhatTheKitGives:
    """What the kit writes can be loaded, and is the same afterwards."""

    def test_the_table_of_call(self):
        assert load(comma_separated(MANY)) == MANY

    def test_what_the_fake_says_it_loaded(self):
        assert load(json.dumps(load([WHOLE, MATCHED]))) == [WHOLE, MATCHED]

    def test_a_field_that_is_not_documented_is_left_out_of_whole_records_with_a_word(self):
        said: list[UserWarning] = []
        records = [{**WHOLE, "region": "us"}, {**MATCHED, "region": "eu"}]
        world = EMPTY.with_records(records, now=NOW, warn=said.append)
        assert world.loaded() == [WHOLE, MATCHED]
        assert [str(each) for each in said] == ["The field 'region' is not documented and was left out."]


class TestPythonsValues:
    def test_decimals(self):
        (loaded,) = load([{"credits": Decimal("0.4125"), "runTime": Decimal(3)}])
        assert (loaded["credits"], loaded["runTime"], type(loaded["runTime"])) == (0.4125, 3, int)

    @pytest.mark.parametrize(
        ("moment", "text"),
        [
            (datetime(2026, 4, 17, 17, 26, 7, tzinfo=UTC), "2026-04-17T17:26:07.000Z"),
            (datetime(2026, 4, 17, 17, 26, 7), "2026-04-17T17:26:07.000Z"),
            (date(2026, 4, 17), "2026-04-17T00:00:00.000Z"),
            ("2026-04-17", "2026-04-17T00:00:00.000Z"),
        ],
        ids=repr,
    )
    def test_moments_that_are_naive_are_utc(self, moment, text):
        (loaded,) = load([{"credits": 1, "runCreatedAt": moment}])
        assert loaded["runCreatedAt"] == text == times.render(times.moment(text))

    @pytest.mark.parametrize("missing", [None, float("nan")])
    def test_a_missing_value_in_a_field_of_the_other_kind_is_passed_over(self, missing):
        assert load([{**WHOLE, "task": missing, "numRecords": missing}]) == [WHOLE]

    @pytest.mark.parametrize("missing", [None, float("nan")])
    def test_a_missing_value_in_a_field_of_its_own_kind_is_refused(self, missing):
        for field in ("credits", "runCreatedAt", "modelId"):
            with pytest.raises(InvalidRecord, match=f"record 1: {field}: "):
                load([{**WHOLE, field: missing}])


def test_a_record_in_the_clocks_future_is_loaded_with_a_warning():
    future = {"credits": 1, "runCreatedAt": "2026-05-18T00:00:00Z"}
    with pytest.warns(UserWarning, match=r"A record lies after the clock's now \(2026-05-17T12:00:00.000Z\)"):
        assert len(EMPTY.with_records([future], now=NOW).loaded()) == 1
    with pytest.warns(UserWarning, match=r"2 records lie after"):
        EMPTY.with_records([future, future], now=NOW)


def test_loading_one_by_one_costs_the_same_for_each():
    """Adding to the newest world keeps the new record alone, however many there are."""
    world, worlds, kept = EMPTY, [], []
    tracemalloc.start()
    for number in range(300):
        world = world.with_records([{"kind": "llm", "credits": number}], now=NOW)
        worlds.append(world)
        kept.append(tracemalloc.get_traced_memory()[0])
    tracemalloc.stop()
    assert kept[299] - kept[200] < 1.5 * (kept[99] - kept[0]), "bytes of a hundred records"
    assert [len(each.loaded()) for each in worlds] == list(range(1, 301)), "each world sees its own records"
    other = worlds[9].with_records([{"kind": "llm", "credits": -1}], now=NOW)
    assert [record["credits"] for record in other.loaded()] == [*range(10), -1]
    assert len(worlds[-1].loaded()) == 300


def test_a_file_is_read_by_its_path(tmp_path):
    (tmp_path / "usage.tsv").write_bytes(as_csv(MANY, "\t").encode())
    assert load(read_file(tmp_path / "usage.tsv")) == MANY
