"""Servers as processes: started, waited for, looked at (Linux's /proc), stopped."""

from __future__ import annotations

import base64
import http.client
import re
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

__all__ = ["HEADERS", "KIT", "Server", "free_port", "get", "memory", "running"]

KIT = [sys.executable, "-m", "civis_usage"]
"""The command civis-usage, of the environment that runs the benchmark."""

HEADERS = {"Authorization": f"Basic {base64.b64encode(b'any-key:').decode()}"}

_PATIENCE = 60.0


@dataclass(frozen=True)
class Server:
    """A server that has answered."""

    url: str
    pid: int
    startup: float
    """Seconds from its start to its first 200."""

    def get(self, path: str) -> bytes:
        """Ask once, and give the body of a 200."""
        return get(self.url, path)

    def memory(self, what: str = "VmRSS") -> float:
        """Give the resident memory (or, as ``VmHWM``, its peak) of the process and its children, in MB."""
        return sum(memory(pid, what) for pid in _family(self.pid))

    def forget_peak(self) -> None:
        """Let the peak of the memory begin anew."""
        for pid in _family(self.pid):
            Path(f"/proc/{pid}/clear_refs").write_text("5", encoding="ascii")


def get(url: str, path: str) -> bytes:
    """Ask once, and give the body of a 200; raises ``OSError`` for whatever else."""
    connection = http.client.HTTPConnection(url.removeprefix("http://"), timeout=_PATIENCE)
    try:
        connection.request("GET", path, headers=HEADERS)
        answer = connection.getresponse()
        body = answer.read()
    except http.client.HTTPException as reason:
        raise OSError(f"{url}{path} broke off: {reason!r}") from None
    finally:
        connection.close()
    if answer.status != 200:
        raise OSError(f"{url}{path} answered {answer.status}: {body[:200]!r}")
    return body


def free_port() -> int:
    """Give a port that nobody uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def running(command: Sequence[str], path: str) -> Iterator[Server]:
    """Run ``command`` (with ``{port}`` where the port belongs) while the block lasts, once it answers ``path``."""
    port = free_port()
    with tempfile.TemporaryFile("w+b") as said:
        began = time.perf_counter()
        words = [word.replace("{port}", str(port)) for word in command]
        process = subprocess.Popen(words, stdout=said, stderr=subprocess.STDOUT)
        try:
            url = f"http://127.0.0.1:{port}"
            while not _answers(url, path):
                if process.poll() is not None or time.perf_counter() > began + _PATIENCE:
                    said.seek(0)
                    raise SystemExit(f"{' '.join(words)} does not answer:\n{said.read().decode(errors='replace')}")
                time.sleep(0.002)
            yield Server(url, process.pid, time.perf_counter() - began)
        finally:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _answers(url: str, path: str) -> bool:
    with suppress(OSError):
        get(url, path)
        return True
    return False


def _family(pid: int) -> list[int]:
    """Give a process with its children, and theirs."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()
    return [pid, *(each for child in children for each in _family(int(child)))]


def memory(pid: int, what: str = "VmRSS") -> float:
    """Give the resident memory (or, as ``VmHWM``, its peak) of one process, in MB."""
    found = re.search(rf"{what}:\s+([0-9]+)", Path(f"/proc/{pid}/status").read_text(encoding="ascii"))
    if found is None:
        raise SystemExit(f"/proc/{pid}/status tells no {what}: this measures on Linux only")
    return int(found[1]) / 1000
