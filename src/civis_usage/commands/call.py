"""``civis-usage call``: one operation, by the reference client.

The subcommands, their arguments and options are those that the contract lists.
"""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NoReturn

import click

from .refusal import guarded

if TYPE_CHECKING:
    from ..client import Record
    from ..schemas import Operation, Parameter

__all__ = ["call", "tell_of_retries"]

_EXAMPLES = {
    "get_llm": "7",
    "list_llm": "--org-id 1 --start-date 2026-04-01 --csv > april.csv",
    "get_llm_organization_summary": "1 --start-date 2026-04-01 --end-date 2026-04-30T23:59:59Z",
    "list_matching": "--org-id 1 --task IDR --json",
}


class OperationGroup(click.Group):
    """A group with one command for each operation of the contract."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Give the operations' names, as commands are written."""
        from ..schemas import OPERATIONS

        return [_dashed(name) for name in OPERATIONS]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Make the command for an operation; give ``None`` where the contract has no such operation."""
        from ..schemas import OPERATIONS

        operation = OPERATIONS.get(cmd_name.replace("-", "_"))
        return None if operation is None else _command(operation)


@click.group(cls=OperationGroup)
def call() -> None:
    """Call one operation and show its answer.

    The key comes from CIVIS_API_KEY, the address from CIVIS_API_ENDPOINT. The answer is a table on a terminal and JSON
    elsewhere, each with the names that the API uses.

    Exit codes: 0 answered; 1 the API refused, or answered otherwise than documented; 2 wrong use; 3 unreachable.

    \b
    Example:
      civis-usage call list-llm --org-id 1 --start-date 2026-04-01
    """


def _command(operation: Operation) -> click.Command:
    name = _dashed(operation.id)
    example = f"civis-usage call {name} {_EXAMPLES.get(operation.id, '')}".rstrip()
    return click.Command(
        name,
        callback=lambda **options: _run(operation, **options),
        params=[*map(_parameter, operation.parameters), *_common_options()],
        help=f"{operation.summary}.\n\n\b\nExample:\n  {example}",
        short_help=f"{operation.summary}.",
    )


def _parameter(parameter: Parameter) -> click.Parameter:
    kind: click.ParamType[Any]
    if parameter.enum:
        kind = click.Choice(parameter.enum)
    elif parameter.type == "integer":
        kind = click.INT
    else:
        kind = click.STRING
    if parameter.place == "path":
        return click.Argument([parameter.name], type=kind)
    metavar = "DATE" if parameter.format == "date-time" else None
    return click.Option([f"--{_dashed(parameter.name)}"], type=kind, metavar=metavar, help=parameter.description)


def _common_options() -> list[click.Parameter]:
    return [
        click.Option(["--table", "form"], flag_value="table", help="An aligned table; the default on a terminal."),
        click.Option(["--csv", "form"], flag_value="csv", help="Comma-separated values, names on top."),
        click.Option(["--json", "form"], flag_value="json", help="JSON, as on the wire; the default elsewhere."),
        click.Option(
            ["--base-url"], metavar="URL", help="Where the API is.  [default: CIVIS_API_ENDPOINT, else the live API]"
        ),
        click.Option(
            ["--api-key"],
            metavar="KEY",
            help="The key. CIVIS_API_KEY is safer: other users of this machine see a command's options.",
        ),
    ]


def _run(
    operation: Operation, *, form: str | None, base_url: str | None, api_key: str | None, **parameters: Any
) -> None:
    with guarded([api_key]):
        click.echo(_answer(operation, form, base_url, api_key, parameters), nl=False)


def _answer(
    operation: Operation, form: str | None, base_url: str | None, api_key: str | None, parameters: dict[str, Any]
) -> str | bytes:
    from .. import client

    tell_of_retries()
    try:
        with client.UsageClient(api_key, base_url) as usage:
            answer = getattr(usage, operation.id)(**parameters)
    except client.ConfigurationError as error:
        raise click.UsageError(str(error)) from None
    except client.ConnectionFailed as error:
        _fail(error, 3)
    except client.UsageError as error:
        _fail(error, 1)
    records = answer if operation.many else [answer]
    form = form or ("table" if sys.stdout.isatty() else "json")
    text = _shown(operation, records, form)
    if form == "table" or sys.stdout.isatty():
        encoding = sys.stdout.encoding or "ascii"
        return text.encode(encoding, "replace").decode(encoding)
    return text.encode()  # what programs read is UTF-8, as `civis-usage generate` writes it, whatever a terminal speaks


def _shown(operation: Operation, records: Sequence[Record], form: str) -> str:
    from .. import tables
    from ..schemas import load

    bodies = [record.json(snake_case=False) for record in records]
    if form == "json":
        text = json.dumps(bodies if operation.many else bodies[0], indent=2, ensure_ascii=False)
        return text.encode(errors="backslashreplace").decode() + "\n"  # a lone surrogate, as JSON spells it
    columns = list(dict.fromkeys([*load(operation.body)["properties"], *(name for body in bodies for name in body)]))
    if form == "csv":
        text = tables.comma_separated(bodies, columns)
        return tables.printable(text) if sys.stdout.isatty() else text
    return f"{tables.table(bodies, columns)}\n" if bodies else "No records.\n"


def tell_of_retries() -> None:
    """Say on a terminal why it takes longer than a moment."""
    if sys.stderr.isatty():
        logger = logging.getLogger("civis_usage.client")
        logger.addHandler(logging.StreamHandler())
        logger.setLevel(logging.INFO)


def _fail(error: Exception, code: int) -> NoReturn:
    click.echo(f"Error: {error}", err=True)
    sys.exit(code)


def _dashed(name: str) -> str:
    return name.replace("_", "-")
