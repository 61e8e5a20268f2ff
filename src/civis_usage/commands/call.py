"""``civis-usage call``: one operation, by the reference client.

The subcommands, their arguments and options are those that the contract lists.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Sequence
from typing import Any

import click

from .. import tables
from ..client import APIError, InvalidResponse, Record, UsageClient
from ..client.transport import MAX_BODY
from ..contract_tests.exit_code import ExitCode
from ..schemas import OPERATIONS, Operation, Parameter, load
from ..schemas.json_format import shown as shown_json
from ..schemas.text import escape
from .errors import complain
from .groups import Group
from .options import TIMEOUT, option
from .output import is_read_by_people, log_retries

__all__ = ["call"]

_EXAMPLES = {
    "get_llm": "7",
    "list_llm": "--org-id 1 --start-date 2026-04-01 --csv > april.csv",
    "get_llm_organization_summary": "1 --start-date 2026-04-01 --end-date 2026-04-30T23:59:59Z",
    "list_matching": "--org-id 1 --task IDR --json",
}


class OperationGroup(Group):
    """A group with one command for each operation of the contract."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the operations' names, as commands are written."""
        return [_dashed(name) for name in OPERATIONS]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return the command of an operation; ``None`` where the contract has no such operation."""
        operation = OPERATIONS.get(cmd_name.replace("-", "_"))
        return None if operation is None else _command(operation)


@click.group(cls=OperationGroup)
def call() -> None:
    """Call one operation and show its response.

    The key comes from CIVIS_API_KEY, the address from CIVIS_API_ENDPOINT. The response is a table on a terminal and
    JSON elsewhere, each with the names that the API uses.

    Exit codes: 0 done; 1 the API refused, or its response is not as documented; 2 wrong use; 3 unreachable.

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
        option("base-url"),
        option("timeout"),
        option("max-body"),
    ]


def _run(
    operation: Operation,
    *,
    form: str | None,
    base_url: str | None,
    timeout: float | None,
    max_body: int | None,
    **parameters: Any,
) -> int:
    log_retries()
    seconds = timeout or TIMEOUT
    with UsageClient(base_url=base_url, timeout=seconds, deadline=seconds, max_body=max_body or MAX_BODY) as usage:
        try:
            result = getattr(usage, operation.id)(**parameters)
        except (APIError, InvalidResponse) as error:
            complain(str(error))
            return ExitCode.VIOLATED
    click.echo(_text(operation, result, form), nl=False)
    return ExitCode.KEPT


def _text(operation: Operation, result: Any, form: str | None) -> str | bytes:
    records = result if operation.many else [result]
    form = form or ("table" if sys.stdout.isatty() else "json")
    text = _shown(operation, records, form)
    if form == "table" or sys.stdout.isatty():
        encoding = sys.stdout.encoding or "ascii"
        return text.encode(encoding, "replace").decode(encoding)
    return text.encode()  # what programs read is UTF-8, as `civis-usage generate` writes it, whatever a terminal speaks


def _shown(operation: Operation, records: Sequence[Record], form: str) -> str:
    bodies = [record.json(snake_case=False) for record in records]
    if form == "json":
        return shown_json(bodies if operation.many else bodies[0]) + "\n"
    columns = list(dict.fromkeys([*load(operation.body)["properties"], *(name for body in bodies for name in body)]))
    if form == "csv":
        text = tables.comma_separated(bodies, columns)
        return _harmless(tables.printable(text)) if is_read_by_people(sys.stdout) else text
    width = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
    return _harmless(f"{tables.table(bodies, columns, width=width)}\n") if bodies else "No records.\n"


def _harmless(text: str) -> str:
    """Return lines that are no commands of a CI service, in whose log they may stand."""
    return "\n".join(map(escape, text.split("\n")))


def _dashed(name: str) -> str:
    return name.replace("_", "-")
