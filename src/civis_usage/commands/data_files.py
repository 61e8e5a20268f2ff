"""The files that ``--data`` names: a user's own records."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import click

if TYPE_CHECKING:
    from ..mock_server.world import InvalidRecord

__all__ = ["STANDARD_INPUT", "Source", "named", "read", "warn_if_empty"]


STANDARD_INPUT = "standard input"
"""The name of what ``-`` stands for."""


class Source(NamedTuple):
    """A file of the user's."""

    name: str
    records: list[Any]


def read(name: str) -> Source:
    """Read a file, ``-`` for standard input.

    Raises:
        ValueError: it cannot be read; the text names it, the place and the remedy.
    """
    from ..mock_server.world import InvalidRecord
    from ..mock_server.world.loading import read_records

    file_name, name = name, STANDARD_INPUT if name == "-" else name
    try:
        with click.open_file(file_name, "rb") as file:
            return Source(name, read_records(file.read()))
    except OSError as reason:
        raise ValueError(f"{name} cannot be read: {(reason.strerror or str(reason)).lower()}") from None
    except InvalidRecord as reason:
        raise ValueError(f"{name}: {reason}") from None


def warn_if_empty(sources: tuple[Source, ...]) -> None:
    """Say on standard error which files have no record."""
    for source in sources:
        if not source.records:
            click.echo(f"Warning: {source.name}: there is no record in it.", err=True)


def named(reason: InvalidRecord, sources: tuple[Source, ...]) -> str:
    """Say what is wrong with a record, which is counted over all files, by its file and its number there."""
    number = reason.number or 0
    for source in sources:
        if number <= len(source.records):
            counted = type(reason)(reason.problem, reason.remedy, number=number, line=reason.line, field=reason.field)
            return f"{source.name}: {counted}"
        number -= len(source.records)
    return str(reason)
