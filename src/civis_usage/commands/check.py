"""``civis-usage check``: does the API still keep its contract?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from .asking import asking, config_of
from .check_output import Output, Paths
from .recorded import label_as_recording, load_recording, recording_option, replayed
from .refusal import GuardedCommand, Refusal

if TYPE_CHECKING:
    from civis_usage.contract_tests.config import Config
    from civis_usage.contract_tests.recording.cassette import Recording
    from civis_usage.contract_tests.results import Report, Waiver


@click.command(cls=GuardedCommand)
@asking
@click.option("--strict", is_flag=True, help="Let a warning fail the run.")
@click.option("--with-drift", is_flag=True, help="Compare the API's own spec with the contract too (one request).")
@click.option("--allow-no-data", is_flag=True, help="Pass although an operation showed no usage.")
@click.option(
    "--waivers",
    "waivers_file",
    metavar="FILE",
    help="Deviations to accept (TOML).  [default: tool.civis-usage in ./pyproject.toml]",
)
@recording_option
@click.option("--write-waivers", metavar="FILE", help="Draft waivers for what is found, into a new file.")
@click.option("--json", "json_path", metavar="FILE", help="Write the report as JSON (- for standard output).")
@click.option("--junit", "junit_path", metavar="FILE", help="Write the report as JUnit XML (- for standard output).")
@click.option("--html", "html_path", metavar="FILE", help="Write the report as one HTML page (- for standard output).")
@click.option(
    "-v",
    "--verbose",
    "verbosity",
    count=True,
    help="Show the rule and every finding of each check; -vv: log every request too.",
)
@click.pass_context
def check(
    ctx: click.Context,
    /,
    *,
    recording_file: str | None,
    waivers_file: str | None,
    write_waivers: str | None,
    json_path: str | None,
    junit_path: str | None,
    html_path: str | None,
    verbosity: int,
    **told: Any,
) -> None:
    """Check that the API at a base URL keeps the contract of /usage.

    Reads only, in at most 60 requests, and says for each rule what was seen. A report never contains the key.

    \b
    Examples:
      civis-usage check --org-id 1
      civis-usage check --base-url http://127.0.0.1:8000 --org-id 1 --json report.json --html report.html
      civis-usage check --recording usage.recording.json

    \b
    Exit codes:
      0  the contract is kept
      1  a documented rule is violated, a waiver expired, or with --strict a warning
      2  wrong use of this command
      3  the API could not be judged (unreachable, key refused, budget spent)
      4  nothing is violated, but an operation showed no data
    """
    paths = Paths(json=json_path, junit=junit_path, html=html_path, waivers=write_waivers)
    output = Output(paths, told["api_key"] or "", verbosity)
    with output.guarding():
        recording = load_recording(ctx, recording_file)
        told["waivers"] = _waivers(waivers_file)
        config = config_of(told) if recording is None else _replayed(recording, recording_file, told)
        output.probe()
        report = _run(config, output)
        if recording is not None and recording_file is not None:
            report = label_as_recording(report, recording, recording_file)
        code = output.deliver(report)
    ctx.exit(code)


def _waivers(file: str | None) -> tuple[Waiver, ...]:
    from civis_usage.contract_tests import waivers

    try:
        return waivers.discover() if file is None else waivers.load(file)
    except waivers.WaiverError as error:
        raise Refusal(str(error)) from None


def _replayed(recording: Recording, file: str | None, told: dict[str, Any]) -> Config:
    from civis_usage.client.errors import ConfigurationError

    try:
        return replayed(recording, told)
    except ConfigurationError as error:
        raise Refusal(f"{file} cannot be judged: {error}") from None


def _run(config: Config, output: Output) -> Report:
    from civis_usage.contract_tests.runner import run

    with output.logging(), output.progress() as seen:
        return run(config, on_result=seen)
