"""``civis-usage check``: does the API still keep its contract?"""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from ..client.errors import ConfigurationError
from ..contract_tests import runner
from ..contract_tests import waivers as waiver_module
from ..contract_tests.exit_code import ExitCode
from ..contract_tests.observe.save import render
from ..contract_tests.recording.cassette import InvalidRecording, read
from ..contract_tests.recording.replay import replay
from ..contract_tests.reports import github, terminal
from ..contract_tests.reports import html as html_report
from ..contract_tests.reports import json as json_report
from ..contract_tests.reports import junit as junit_report
from ..contract_tests.reports.baseline import read as read_baseline
from ..contract_tests.reports.text import clean, not_judged
from ..contract_tests.results import Report
from .errors import complain
from .options import LIVE_ONLY, config_of, is_given, options
from .output import Output, in_github_actions, log_requests
from .progress import Progress


@click.command()
@options(
    *("base-url", "org-id", "start-date", "end-date", "max-requests", "timeout", "deadline", "max-body", "sample-seed"),
    *("strict", "with-drift", "allow-no-data", "waivers", "baseline", "behavior-to-compare", "requests", "recording"),
)
@click.option("--write-waivers", metavar="FILE", help="Draft waivers for what is found, into a new file.")
@options("save-behavior", "json")
@click.option("--junit", metavar="FILE", help="Write the report as JUnit XML (- for standard output).")
@click.option("--html", metavar="FILE", help="Write the report as one HTML page (- for standard output).")
@click.option(
    "-v",
    "--verbose",
    "verbosity",
    count=True,
    help="Show every check with its rule and findings; -vv: log every request too.",
)
@click.option("-q", "--quiet", is_flag=True, help="Show only what deviates.")
def check(
    recording: str | None,
    waivers: str | None,
    baseline: str | None,
    write_waivers: str | None,
    save_behavior: str | None,
    json: str | None,
    junit: str | None,
    html: str | None,
    verbosity: int,
    quiet: bool,
    **given: Any,
) -> int:
    """Check that the API at a base URL keeps the contract of /usage.

    Reads only, within --max-requests and --deadline, and says for each rule what was seen. The key comes from
    CIVIS_API_KEY; a report never contains it.

    \b
    Examples:
      civis-usage check --org-id 1
      civis-usage check --org-id 1,2 --deadline 120
      civis-usage check --base-url http://127.0.0.1:8000 --org-id 1 --json report.json --html report.html
      civis-usage check --recording usage.recording.json
      civis-usage check --org-id 1 --save-behavior behavior.toml

    \b
    Exit codes:
      0  the contract is kept
      1  a documented rule is violated, a waiver expired, or with --strict a warning or another
         behavior than --behavior says
      2  wrong use of this command
      3  the API could not be judged (unreachable, key refused, budget spent, too slow)
      4  nothing is violated, but an operation or an organization showed no usage
         (--allow-no-data accepts that), or nothing of an organization is visible to the key
    """

    output = Output(json, junit, html, write_waivers, save_behavior)
    if write_waivers and Path(write_waivers).is_file() and Path(write_waivers).stat().st_size:
        raise ConfigurationError(f"{write_waivers} exists: --write-waivers needs a new file, so as to lose no reason.")
    given["waivers"] = waiver_module.load(waivers) if waivers else waiver_module.discover()
    earlier = read_baseline(baseline) if baseline else None
    if recording is None:
        config = config_of(given)
        with (
            log_requests(verbosity > 1),
            Progress.on_terminal(config.budget, wanted=verbosity < 2 and not quiet) as seen,
        ):
            report = runner.run(config, seen)
    else:
        report = _replay(recording, given)
    report = clean(replace(report, baseline=earlier), [os.environ.get("CIVIS_API_KEY", "").strip()])
    code = report.exit_code
    try:
        _show(report, output, -1 if quiet else verbosity)
        for path, format_ in ((json, json_report), (junit, junit_report), (html, html_report)):
            if path:
                output.write(path, format_.render(report))
        if write_waivers:
            output.write(write_waivers, waiver_module.draft(report))
        if save_behavior:
            _save(report, output, save_behavior)
    except ConfigurationError as error:
        complain(str(error))
        code = code or ExitCode.WRONG_USE
    return code


def _show(report: Report, output: Output, verbosity: int) -> None:
    if report.unjudged:
        complain(not_judged(report))
    else:
        settings: dict[str, Any] = {"colour": output.colour, "ascii_only": output.ascii_only, "width": output.width}
        output.show(terminal.render(report, verbosity=verbosity, **settings))
    if in_github_actions():
        output.show(github.annotate(report))
        output.write_summary(github.summary(report))


def _save(report: Report, output: Output, path: str) -> None:
    if not any(each.sightings for each in report.observations):
        raise ConfigurationError(f"{path} is not written: no response says how the API behaves.")
    text = render(report.observations, base_url=report.base_url, day=report.started[:10], kept=report.chosen)
    output.write(path, text)


def _replay(file: str, given: dict[str, Any]) -> Report:
    """Return the report on a recording, which says that it is one.

    Raises:
        ConfigurationError: it cannot be used, or an option stands beside it that has no meaning for it.
    """
    for name in LIVE_ONLY:
        if is_given(given.pop(name)):
            option = f"--{name.replace('_', '-')}"
            raise ConfigurationError(f"{option} cannot be used with --recording, which sends no requests: omit it.")
    try:
        recording = read(file)
    except InvalidRecording as reason:
        raise ConfigurationError(f"{file}: {reason}.") from None
    source = f"{file} (recorded from {recording.base_url} on {recording.recorded_at:%Y-%m-%d})"
    return replace(replay(recording, **given), base_url=source)
