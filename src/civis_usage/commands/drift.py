"""``civis-usage drift``: does the API's own spec still say what the contract says?"""

from __future__ import annotations

from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

import click

from .asking import api_key_option, base_url_option, timeout_option
from .call import tell_of_retries
from .check_output import Output, Paths
from .refusal import GuardedCommand, Refusal

if TYPE_CHECKING:
    from civis_usage.client.transport import Transport
    from civis_usage.drift.contract import Contract
    from civis_usage.drift.difference import Difference
    from civis_usage.drift.form import Api
    from civis_usage.drift.report import DriftReport

__all__ = ["drift"]

TRIES = 5
PATIENCE = 330.0
"""Seconds that retries may take: a little more than one of the live API's rate-limit periods."""


@click.command(cls=GuardedCommand)
@base_url_option
@api_key_option
@click.option("--spec", "spec_file", metavar="FILE", help="A spec in a file (- for standard input); asks nobody.")
@click.option("--schemas", metavar="DIR", help="The contract's files.  [default: the kit's own]")
@click.option(
    "--update", is_flag=True, help="Write the proposed change to the checkout's schemas (or DIR), for review."
)
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
    schemas: str | None,
    update: bool,
    wording: bool,
    json_path: str | None,
    timeout: float,
) -> None:
    """Compare the API's own spec with the contract of /usage.

    The spec is what GET /endpoints of the API answers, or a file: Swagger 2.0 or OpenAPI 3, as JSON, whole or cut. The
    contract's files are never touched but with --update.

    \b
    Examples:
      civis-usage drift
      civis-usage drift --spec civis_api_spec.json --wording
      civis-usage drift --update

    \b
    Exit codes:
      0  the same but for wording and what is compatible or deprecated
      1  something breaking
      2  wrong use of this command, or a file that is no spec of the API
      3  the spec could not be judged (unreachable, key refused, not the API's)
    """
    if spec_file is not None and ctx.get_parameter_source("base_url") is click.core.ParameterSource.COMMANDLINE:
        raise Refusal("--spec and --base-url name two specs: give one of them.")
    folder = _folder(schemas, update)
    contract = _contract(folder)
    transport = None if spec_file is not None else _transport(base_url, api_key, timeout)
    output = Output(Paths(json=json_path), transport.secret.reveal() if transport else api_key or "", 0)
    output.probe()
    try:
        report, api = _judged(contract, transport, spec_file or "")
        code = _deliver(output, report, wording, piped=json_path == "-")
        if folder is not None and update and api is not None:
            _update(folder, contract, api, output)
    except Refusal as refusal:
        raise Refusal(output.redacted(refusal.message)) from None
    ctx.exit(code)


def _folder(schemas: str | None, update: bool) -> Path | None:
    """Give the folder that holds the contract; ``None`` for the installed one, which is not to be written to."""
    if schemas is not None or not update:
        return None if schemas is None else Path(schemas)
    own = Path(str(resources.files("civis_usage.schemas")))
    if not (own.parent / "pyproject.toml").is_file():
        raise Refusal(f"--update is for a checkout, and {own} is none: name its folder of schemas with --schemas DIR.")
    return own


def _contract(folder: Path | None) -> Contract:
    from civis_usage.drift.contract import read_contract
    from civis_usage.drift.document import BadContract

    try:
        return read_contract(folder)
    except BadContract as error:
        raise Refusal(f"{error} Name the folder schemas of a checkout.") from None


def _transport(base_url: str | None, api_key: str | None, timeout: float) -> Transport:
    from civis_usage.client.errors import ConfigurationError
    from civis_usage.client.transport import Transport

    try:
        return Transport(base_url, api_key, timeout=timeout, tries=TRIES, max_wait=PATIENCE)
    except ConfigurationError as error:
        raise Refusal(str(error)) from None


