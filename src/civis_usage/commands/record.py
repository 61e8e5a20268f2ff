"""``civis-usage record``: answers of a live API in a file, for work offline."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import click

from ..client.errors import ConfigurationError
from ..contract_tests.exit_code import ExitCode
from ..contract_tests.recording import cassette
from ..contract_tests.recording import record as recorder
from ..contract_tests.recording.record import Recorded
from ..contract_tests.reports.text import clean, headline
from ..files import ensure_writable, write
from .errors import complain
from .options import config_of, options
from .progress import Progress

__all__ = ["record"]


@click.command()
@options(
    "base-url", "org-id", "start-date", "end-date", "max-requests", "timeout", "deadline", "max-body", "sample-seed"
)
@click.option(
    "--output", "-o", required=True, metavar="FILE", help="Output file; an earlier recording there is replaced."
)
def record(output: str, **given: Any) -> int:
    """Record API responses to a file, with the key removed and identifiers pseudonymized.

    Reads only, as `civis-usage check` does, and with --start-date or --end-date also all usage in that window. Records,
    runs, jobs, users and organizations get other numbers, the same ones throughout the file; nothing in it leads back
    to theirs. The key comes from CIVIS_API_KEY.

    `civis-usage check --recording FILE` judges the file, `civis-usage serve --data FILE` serves its records.

    \b
    Example:
      civis-usage record --org-id 1 --output usage.recording.json

    \b
    Exit codes:
      0  the file is written
      2  wrong use of this command, or the file cannot be written
      3  the API could not be recorded (unreachable, key refused, budget spent); nothing is written
    """
    config = config_of(given)
    _ensure_recording(output)
    try:
        with Progress.on_terminal(config.budget) as progress:
            made = recorder.record(config, observer=progress)
    except recorder.NotRecorded as reason:
        complain(f"The API could not be recorded, and nothing is written: {reason}")
        return ExitCode.NOT_JUDGED
    write(output, cassette.render(made.recording))
    click.echo(_summary(output, made, config.api_key))
    return ExitCode.KEPT


def _ensure_recording(path: str) -> None:
    """Refuse what cannot be written, or is something else than a recording, before any request."""
    ensure_writable(path)
    try:
        with Path(path).open("rb") as file:
            begins = file.read(1000).decode("utf-8", "replace")
    except FileNotFoundError:
        return
    except OSError as error:
        raise ConfigurationError(f"{path} cannot be replaced: {(error.strerror or str(error)).lower()}.") from None
    if begins.strip() and not cassette.is_recording(begins):
        raise ConfigurationError(f"{path} exists and is not a recording: name another file, or delete it.")


def _summary(path: str, made: Recorded, key: str) -> str:
    records = made.recording.records
    counts = Counter(each["kind"] for each in records)
    numbers = ", ".join(str(each) for each in dict.fromkeys(each["organizationId"] for each in records))
    lines = [
        f"Recorded {len(made.recording.interactions)} responses of {made.recording.base_url} in {path}:",
        f"  usage          {counts['llm']:,} LLM and {counts['matching']:,} matching records",
        *_flaws("incomplete", made.recording.incomplete, "serve --data fills it in"),
        *_flaws("left out", made.recording.left_out, "without it, a record cannot be served"),
        f"  organizations  {numbers or 'none'}, as the file names them",
        f"  the check      {headline(clean(made.report, [key]))}",
    ]
    return "\n".join(lines)


def _flaws(title: str, counts: Mapping[tuple[str, str], int], remark: str) -> Iterator[str]:
    for (kind, reason), count in counts.items():
        noun = {"llm": "LLM", "matching": "matching"}[kind]
        yield f"  {title:<14} {count:,} {noun} record{'s' * (count != 1)}: {reason} ({remark})"
