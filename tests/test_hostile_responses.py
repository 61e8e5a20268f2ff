"""A sick response is the API's fault: a sentence that says what came, in every command alike, and no Python."""

from __future__ import annotations

import json
import re
import socket
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from civis_usage.client.transport import size_of

from .endless_servers import ENDLESS, Behaviour, served
from .hostile.commands import COMMANDS, run, without_waits
from .hostile.responses import ODD_VALUES, RUN, SICK
from .hostile.server import head, playing, response

FIRST = ["check", "record", "drift", "call list"]
"""One of each command: the operations of ``call`` read responses in one way."""
PYTHON = re.compile(
    r"please report|cannot read these|\b[A-Za-z]+(?:Error|Exception)\b|Traceback|\bsys\.|codec|recursion"
)
"""What a sentence about an API's response never says."""
SAYS: dict[str, str] = {
    "nothing": "the connection was closed before a response came",
    "a TLS alert": "does not speak HTTP",
    "an SSH banner": "SSH-2.0-OpenSSH_9.6p1",
    "status 1000": "HTTP/1.1 1000 High",
    "HTTP/3.0": "HTTP/3.0",
    "120 headers": "more than 100 headers",
    "a header of 70,000 bytes": "65,536 bytes",
    "a header without a colon": "no colon here",
    "two lengths": "two different lengths",
    "a length that is too long": "broke off",
    "a chunk of -5 bytes": "not well-formed HTTP",
    "a chunk of words": "chunk whose size is not a number",
    "gzip that is none": "Content-Encoding",
    "20 interim": "more than 10 interim responses",
    "a redirect": "https://login.example.org/sso",
    "503 of a gateway": "Backend is down",
    "a login page": "Sign in",
    **{f"status {status} with a sentence": "Back at noon." for status in (403, 500, 502, 503, 504, 520, 529)},
}
"""What each command says of some responses: what is wrong, or what came."""
NOT_IN_CHECK = {"status 500 with a sentence"}
"""What the check judges as a violation, whose report has the sentence in place of the last line."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    with pytest.MonkeyPatch.context() as patch:
        without_waits(patch)
        yield tmp_path_factory.mktemp("sick")


@pytest.mark.parametrize(
    ("command", "name"),
    # A recording collects as the check does: it is tried with a fourth of them, and with those that are told of.
    [(c, name) for c in FIRST for place, name in enumerate(SICK) if c != "record" or place % 4 == 0 or name in SAYS],
)
def test_a_sick_response_is_told_without_a_word_of_python(folder: Path, command: str, name: str) -> None:
    with playing(SICK[name]) as url:
        shown = run(command, url, folder)
    said = shown.out + shown.err
    assert shown.exit_code in (0, 1, 3), said
    for where in ("out", "err", "c.json", "c.xml", "c.html", "d.json"):
        found = PYTHON.search(shown.everything.get(where, ""))
        assert not found, (where, found and found[0], said[-1500:])
    if shown.exit_code == 3:
        assert len(shown.sentence) < 1000
        assert shown.sentence.startswith("Error: ") or "inconclusive" in shown.out, said
    if name in SAYS:
        assert SAYS[name] in said, said[-1500:]
        assert shown.exit_code != 0


@pytest.mark.parametrize("command", ["call one", "call summary", "call matching"])
def test_a_sick_response_is_told_by_each_operation(folder: Path, command: str) -> None:
    for name, says in SAYS.items():
        with playing(SICK[name]) as url:
            shown = run(command, url, folder)
        assert says in shown.err, (name, shown.err)
        assert not PYTHON.search(shown.out + shown.err), name
        assert shown.exit_code in (1, 3)


def odd_records(field: str) -> Callable[[socket.socket, bytes], None]:
    """Return a script whose records have each odd value in a field."""
    fields = {name: json.dumps(value) for name, value in json.loads(RUN).items()}

    def record(number: int, value: str) -> str:
        texts = fields | {"id": str(number), "runId": str(number + 1000), field: value}
        return "{" + ",".join(f'"{name}":{text}' for name, text in texts.items()) + "}"

    records = [record(number, value) for number, value in enumerate(ODD_VALUES.values(), 1)]

    def play(client: socket.socket, request: bytes) -> None:
        path = request.split(b" ")[1].decode()
        if "/summary" in path:
            value = records[len(path) % len(records)]
            body = '{"credits":%s,"organizationId":1}' % json.dumps(json.loads(value).get("credits"))  # noqa: UP031
        elif path.startswith("/usage/llm/"):
            body = records[len(path) % len(records)]
        else:
            body = "[]" if path.startswith("/usage/matching") else f"[{','.join(records)}]".replace("NaN", "null")
        client.sendall(response(body))

    return play


@pytest.mark.parametrize("field", [*json.loads(RUN), "another"])
def test_odd_values_are_violations_or_nothing(folder: Path, field: str) -> None:
    for command in ("check", "record", "call list", "call one", "call table"):
        with playing(odd_records(field)) as url:
            shown = run(command, url, folder)
        for where, text in shown.everything.items():
            if where != "log":
                found = PYTHON.search(text)
                assert not found, (
                    field,
                    command,
                    where,
                    found and text[max(0, found.start() - 200) : found.end() + 200],
                )
        assert shown.exit_code in (0, 1, 3)
        assert "in window.py" not in shown.out


# A deadline: whatever the server does, a command ends in time


@pytest.mark.parametrize("behaviour", ENDLESS, ids=lambda each: each.__name__)
@pytest.mark.parametrize("command", FIRST)
def test_a_response_without_an_end_is_given_up_with_a_sentence(
    folder: Path, command: str, behaviour: Behaviour
) -> None:
    began = time.monotonic()
    with served(behaviour) as url:
        shown = run(command, url, folder, "--timeout", "0.1")
    assert shown.exit_code == 3, shown.out + shown.err
    assert not PYTHON.search(shown.err)
    said = shown.sentence
    assert "within" in said or "in time" in said or "interim" in said or "more than 100 headers" in said, said
    assert time.monotonic() - began < 15, "three attempts of 0.1 s, on a busy machine"


# The size of a response


def zeros(size: int) -> bytes:
    import gzip

    return gzip.compress(b" " * size)


def packed_twice(client: socket.socket, _: bytes) -> None:
    import gzip

    body = gzip.compress(zeros(3 << 20))
    client.sendall(head("200 OK", "Content-Encoding: gzip, gzip", f"Content-Length: {len(body)}") + body)


def endless_chunks(client: socket.socket, _: bytes) -> None:
    client.sendall(head("200 OK", "Transfer-Encoding: chunked"))
    for _ in range(200):
        client.sendall(b"10000\r\n" + b" " * 65536 + b"\r\n")


def endless_until_closed(client: socket.socket, _: bytes) -> None:
    client.sendall(head("200 OK"))
    for _ in range(200):
        client.sendall(b" " * 65536)


LARGE = {
    "plain": response(b" " * ((1 << 20) + 1)),
    "packed": response(zeros(3 << 20), "200 OK", "Content-Encoding: gzip"),
    "packed twice": packed_twice,
    "chunks": endless_chunks,
    "until it is closed": endless_until_closed,
    "an error": response(b" " * ((1 << 20) + 1), "500 Sick"),
}


@pytest.mark.parametrize("name", LARGE)
@pytest.mark.parametrize("command", FIRST)
def test_a_response_that_is_too_large_is_not_read_to_its_end(folder: Path, command: str, name: str) -> None:
    with playing(LARGE[name]) as url:
        shown = run(command, url, folder, "--max-body", "1")
    assert "body is larger than 1 MB" in shown.err, shown.out + shown.err
    assert shown.exit_code == (1 if command.startswith("call") else 3)


@pytest.mark.parametrize("value", ["[]", "{}", "0", '""', "null"])
@pytest.mark.parametrize("command", FIRST)
def test_a_response_of_too_many_short_values_is_not_read_to_its_end(folder: Path, command: str, value: str) -> None:
    body = f"[{','.join([value] * 100_000)}]"
    with playing(response(body)) as url:
        shown = run(command, url, folder, "--max-body", "1")
    assert "body has more than 87,381 values" in shown.err, shown.out + shown.err
    assert shown.exit_code == (1 if command.startswith("call") else 3)


def test_a_body_full_of_the_shortest_records_is_bounded_by_its_bytes_alone(folder: Path) -> None:
    records = f"[{','.join([RUN] * 5000)}]"
    assert size_of(records.encode()) == len(records)


def test_a_run_keeps_no_more_than_its_bound_altogether(folder: Path) -> None:
    with playing(response("[]" + " " * 300_000)) as url:
        shown = run("check", url, folder, "--max-body", "1")
    kept = [text for text in shown.log.splitlines() if "300002" in text]
    assert len(kept) >= 3, "three of 0.3 MB fit"
    assert "larger than" in shown.out + shown.err


def measured(tmp_path: Path, arguments: list[str], url: str) -> tuple[int, float, str]:
    """Run a command in a process; return its peak of memory in MB, its seconds, and what it said."""
    import os
    import resource
    import subprocess

    command = [sys.executable, "-m", "civis_usage", *arguments]
    environment = os.environ | {"CIVIS_API_KEY": "a-key-of-the-tests", "CIVIS_API_ENDPOINT": url}
    began = time.monotonic()
    with (tmp_path / "said").open("w+") as said:
        process = subprocess.Popen(command, stdout=said, stderr=said, env=environment, cwd=tmp_path)
        _, _, usage = os.wait4(process.pid, 0)
        process.returncode = 0
        said.seek(0)
        text = said.read()
    assert isinstance(usage, resource.struct_rusage)
    return usage.ru_maxrss // 1024, time.monotonic() - began, text


@pytest.mark.nightly
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="memory is measured as Linux tells it")
@pytest.mark.parametrize("times", [1, 2])
@pytest.mark.parametrize("command", ["check", "record", "drift", "call list"])
def test_a_gigabyte_in_a_small_packet_takes_less_than_800_mb(tmp_path: Path, command: str, times: int) -> None:
    import gzip
    import io

    packed = io.BytesIO()
    with gzip.GzipFile(fileobj=packed, mode="wb", compresslevel=1) as file:
        for _ in range(1024):
            file.write(b" " * (1 << 20))
    body = packed.getvalue()
    if times == 2:
        body = gzip.compress(body)
    script = response(body, "200 OK", f"Content-Encoding: {', '.join(['gzip'] * times)}")
    arguments = [*COMMANDS[command], *(["--output", "r.json"] if command == "record" else [])]
    with playing(script) as url:
        peak, seconds, said = measured(tmp_path, arguments, url)
    assert "larger than 256 MB" in said, said[-1000:]
    assert peak < 800, f"{peak} MB"
    assert seconds < 60
