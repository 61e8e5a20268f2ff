"""Does the fake keep its size? 100,000 requests with faults and journal on; its memory is looked at on the way.

    python benchmarks/soak.py

The memory (resident set) after 100,000 requests has to be within 10 % of that after the first 10,000. Linux only.
"""

from __future__ import annotations

import argparse
import http.client
import itertools
import re
import subprocess
import sys
from pathlib import Path

FAULTS = [
    "list_llm status=429 retry-after=1 every=50",
    "get_llm chance=0.02 status=500",
    "list_matching every=40 null=runTime",
    "every=97 cut",
    "every=101 disconnect",
]


def paths(record: str) -> itertools.cycle[str]:
    """Give requests of every kind, good and bad, without an end."""
    return itertools.cycle(
        [
            f"/usage/llm/{record}",
            "/usage/llm?org_id=2&start_date=2026-04-18",
            "/usage/llm/organization/3/summary",
            "/usage/matching?task=IDR&start_date=2026-04-10",
            "/usage/llm?org_id=abc&x=" + "y" * 500,
            "/nothing",
        ]
    )


def memory(pid: int) -> int:
    """Give a process's resident memory in kB."""
    found = re.search(r"VmRSS:\s+([0-9]+)", Path(f"/proc/{pid}/status").read_text(encoding="ascii"))
    assert found
    return int(found[1])


def ask(connection: http.client.HTTPConnection, path: str, number: int) -> None:
    """Ask with one of many keys; what breaks on the way is a fault's doing."""
    try:
        connection.request("GET", path, headers={"Authorization": f"Bearer key-{number % 500}"})
        connection.getresponse().read()
    except (http.client.HTTPException, OSError):
        connection.close()


def main() -> None:
    """Run it, and end with 1 where memory grew."""
    reader = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    reader.add_argument("--requests", type=int, default=100_000)
    asked = reader.parse_args()
    command = [sys.executable, "-m", "civis_usage", "serve", "--port", "0", "--now", "2026-04-20T12:00:00Z"]
    faults = [word for fault in FAULTS for word in ("--fault", fault)]
    process = subprocess.Popen([*command, *faults], stdout=subprocess.PIPE, text=True)
    assert process.stdout
    try:
        said = "".join(iter(process.stdout.readline, "Ctrl-C stops it.\n"))
        url, record = re.findall(r"http://(\S+)/usage/llm/([0-9]+)", said)[0]
        connection = http.client.HTTPConnection(url, timeout=30)
        start = 0
        for number, path in zip(range(1, asked.requests + 1), paths(record), strict=False):
            ask(connection, path, number)
            if number == asked.requests // 10:
                start = memory(process.pid)
            if number % (asked.requests // 10) == 0:
                print(f"{number:7} requests  {memory(process.pid) / 1024:6.1f} MB", flush=True)
        growth = memory(process.pid) / start - 1
    finally:
        process.terminate()
        process.wait(10)
    print(f"grew by {growth:.1%} after the first {asked.requests // 10}")
    sys.exit(growth > 0.1)


if __name__ == "__main__":
    main()
