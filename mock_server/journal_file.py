"""The requests that a program sent, in a file: for ``civis-usage check --requests``, which sends them to the live API.

A line of JSON for each that is new: its operation and its parameters as they were written, without the key. What the
fake answered with another status than 200 is left out: a test that expects a refusal says nothing of what the program
needs, and what is sent again after a 429 or 503 is written then.
"""

from __future__ import annotations

import json
import threading
from os import PathLike
from pathlib import Path

from ..schemas import OPERATIONS
from .calls import Call

__all__ = ["JournalFile"]


class JournalFile:
    """Adds requests of ``/usage`` that succeeded to a file, each once; several processes may add to one file.

    Args:
        path: the file.
        fresh: whether to empty it first.

    Raises:
        OSError: it cannot be written.
    """

    def __init__(self, path: str | PathLike[str], *, fresh: bool = True) -> None:
        self._path = Path(path)
        self._written: set[str] = set()
        self._lock = threading.Lock()
        with self._path.open("w" if fresh else "a", encoding="utf-8"):
            pass

    def add(self, call: Call) -> None:
        """Add a request, unless it is there already, is for another path or did not get a 200."""
        if call.operation not in OPERATIONS or call.status != 200:
            return
        line = json.dumps({"operation": call.operation, "parameters": dict(call.parameters)}, ensure_ascii=False)
        with self._lock:
            if line not in self._written:
                self._written.add(line)
                with self._path.open("a", encoding="utf-8", errors="backslashreplace") as file:
                    file.write(f"{line}\n")
