"""Writing reports: whole or not at all."""

from __future__ import annotations

import os
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

__all__ = ["ReportError", "append", "encoded", "probe", "refusal", "replacing", "write"]


class ReportError(OSError):
    """A report cannot be written; the message is one sentence that names the path and the reason."""


def write(path: str | Path, text: str) -> None:
    """Write ``text`` to ``path``, as UTF-8: readers see the old file or the new one, never a part.

    A link is followed, an existing file keeps its permissions, and a device or pipe is written to as it is.

    Raises:
        ReportError: the path cannot be written.

    """
    try:
        with replacing(path) as file:
            file.write(encoded(text))
    except OSError as error:
        raise refusal(path, error) from None


def append(path: str | Path, text: str) -> None:
    """Add ``text`` to the end of ``path``, as UTF-8.

    Raises:
        ReportError: the path cannot be written.

    """
    try:
        with Path(path).open("ab") as file:
            file.write(encoded(text))
    except OSError as error:
        raise refusal(path, error) from None


def probe(path: str | Path) -> None:
    """Find out whether :func:`write` could write ``path``, without changing it.

    Raises:
        ReportError: it could not.

    """
    target = Path(os.path.realpath(path))
    try:
        if target.is_dir():
            raise IsADirectoryError(0, "it is a folder")
        if target.exists() and not target.is_file():
            return
        if not target.parent.is_dir():
            raise FileNotFoundError(0, f"the folder {target.parent} does not exist")
        if target.exists() and not os.access(target, os.W_OK):
            raise PermissionError(0, "it is read-only")
        with tempfile.NamedTemporaryFile(dir=target.parent, prefix=f".{target.name[:40]}."):
            pass
    except OSError as error:
        raise refusal(path, error) from None


@contextmanager
def replacing(path: str | Path) -> Iterator[IO[bytes]]:
    """Give a file to write that is at ``path`` when it is whole, and not before; :func:`write` says the rest.

    Raises:
        OSError: the path cannot be written.

    """
    target = Path(os.path.realpath(path))
    if target.exists() and not target.is_file():
        with target.open("wb") as file:
            yield file
        return
    mode = stat.S_IMODE(target.stat().st_mode) if target.exists() else 0o666 & ~_umask()
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name[:40]}.")
    part = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        part.chmod(mode)
        part.replace(target)
    except BaseException:
        part.unlink(missing_ok=True)
        raise


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def encoded(text: str) -> bytes:
    """Give ``text`` as UTF-8; a lone surrogate, which UTF-8 cannot carry, becomes ``\\udXXX`` (in JSON: the same)."""
    return text.encode("utf-8", "backslashreplace")


def refusal(path: str | Path, error: OSError) -> ReportError:
    """Give what is said of ``path``, which could not be written."""
    return ReportError(f"{path} cannot be written: {error.strerror or error}.")
