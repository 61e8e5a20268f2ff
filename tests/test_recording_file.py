"""The file of a recording: read back as it was written, and refused with one sentence where it is anything else."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
import requests
from click.testing import CliRunner, Result
from hypothesis import given, settings
from hypothesis import strategies as st

from civis_usage.__main__ import main
from civis_usage.mock_server.world.loading import BadRecord, read_file, read_records
from civis_usage.recordings.document import BadRecording, is_recording, parse, render
from civis_usage.recordings.recording import Exchange, Recording
from civis_usage.recordings.usage import listed

from .serve_process import serving
from .test_replacement import RECORD

MATCHING = {name: RECORD[name] for name in ("runId", "jobId", "userId", "organizationId", "runCreatedAt", "runTime")}
MATCHING |= {"numRecords": 1200, "task": "IDR"}
AT = datetime(2026, 5, 19, 15, 26, 7, tzinfo=UTC)


def answered(body: Any, operation: str = "list_llm", **more: Any) -> Exchange:
    return Exchange(operation, {"org_id": 471100815}, "own", 200, {"etag": 'W/"1"'}, body, **more)


def recording(*exchanges: Exchange, **more: Any) -> Recording:
    whole = Recording(
        kit="0.1.0",
        made_at=AT,
        made_from="https://api.civisanalytics.com",
        start=None,
        end=AT,
        organizations=(471100815,),
        blurred=False,
        now=AT,
        seed=0,
        named=(471100815,),
        summary_decimals=None,
        exchanges=exchanges or (answered([RECORD]), answered([MATCHING], "list_matching")),
    )
    return replace(whole, **more)


WHOLE = render(recording())
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=5,
)


@settings(deadline=None)
@given(st.lists(st.builds(answered, JSON), max_size=4), st.text(max_size=5))
def test_it_is_read_as_it_was_written(exchanges, text):
    other = Exchange("get_llm", {"id": 7}, None, 500, {}, text=text)
    lost = Exchange("list_llm", {}, "wrong", failure="unreachable")
    written = recording(*exchanges, other, lost)
    assert parse(render(written)) == written
    assert is_recording(render(written))


def test_another_tool_may_lay_it_out_otherwise():
    sorted_by_names = json.dumps(json.loads(WHOLE), indent=4, sort_keys=True)
    assert parse(sorted_by_names) == recording()


def test_an_exchange_is_a_line_for_those_who_compare_files():
    assert len([line for line in WHOLE.splitlines() if line.startswith('{"operation"')]) == 2


# -- what is refused


def changed(change: Any) -> str:
    document = json.loads(WHOLE)
    change(document)
    return json.dumps(document)


def break_a_record(document: dict[str, Any]) -> None:
    document["exchanges"][1]["body"][0]["numRecords"] = "many"


REFUSED = {
    "a-record-broken-by-hand": (changed(break_a_record), "answer 2 of 2, to list_matching, is not as it was recorded"),
    "an-answer-taken-out": (changed(lambda d: d["exchanges"].pop()), "answers are gone or moved"),
    "another-origin": (changed(lambda d: d.update(madeFrom="https://elsewhere")), "what stands above them was changed"),
    "another-date": (changed(lambda d: d.update(madeAt="2030-01-01T00:00:00Z")), "what stands above them was changed"),
    "cut-off": (WHOLE[: len(WHOLE) // 2], "it is cut off or damaged"),
    "cut-off-by-a-byte": (WHOLE.rstrip()[:-1], "it is cut off or damaged"),
    "of-a-newer-kit": (changed(lambda d: d.update(version=2, exchanges={})), "version 2, made by a newer kit"),
    "of-no-version": (changed(lambda d: d.update(version="one")), "no version that can be ('one')"),
    "without-exchanges": (changed(lambda d: d.pop("exchanges")), "it is damaged (KeyError: 'exchanges')"),
    "exchanges-of-another-form": (changed(lambda d: d.update(exchanges=[7])), "it is damaged"),
}
NO_RECORDING = {
    "empty": ("", "it is empty"),
    "another-document": ('{"credits": 1}', "it is no recording"),
    "no-json": ("hello", "it is no recording"),
}


@pytest.mark.parametrize(("text", "sentence"), (REFUSED | NO_RECORDING).values(), ids=REFUSED | NO_RECORDING)
def test_what_is_no_whole_recording_is_refused(text, sentence):
    with pytest.raises(BadRecording) as caught:
        parse(text)
    assert sentence in str(caught.value)
    assert "\n" not in str(caught.value)


def call(*options: str) -> Result:
    return CliRunner(env={"CIVIS_API_KEY": "a-key"}).invoke(main, options, prog_name="civis-usage")


def one_sentence(result: Result) -> str:
    assert result.exit_code == 2, result.output
    (line,) = [line for line in result.stderr.splitlines() if line.startswith("Error: ")]
    return line


@pytest.mark.parametrize(("text", "sentence"), (REFUSED | NO_RECORDING).values(), ids=REFUSED | NO_RECORDING)
def test_check_says_one_sentence_with_file_and_remedy(text, sentence, tmp_path):
    path = tmp_path / "usage.recording.json"
    path.write_text(text)
    line = one_sentence(call("check", "--recording", str(path)))
    assert line.startswith(f"Error: {path}: ") and sentence in line
    assert line.endswith(("make it again with civis-usage record.", "upgrade civis-usage-kit."))


@pytest.mark.parametrize(("text", "sentence"), REFUSED.values(), ids=REFUSED)
def test_serve_says_the_same_and_serves_nothing(text, sentence, tmp_path):
    path = tmp_path / "usage.recording.json"
    path.write_text(text)
    line = one_sentence(call("serve", "--port", "0", "--empty", "--data", str(path)))
    assert str(path) in line and sentence in line


@pytest.mark.parametrize("command", [("check", "--recording"), ("serve", "--port", "0", "--data")], ids=" ".join)
@pytest.mark.parametrize("name", ["", "missing.json"])
def test_a_folder_or_nothing_at_all_is_refused(command, name, tmp_path):
    assert str(tmp_path / name) in one_sentence(call(*command, str(tmp_path / name)))


def test_a_binary_file_is_refused(tmp_path):
    (tmp_path / "photo.json").write_bytes(b"\xff\xd8\xff")
    assert "not UTF-8" in one_sentence(call("check", "--recording", str(tmp_path / "photo.json")))


@pytest.mark.parametrize(
    "option",
    [
        ("--org-id", "1"),
        ("--base-url", "http://127.0.0.1:1"),
        ("--api-key", "a-key"),
        ("--from", "2026-01-01"),
        ("--to", "2026-02-01"),
        ("--max-requests", "5"),
        ("--timeout", "3"),
        ("--seed", "1"),
        ("--with-drift",),
    ],
    ids=lambda option: option[0],
)
def test_an_option_that_asks_the_api_has_no_place_beside_a_recording(option, tmp_path):
    (tmp_path / "a.json").write_text(WHOLE)
    line = one_sentence(call("check", "--recording", str(tmp_path / "a.json"), *option))
    assert line.startswith(f"Error: {option[0]} has no place beside --recording")


@pytest.mark.parametrize("command", ["check", "serve"])
def test_an_age_without_a_recording_has_no_meaning(command):
    assert "--max-age has no meaning without" in one_sentence(call(command, "--max-age", "3"))


# -- usage records


def test_its_lists_records_are_given_once_and_whole():
    shown = recording(
        answered([RECORD | {"extra": 1}]),
        answered(RECORD, "get_llm"),
        answered([RECORD, RECORD | {"id": 8}]),
        answered([MATCHING], "list_matching"),
        replace(answered([RECORD | {"id": 9}]), status=404),
    )
    assert [(each.kind, each.value.get("id"), each.place) for each in listed(shown)] == [
        ("llm", RECORD["id"], "answer 1, record 1"),
        ("llm", 8, "answer 3, record 2"),
        ("matching", None, "answer 4, record 1"),
    ]
    records = read_records(render(shown))
    assert records == [{"kind": "llm", **RECORD}, {"kind": "llm", **RECORD, "id": 8}, {"kind": "matching", **MATCHING}]


@pytest.mark.parametrize(
    ("record", "sentence"),
    [
        (RECORD | {"credits": None}, "answer 1, record 2: credits: null is not a number; the API answered so"),
        (RECORD | {"runTime": "long"}, "answer 1, record 2: runTime: 'long' is not a whole number"),
        ({"id": 5}, "answer 1, record 2: there is no runId"),
        ("a record", "answer 1, record 2: 'a record' is no record"),
    ],
)
def test_a_record_that_the_api_gave_wrongly_is_refused_by_its_place(record, sentence, tmp_path):
    wrong = {**record, "id": 5} if isinstance(record, dict) else record
    text = render(recording(answered([RECORD, wrong])))
    with pytest.raises(BadRecord) as caught:
        read_records(text)
    assert sentence in str(caught.value)
    (tmp_path / "a.json").write_text(text)
    line = one_sentence(call("serve", "--port", "0", "--data", str(tmp_path / "a.json")))
    assert f"{tmp_path / 'a.json'}: {sentence}" in line
    assert "--skip-invalid" in line


def test_records_that_the_api_gave_wrongly_can_be_left_out(tmp_path):
    answer = answered([RECORD, RECORD | {"id": 5, "credits": None}, {"id": 6}, RECORD | {"id": 7}])
    path = tmp_path / "a.json"
    path.write_text(render(recording(answer)))
    options = ("--empty", "--skip-invalid", "--data", str(path))
    with serving(*options, now=None) as served:
        runs = requests.get(f"{served.url}/usage/llm?start_date=2000-01-01", auth=("k", ""), timeout=10).json()
    assert {run["id"] for run in runs} == {RECORD["id"], 7}
    told = "2 of 4 records are not as documented and left out, first answer 1, record 2: credits: null is not a number."
    assert f"Warning: {path}: {told}\n" in "".join(served.said)


@pytest.mark.parametrize("option", [("--max-age", "3"), ("--skip-invalid",)])
def test_an_option_for_recordings_is_refused_where_there_is_none(option, tmp_path):
    (tmp_path / "a.json").write_text(json.dumps([RECORD]))
    line = one_sentence(call("serve", "--port", "0", "--data", str(tmp_path / "a.json"), *option))
    assert f"{option[0]} has no meaning without a recording in --data: leave it out." in line


def test_fixtures_read_a_recording(tmp_path, usage_server_factory):
    path = tmp_path / "usage.recording.json"
    path.write_text(WHOLE)
    assert len(read_file(path)) == 2
    server = usage_server_factory({"data": path, "generated": False})
    with server.client() as client:
        assert [each.id for each in client.list_llm(org_id=471100815, start_date="2026-01-01")] == [RECORD["id"]]
        assert server.load(str(path), replace=True) == 2
        assert len(client.list_matching(org_id=471100815)) == 1
