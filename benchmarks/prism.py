"""Prism, the mock server that many projects use: from npm, into a folder of this environment."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from functools import cache
from pathlib import Path

__all__ = ["command", "described"]

_PACKAGE = "@stoplight/prism-cli"
_SPEC = Path(__file__).parent.parent / "schemas" / "openapi.json"


def command(*, silent: bool = False) -> list[str] | None:
    """Give the command that serves the contract's examples (static), or ``None`` where it cannot be.

    As it comes, Prism writes some lines about every request; ``silent``, it writes none.
    """
    installed = _installed()
    if isinstance(installed, str):
        return None
    quiet = ("-v", "silent") if silent else ()
    return [str(installed / ".bin" / "prism"), "mock", "-p", "{port}", *quiet, str(_SPEC)]


def described() -> str:
    """Give its version, or why it is not measured."""
    installed = _installed()
    if isinstance(installed, str):
        return f"Prism is not measured: {installed}"
    about = (installed / _PACKAGE / "package.json").read_text(encoding="utf-8")
    return f"Prism {json.loads(about)['version']} (static)"


@cache
def _installed() -> Path | str:
    """Give the folder of its modules, where npm has put it once, or the reason why there is none."""
    npm = shutil.which("npm")
    if npm is None:
        return "npm is not here"
    own = sys.prefix != sys.base_prefix
    folder = Path(sys.prefix) / "prism" if own else Path(tempfile.gettempdir()) / "civis-usage-prism"
    if not (folder / "node_modules" / ".bin" / "prism").exists():
        print(f"Installing {_PACKAGE} from npm (once) ...", file=sys.stderr)
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "package.json").write_text("{}", encoding="ascii")
        quiet = ["--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error"]
        done = subprocess.run([npm, "install", *quiet, f"{_PACKAGE}@5"], cwd=folder, capture_output=True, text=True)
        if done.returncode:
            return f"npm cannot install {_PACKAGE}: {' '.join(done.stderr.split())[:300]}"
    return folder / "node_modules"
