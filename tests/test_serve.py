"""``civis-usage serve`` as a process: what it says, how it stops, what it refuses, and several of it."""

from __future__ import annotations

import contextlib
import json
import re
import signal
import socket
import subprocess
import sys
import threading
import time

import pytest
import requests
from click.testing import CliRunner

from civis_usage.commands.serve import serve
from civis_usage.commands.serve_texts import welcome
from civis_usage.mock_server.fake import Fake
from civis_usage.mock_server.settings import Settings

from .serve_process import serving

KEY = ("any-key", "")
NOW = "2026-04-20T12:00:00Z"


class Process:
    """A server that a user started; what it says on both streams is kept apart."""

    def __init__(self, *options, data=None):
        command = [sys.executable, "-m", "civis_usage", "serve", "--port", "0", *options]
        pipe = subprocess.PIPE
        self.process = subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, text=True)
        if data is not None:
            self.process.stdin.write(data)
        self.process.stdin.close()
        self.said = ""
        for line in self.process.stdout:
            self.said += line
            if "Ctrl-C" in line:
                break
        else:
            raise AssertionError(self.process.stderr.read())
        self.url = re.search(r"CIVIS_API_ENDPOINT=(\S+)", self.said)[1]

    def get(self, path, **more):
        return requests.get(self.url + path, auth=KEY, timeout=10, **more)

    def stop(self, number=signal.SIGTERM):
        """Return the exit code, the seconds that stopping took, and what stood on standard error."""
        start = time.monotonic()
        self.process.send_signal(number)
        code = self.process.wait(60)
        return code, time.monotonic() - start, self.process.stderr.read()


@contextlib.contextmanager
def started(*options, **more):
    server = Process(*options, **more)
    try:
        yield server
    finally:
        server.process.kill()
        server.process.wait()
        server.process.stdout.close()
        server.process.stderr.close()


def run(*options, **more):
    """Return how the command ends that cannot start; it never gets as far as a server."""
    return CliRunner().invoke(serve, ["--port", "0", *options], prog_name="civis-usage serve", **more)


def test_says_what_is_served_and_serves_it():
    with started("--now", NOW, "--orgs", "7:40,8") as server:
        assert re.search(r"at http://127\.0\.0\.1:[1-9][0-9]+$", server.said, re.MULTILINE)
        assert "4 under /usage" in server.said
        assert "7 (own), 8" in server.said
        record = re.search(r"http\S+/usage/llm/[0-9]+", server.said)[0]
        assert requests.get(record, auth=KEY, timeout=10).json()["organizationId"] == 7
        environment = dict(re.findall(r"export (\w+)=(\S+)", server.said))
        assert list(environment) == ["CIVIS_API_ENDPOINT", "CIVIS_API_KEY"]
        answer = requests.get(
            f"{environment['CIVIS_API_ENDPOINT']}/usage/matching", auth=(environment["CIVIS_API_KEY"], ""), timeout=10
        )
        assert answer.status_code == 200
        assert server.get("/_fake/health").json()["organizations"] == [7, 8]
        code, _, errors = server.stop()
        assert (code, errors) == (0, "")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["Ctrl-C", "SIGTERM"])
def test_stops_at_once_also_while_requests_are_under_way_and_says_which_faults_never_fired(number):
    faults = ("list_llm latency=60", "list_llm every=30 null=credits", "list_matching status=503")
    options = [option for fault in faults for option in ("--fault", fault)]
    with started(*options, "--now", NOW) as server, requests.Session() as kept_alive:
        kept_alive.get(f"{server.url}/usage/llm/0", auth=KEY, timeout=10)
        waiting = threading.Thread(target=_try_get, args=(server, "/usage/llm"))
        waiting.start()
        assert any(server.get("/_fake/faults").json()["faults"][0]["fired"] for _ in range(500)), "never under way"
        code, seconds, errors = server.stop(number)
        waiting.join()
        assert code == 0
        assert errors.splitlines() == [
            'The fault "list_llm every=30 null=credits" never fired, although 1 request matched it.',
            'The fault "list_matching status=503" never fired, since no request reached it.',
        ]
        assert seconds < 20, "at once, on a busy machine; the request takes a minute"


def _try_get(server, path):
    with contextlib.suppress(requests.RequestException):
        server.get(path)


