"""Write the pages of the reference that are made from the program, or tell which are out of date.

``python docs/generate.py`` writes them; with ``--check`` it writes nothing, and ends with 1 where one is out of date.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from generators.behavior import behavior
from generators.checks import check_list
from generators.faults import faults
from generators.http import http_surface
from generators.report import report_format

REFERENCE = Path(__file__).parent / "reference"
PAGES: Mapping[str, Callable[[], str]] = {
    "behavior.md": behavior,
    "checks.md": check_list,
    "faults.md": faults,
    "http.md": http_surface,
    "report.md": report_format,
}


def stale() -> dict[Path, str]:
    """Return the pages that are not as they should be, with what they should say."""
    should = {REFERENCE / name: write() for name, write in PAGES.items()}
    return {file: text for file, text in should.items() if not file.is_file() or file.read_text("utf-8") != text}


def main(check: bool) -> int:
    """Write the pages, or with ``check`` only name those that are out of date; give the exit code."""
    found = stale()
    for file, text in found.items():
        if check:
            print(f"{file.relative_to(REFERENCE.parent.parent)} is out of date: run make docs", file=sys.stderr)
        else:
            file.write_text(text, encoding="utf-8")
            print(f"wrote {file.relative_to(REFERENCE.parent.parent)}")
    return 1 if check and found else 0


if __name__ == "__main__":
    sys.exit(main("--check" in sys.argv[1:]))
