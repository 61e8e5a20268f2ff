"""The files that ``--data`` names: a user's own records."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import click

if TYPE_CHECKING:
    from ..mock_server.world.fields import BadRecord

__all__ = ["Source", "named", "organizations", "read", "warn_if_empty"]


class Source(NamedTuple):
    """A file of the user's."""

    name: str
    records: list[Any]


def read(name: str) -> Source:
    """Read a file, ``-`` for standard input.

    Raises:
        ValueError: it cannot be read; the text names it, the place and the remedy.
    """
    from ..mock_server.world.loading import BadRecord, format_of, read_records

    file_name, name = name, "standard input" if name == "-" else name
    try:
        with click.open_file(file_name, "rb") as file:
            return Source(name, read_records(file.read(), format_of(name)))
    except OSError as reason:
        raise ValueError(f"{name} cannot be read: {(reason.strerror or str(reason)).lower()}") from None
    except BadRecord as reason:
        raise ValueError(f"{name}: {reason}") from None


def organizations(sources: tuple[Source, ...]) -> dict[int, None]:
    """Return the organizations that the records name, in the form of ``--orgs``: the first is the caller's own."""
    named = (each.get("organizationId") for file in sources for each in file.records if isinstance(each, dict))
    return {each: None for each in named if isinstance(each, int)}


def warn_if_empty(sources: tuple[Source, ...]) -> None:
    """Say on standard error which files have no record."""
    for source in sources:
        if not source.records:
            click.echo(f"Warning: {source.name}: there is no record in it.", err=True)


def named(reason: BadRecord, sources: tuple[Source, ...]) -> str:
    """Say what is wrong with a record, which is counted over all files, by its file and its number there."""
    number = reason.number or 0
    for source in sources:
        if number <= len(source.records):
            return f"{source.name}: {type(reason)(reason.problem, reason.remedy, number=number, field=reason.field)}"
        number -= len(source.records)
    return str(reason)
