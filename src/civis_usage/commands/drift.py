"""``civis-usage drift``: does the API's own spec still say what the contract says?"""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from .asking import api_key_option, base_url_option, timeout_option
from .call import tell_of_retries
from .check_output import Output, Paths
from .refusal import GuardedCommand, Refusal

if TYPE_CHECKING:
    from civis_usage.client.transport import Transport
    from civis_usage.contract_tests.drift.report import DriftReport
    from civis_usage.contract_tests.drift.spec import ApiDescription

__all__ = ["drift"]

TRIES = 5
PATIENCE = 330.0
"""Seconds that retries may take: a little more than one of the live API's rate-limit periods."""


@click.command(cls=GuardedCommand)
@base_url_option
@api_key_option
@click.option("--spec", "spec_file", metavar="FILE", help="A spec in a file (- for standard input); asks nobody.")
@click.option("--wording", is_flag=True, help="Show differences in wording too.")
@click.option("--json", "json_path", metavar="FILE", help="Write the report as JSON (- for standard output).")
@timeout_option
@click.pass_context
def drift(
    ctx: click.Context,
    /,
    *,
    base_url: str | None,
    api_key: str | None,
    spec_file: str | None,
    wording: bool,
    json_path: str | None,
    timeout: float,
) -> None:
    """Compare the API's own spec with the contract of /usage.

    The spec is what GET /endpoints of the API answers, or a file: Swagger 2.0 or OpenAPI 3, as JSON, whole or cut.

    \b
    Examples:
      civis-usage drift
      civis-usage drift --spec civis_api_spec.json --wording

    \b
    Exit codes:
      0  the same but for wording and what is compatible or deprecated
      1  something breaking
      2  wrong use of this command, or a file that is no spec of the API
      3  the spec could not be judged (unreachable, key refused, not the API's)
    """
    if spec_file is not None and ctx.get_parameter_source("base_url") is click.core.ParameterSource.COMMANDLINE:
        raise Refusal("--spec and --base-url name two specs: give one of them.")
    transport = None if spec_file is not None else _transport(base_url, api_key, timeout)
    output = Output(Paths(json=json_path), transport.secret.reveal() if transport else api_key or "", 0)
    output.probe()
    try:
        code = _deliver(output, _judged(transport, spec_file or ""), wording, piped=json_path == "-")
    except Refusal as refusal:
        raise Refusal(output.redacted(refusal.message)) from None
    ctx.exit(code)


def _transport(base_url: str | None, api_key: str | None, timeout: float) -> Transport:
    from civis_usage.client.errors import ConfigurationError
    from civis_usage.client.retries import RetryPolicy
    from civis_usage.client.transport import Transport

    try:
        return Transport(base_url, api_key, timeout=timeout, retries=RetryPolicy(TRIES, PATIENCE))
    except ConfigurationError as error:
        raise Refusal(str(error)) from None


def _judged(transport: Transport | None, spec_file: str) -> DriftReport:
    """Compare; a mistake of the kit's own leaves the spec unjudged, and the report says so."""
    from civis_usage import __version__
    from civis_usage.contract_tests.drift.compare import compare
    from civis_usage.contract_tests.drift.errors import SpecUnavailable
    from civis_usage.contract_tests.drift.report import DriftReport
    from civis_usage.contract_tests.drift.spec import PATH, contract

    source = f"{transport.base_url}{PATH}" if transport else "standard input" if spec_file == "-" else spec_file
    try:
        spec = _from_api(transport) if transport else _from_file(source, spec_file)
        return DriftReport(__version__, source, spec.dialect, compare(contract(), spec))
    except Refusal:
        raise
    except SpecUnavailable as error:
        return DriftReport(__version__, source, None, unjudged=str(error))
    except Exception as error:
        mistake = f"the comparison itself failed ({type(error).__name__}: {error}): please report it"
        return DriftReport(__version__, source, None, unjudged=mistake)


def _from_file(source: str, name: str) -> ApiDescription:
    from civis_usage.contract_tests.drift.errors import InvalidSpec
    from civis_usage.contract_tests.drift.spec import read_spec

    try:
        with click.open_file(name, "rb") as file:
            return read_spec(source, file.read())
    except OSError as error:
        raise Refusal(f"{source} cannot be read ({error.strerror}): name a file that holds a spec.") from None
    except InvalidSpec as error:
        raise Refusal(str(error)) from None


def _from_api(transport: Transport) -> ApiDescription:
    from civis_usage.contract_tests.drift.spec import fetch_spec

    tell_of_retries()
    with transport:
        return fetch_spec(transport)


def _deliver(output: Output, report: DriftReport, wording: bool, *, piped: bool) -> int:
    from civis_usage.contract_tests.drift.report import json_text, terminal_text
    from civis_usage.contract_tests.wording import printable

    report = report.rewrite(output.redacted)
    clean = report.rewrite(printable)
    if report.unjudged:
        output.complain(clean.headline)
        text = ""
    else:
        text = terminal_text(clean, wording=wording, paint=output.paint, ascii_only=output.ascii_only)
    unwritten = output.publish(text, {"json": json_text(report, ascii_only=piped)}, _annotations(report))
    return report.exit_code or unwritten


def _annotations(report: DriftReport) -> str:
    """Give GitHub's workflow commands for what is breaking, deprecated or could not be judged."""
    from civis_usage.contract_tests.drift.compare import Severity
    from civis_usage.contract_tests.report_github import command

    levels = {Severity.BREAKING: "error", Severity.DEPRECATED: "warning"}
    lines = [command("error", "could not be judged", report.unjudged)] if report.unjudged else []
    lines += [
        command(levels[each.severity], f"drift of {each.operation}", each.sentence)
        for each in report.differences
        if each.severity in levels
    ]
    return "".join(f"{line}\n" for line in lines)
