"""The file of a recording: read back as it was written, and refused with one sentence where it is anything else."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import requests
from click.testing import CliRunner, Result
from hypothesis import given, settings
from hypothesis import strategies as st

from civis_usage.cli import main
from civis_usage.contract_tests.recording.cassette import (
    Credentials,
    Interaction,
    InvalidRecording,
    is_recording,
    parse,
    render,
)
from civis_usage.mock_server.app import create_app
from civis_usage.mock_server.settings import Settings
from civis_usage.mock_server.world.loading import read_file, read_records

from .recordings import AT, MATCHING, RECORD, answered, recording
from .serve_process import serving

WHOLE = render(recording())
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=5,
)
INTERACTIONS = st.builds(
    Interaction,
    operation=st.sampled_from(["get_llm", "list_llm", "get_llm_organization_summary", "list_matching"]),
    params=st.dictionaries(st.text(max_size=3), st.integers() | st.text(max_size=3), max_size=2),
    credentials=st.sampled_from(Credentials),
    sent_at=st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC)),
    status=st.integers(100, 599),
    headers=st.dictionaries(st.text(max_size=3), st.text(max_size=3), max_size=2),
    body=st.text().map(str.encode) | JSON.map(lambda body: json.dumps(body, separators=(",", ":")).encode()),
)
LOST = Interaction("list_llm", {}, Credentials.INVALID, AT, failure="unreachable")


@settings(deadline=None)
@given(st.lists(INTERACTIONS | st.just(LOST), max_size=4))
def test_it_is_read_as_it_was_written(interactions: list[Interaction]) -> None:
    written = recording(*interactions, LOST)
    assert parse(render(written).encode()) == written
    assert is_recording(render(written))


@pytest.mark.parametrize("body", [b'[{"credits":1e999}]', b'{"a":1,"a":2}', b"[ ]", b'{"credits":0.10}', b"null", b""])
def test_a_body_comes_back_byte_by_byte(body: bytes) -> None:
    text = render(recording(answered(body)))
    assert parse(text.encode()).interactions[0].body == body
    json.loads(text, parse_constant=lambda name: pytest.fail(f"{name} is not JSON"))


EDITED = {
    "sorted keys": lambda text: json.dumps(json.loads(text), indent=4, sort_keys=True),
    "one line": lambda text: json.dumps(json.loads(text), separators=(",", ":")),
    "CRLF": lambda text: text.replace("\n", "\r\n"),
    "byte order mark": lambda text: "\ufeff" + text,
    "all of them": lambda text: (
        "\ufeff" + json.dumps(json.loads(text), indent=2, sort_keys=True, ensure_ascii=False).replace("\n", "\r\n")
    ),
}


@pytest.mark.parametrize("edit", EDITED.values(), ids=EDITED)
def test_an_editor_may_have_saved_it(edit: Any, tmp_path: Path) -> None:
    path = tmp_path / "edited.json"
    path.write_bytes(edit(WHOLE).encode())
    saved = parse(path.read_bytes())
    assert [json.loads(each.body) for each in saved.interactions] == [[RECORD], [MATCHING]]
    assert replace(saved, interactions=()) == replace(recording(), interactions=())
    assert read_file(path) == [{"kind": "llm", **RECORD}, {"kind": "matching", **MATCHING}]


def test_a_record_or_an_interaction_is_a_line_for_those_who_compare_files() -> None:
    lines = WHOLE.splitlines()
    assert len([line for line in lines if line.startswith('{"operation"')]) == 2
    assert len([line for line in lines if line.startswith('{"kind"')]) == 2


# -- what is refused


def changed(change: Any) -> str:
    document = json.loads(WHOLE)
    change(document)
    return json.dumps(document)


OLD = '{"format": "civis-usage-recording", "version": 1, "madeAt": "2026-05-19T15:26:07Z", "exchanges": []}'
REFUSED = {
    "of an older kit": (OLD, "an older civis-usage-kit recorded it"),
    "of a newer kit": (changed(lambda d: d.update(version=3, interactions={})), "a newer civis-usage-kit recorded it"),
    "of no version": (changed(lambda d: d.pop("version")), "an older civis-usage-kit recorded it"),
    "cut off": (WHOLE[: len(WHOLE) // 2], "it is not a whole recording"),
    "cut off by a byte": (WHOLE.rstrip()[:-1], "it is not a whole recording"),
    "without interactions": (changed(lambda d: d.pop("interactions")), "'interactions' is a required property"),
    "interactions of another form": (changed(lambda d: d.update(interactions=[7])), "$.interactions[0]: 7"),
    "an unknown operation": (changed(lambda d: d["interactions"][1].update(operation="x")), "[1].operation: 'x'"),
    "a status in words": (changed(lambda d: d["interactions"][0].update(status="200")), "[0].status: '200'"),
    "no time": (changed(lambda d: d.update(recorded_at="yesterday")), "'yesterday'"),
    "a time without a zone": (changed(lambda d: d.update(recorded_at="2026-05-19T15:26:07")), "has no time zone"),
    "empty": ("", "it is not a whole recording"),
    "another document": ('{"credits": 1}', "it is not a recording"),
    "not JSON": ("hello", "it is not a whole recording"),
}


@pytest.mark.parametrize(("text", "sentence"), REFUSED.values(), ids=REFUSED)
def test_check_refuses_it_in_one_sentence_with_file_and_remedy(text: str, sentence: str, tmp_path: Path) -> None:
    with pytest.raises(InvalidRecording):
        parse(text.encode())
    path = tmp_path / "usage.recording.json"
    path.write_text(text)
    line = one_sentence(call("check", "--recording", str(path)))
    assert line.startswith(f"Error: {path}: ") and sentence in line
    assert line.endswith(("record it again with civis-usage record.", "upgrade civis-usage-kit."))


def call(*options: str) -> Result:
    return CliRunner(env={"CIVIS_API_KEY": "a-key"}).invoke(main, options, prog_name="civis-usage")


def one_sentence(result: Result) -> str:
    assert result.exit_code == 2, result.output
    (line,) = [line for line in result.stderr.splitlines() if line.startswith("Error: ")]
    return line


def test_serve_refuses_an_old_one_in_one_sentence_too(tmp_path: Path) -> None:
    (tmp_path / "old.json").write_text(OLD)
    line = one_sentence(call("serve", "--port", "0", "--empty", "--data", str(tmp_path / "old.json")))
    assert f"{tmp_path / 'old.json'}: an older civis-usage-kit recorded this" in line
    assert "record it again with civis-usage record" in line


@pytest.mark.parametrize("name", ["", "missing.json"])
def test_a_folder_or_nothing_at_all_is_refused(name: str, tmp_path: Path) -> None:
    assert str(tmp_path / name) in one_sentence(call("check", "--recording", str(tmp_path / name)))


def test_a_binary_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "photo.json").write_bytes(b"\xff\xd8\xff")
    assert "it is not a whole recording" in one_sentence(call("check", "--recording", str(tmp_path / "photo.json")))


@pytest.mark.parametrize(
    "option",
    [
        ("--org-id", "1"),
        ("--base-url", "http://127.0.0.1:1"),
        ("--start-date", "2026-01-01"),
        ("--end-date", "2026-02-01"),
        ("--max-requests", "5"),
        ("--timeout", "3"),
        ("--seed", "1"),
        ("--with-drift",),
    ],
    ids=lambda option: option[0],
)
def test_an_option_about_requests_cannot_stand_beside_a_recording(option: tuple[str, ...], tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(WHOLE)
    line = one_sentence(call("check", "--recording", str(tmp_path / "a.json"), *option))
    assert line.startswith(f"Error: {option[0]} cannot be used with --recording")


# -- usage records


def test_the_records_of_its_lists_are_in_the_file_once_and_whole() -> None:
    shown = recording(
        answered([RECORD | {"extra": 1}]),
        answered(RECORD, "get_llm"),
        answered([RECORD, RECORD | {"id": 8}]),
        answered([MATCHING], "list_matching"),
        answered([RECORD | {"id": 9}], status=404),
    )
    expected = [{"kind": "llm", **RECORD}, {"kind": "llm", **RECORD, "id": 8}, {"kind": "matching", **MATCHING}]
    assert list(shown.records) == expected
    assert json.loads(render(shown))["records"] == expected
    assert read_records(render(shown)) == expected


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        ({"id": 5}, "runCreatedAt is missing"),
        ({"id": None}, "id is null"),
        ({"id": 5, "runCreatedAt": "yesterday"}, "runCreatedAt is not as documented"),
        ("a record", None),
        (None, None),
        ([RECORD], None),
    ],
)
def test_a_record_without_what_names_it_is_an_interaction_and_no_record(wrong: Any, reason: str | None) -> None:
    item = wrong if reason is None or reason.endswith("missing") else RECORD | wrong
    made = recording(answered([item, RECORD]))
    text = render(made)
    assert json.loads(text)["records"] == [{"kind": "llm", **RECORD}]
    assert json.loads(text)["interactions"][0]["body"] == [item, RECORD]
    assert made.left_out.get(("llm", str(reason))) == (1 if reason else None) and not made.incomplete


@pytest.mark.parametrize(
    ("name", "wrong", "reason"),
    [
        ("credits", {"credits": None}, "credits is null"),
        ("runTime", {"runTime": "long"}, "runTime is not as documented"),
        ("modelId", {}, "modelId is missing"),
    ],
)
def test_a_record_that_breaks_the_contract_is_served_with_that_field_filled_in(
    name: str, wrong: dict[str, Any], reason: str, tmp_path: Path
) -> None:
    rest = {each: value for each, value in RECORD.items() if each != name}
    made = recording(answered([rest | wrong]))
    assert made.records == ({"kind": "llm", **rest},)
    assert made.incomplete == {("llm", reason): 1} and not made.left_out
    whole = recording(answered([rest | wrong]), answered([RECORD]))
    assert whole.records == ({"kind": "llm", **RECORD},) and not whole.incomplete
    app = create_app(Settings(data=read_records(render(made)), generated=False))
    listed = app.test_client().get("/usage/llm?start_date=2000-01-01", headers={"Authorization": "Bearer k"}).get_json()
    assert [each | {name: RECORD[name]} for each in listed] == [RECORD] and name in listed[0]


@pytest.mark.parametrize("bare_first", [True, False])
def test_matching_usage_that_one_list_shows_whole_is_there_once(bare_first: bool) -> None:
    bare = {name: value for name, value in MATCHING.items() if name != "task"}
    other = bare | {"numRecords": MATCHING["numRecords"] + 1}
    shown = [[bare, other], [MATCHING]]
    made = recording(*(answered(items, "list_matching") for items in (shown if bare_first else shown[::-1])))
    expected = [{"kind": "matching", **MATCHING}, {"kind": "matching", **other}]
    assert sorted(made.records, key=str) == sorted(expected, key=str)
    assert made.incomplete == {("matching", "task is missing"): 1}


def test_serve_serves_its_records_after_an_editor_has_saved_it(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_bytes(EDITED["all of them"](WHOLE).encode())
    with serving("--empty", "--data", str(path), now=None) as served:
        url = f"{served.url}/usage/llm?org_id=471100815&start_date=2000-01-01"
        assert requests.get(url, auth=("k", ""), timeout=10).json() == [RECORD]
        health = requests.get(f"{served.url}/_fake/health", timeout=10).json()
    assert health["organizations"] == [471100815]


def test_fixtures_read_a_recording(tmp_path: Path, usage_server_factory: Any) -> None:
    path = tmp_path / "usage.recording.json"
    path.write_text(WHOLE)
    server = usage_server_factory({"data": path, "generated": False})
    with server.client() as client:
        assert [each.id for each in client.list_llm(org_id=471100815, start_date="2026-01-01")] == [RECORD["id"]]
        assert server.load(str(path), replace=True) == 2
        assert len(client.list_matching(org_id=471100815)) == 1
