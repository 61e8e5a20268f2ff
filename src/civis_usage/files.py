"""Files that a command writes: whole or not at all."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from .client.errors import ConfigurationError

__all__ = ["atomic_writer", "ensure_writable", "write"]


@contextmanager
def atomic_writer(path: str | Path) -> Iterator[IO[bytes]]:
    """Open ``path`` for writing; it has the new content when the block has ended, and the old one until then.

    A link is followed, an existing file keeps its permissions, and a device or pipe is written to as it is.

    Raises:
        ConfigurationError: it cannot be written; the message names the path and the reason.
    """
    target = Path(os.path.realpath(path))
    partial = target.with_name(f".{os.getpid()}.{target.name[:40]}.part")
    try:
        if target.exists() and not target.is_file():
            with target.open("wb") as file:
                yield file
            return
        with partial.open("wb") as file:
            yield file
        if target.exists():
            shutil.copymode(target, partial)
        partial.replace(target)
    except OSError as error:
        raise ConfigurationError(f"{path} cannot be written: {error.strerror or error}.") from None
    finally:
        with suppress(OSError):
            partial.unlink(missing_ok=True)


def write(path: str | Path, text: str) -> None:
    """Write ``text`` as UTF-8; a lone surrogate, which UTF-8 cannot hold, becomes ``\\udXXX`` (in JSON: the same)."""
    with atomic_writer(path) as file:
        file.write(text.encode("utf-8", "backslashreplace"))


def ensure_writable(path: str | Path) -> None:
    """Refuse a path that certainly cannot be written, before the work is done.

    Raises:
        ConfigurationError: it is a folder, its folder does not exist, or it is read-only.
    """
    target = Path(os.path.realpath(path))
    if target.is_dir():
        raise ConfigurationError(f"{path} cannot be written: it is a folder.")
    if not target.parent.is_dir():
        raise ConfigurationError(f"{path} cannot be written: the folder {target.parent} does not exist.")
    if not os.access(target if target.exists() else target.parent, os.W_OK):
        raise ConfigurationError(f"{path} cannot be written: it is read-only.")