def _judged(contract: Contract, transport: Transport | None, spec_file: str) -> tuple[DriftReport, Api | None]:
    """Compare; a mistake of the kit's own leaves the spec unjudged, and the report says so."""
    from civis_usage.drift.source import PATH

    try:
        return _from_api(contract, transport) if transport else _from_file(contract, spec_file)
    except Refusal:
        raise
    except Exception as error:
        source = f"{transport.base_url}{PATH}" if transport else spec_file
        mistake = f"the comparison itself failed ({type(error).__name__}: {error}): please report it"
        return _report(source, None, (), unjudged=mistake), None


def _from_file(contract: Contract, name: str) -> tuple[DriftReport, Api]:
    from civis_usage.drift.comparison import compare
    from civis_usage.drift.document import BadSpec
    from civis_usage.drift.source import from_file

    source = "standard input" if name == "-" else name
    try:
        with click.open_file(name, "rb") as file:
            api = from_file(source, file.read())
    except OSError as error:
        raise Refusal(f"{source} cannot be read ({error.strerror}): name a file that holds a spec.") from None
    except BadSpec as error:
        raise Refusal(str(error)) from None
    return _report(source, api.dialect, compare(contract.api, api)), api


def _from_api(contract: Contract, transport: Transport) -> tuple[DriftReport, Api | None]:
    from civis_usage.drift.comparison import compare
    from civis_usage.drift.document import NoSpec
    from civis_usage.drift.source import PATH, fetched

    source = f"{transport.base_url}{PATH}"
    tell_of_retries()
    try:
        with transport:
            api = fetched(transport)
    except NoSpec as error:
        return _report(source, None, (), unjudged=str(error)), None
    return _report(source, api.dialect, compare(contract.api, api)), api


def _report(
    source: str, dialect: str | None, differences: tuple[Difference, ...], unjudged: str | None = None
) -> DriftReport:
    from civis_usage import __version__
    from civis_usage.drift.report import DriftReport

    return DriftReport(__version__, source, dialect, differences, unjudged)


def _deliver(output: Output, report: DriftReport, wording: bool, *, piped: bool) -> int:
    from civis_usage.contract_tests.wording import printable
    from civis_usage.drift.report import json_text, terminal_text

    report = report.rewritten(output.redacted)
    clean = report.rewritten(printable)
    if report.unjudged:
        output.complain(clean.headline)
        text = ""
    else:
        text = terminal_text(clean, wording=wording, paint=output.paint, ascii_only=output.ascii_only)
    unwritten = output.publish(text, {"json": json_text(report, ascii_only=piped)}, _annotations(report))
    return report.exit_code or unwritten


def _annotations(report: DriftReport) -> str:
    """Give GitHub's workflow commands for what is breaking, deprecated or could not be judged."""
    from civis_usage.contract_tests.report_github import command
    from civis_usage.drift.difference import Class

    levels = {Class.BREAKING: "error", Class.DEPRECATED: "warning"}
    lines = [command("error", "could not be judged", report.unjudged)] if report.unjudged else []
    lines += [
        command(levels[each.weight], f"drift of {each.operation}", each.sentence)
        for each in report.differences
        if each.weight in levels
    ]
    return "".join(f"{line}\n" for line in lines)


def _update(folder: Path, contract: Contract, api: Api, output: Output) -> None:
    """Write the proposed change, and say what is left to do by hand; nothing is begun that cannot be written."""
    from civis_usage.contract_tests import report_files
    from civis_usage.contract_tests.wording import printable
    from civis_usage.drift.document import BadContract
    from civis_usage.drift.proposal import propose

    try:
        proposal = propose(contract, api)
        for name, text in proposal.files.items():
            if output.redacted(text) != text:
                raise Refusal(f"The spec has the API key in it, and so would {folder / name}: nothing is written.")
            report_files.probe(folder / name)
        for name, text in proposal.files.items():
            report_files.write(folder / name, text)
            click.echo(f"Wrote {folder / name}: review it.", err=True)
    except (BadContract, report_files.ReportError) as error:
        raise Refusal(str(error)) from None
    for sentence in proposal.by_hand:
        click.echo(f"By hand: {printable(output.redacted(sentence))}", err=True)
    if not proposal.files and not proposal.by_hand:
        click.echo("Nothing to update.", err=True)
