"""``civis-usage check``: does the API still keep its contract?"""

from __future__ import annotations

import sys
from datetime import datetime
from typing import TYPE_CHECKING, Any

import click

from .check_output import Output, Paths
from .refusal import GuardedCommand, Refusal

if TYPE_CHECKING:
    from civis_usage.contract_tests.config import Config
    from civis_usage.contract_tests.results import Report, Waiver

UNJUDGED = 3


def _moment(ctx: click.Context, param: click.Parameter, text: str | None) -> datetime | None:
    from civis_usage.contract_tests.config import moment

    try:
        return None if text is None else moment(text, last=param.name == "end")
    except ValueError as error:
        raise click.BadParameter(str(error), ctx, param) from None


@click.command(cls=GuardedCommand)
@click.option("--base-url", envvar="CIVIS_API_ENDPOINT", show_envvar=True, help="The API.  [default: the live one]")
@click.option("--api-key", envvar="CIVIS_API_KEY", show_envvar=True, help="The key; better given by the environment.")
@click.option(
    "--org-id",
    "organizations",
    type=click.IntRange(min=0),
    multiple=True,
    metavar="ID",
    help="An organization to look at; may come more than once.  [default: what the key shows]",
)
@click.option("--from", "start", callback=_moment, metavar="DATE", help="Look at no usage before this day.")
@click.option("--to", "end", callback=_moment, metavar="DATE", help="Look at no usage after this day.")
@click.option(
    "--max-requests",
    type=click.IntRange(min=1),
    default=60,
    show_default=True,
    metavar="N",
    help="The request budget, retries included.",
)
@click.option(
    "--timeout",
    type=click.FloatRange(min=0, min_open=True),
    default=30.0,
    show_default=True,
    metavar="SECONDS",
    help="How long to wait for one answer.",
)
@click.option(
    "--seed",
    type=int,
    default=0,
    show_default=True,
    metavar="N",
    help="Which windows, records and tasks are looked at.",
)
@click.option("--strict", is_flag=True, help="Let a warning fail the run.")
@click.option("--with-drift", is_flag=True, help="Compare the API's own spec with the contract too (one request).")
@click.option("--allow-no-data", is_flag=True, help="Pass although an operation showed no usage.")
@click.option(
    "--waivers",
    "waivers_file",
    metavar="FILE",
    help="Deviations to accept (TOML).  [default: tool.civis-usage in ./pyproject.toml]",
)
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
    base_url: str | None,
    api_key: str | None,
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

    \b
    Exit codes:
      0  the contract is kept
      1  a documented rule is violated, a waiver expired, or with --strict a warning
      2  wrong use of this command
      3  the API could not be judged (unreachable, key refused, budget spent)
      4  nothing is violated, but an operation showed no data
    """
    paths = Paths(json=json_path, junit=junit_path, html=html_path, waivers=write_waivers)
    config = _config(base_url, api_key, waivers_file, told)
    output = Output(paths, config.api_key, verbosity)
    output.probe()
    with output.logging():
        report = _run(config, output)
    ctx.exit(output.deliver(report))


def _config(base_url: str | None, api_key: str | None, waivers_file: str | None, told: dict[str, Any]) -> Config:
    from civis_usage.client.endpoint import base_url_of, key_of
    from civis_usage.client.errors import ConfigurationError
    from civis_usage.contract_tests.config import Config

    try:
        key = key_of(api_key)
        url = base_url_of(base_url, key)
    except ConfigurationError as error:
        raise Refusal(str(error)) from None
    if told["start"] and told["end"] and told["start"] > told["end"]:
        raise Refusal("--from is later than --to: swap them.")
    told["organizations"] = tuple(dict.fromkeys(told["organizations"]))
    return Config(base_url=url, api_key=key.reveal(), waivers=_waivers(waivers_file), **told)


def _waivers(file: str | None) -> tuple[Waiver, ...]:
    from civis_usage.contract_tests import waivers

    try:
        return waivers.discover() if file is None else waivers.load(file)
    except waivers.WaiverError as error:
        raise Refusal(str(error)) from None


def _run(config: Config, output: Output) -> Report:
    """Run the checks; a mistake of the kit's own, or Ctrl-C, is one sentence and leaves the API unjudged."""
    from civis_usage.contract_tests.runner import run

    try:
        with output.progress() as seen:
            return run(config, on_result=seen)
    except KeyboardInterrupt:
        output.complain("Interrupted: the API is not judged.")
    except Exception as error:
        output.complain(
            f"The check itself failed ({type(error).__name__}: {error}): please report it (-vv shows where)."
        )
        output.trace(error)
    sys.exit(UNJUDGED)
