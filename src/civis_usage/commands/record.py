"""``civis-usage record``: answers of a live API in a file, for work offline."""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from .asking import asking, config_of
from .check_output import Output, Paths
from .refusal import GuardedCommand, Refusal

if TYPE_CHECKING:
    from civis_usage.contract_tests.config import Config
    from civis_usage.contract_tests.recording.cassette import Recording
    from civis_usage.contract_tests.recording.record import Recorded

__all__ = ["record"]

UNRECORDED = 3


@click.command(cls=GuardedCommand)
@asking
@click.option("--output", "-o", required=True, metavar="FILE", help="Where to; an earlier recording there is replaced.")
def record(*, output: str, **told: Any) -> None:
    """Record what the API answers to the check, in a file without the key and without anybody's identifiers.

    Reads only, as `civis-usage check` does, and with --from or --to also all usage in that window. Records, runs, jobs,
    users and organizations get other numbers, the same ones throughout the file; nothing in it leads back to theirs.

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
    config = config_of(told)
    _demand_writable(output)
    said = Output(Paths(), config.api_key, 0)
    made = _recorded(config, said)
    _write(output, made.recording)
    click.echo(_summary(output, made))


def _demand_writable(path: str) -> None:
    """Refuse what cannot be written, or is something else than a recording, before anything is asked."""
    from civis_usage.contract_tests import report_files
    from civis_usage.contract_tests.recording.cassette import is_recording

    try:
        report_files.probe(path)
        with Path(path).open("rb") as file:
            begins = file.read(1000).decode("utf-8", "replace")
    except report_files.ReportError as error:
        raise Refusal(str(error)) from None
    except FileNotFoundError:
        return
    except OSError as error:
        raise Refusal(f"{path} cannot be replaced: {(error.strerror or str(error)).lower()}.") from None
    if begins.strip() and not is_recording(begins):
        raise Refusal(f"{path} exists and is no recording: name another file, or delete it.")


def _recorded(config: Config, said: Output) -> Recorded:
    from civis_usage.contract_tests.recording import record

    try:
        with said.progress() as seen:
            return record.record(config, on_result=seen)
    except record.NotRecorded as reason:
        said.complain(f"The API could not be recorded, and nothing is written: {reason}")
    except KeyboardInterrupt:
        said.complain("Interrupted: nothing is written.")
    except Exception as error:
        said.complain(f"Recording failed ({type(error).__name__}), and nothing is written: please report it.")
    sys.exit(UNRECORDED)


def _write(path: str, recording: Recording) -> None:
    from civis_usage.contract_tests import report_files
    from civis_usage.contract_tests.recording.cassette import render

    try:
        report_files.write(path, render(recording))
    except report_files.ReportError as error:
        raise Refusal(str(error)) from None


def _summary(path: str, made: Recorded) -> str:
    from civis_usage.contract_tests.recording.cassette import usage_records
    from civis_usage.contract_tests.wording import headline

    records = usage_records(made.recording.interactions)
    counts = Counter(each["kind"] for each in records)
    numbers = ", ".join(str(each) for each in dict.fromkeys(each["organizationId"] for each in records))
    lines = [
        f"Recorded {len(made.recording.interactions)} responses of {made.recording.base_url} in {path}:",
        f"  usage          {counts['llm']} LLM and {counts['matching']} matching records",
        f"  organizations  {numbers or 'none'}, as the file names them",
        f"  the check      {headline(made.report)}",
    ]
    return "\n".join(lines)
