"""``civis-usage generate``: pieces of a world as files, that add up to the whole."""

from __future__ import annotations

import csv
import io
import json
import os
import pty
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from civis_usage.cli import main
from civis_usage.mock_server.world import World
from civis_usage.schemas import load, validator

from .worlds import generated

YEAR = ("--start-date", "2024-01-01", "--end-date", "2025-01-01")
DAY = timedelta(days=1)
MODULE = [sys.executable, "-m", "civis_usage", "generate"]


def call(*options: str) -> Result:
    return CliRunner().invoke(main, ["generate", *options])


def made(*options: str) -> bytes:
    result = call(*options)
    assert (result.exit_code, result.stderr) == (0, "")
    return result.stdout_bytes


def lines(*options: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in made(*options).splitlines()]


def of_the_year(kind: Any, profile: str = "realistic", **world: Any) -> list[dict[str, Any]]:
    return generated(World(profile=profile, **world), kind, "2024-01-01", "2025-01-01")


@pytest.mark.parametrize("profile", ["realistic", "edge"])
@pytest.mark.parametrize("kind", ["llm", "matching"])
class TestFormats:
    def test_ndjson_is_what_the_world_holds_oldest_first(self, kind, profile):
        assert lines(*YEAR, "--kind", kind, "--profile", profile) == of_the_year(kind, profile)

    def test_json_is_one_array(self, kind, profile):
        assert json.loads(made(*YEAR, "--kind", kind, "--profile", profile, "--format", "json")) == of_the_year(
            kind, profile
        )

    def test_csv_is_a_table_of_the_same(self, kind, profile):
        text = made(*YEAR, "--kind", kind, "--profile", profile, "--format", "csv").decode()
        rows = list(csv.DictReader(io.StringIO(text, newline=""), strict=True))
        types = {name: field["type"] for name, field in load(f"{kind}_usage")["properties"].items()}
        read = {"integer": int, "number": float, "string": str}
        assert [{name: read[types[name]](row[name]) for name in types} for row in rows] == of_the_year(kind, profile)


@pytest.mark.parametrize("kind", ["llm", "matching"])
def test_pieces_add_up_to_the_whole_byte_for_byte(kind):
    bounds = ["2024-01-01", "2024-01-02", "2024-02-29", "2024-03-01", "2024-03-01", "2024-11-17", "2025-01-01"]
    pieces = [made("--start-date", first, "--end-date", stop, "--kind", kind) for first, stop in pairwise(bounds)]
    assert b"".join(pieces) == made(*YEAR, "--kind", kind)


def test_one_day_at_a_time_is_a_month_at_once():
    days = [date(2024, 2, 1) + n * DAY for n in range(29)]
    pieces = [made("--start-date", str(day), "--end-date", str(day + DAY), "--profile", "edge") for day in days]
    assert b"".join(pieces) == made("--start-date", "2024-02-01", "--end-date", "2024-03-01", "--profile", "edge")


def test_it_is_the_world_that_the_options_name():
    options = ("--seed", "4", "--orgs", "7:30,8", "--runs-per-day", "2", "--since", "2024-06-01")
    world = {"seed": 4, "organizations": {7: 30, 8: None}, "runs_per_day": 2, "since": date(2024, 6, 1)}
    assert lines(*YEAR, *options) == of_the_year("llm", **world) != []
    assert {record["organizationId"] for record in lines(*YEAR, *options, "--org-id", "8")} == {8}
    assert lines(*YEAR, *options, "--org-id", "7, 8") == lines(*YEAR, *options)


