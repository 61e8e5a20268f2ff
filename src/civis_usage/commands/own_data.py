"""The files that ``--data`` names: a user's own records, or those of recordings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from .recorded import warn_if_old

if TYPE_CHECKING:
    from ..mock_server.world.fields import BadRecord
    from ..recordings.recording import Recording

__all__ = ["Data", "Source", "named", "organizations", "read", "sources"]


@dataclass(frozen=True)
class Data:
    """A file of the user's."""

    name: str
    content: list[Any] | Recording
    """Its records, or the recording that has them."""

    @property
    def recording(self) -> Recording | None:
        """The recording, where it is one."""
        return None if isinstance(self.content, list) else self.content


class Source(NamedTuple):
    """What a fake takes of a file."""

    name: str
    records: list[Any]


def read(name: str) -> Data:
    """Read a file, ``-`` for standard input.

    Raises:
        ValueError: it cannot be read; the text names it, the place and the remedy.
    """
    from ..mock_server.world.loading import BadRecord, format_of, read_records
    from ..recordings.document import BadRecording, is_recording, parse

    file_name, name = name, "standard input" if name == "-" else name
    try:
        with click.open_file(file_name, "rb") as file:
            content = file.read()
        if is_recording(text := content.decode("utf-8", "replace")):
            return Data(name, parse(text))
        return Data(name, read_records(content, format_of(name)))
    except OSError as reason:
        raise ValueError(f"{name} cannot be read: {(reason.strerror or str(reason)).lower()}") from None
    except (BadRecord, BadRecording) as reason:
        raise ValueError(f"{name}: {reason}") from None


def organizations(data: tuple[Data, ...]) -> dict[int, None]:
    """Give the organizations of the recordings, in the form of ``--orgs``: the first is the caller's own."""
    return {each: None for file in data if file.recording for each in file.recording.organizations}


def sources(data: tuple[Data, ...], *, max_age: int | None, skip_invalid: bool) -> list[Source]:
    """Give the records of each file; warn of what has none, of recordings that are old, and of what is left out.

    Raises:
        UsageError: an option for recordings stands where there is none, or one has a record that a fake cannot serve.
    """
    for option, told in (("--max-age", max_age is not None), ("--skip-invalid", skip_invalid)):
        if told and not any(file.recording for file in data):
            raise click.UsageError(f"{option} has no meaning without a recording in --data: leave it out.")
    for file in data:
        if file.recording is not None:
            warn_if_old(file.recording, file.name, max_age)
    found = [Source(file.name, _records(file, skip_invalid=skip_invalid)) for file in data]
    for source in found:
        if not source.records:
            click.echo(f"Warning: {source.name}: there is no record in it.", err=True)
    return found


def named(reason: BadRecord, sources: list[Source]) -> str:
    """Tell what is wrong with a record, which is counted over all files, by its file and its number there."""
    number = reason.number or 0
    for source in sources:
        if number <= len(source.records):
            return f"{source.name}: {type(reason)(reason.problem, reason.remedy, number=number, field=reason.field)}"
        number -= len(source.records)
    return str(reason)


def _records(file: Data, *, skip_invalid: bool) -> list[Any]:
    from ..mock_server.world.loading import BadRecord, recorded_usage

    if isinstance(file.content, list):
        return file.content
    invalid: list[BadRecord] = []
    try:
        found = recorded_usage(file.content, invalid.append if skip_invalid else None)
    except BadRecord as reason:
        raise click.BadParameter(f"{file.name}: {reason}.", param_hint="--data") from None
    if invalid:
        many = f"{len(invalid)} of {len(found) + len(invalid)} records"
        first = invalid[0].problem
        click.echo(f"Warning: {file.name}: {many} are not as documented and left out, first {first}.", err=True)
    return found
