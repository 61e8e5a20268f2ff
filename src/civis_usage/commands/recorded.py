"""Recordings in the hands of the command ``check``."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click

from .asking import ASKING
from .refusal import Refusal

if TYPE_CHECKING:
    from civis_usage.contract_tests.config import Config
    from civis_usage.contract_tests.recording.cassette import Recording
    from civis_usage.contract_tests.results import Report

__all__ = ["label_as_recording", "load_recording", "recording_option", "replayed"]

recording_option = click.option(
    "--recording", "recording_file", metavar="FILE", help="Check a file that civis-usage record wrote; no requests."
)


def load_recording(ctx: click.Context, file: str | None) -> Recording | None:
    """Return the recording that a command is given; ``None`` where it is given none.

    Raises:
        Refusal: it cannot be used, or options stand beside it that have no meaning there.
    """
    if file is None:
        return None
    for param in ctx.command.params:
        named = ctx.get_parameter_source(param.name or "") is click.core.ParameterSource.COMMANDLINE
        if named and param.name in (*ASKING, "with_drift"):
            raise Refusal(f"{param.opts[0]} cannot be used with --recording, which sends no requests: omit it.")
    from civis_usage.contract_tests.recording.cassette import InvalidRecording, read

    try:
        return read(file)
    except InvalidRecording as reason:
        raise Refusal(f"{file}: {reason}.") from None


def replayed(recording: Recording, told: dict[str, Any]) -> Config:
    """Return the run that judges ``recording``, with those options that say how to judge."""
    from civis_usage.contract_tests.recording.replay import replay_config

    return replay_config(recording, **{name: value for name, value in told.items() if name not in ASKING})


def label_as_recording(report: Report, recording: Recording, file: str) -> Report:
    """Return ``report`` as one of a recording: it names the file, and when and where it was recorded."""
    named = f"{file} (recorded from {recording.base_url} on {recording.recorded_at:%Y-%m-%d})"
    return replace(report, base_url=named)