def test_no_days_are_no_records():
    empty = ("--start-date", "2024-01-01", "--end-date", "2024-01-01")
    assert made(*empty) == b""
    assert json.loads(made(*empty, "--format", "json")) == []
    assert made(*empty, "--format", "csv").count(b"\n") == 1
    before = call("--start-date", "2023-01-01", "--end-date", "2024-01-01")
    assert (before.exit_code, before.stdout_bytes) == (0, b"")
    assert "the world begins on 2024-01-01" in before.stderr


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_a_file_that_was_there_stays_as_it_was_where_writing_ends_early(tmp_path, number):
    file = tmp_path / "usage.ndjson"
    file.write_text("what was there\n", encoding="ascii")
    many = ("--start-date", "2024-01-01", "--end-date", "2027-01-01", "--runs-per-day", "2000")
    command = [sys.executable, "-m", "civis_usage", "generate", *many, "--output", str(file)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        try:
            end = time.monotonic() + 30
            while not any(part.stat().st_size for part in tmp_path.iterdir() if part != file):
                assert time.monotonic() < end and process.poll() is None, "nothing is written"
                time.sleep(0.01)
            process.send_signal(number)
            said = process.communicate(timeout=30)[1]
        finally:
            process.kill()
    assert process.returncode not in (0, 1) and "Traceback" not in said
    assert file.read_text(encoding="ascii") == "what was there\n"


def test_a_device_is_written_to_as_it_is():
    assert call("--start-date", "2024-01-01", "--end-date", "2024-01-02", "--output", os.devnull).exit_code == 0
    assert not Path(os.devnull).is_file()


def test_a_file_is_written_whole(tmp_path):
    path = tmp_path / "year.ndjson"
    assert made(*YEAR, "--output", str(path)) == b""
    assert path.read_bytes() == made(*YEAR)
    assert [*tmp_path.iterdir()] == [path]


def test_records_of_days_to_come_are_valid():
    records = lines(
        "--start-date", "9999-12-30", "--end-date", "9999-12-31", "--profile", "edge", "--runs-per-day", "500"
    )
    assert all(map(validator("llm_usage").is_valid, records))


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (("--end-date", "2024-01-01"), "Missing option '--start-date'"),
        (("--start-date", "2024-01-02", "--end-date", "2024-01-01"), "2024-01-01 comes before --start-date"),
        (
            ("--start-date", "2024-02-30", "--end-date", "2024-03-01"),
            "'2024-02-30': write it as 2024-01-01",
        ),
        ((*YEAR, "--orgs", "x"), "'x' is not an organization"),
        ((*YEAR, "--org-id", "4"), "this world has no organization 4; it has 1, 2, 3"),
        ((*YEAR, "--runs-per-day", "100001"), "100001 is not in the range 0<=x<=100000"),
        ((*YEAR, "--since", "1999-01-01"), "a world cannot begin on 1999-01-01"),
        ((*YEAR, "--format", "xml"), "'xml' is not one of"),
        (
            (*YEAR, "--output", "/nowhere/at/all"),
            "/nowhere/at/all cannot be written: the folder /nowhere/at does not exist",
        ),
        ((*YEAR, "--output", ""), "it is empty: name a file"),
    ],
)
def test_wrong_use_is_told_in_a_sentence(options, sentence):
    result = call(*options)
    assert result.exit_code == 2
    assert sentence in result.stderr
    assert "Traceback" not in result.output


def test_help_shows_an_example_that_works(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    shown = call("--help").output
    example = next(line.split() for line in shown.splitlines() if "civis-usage generate --start-date" in line)
    made(*example[2:])
    assert (tmp_path / "2025.csv").read_text().startswith("id,runId,")


def started(command: Sequence[str], **streams: Any) -> subprocess.Popen[bytes]:
    return subprocess.Popen([*MODULE, *command], stdout=subprocess.PIPE, **streams)


def test_a_reader_that_has_seen_enough_is_no_error():
    process = started((*YEAR, "--runs-per-day", "300"), stderr=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stderr is not None
    assert process.stdout.readline().startswith(b'{"id":')
    process.stdout.close()
    assert process.stderr.read() == b""
    assert process.wait(timeout=60) in (0, 1)
    process.stderr.close()


def test_a_bar_is_shown_on_a_terminal_and_only_there(tmp_path):
    ours, theirs = pty.openpty()
    process = started((*YEAR, "--output", str(tmp_path / "year")), stderr=theirs)
    os.close(theirs)
    shown = b""
    with suppress(OSError):  # how Linux says that the other end is closed
        while piece := os.read(ours, 4096):
            shown += piece
    os.close(ours)
    assert process.communicate(timeout=60) == (b"", None)
    assert b"Days" in shown
    assert b"100%" in shown
    assert (tmp_path / "year").read_bytes() == made(*YEAR)
