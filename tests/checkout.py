"""A clean checkout of the repository, so that no stray file comes in: what git knows, or the source archive holds."""

from __future__ import annotations

import subprocess
from pathlib import Path

ROOT = Path(__file__).parent.parent


def tracked() -> list[str]:
    """Return the repository's files; in an unpacked source archive those that its list names."""
    if (ROOT / ".git").exists():
        listing = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout
        names = listing.decode().rstrip("\0").split("\0")
    else:
        names = (ROOT / "civis_usage_kit.egg-info" / "SOURCES.txt").read_text(encoding="utf-8").splitlines()
    return [name for name in names if (ROOT / name).is_file() and ".egg-info/" not in name]


def check_out(folder: Path) -> Path:
    """Write the repository's files, as they stand now, into ``folder``, and return it."""
    for name in tracked():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes((ROOT / name).read_bytes())
    return folder