def test_own_records_come_from_files_and_standard_input(tmp_path):
    (tmp_path / "one.json").write_text('[{"kind": "llm", "credits": 5, "runCreatedAt": "2026-04-02T00:00:00Z"}]')
    (tmp_path / "two.csv").write_text("run_created_at,numRecords,task\n2026-04-03T00:00:00Z,77,CDM\n")
    lines = '{"credits": 1.5, "runCreatedAt": "2026-04-04T00:00:00Z"}\n{"credits": 2, "modelId": "m"}\n'
    options = ["--empty", "--now", NOW, "--data", str(tmp_path / "one.json"), "--data", str(tmp_path / "two.csv")]
    with started(*options, "--data", "-", data=lines) as server:
        listed = server.get("/usage/llm").json()
        assert sorted(each["credits"] for each in listed) == [1.5, 2.0, 5.0]
        assert [each["numRecords"] for each in server.get("/usage/matching").json()] == [77]
        assert server.get("/usage/llm/organization/1/summary").json()["credits"] == 8.5


def test_log_prints_requests_and_never_a_key():
    with started(
        "--log", "requests", "--now", NOW, "--api-key", "any-key", "--fault", "list_matching status=503"
    ) as server:
        server.get("/usage/llm", params={"org_id": 2, "api_key": "any-key"})
        server.get("/usage/matching")
        assert "any-key" not in server.said
        assert requests.get(f"{server.url}/usage/llm", auth=("other-key", ""), timeout=10).status_code == 401
        _, _, errors = server.stop()
        assert re.search(r"GET  /usage/llm\?org_id=2&api_key=…  200  [0-9.]+ ms$", errors, re.MULTILINE), errors
        assert re.search(
            r"GET  /usage/matching  503  [0-9.]+ ms  \[list_matching status=503\]$", errors, re.MULTILINE
        ), errors
        assert "-key" not in errors


def test_a_port_that_is_taken_is_told_in_one_sentence():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        ended = run("--port", str(port))
        assert ended.exit_code == 2
        assert f"port {port} on 127.0.0.1 is taken" in ended.output
        assert "Traceback" not in ended.output


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--port", "70000"], ["--port", "70000", "65535"]),
        (["--host", "no.such.host.invalid"], ["no.such.host.invalid", "127.0.0.1"]),
        (["--host", ".."], ["'..'", "127.0.0.1"]),
        (["--host", "x" * 64], ["x" * 64, "127.0.0.1"]),
        (["--host", "192.0.2.1"], ["192.0.2.1", "not this machine"]),
        (["--seed", "x"], ["--seed", "'x'"]),
        (["--profile", "wild"], ["--profile", "wild", "realistic", "edge"]),
        (["--now", "tomorrow"], ["--now", "'tomorrow'", "2026-04-17T17:26:07Z"]),
        (["--now", "2026-13-01"], ["--now", "'2026-13-01'"]),
        (["--now", "0001-01-01"], ["--now", "years 2 to 9998"]),
        (["--since", "2024-02-30"], ["--since", "2024-02-30", "2024-01-01"]),
        (["--runs-per-day", "-1"], ["--runs-per-day", "-1"]),
        (["--orgs", "a,b"], ["--orgs", "a", "7:200"]),
        (["--orgs", "7,7"], ["--orgs", "7", "once"]),
        (["--rate-limit", "often"], ["--rate-limit", "often", "20/60", "live"]),
        (["--fault", "list_lm status=503"], ["--fault", "list_lm", "list_llm"]),
        (["--fault", "status=200"], ["--fault", "status=200", "400 to 599"]),
        (["--fault", "list_llm"], ["--fault", "does nothing", "status=503"]),
        (["--data", "/no/such/file"], ["--data", "/no/such/file", "no such file"]),
        (["--api-key"], ["--api-key"]),
        (["--api-key", ""], ["--api-key", "printable ASCII"]),
        (["--api-key", "one two"], ["--api-key", "without spaces"]),
        (["--no-such-option"], ["--no-such-option"]),
        (["stray"], ["stray"]),
    ],
)
def test_a_wrong_option_is_told_with_its_value_and_the_remedy(options, told):
    ended = run(*options)
    assert ended.exit_code == 2
    missing = [part for part in told if part not in " ".join(ended.output.split())]
    assert not missing, ended.output
    assert "Traceback" not in ended.output


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("[{]", "not JSON"),
        ('[{"credits": "many"}]', "record 1: credits"),
        ('[{"credits": 1}, {"credits": 1, "runTime": 1.5}]', "record 2: runTime"),
        ('{"credits": 1}\n{"credits"\n', "line 2"),
        ('[{"credits": NaN}]', "NaN"),
        ("[[1]]", "rows without field names"),
        ("[1]", "record 1"),
        ("colour,credits\nred,1\n", "colour"),
        ("credits,task\n1,IDR,3\n", "line 2"),
        ("credits,modelId\nmany,m\n", "credits"),
        (b"\xff\xff", "UTF-8"),
    ],
)
def test_wrong_records_are_refused_with_their_place(tmp_path, content, told):
    file = tmp_path / "records"
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    ended = run("--empty", "--data", str(file))
    assert ended.exit_code == 2
    assert told in " ".join(ended.output.split()), ended.output
    assert "Traceback" not in ended.output


