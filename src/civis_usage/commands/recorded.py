"""Recordings in the hands of the commands that read one: how old they may be, and what is said of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar

import click

from .asking import ASKING
from .refusal import Refusal

if TYPE_CHECKING:
    from civis_usage.contract_tests.config import Config
    from civis_usage.contract_tests.results import Report
    from civis_usage.recordings.recording import Recording

__all__ = ["given", "max_age_option", "of_recording", "recorded", "replayed", "warn_if_old"]

F = TypeVar("F", bound=Callable[..., Any])

max_age_option = click.option(
    "--max-age",
    type=click.IntRange(min=0),
    metavar="DAYS",
    help="Warn of a recording that is older.  [default: 90]",
)


def recorded(command: F) -> F:
    """Add the options of a command that can judge a recording in place of an API."""
    recording = click.option(
        "--recording", "recording_file", metavar="FILE", help="Check what civis-usage record wrote, and ask nobody."
    )
    return recording(max_age_option(command))


def given(ctx: click.Context, file: str | None, max_age: int | None) -> Recording | None:
    """Read the recording that a command is given, and warn if it is old; ``None`` where it is given none.

    Raises:
        Refusal: it cannot be used, or options stand beside it that have no place there.
    """
    if file is None:
        if max_age is not None:
            raise Refusal("--max-age has no meaning without --recording: leave it out.")
        return None
    for param in ctx.command.params:
        named = ctx.get_parameter_source(param.name or "") is click.core.ParameterSource.COMMANDLINE
        if named and param.name in (*ASKING, "with_drift"):
            raise Refusal(f"{param.opts[0]} has no place beside --recording, which asks nobody: leave it out.")
    from civis_usage.recordings.document import BadRecording, read

    try:
        recording = read(file)
    except BadRecording as reason:
        raise Refusal(f"{file}: {reason}.") from None
    warn_if_old(recording, file, max_age)
    return recording


def warn_if_old(recording: Recording, file: str, max_age: int | None) -> None:
    """Say on standard error that a recording is older than ``max_age`` days, 90 where it is ``None``."""
    old = recording.aged() if max_age is None else recording.aged(max_age)
    if old:
        click.echo(f"Warning: {file} {old}: record it again, or allow its age by --max-age.", err=True)


def replayed(recording: Recording, told: dict[str, Any]) -> Config:
    """Give the run that judges ``recording``, with those options that say how to judge."""
    from civis_usage.contract_tests.replay import config_of

    return config_of(recording, **{name: value for name, value in told.items() if name not in ASKING})


def of_recording(report: Report, recording: Recording, file: str) -> Report:
    """Give ``report`` as one of a recording: it says which, and that nobody was asked."""
    named = f"{file} (recorded from {recording.made_from} on {recording.made_at:%Y-%m-%d})"
    notes = ("the recording is blurred: its times are moved and its amounts scaled",) if recording.blurred else ()
    return replace(report, base_url=named, notes=(*notes, *report.notes))
