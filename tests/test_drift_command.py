"""``civis-usage drift``: exit codes, reports, and a key that shows nowhere."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from importlib import resources
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from click.testing import CliRunner, Result

from civis_usage.cli import main
from civis_usage.contract_tests.drift import compare, report
from civis_usage.mock_server.app import create_app
from civis_usage.mock_server.server import start
from civis_usage.mock_server.settings import Settings
from civis_usage.schemas import swagger

from .drift_changes import CHANGES
from .http_stub import Reply, answering, closed_port

KEY = "a-key-with/some+signs&in-it"
REPORT = json.loads(
    resources.files("civis_usage.contract_tests.drift").joinpath("report.schema.json").read_text("utf-8")
)
BY_ID = {change.id: change for change in CHANGES}


def spec(*ids: str) -> str:
    changed = swagger()
    for each in ids:
        changed = BY_ID[each].made(changed)
    return json.dumps(changed)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def drift(*options: str, stdin: str | None = None, **env: str | None) -> Result:
    told: dict[str, str | None] = {"CIVIS_API_KEY": KEY, **env}
    return CliRunner(env=told).invoke(main, ["drift", *options], prog_name="civis-usage", input=stdin)


def from_file(*ids: str, more: tuple[str, ...] = ()) -> Result:
    Path("spec.json").write_text(spec(*ids), "utf-8")
    return drift("--spec", "spec.json", *more, CIVIS_API_KEY=None)


# -- exit codes


def test_the_fake_describes_itself_as_the_contract_does() -> None:
    with start(create_app(Settings(api_keys=(KEY,)))) as fake:
        result = drift("--base-url", fake.url)
    assert (result.exit_code, result.stderr) == (0, ""), result.output
    assert result.stdout.splitlines()[-2:] == ["No differences.", "The API's spec keeps the contract."]
    assert "(Swagger 2.0)" in result.stdout


def test_a_served_spec_that_breaks_the_contract_is_1() -> None:
    with answering(Reply(body=spec("field-gone", "parameter-new"))) as stub:
        result = drift(CIVIS_API_ENDPOINT=stub.url)
    assert stub.paths == ["/endpoints"]
    assert result.exit_code == 1
    assert "✗ breaking    response[].runTime: field integer → none" in result.stdout
    assert "+ compatible  parameter page: parameter none → integer, optional" in result.stdout
    assert result.stdout.splitlines()[-2:] == [
        "2 differences: 1 breaking, 1 compatible.",
        "The API's spec has drifted from the contract: 1 breaking.",
    ]


@pytest.mark.parametrize("change", CHANGES, ids=str)
def test_only_what_breaks_is_1(change: Any) -> None:
    result = from_file(change.id)
    assert result.exit_code == (1 if change.forth == "breaking" else 0), result.output


def test_what_is_deprecated_is_named_in_the_last_line() -> None:
    result = from_file("operation-deprecated")
    assert result.exit_code == 0
    assert "! deprecated  operation: deprecated no → yes" in result.stdout
    assert "1 deprecated" in result.stdout.splitlines()[-1]


def test_wording_is_counted_and_shown_on_request_only() -> None:
    shown, hidden = from_file("field-described", more=("--wording",)), from_file("field-described")
    assert "response[].runTime: description How long the run took, in whole seconds. → Else" in shown.stdout
    assert "Else" not in hidden.stdout
    assert "1 difference: 1 wording (--wording shows them)." in hidden.stdout


UNJUDGED = {
    "nothing listens": (None, "nothing listens at this address"),
    "refused key": (Reply(401, "{}"), "the API refused the key (401)"),
    "no such page": (Reply(404, "{}"), "answered 404 instead of the API's spec"),
    "a redirect": (Reply(302, b"", {"Location": "http://example.com/"}), "answered 302"),
    "not JSON": (Reply(body="<html>"), "is not JSON"),
    "no spec": (Reply(body="[]"), "is not a spec"),
    "another API": (Reply(body='{"swagger": "2.0", "paths": {"/jobs": {}}}'), "none is under /usage"),
    "a broken reference": (Reply(body='{"paths": {"/usage/llm": {"$ref": "#/x"}}}'), "leads nowhere"),
}


@pytest.mark.parametrize(("reply", "said"), UNJUDGED.values(), ids=list(UNJUDGED))
def test_an_api_that_gives_no_spec_is_3_and_one_sentence(reply: Reply | None, said: str) -> None:
    with answering(reply or Reply()) as stub:
        url = stub.url if reply else f"http://127.0.0.1:{closed_port()}"
        result = drift("--base-url", url, "--json", "drift.json")
    assert (result.exit_code, result.stdout) == (3, ""), result.output
    assert result.stderr.startswith("Error: The API's spec could not be judged: ")
    assert said in result.stderr
    assert len(result.stderr.splitlines()) == 1
    report = json.loads(Path("drift.json").read_text("utf-8"))
    jsonschema.validate(report, REPORT)
    assert (report["exit_code"], report["differences"]) == (3, [])
    assert said in report["unjudged"]


def fail(*_: object, **__: object) -> None:
    raise ValueError(f"nobody foresaw {KEY}\n\x1b[31m")


@pytest.mark.parametrize("options", [("--spec", "spec.json"), ("--base-url", "here")], ids=["a file", "an API"])
def test_a_mistake_of_the_kits_own_is_3_and_one_sentence(
    monkeypatch: pytest.MonkeyPatch, options: tuple[str, str]
) -> None:
    monkeypatch.setattr(compare, "compare", fail)
    Path("spec.json").write_text(spec(), "utf-8")
    with answering(Reply(body=spec())) as stub:
        result = drift(*(stub.url if each == "here" else each for each in options), "--json", "drift.json")
    assert (result.exit_code, result.stdout) == (3, ""), result.output
    assert result.stderr.startswith("Error: The command itself failed (ValueError: nobody foresaw *** ")
    assert len(result.stderr.splitlines()) == 1
    assert "\x1b" not in result.stderr


def test_a_mistake_after_the_comparison_is_3_as_well(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(report, "json_text", fail)
    result = from_file("field-gone", more=("--json", "drift.json"))
    assert result.exit_code == 3, result.output
    assert result.stderr.splitlines()[-1].startswith("Error: The command itself failed (ValueError: nobody foresaw ")
    assert "\x1b" not in result.stderr


def test_an_interruption_is_no_verdict(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(compare, "compare", interrupt)
    result = from_file()
    assert (result.exit_code, result.stderr) == (3, "\nError: Interrupted.\n")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--spec", "nowhere.json"), "nowhere.json cannot be read (No such file or directory)"),
        (("--spec", "."), "cannot be read (Is a directory)"),
        (("--spec", "other.json"), "other.json is not a spec"),
        (("--spec", "cut.json"), "of its 1 paths none is under /usage"),
        (("--spec", "spec.json", "--base-url", "http://x"), "--spec and --base-url name two specs"),
        (("--spec", "spec.json", "--json", "no/where.json"), "cannot be written"),
        (("--base-url", "ftp://x"), "use an http or https URL"),
        (("spec.json",), "Got unexpected extra argument (spec.json)"),
        (("--timeout", "0"), "Invalid value for '--timeout'"),
    ],
)
def test_wrong_use_is_2_and_one_sentence(options: tuple[str, ...], said: str) -> None:
    Path("spec.json").write_text(spec(), "utf-8")
    Path("other.json").write_text("[1]", "utf-8")
    Path("cut.json").write_text('{"paths": {"/jobs": {}}}', "utf-8")
    before = set(Path().rglob("*"))
    result = drift(*options)
    assert (result.exit_code, result.stdout) == (2, ""), result.output
    assert said in result.stderr.splitlines()[-1]
    assert set(Path().rglob("*")) == before


def test_a_missing_key_is_wrong_use_unless_a_file_is_read() -> None:
    assert "There is no API key" in drift(CIVIS_API_KEY=None).stderr
    assert from_file().exit_code == 0


def test_a_spec_comes_by_standard_input_too() -> None:
    result = drift("--spec", "-", stdin=spec("field-gone"))
    assert result.exit_code == 1
    assert result.stdout.startswith("standard input (Swagger 2.0)")


# -- reports


def test_the_json_report_is_as_its_schema_says_and_has_every_difference() -> None:
    result = from_file("field-gone", "summary", more=("--json", "drift.json"))
    report = json.loads(Path("drift.json").read_text("utf-8"))
    jsonschema.validate(report, REPORT)
    assert report["exit_code"] == result.exit_code == 1
    assert report["totals"] == {"differences": 2, "breaking": 1, "deprecated": 0, "compatible": 0, "wording": 1}
    summary, field = report["differences"]
    assert summary["severity"] == "wording"
    assert field == {
        "operation": "list_matching",
        "id": "response-field-removed",
        "location": "response[].runTime",
        "keyword": "field",
        "contract": "integer",
        "spec": None,
        "severity": "breaking",
    }


def test_the_json_report_goes_to_standard_output_alone() -> None:
    result = from_file("enum-wider", more=("--json", "-"))
    (difference,) = json.loads(result.stdout)["differences"]
    assert (difference["contract"], difference["spec"]) == (["CDM", "IDR"], ["CDM", "IDR", "XYZ"])
    assert "enum CDM, IDR → CDM, IDR, XYZ" in result.stderr


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "utf-8"])
def test_on_standard_output_json_is_json_in_every_encoding(encoding: str) -> None:
    changed = json.loads(spec())
    changed["paths"]["/usage/é"] = {"get": {"summary": "é 模 😀 \ud800", "responses": {}}}
    Path("spec.json").write_text(json.dumps(changed), "utf-8")
    done = run("--spec", "spec.json", "--json", "-", PYTHONIOENCODING=encoding)
    assert done.returncode == 0, done.stderr
    (difference,) = json.loads(done.stdout.decode("utf-8"))["differences"]
    assert difference["spec"] == "é 模 😀 \ud800"


def test_on_github_what_breaks_is_an_error_and_what_is_deprecated_a_warning() -> None:
    Path("spec.json").write_text(spec("field-gone", "operation-deprecated"), "utf-8")
    result = drift("--spec", "spec.json", GITHUB_ACTIONS="true")
    assert result.stdout.splitlines()[-2:] == [
        "::warning title=drift of list_matching::operation: deprecated no → yes",
        "::error title=drift of list_matching::response[].runTime: field integer → none",
    ]


def run(*options: str, **env: str) -> subprocess.CompletedProcess[bytes]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("CIVIS", "GITHUB"))}
    command = [sys.executable, "-m", "civis_usage", "drift", *options]
    return subprocess.run(command, capture_output=True, env=kept | env)


def test_a_terminal_without_unicode_gets_ascii() -> None:
    Path("spec.json").write_text(spec("field-gone"), "utf-8")
    done = run("--spec", "spec.json", PYTHONIOENCODING="ascii")
    assert done.returncode == 1
    assert b"x breaking    response[].runTime: field integer -> none" in done.stdout


@pytest.mark.parametrize("no_colour", ["", "1"])
def test_colours_are_for_terminals_and_not_for_those_who_want_none(no_colour: str) -> None:
    Path("spec.json").write_text(spec("field-gone"), "utf-8")
    ours, theirs = pty.openpty()
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("CIVIS", "GITHUB"))}
    command = [sys.executable, "-m", "civis_usage", "drift", "--spec", "spec.json"]
    with subprocess.Popen(command, stdout=theirs, stderr=theirs, env=kept | {"NO_COLOR": no_colour, "TERM": "xterm"}):
        os.close(theirs)
        said = b"".join(iter(lambda: _read(ours), b""))
    os.close(ours)
    assert ("\x1b[31m✗ breaking" in said.decode()) == (not no_colour), said.decode()
    assert "response[].runTime: field integer → none" in said.decode()


def _read(handle: int) -> bytes:
    try:
        return os.read(handle, 65536)
    except OSError:  # what a pseudo-terminal says at its end
        return b""


def test_what_a_spec_says_cannot_steer_a_terminal_or_github() -> None:
    changed = json.loads(spec())
    nasty = "\x1b[31m\r\n::error::\u202e"
    changed["paths"][f"/usage/{nasty}"] = {"get": {"summary": nasty, "responses": {}}}
    Path("spec.json").write_text(json.dumps(changed), "utf-8")
    result = drift("--spec", "spec.json", GITHUB_ACTIONS="true")
    assert "\x1b" not in result.output
    assert "\u202e" not in result.output
    assert not [line for line in result.stdout.splitlines() if line.startswith("::error")]


def test_no_report_shows_the_key_even_if_the_spec_does() -> None:
    changed = json.loads(spec("parameter-enum-gone"))
    changed["paths"][f"/usage/{KEY}"] = {"get": {"summary": f"Ask with {KEY}", "responses": {}}}
    changed["definitions"]["matching_usage"]["properties"]["task"]["enum"] = [KEY]
    with answering(Reply(body=json.dumps(changed))) as stub:
        result = drift("--json", "drift.json", CIVIS_API_ENDPOINT=stub.url, GITHUB_ACTIONS="true")
    assert result.exit_code == 1
    assert KEY not in result.output + Path("drift.json").read_text("utf-8")


def test_an_unexpected_spec_never_shows_the_key_in_the_reason() -> None:
    with answering(Reply(body=json.dumps({"paths": {f"/usage/{KEY}": 3}}))) as stub:
        result = drift(CIVIS_API_ENDPOINT=stub.url)
    assert result.exit_code == 3
    assert KEY not in result.output
