"""Make the pictures of the documentation: the terminal of a check, the fake's page, the HTML report.

``python docs/pictures.py`` needs Chromium, and ``pip install rich``. It starts a fake with a fault on port 8765.
"""

from __future__ import annotations

import io
import os
import pty
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from rich.console import Console
from rich.text import Text

from civis_usage.mock_server import Settings, create_app
from civis_usage.mock_server.faults import Fault
from civis_usage.mock_server.server import start

PICTURES = Path(__file__).parent / "_static"
COLUMNS = 100
FAULT = Fault.parse("list_llm missing=modelId every=2")


def main() -> None:
    """Write the three pictures."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.html"
        with start(create_app(Settings(now="2026-04-30T12:00:00Z", faults=(FAULT,))), port=8765) as server:
            terminal(check(server.url, report), PICTURES / "check.svg")
            screenshot(server.url, PICTURES / "page.png", 1300, 1150)
        screenshot(report.as_uri(), PICTURES / "report.png", 1100, 900)


def check(url: str, report: Path) -> str:
    """Return the output of a check of the fake at this URL on a terminal with colours."""
    command = [sys.executable, "-m", "civis_usage", "check", "--org-id", "1", "--html", str(report)]
    environment = os.environ | {"CIVIS_API_ENDPOINT": url, "CIVIS_API_KEY": "any-key", "COLUMNS": str(COLUMNS)}
    ours, its = pty.openpty()
    running = subprocess.Popen(command, env=environment, stdout=its, stderr=subprocess.DEVNULL)
    os.close(its)
    output = b""
    try:
        while piece := os.read(ours, 4096):
            output += piece
    except OSError:  # how Linux reports the end of a terminal's output
        pass
    running.wait()
    return "$ civis-usage check --org-id 1\n" + output.decode().replace("\r\n", "\n")


def terminal(output: str, picture: Path) -> None:
    """Draw a terminal's output as SVG, in the reader's monospaced font."""
    console = Console(record=True, width=COLUMNS, file=io.StringIO())
    console.print(Text.from_ansi(output))
    drawn = console.export_svg(title="civis-usage check")
    picture.write_text(re.sub(r"@font-face {.*?}\n", "", drawn, flags=re.DOTALL), encoding="utf-8")


def screenshot(address: str, picture: Path, width: int, height: int) -> None:
    """Take a picture of a page in Chromium, two seconds after it was opened."""
    options = ["--headless=new", "--no-sandbox", "--hide-scrollbars", "--virtual-time-budget=2000"]
    command = ["chromium", *options, f"--window-size={width},{height}", f"--screenshot={picture}", address]
    subprocess.run(command, check=True, capture_output=True)


if __name__ == "__main__":
    main()
