"""``civis-usage call``: the operations of the contract on the command line."""

import csv
import io
import json
import os
import pty
import subprocess
import sys

import pytest
from click.testing import CliRunner

from civis_usage import tables
from civis_usage.cli import main
from civis_usage.schemas import OPERATIONS, load

from .http_stub import Reply, answering, closed_port
from .serve_process import serving

KEY = "a-key-that-nobody-knows"
RUN = {
    "id": 5,
    "runId": 50,
    "jobId": 500,
    "userId": 7,
    "organizationId": 1,
    "runCreatedAt": "2026-04-17T17:26:07.000Z",
    "runTime": 61,
    "credits": 1.25,
    "inputTokens": 1000,
    "outputTokens": 100,
    "modelId": "m-1",
}
SUMMARY = {"credits": 2.5, "organizationId": 1}


@pytest.fixture(autouse=True)
def environment(monkeypatch):
    monkeypatch.setenv("CIVIS_API_KEY", KEY)
    monkeypatch.delenv("CIVIS_API_ENDPOINT", raising=False)


def call(*arguments):
    return CliRunner().invoke(main, ["call", *map(str, arguments)], prog_name="civis-usage")


def answered(body, *arguments, status=200):
    """Call against a server that answers with ``body``; give the result and the paths that were asked for."""
    with answering(Reply(status, json.dumps(body))) as stub:
        result = call(*arguments, "--base-url", stub.url)
        return result, stub.paths


@pytest.mark.parametrize("operation", OPERATIONS.values(), ids=lambda operation: operation.id)
def test_every_operation_is_a_command_with_the_parameters_of_the_contract(operation):
    shown = call(operation.id.replace("_", "-"), "--help")
    assert shown.exit_code == 0
    for parameter in operation.parameters:
        name = parameter.name.replace("_", "-")
        assert (f"--{name} " if parameter.place == "query" else f" {parameter.name.upper()}\n") in shown.output
    assert f"civis-usage call {operation.id.replace('_', '-')}" in shown.output.partition("Example:")[2]


def test_the_commands_are_listed():
    listed = call("--help").output.partition("Commands:")[2]
    assert [line.split()[0] for line in listed.strip().splitlines()] == [name.replace("_", "-") for name in OPERATIONS]


@pytest.mark.parametrize(
    ("arguments", "body", "path"),
    [
        (["get-llm", 5], RUN, "/usage/llm/5"),
        (["list-llm", "--org-id", 1, "--start-date", "2026-04-01"], [], "/usage/llm?org_id=1&start_date=2026-04-01"),
        (
            ["get-llm-organization-summary", 1, "--end-date", "2026-04-01"],
            SUMMARY,
            "/usage/llm/organization/1/summary?end_date=2026-04-01",
        ),
        (["list-matching", "--task", "CDM"], [], "/usage/matching?task=CDM"),
    ],
    ids=["get-llm", "list-llm", "summary", "list-matching"],
)
def test_arguments_and_options_become_the_request(arguments, body, path):
    result, paths = answered(body, *arguments)
    assert result.exit_code == 0, result.output
    assert paths == [path]


def test_where_nobody_looks_the_answer_is_json_as_on_the_wire():
    result, _ = answered([RUN], "list-llm")
    assert json.loads(result.stdout) == [RUN]
    result, _ = answered(SUMMARY, "get-llm-organization-summary", 1)
    assert json.loads(result.stdout) == SUMMARY


def test_csv_has_the_documented_columns_first_and_additional_ones_last():
    result, _ = answered([{"extra": [1], **RUN}, {**RUN, "credits": None, "modelId": 'a "b", c'}], "list-llm", "--csv")
    rows = list(csv.DictReader(io.StringIO(result.stdout)))
    assert list(rows[0]) == [*load("llm_usage")["properties"], "extra"]
    assert [row["credits"] for row in rows] == ["1.25", ""]
    assert [row["extra"] for row in rows] == ["[1]", ""]
    assert rows[1]["modelId"] == 'a "b", c'


def test_csv_of_no_records_is_the_line_of_names():
    result, _ = answered([], "list-matching", "--csv")
    assert result.stdout == ",".join(load("matching_usage")["properties"]) + "\n"


def test_csv_of_one_record_is_a_line():
    result, _ = answered(SUMMARY, "get-llm-organization-summary", 1, "--csv")
    assert result.stdout == "credits,organizationId\n2.5,1\n"


def test_csv_keeps_every_character_and_every_digit():
    hard = {**RUN, "modelId": 'a "b",\r\n=c 模', "id": 2**63 - 1, "credits": 0.1 + 0.2}
    result, _ = answered([hard], "list-llm", "--csv")
    (row,) = csv.DictReader(io.StringIO(result.stdout_bytes.decode(), newline=""))
    assert row == {name: value if isinstance(value, str) else json.dumps(value) for name, value in hard.items()}


def test_csv_can_be_served_as_it_is(usage_server, usage_records, tmp_path):
    usage_records.llm(model_id='a "b",\n=c', credits=0.1, run_created_at="2026-04-17T17:26:07.123Z")
    usage_records.llm(model_id="模型", run_time=0, run_created_at="2026-04-18T17:26:07.123Z")
    written = call("list-llm", "--csv", "--base-url", usage_server.url, "--start-date", "2026-04-01").stdout_bytes
    assert written.count(b"2026-04-1") == 2

    (tmp_path / "april.csv").write_bytes(written)
    with serving("--empty", "--data", str(tmp_path / "april.csv")) as served:
        again = call("list-llm", "--csv", "--base-url", served.url, "--start-date", "2026-04-01").stdout_bytes
    assert again == written


