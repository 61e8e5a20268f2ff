"""``civis-usage record`` as its users run it: processes, files, exit codes, and what must not be in the file."""

from __future__ import annotations

import base64
import json
import os
import pty
import random
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
import requests
from click.testing import CliRunner

from civis_usage.cli import main
from civis_usage.client.redaction import redact
from civis_usage.contract_tests.recording import cassette
from civis_usage.contract_tests.recording.cassette import Recording, read
from civis_usage.files import write

from .deviations import DEVIATIONS
from .serve_process import serving
from .standin import KEY, Standin
from .standin_server import Server
from .standin_server import serving as serving_standins

ORGANIZATIONS = ("471100815234", "918273645891")
EXTREMES = {2**bits + more for bits in (31, 32, 53, 63) for more in (-1, 0, 1)}
"""Numbers that the edges of a world consist of, its amounts as well as its identifiers."""
SECRET_KEY = "Tr0ub4dor&3/key+of=somebody"
KILLS = 8
IDENTIFIERS = ("id", "runId", "jobId", "userId", "organizationId")


def run(*options: str, key: str = SECRET_KEY, **more: Any) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command(*options), env=os.environ | {"CIVIS_API_KEY": key}, capture_output=True, text=True, timeout=120, **more
    )


def command(*options: str) -> list[str]:
    return [sys.executable, "-m", "civis_usage", *options]


@pytest.fixture(scope="module")
def fake() -> Iterator[str]:
    """Serve a world whose identifiers are long enough to be searched for."""
    with serving("--orgs", f"{ORGANIZATIONS[0]}:3,{ORGANIZATIONS[1]}:2", "--profile", "edge", now=None) as served:
        yield served.url


