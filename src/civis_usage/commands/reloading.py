"""Read the user's own records again when their files change: ``civis-usage serve --reload``."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from . import data_files

if TYPE_CHECKING:
    from ..mock_server.fake import Fake

__all__ = ["reload", "watch"]

INTERVAL = 0.3
"""Seconds between two looks at the files."""

Stamps = tuple[tuple[int, int] | None, ...]


def watch(names: Sequence[str], on_change: Callable[[], object], stopped: threading.Event) -> None:
    """Call ``on_change`` after the files have changed, until ``stopped``.

    A file that is being written, or is missing for a moment, is waited for: it must look alike twice.
    """
    seen = latest = _stamps(names)
    while not stopped.wait(INTERVAL):
        before, latest = latest, _stamps(names)
        if latest != seen and latest == before and None not in latest:
            seen = latest
            on_change()


def reload(fake: Fake, names: Sequence[str]) -> None:
    """Read the files again and serve their records; where one is invalid, say so and leave the old ones."""
    from ..mock_server.world import InvalidRecord

    sources: tuple[data_files.Source, ...] = ()
    try:
        sources = tuple(data_files.read(name) for name in names)
        fake.start_with([record for source in sources for record in source.records], warn=_say)
    except InvalidRecord as reason:
        click.echo(f"Not reloaded: {data_files.named(reason, sources)}. The records before stay.", err=True)
    except ValueError as reason:
        click.echo(f"Not reloaded: {reason}. The records before stay.", err=True)
    else:
        read = ", ".join(f"{len(source.records)} records from {source.name}" for source in sources)
        click.echo(f"Reloaded: {read}.", err=True)


def _say(warning: UserWarning) -> None:
    click.echo(f"Warning: {warning}", err=True)


def _stamps(names: Sequence[str]) -> Stamps:
    return tuple(_stamp(Path(name)) for name in names)


def _stamp(path: Path) -> tuple[int, int] | None:
    """Return when a file was written and its size; ``None`` where it is missing."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size