def test_a_text_that_no_encoding_holds_is_no_crash():
    lone = {**RUN, "modelId": "a \ud800 b"}
    for form in ("--json", "--csv", "--table"):
        result, _ = answered([lone], "list-llm", form)
        assert result.exit_code == 0, result.output
    result, _ = answered(lone, "get-llm", 5, "--json")
    assert json.loads(result.stdout) == lone


def test_a_table_is_aligned_with_numbers_to_the_right():
    result, _ = answered([{**SUMMARY, "organizationId": 10}][0], "get-llm-organization-summary", 10, "--table")
    assert result.stdout == "credits  organizationId\n-------  --------------\n    2.5              10\n"


def test_a_table_of_no_records_says_so():
    result, _ = answered([], "list-llm", "--table")
    assert result.stdout == "No records.\n"


def test_on_a_terminal_the_answer_is_a_table():
    with answering(Reply(body=json.dumps(SUMMARY))) as stub:
        ours, theirs = pty.openpty()
        command = [sys.executable, "-m", "civis_usage", "call", "get-llm-organization-summary", "1"]
        environment = {**os.environ, "CIVIS_API_ENDPOINT": stub.url}
        done = subprocess.run(command, stdout=theirs, stderr=subprocess.PIPE, env=environment, check=False)
        os.close(theirs)
        shown = os.read(ours, 10_000).decode()
        os.close(ours)
    assert done.returncode == 0, done.stderr
    assert shown.splitlines()[0] == "credits  organizationId"


def test_csv_on_a_terminal_does_not_steer_it():
    with answering(Reply(body=json.dumps([{**RUN, "modelId": "\x1b[31mred"}]))) as stub:
        ours, theirs = pty.openpty()
        command = [sys.executable, "-m", "civis_usage", "call", "list-llm", "--csv", "--base-url", stub.url]
        subprocess.run(command, stdout=theirs, check=True)
        os.close(theirs)
        shown = os.read(ours, 10_000).decode()
        os.close(ours)
    assert "\x1b" not in shown
    assert shown.splitlines()[1].endswith("\N{REPLACEMENT CHARACTER}[31mred")


@pytest.mark.parametrize("status", [400, 401, 403, 404, 500])
def test_an_error_of_the_api_is_one_sentence_and_exit_1(status):
    body = {"error": "name", "errorDescription": f"The API's own sentence for {KEY}.", "code": status}
    result, _ = answered(body, "get-llm", 5, status=status)
    assert result.exit_code == 1
    assert result.stdout == ""
    assert result.stderr.startswith("Error: The API's own sentence for ***. (")
    assert result.stderr.count("\n") == 1


def test_an_answer_that_is_not_as_documented_is_one_sentence_and_exit_1():
    result, _ = answered({"credits": 1}, "get-llm-organization-summary", 1)
    assert result.exit_code == 1
    assert "organizationId is missing" in result.stderr


def test_an_api_that_cannot_be_reached_is_exit_3():
    with answering(Reply()) as gone:
        pass
    result = call("list-llm", "--base-url", gone.url)
    assert result.exit_code == 3
    assert "connection refused" in result.stderr
    assert result.stderr.count("\n") == 1


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp1252", "utf-8"])
@pytest.mark.parametrize("form", ["--json", "--csv", "--table"])
def test_an_answer_can_be_written_in_every_encoding(form, encoding):
    record = {**RUN, "modelId": "é 模 😀"}
    with answering(Reply(body=json.dumps([record]))) as stub:
        command = [sys.executable, "-m", "civis_usage", "call", "list-llm", form, "--base-url", stub.url]
        done = subprocess.run(command, capture_output=True, env={**os.environ, "PYTHONIOENCODING": encoding})
    assert (done.returncode, done.stderr) == (0, b"")
    if form == "--json":
        assert json.loads(done.stdout.decode("utf-8")) == [record]
    if form == "--csv":
        assert done.stdout.decode("utf-8").endswith(",é 模 😀\n")
    if form == "--table":
        assert done.stdout.decode(encoding).endswith("é 模 😀\n".encode(encoding, "replace").decode(encoding))


@pytest.mark.parametrize("key", [KEY, "eyJhbGciOi." * 500], ids=["short", "as long as a signed token"])
def test_a_mistake_of_the_kits_own_is_one_sentence_and_no_verdict(monkeypatch, key):
    monkeypatch.setenv("CIVIS_API_KEY", key)

    def fail(*_, **__):
        raise ValueError(f"nobody foresaw {key}\n\x1b[31m")

    monkeypatch.setattr(tables, "table", fail)
    result, _ = answered([RUN], "list-llm", "--table")
    assert (result.exit_code, result.stdout) == (3, "")
    assert result.stderr.startswith("Error: The command itself failed (ValueError: nobody foresaw *** ")
    assert result.stderr.count("\n") == 1
    assert "\x1b" not in result.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ["get-llm"],
        ["get-llm", "five"],
        ["list-llm", "--org-id", "one"],
        ["list-llm", "--colour", "red"],
        ["list-matching", "--task", "XYZ"],
        ["list-everything"],
        ["get-llm", "5", "--base-url", "not a URL"],
        ["get-llm", "5", "--base-url", f"http://{KEY}@127.0.0.1"],
    ],
    ids=" ".join,
)
def test_wrong_use_is_exit_2_and_shows_no_key(arguments):
    result = call(*arguments)
    assert result.exit_code == 2
    assert "Error: " in result.stderr
    assert KEY not in result.output


def test_without_a_key_the_command_says_where_to_put_it(monkeypatch):
    monkeypatch.delenv("CIVIS_API_KEY")
    result = call("get-llm", "5", "--base-url", f"http://127.0.0.1:{closed_port()}")
    assert result.exit_code == 2
    assert "CIVIS_API_KEY" in result.stderr