@pytest.fixture(scope="module")
def path(fake: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Record that world."""
    path = tmp_path_factory.mktemp("recordings") / "usage.json"
    done = run("record", *asked(fake), "--output", str(path))
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    assert done.stdout.startswith("Recorded ") and "usage.json" in done.stdout
    assert "The contract is kept." in done.stdout
    return path


@pytest.fixture(scope="module")
def recording(path: Path) -> Recording:
    return read(path)


def asked(url: str) -> list[str]:
    named = [option for each in ORGANIZATIONS for option in ("--org-id", each)]
    return ["--base-url", url, *named, "--max-requests", "100"]


def originals(fake: str) -> dict[str, set[int]]:
    """Return every identifier of the world, by its field."""
    found: dict[str, set[int]] = {name: set() for name in IDENTIFIERS}
    for organization in ORGANIZATIONS:
        for path in ("llm", "matching"):
            url = f"{fake}/usage/{path}?org_id={organization}&start_date=2020-01-01"
            for record in requests.get(url, auth=("a-key", ""), timeout=30).json():
                for name in IDENTIFIERS:
                    if name in record:
                        found[name].add(record[name])
    return found


# -- what is in the file


def test_no_original_identifier_is_in_the_file(fake: str, path: Path) -> None:
    text = path.read_text()
    numbers = set(map(int, re.findall("[0-9]+", unquote(text))))
    for field, ids in originals(fake).items():
        telling = sorted(each for each in ids if each >= 10**11 and each not in EXTREMES)
        assert telling, f"{field} has no identifier that could be searched for"
        assert not numbers.intersection(telling), f"{field} in the file"
        for each in telling[:: max(1, len(telling) // 100)]:
            assert not [form for form in forms(str(each)) if form in text], f"{field} {each} in the file, in some form"


def forms(word: str) -> Iterator[str]:
    """Yield a word as it is, percent-encoded, and in base64 of a longer text, wherever it begins there."""
    yield word
    yield "".join(f"%{byte:02X}" for byte in word.encode())
    for offset in range(3):
        first, last = -(-offset * 8 // 6), (offset + len(word)) * 8 // 6
        yield base64.b64encode(b"\0" * offset + word.encode()).decode()[first:last]


@pytest.mark.parametrize(
    "hidden",
    [
        "org_id=471100815234",
        "%34%37%31%31%30%30%38%31%35%32%33%34",
        *(base64.b64encode(f"{'?' * n}471100815234&".encode()).decode() for n in range(3)),
    ],
)
def test_the_search_would_find_an_identifier_in_each_form(hidden: str) -> None:
    assert [form for form in forms("471100815234") if form in hidden]
    assert not [form for form in forms("471100813234") if form in hidden]


def test_the_key_is_not_in_the_file_in_any_form(path: Path) -> None:
    text = path.read_text()
    assert redact(text, [SECRET_KEY]) == text


def test_no_other_header_than_the_contracts_is_in_the_file(recording: Recording) -> None:
    assert {header for each in recording.interactions for header in each.headers} == {
        "cache-control",
        "content-type",
        "etag",
        "www-authenticate",
        "x-ratelimit-limit",
        "x-ratelimit-remaining",
        "x-request-id",
    }


def test_it_says_when_and_where_it_was_recorded(fake: str, recording: Recording) -> None:
    assert recording.base_url == fake
    assert abs(datetime.now(UTC) - recording.recorded_at) < timedelta(minutes=30)
    times = [each.sent_at for each in recording.interactions]
    assert times == sorted(times)


def test_amounts_and_times_are_kept(fake: str, recording: Recording) -> None:
    url = f"{fake}/usage/llm?org_id={ORGANIZATIONS[0]}&start_date=2024-01-01"
    live = requests.get(url, auth=("a-key", ""), timeout=30).json()
    facts = ("credits", "runTime", "inputTokens", "outputTokens", "runCreatedAt", "modelId")
    known = {tuple(each[name] for name in facts) for each in live}
    shown = [each for each in recording.records if each["kind"] == "llm"]
    first = [each for each in shown if each["organizationId"] == recording.organizations[0]]
    assert first and {tuple(each[name] for name in facts) for each in first} <= known


# -- what is made of it


def test_the_verdicts_on_the_file_are_those_on_the_api(fake: str, path: Path, tmp_path: Path) -> None:
    live = run("check", *asked(fake), "--json", str(tmp_path / "live.json"))
    offline = run("check", "--recording", str(path), "--json", str(tmp_path / "file.json"), key="")
    assert (offline.returncode, offline.stderr) == (live.returncode, "") == (0, "")
    reports = [json.loads((tmp_path / f"{each}.json").read_text()) for each in ("live", "file")]
    verdicts = [{each["id"]: each["verdict"] for each in report["results"]} for report in reports]
    assert verdicts[0] == verdicts[1]
    assert reports[1]["requests"] == 0
    assert f"{path} (recorded from {fake} on " in offline.stdout


def test_served_again_it_is_judged_alike(path: Path, recording: Recording) -> None:
    with serving("--empty", "--data", str(path), now=None) as again:
        organizations = requests.get(f"{again.url}/_fake/health", timeout=30).json()["organizations"]
        assert sorted(organizations) == sorted(recording.organizations)
        named = [option for each in recording.organizations for option in ("--org-id", str(each))]
        done = run("check", "--base-url", again.url, *named, "--max-requests", "100")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "The contract is kept." in done.stdout


# -- when it cannot be


@pytest.fixture(scope="module")
def standins() -> Iterator[Server]:
    with serving_standins() as server:
        yield server


def refused(path: Path, *options: str, org: str = "1", key: str = KEY) -> str:
    """Fail to record, and return what is said."""
    path.write_text("")
    done = run("record", "--output", str(path), "--org-id", org, *options, key=key)
    assert (done.returncode, done.stdout) == (3, "")
    assert path.read_text() == "", "something is written"
    assert [*path.parent.iterdir()] == [path], "something is left behind"
    (line,) = done.stderr.splitlines()
    assert line.startswith("Error: The API could not be recorded, and nothing is written: ")
    assert key not in line
    return line


def test_nothing_is_written_where_the_api_cannot_be_recorded(standins: Server, tmp_path: Path) -> None:
    path = tmp_path / "usage.json"
    standins.standin = Standin(daily={1: 2}, daily_matching={1: 2})
    live = ("--base-url", standins.url)
    assert "nothing listens at this address" in refused(path, "--base-url", "http://127.0.0.1:9")
    assert "the API refused the key (401)" in refused(path, *live, key="another-key")
    assert "the budget of 7 requests is spent" in refused(path, *live, "--max-requests", "7")
    assert "the budget of 3 requests is spent" in refused(
        path, *live, "--start-date", "2020-01-01", "--max-requests", "3"
    )
    assert "nothing visible to this key for organization 4711" in refused(path, *live, org="4711")


def test_a_violated_contract_is_recorded_and_violated_offline(standins: Server, tmp_path: Path) -> None:
    broken = {each.id: each for each in DEVIATIONS}
    standins.standin = broken["list_matching: task-ignored"].standin(daily={1: 3}, daily_matching={1: 3})
    broken["list_llm: inputTokens is missing"].bend(standins.standin)
    options = ("--base-url", standins.url, "--org-id", "1", "--allow-no-data")
    path = str(tmp_path / "usage.json")
    done = run("record", *options[:-1], "-o", path, key=KEY)
    assert done.returncode == 0, done.stderr
    assert "The contract is violated: " in done.stdout
    assert re.search(
        "incomplete     [0-9,]+ LLM records: inputTokens is missing .serve --data fills it in.", done.stdout
    )
    judged = run("check", "--recording", path, "--allow-no-data")
    assert judged.returncode == 1
    assert "curl" not in judged.stdout, "no API knows the recording's numbers"


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (("--org-id", "1"), "Missing option '--output'"),
        (("--output", "{folder}/nowhere/usage.json"), "does not exist"),
        (("--output", "{folder}"), "it is a folder"),
        (
            ("--output", "{folder}/notes.txt"),
            "notes.txt exists and is not a recording: name another file, or delete it.",
        ),
        (
            ("--output", "{folder}/new.json", "--start-date", "2026-02-01", "--end-date", "2026-01-01"),
            "--start-date is later than --end-date",
        ),
        (("--output", "{folder}/new.json", "--start-date", "yesterday"), "'yesterday' is not a date"),
        (("--output", "{folder}/new.json", "usage.json"), "Got unexpected extra argument (usage.json)"),
        (("--output", "{folder}/new.json", "--base-url", "ftp://x"), "use an http or https URL"),
    ],
)
def test_wrong_use_is_2_and_told_before_anything_is_asked(
    options: tuple[str, ...], sentence: str, tmp_path: Path, standins: Server
) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    standins.standin = Standin()
    told = [each.format(folder=tmp_path) for each in options]
    done = run("record", *(() if "--base-url" in told else ("--base-url", standins.url)), *told, key=KEY)
    assert done.returncode == 2, done.stderr
    assert sentence in done.stderr and "Traceback" not in done.stderr
    assert [each.name for each in tmp_path.iterdir()] == ["notes.txt"]
    assert not standins.standin.journal


def test_without_a_key_it_is_2(tmp_path: Path) -> None:
    done = run("record", "--output", str(tmp_path / "usage.json"), key="")
    assert (done.returncode, done.stderr) == (
        2,
        "Error: There is no API key: set CIVIS_API_KEY in the environment.\n",
    )


def test_progress_is_shown_on_a_terminal(standins: Server, tmp_path: Path) -> None:
    standins.standin = Standin(daily={1: 2}, daily_matching={1: 2})
    ours, theirs = pty.openpty()
    words = command("record", "--base-url", standins.url, "--org-id", "1", "-o", str(tmp_path / "usage.json"))
    process = subprocess.Popen(words, stderr=theirs, stdout=subprocess.PIPE, env=os.environ | {"CIVIS_API_KEY": KEY})
    os.close(theirs)
    shown = b""
    with suppress(OSError):  # how Linux says that the other end is closed
        while piece := os.read(ours, 4096):
            shown += piece
    os.close(ours)
    process.communicate(timeout=60)
    assert re.search(rb"\d+ of at most \d+ requests, list_matching: 200", shown)


def test_a_kill_while_it_writes_leaves_the_old_file_or_a_new_one(tmp_path: Path) -> None:
    path = tmp_path / "usage.json"
    write(path, "0" * 3_000_000)
    code = (
        "import itertools, sys; from civis_usage.files import write\n"
        "print('on', flush=True)\n"
        "for n in itertools.count(1): write(sys.argv[1], str(n % 10) * 3_000_000)"
    )
    chance, seen = random.Random(21), set()
    for _ in range(KILLS):
        process = subprocess.Popen([sys.executable, "-c", code, str(path)], stdout=subprocess.PIPE)
        assert process.stdout is not None and process.stdout.readline() == b"on\n"
        with suppress(subprocess.TimeoutExpired):
            process.wait(timeout=chance.uniform(0, 0.3))
        process.send_signal(signal.SIGKILL)
        process.wait()
        process.stdout.close()
        text = path.read_text()
        assert len(text) == 3_000_000 and len(set(text)) == 1
        seen.add(text[0])
    assert len(seen) > 1, "nothing was ever written"


def test_a_mistake_of_the_kits_own_is_one_sentence_and_no_verdict(
    fake: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise ValueError(f"nobody foresaw {SECRET_KEY}\nat all")

    monkeypatch.setattr(cassette, "render", fail)
    told = ["record", *asked(fake), "--output", str(tmp_path / "a.json")]
    result = CliRunner(env={"CIVIS_API_KEY": SECRET_KEY}).invoke(main, told)
    assert result.exit_code == 3, result.output
    assert result.stderr.startswith("Error: The command itself failed (ValueError: nobody foresaw *** at all in ")
