"""``civis-usage drift``: does the API's own spec still say what the contract says?"""

from __future__ import annotations

import click

from civis_usage import __version__

from ..client.errors import ConfigurationError
from ..client.retries import RetryPolicy
from ..client.transport import MAX_BODY, Transport
from ..contract_tests.drift import compare
from ..contract_tests.drift import report as drift_report
from ..contract_tests.drift.compare import Severity
from ..contract_tests.drift.errors import SpecUnavailable
from ..contract_tests.drift.report import DriftReport
from ..contract_tests.drift.spec import PATH, ApiDescription, contract, fetch_spec, read_spec
from ..contract_tests.exit_code import ExitCode
from ..contract_tests.reports.github import command
from ..schemas.text import escape
from .errors import complain, redacted
from .options import TIMEOUT, options
from .output import Output, in_github_actions, log_retries

__all__ = ["drift"]

MAX_ATTEMPTS = 5
MAX_WAIT = 330.0
"""Seconds that retries may take: a little more than one of the live API's rate-limit periods."""


@click.command()
@options("base-url")
@click.option("--spec", metavar="FILE", help="A spec in a file (- for standard input); sends no requests.")
@click.option("--wording", is_flag=True, help="Show differences in wording too.")
@options("json", "timeout", "max-body")
def drift(
    base_url: str | None,
    spec: str | None,
    wording: bool,
    json: str | None,
    timeout: float | None,
    max_body: int | None,
) -> int:
    """Compare the API's own spec with the contract of /usage.

    The spec is what GET /endpoints of the API responds with, or a file: Swagger 2.0 or OpenAPI 3, as JSON, whole
    or cut. The key comes from CIVIS_API_KEY.

    \b
    Examples:
      civis-usage drift
      civis-usage drift --spec civis_api_spec.json --wording

    \b
    Exit codes:
      0  the same but for wording and what is compatible or deprecated
      1  something breaking
      2  wrong use of this command, or a file that is not a spec of the API
      3  the spec could not be judged (unreachable, key refused, not the API's)
    """
    if spec is not None and base_url is not None:
        raise ConfigurationError("--spec and --base-url name two specs: give one of them.")
    output = Output(json)
    report = (_of_api(base_url, timeout, max_body) if spec is None else _of_file(spec)).rewrite(redacted)
    code = report.exit_code
    try:
        _show(report, output, wording)
        if json:
            output.write(json, drift_report.json_text(report, ascii_only=json == "-"))
    except ConfigurationError as error:
        complain(str(error))
        code = code or ExitCode.WRONG_USE
    return code


def _of_api(base_url: str | None, timeout: float | None, max_body: int | None) -> DriftReport:
    log_retries()
    with Transport(
        base_url,
        timeout=timeout or TIMEOUT,
        deadline=timeout or TIMEOUT,
        max_body=max_body or MAX_BODY,
        retries=RetryPolicy(MAX_ATTEMPTS, MAX_WAIT),
    ) as transport:
        source = f"{transport.base_url}{PATH}"
        try:
            return _compared(source, fetch_spec(transport))
        except SpecUnavailable as error:
            return DriftReport(__version__, source, None, unjudged=str(error))


def _of_file(name: str) -> DriftReport:
    source = "standard input" if name == "-" else name
    try:
        with click.open_file(name, "rb") as file:
            content = file.read()
    except OSError as error:
        raise ConfigurationError(
            f"{source} cannot be read ({error.strerror}): name a file that holds a spec."
        ) from None
    return _compared(source, read_spec(source, content))


def _compared(source: str, spec: ApiDescription) -> DriftReport:
    return DriftReport(__version__, source, spec.dialect, compare.compare(contract(), spec))


def _show(report: DriftReport, output: Output, wording: bool) -> None:
    clean = report.rewrite(escape)
    if report.unjudged:
        complain(clean.headline)
    else:
        paint = (lambda text, colour: click.style(text, fg=colour)) if output.colour else None
        output.show(drift_report.terminal_text(clean, wording=wording, paint=paint, ascii_only=output.ascii_only))
    if in_github_actions():
        output.show(_annotations(report))


def _annotations(report: DriftReport) -> str:
    """Return GitHub's workflow commands for what is breaking, deprecated or could not be judged."""
    levels = {Severity.BREAKING: "error", Severity.DEPRECATED: "warning"}
    lines = [command("error", "could not be judged", report.unjudged)] if report.unjudged else []
    lines += [
        command(levels[each.severity], f"drift of {each.operation}", each.sentence)
        for each in report.differences
        if each.severity in levels
    ]
    return "".join(f"{line}\n" for line in lines)
