"""A clean checkout of the repository: what git knows, as it stands now, so that no stray file comes in."""

from __future__ import annotations

import subprocess
from pathlib import Path

ROOT = Path(__file__).parent.parent


def check_out(folder: Path) -> Path:
    """Write the files that git tracks into ``folder``, and give it."""
    listing = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout
    for name in (item.decode() for item in listing.split(b"\0") if item):
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes((ROOT / name).read_bytes())
    return folder