def test_a_wrong_record_is_counted_in_its_own_file(tmp_path):
    (tmp_path / "one.json").write_text('[{"credits": 1}, {"credits": 2}]', encoding="ascii")
    (tmp_path / "two.json").write_text('[{"credits": 1}, {"credits": "many"}]', encoding="ascii")
    ended = run("--data", str(tmp_path / "one.json"), "--data", str(tmp_path / "two.json"))
    assert ended.exit_code == 2
    assert "two.json: record 2: credits" in " ".join(ended.output.split())


def test_says_how_many_records_came_from_which_file_and_warns_of_none(tmp_path):
    (tmp_path / "mine.json").write_text('[{"credits": 1}, {"credits": 2}]', encoding="ascii")
    (tmp_path / "nothing.json").write_text("[]", encoding="ascii")
    with serving("--empty", "--data", "mine.json", "--data", "nothing.json", folder=tmp_path) as served:
        said = "".join(served.said)
    assert "your records   2 from mine.json" in said
    assert "Warning: nothing.json: there is no record in it." in said
    assert "world          only your records" in said


def test_help_shows_examples_and_how_to_write_a_fault():
    text = run("--help").output
    for part in ("civis-usage serve --fault", "retry-after=2", "--set end_bound=exclusive", "Prefer: code=503"):
        assert part in text
    examples = re.findall(r'--fault "([^"]+)"', text)
    from civis_usage.mock_server.faults import Fault

    assert examples and all(Fault.parse(example) for example in examples)


def test_what_is_served_does_not_depend_on_the_process():
    options = ["--now", NOW, "--seed", "5"]
    with started(*options) as one, started(*options) as two:
        assert json.loads(one.get("/_fake/health").content) == two.get("/_fake/health").json()
        for path in ("/usage/llm?start_date=2026-01-01", "/usage/matching", "/usage/llm/organization/2/summary"):
            assert one.get(path).content == two.get(path).content


def test_a_record_in_the_future_and_a_field_that_is_not_documented_are_said_at_the_start(tmp_path):
    whole = {"credits": 1, "id": 5, "runId": 6, "jobId": 7, "userId": 8, "organizationId": 9, "runTime": 1}
    whole |= {
        "inputTokens": 1,
        "outputTokens": 1,
        "modelId": "m",
        "runCreatedAt": "2999-01-01T00:00:00Z",
        "region": "us",
    }
    (tmp_path / "mine.json").write_text(json.dumps([whole]), encoding="ascii")
    with serving("--empty", "--data", "mine.json", folder=tmp_path) as served:
        said = "".join(served.said)
    assert "Warning: The field 'region' is not documented and was left out." in said
    assert "Warning: A record lies after the clock's now" in said


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (("--now", "2020-01-01"), "the clock is before the first day of the world, 2024-01-01 (--since)"),
        (("--empty",), "load records with --data FILE"),
    ],
)
def test_says_why_there_is_no_usage_yet(options, reason):
    with serving(*options, now=None) as served:
        said = "".join(served.said)
    assert f"example        no usage yet: {reason}" in said


def test_says_that_matching_usage_alone_is_no_llm_usage():
    settings = Settings(generated=False, data=({"kind": "matching"},))
    assert "  example        no LLM usage yet\n" in welcome(Fake(settings), settings, "http://localhost", ())


def test_says_that_many_records_are_being_loaded(tmp_path):
    (tmp_path / "many.json").write_text(json.dumps([{"credits": "many"}] * 5000), encoding="ascii")
    ended = run("--data", str(tmp_path / "many.json"))
    assert "Loading 5,000 records …\n" in ended.output
    assert ended.exit_code == 2
