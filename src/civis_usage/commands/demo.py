"""``civis-usage demo``: the fake, the client and the check, in one go."""

from __future__ import annotations

import shutil
import sys
import warnings
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from .options import options
from .output import Output

if TYPE_CHECKING:
    from ..client import UsageClient

__all__ = ["demo"]

KEY = "any-key-will-do"
FIRST = ("id", "run_created_at", "credits", "model_id", "task", "num_records")
"""The fields that a reader looks for first."""
ROWS = 4
"""Records shown of each list."""


@click.command()
@options("seed")
def demo(seed: int) -> int:
    """Start the fake on a free port, call all five methods, and check the contract.

    Takes some seconds, needs no network, and leaves nothing behind.

    \b
    Example:
      civis-usage demo
    """
    from ..mock_server import Settings, create_app
    from ..mock_server.server import start

    app = create_app(Settings(seed=seed))
    fake = app.extensions["civis_usage"]
    with start(app) as server:
        _title("The fake", f"listens on {server.url}")
        ids = [each.id for each in fake.world.organizations]
        click.echo(f"Its organizations: {', '.join(map(str, ids))}\n")
        org = ids[0]
        _call(server.url, org)
        code = _check(server.url, org)
    _recipes(org)
    return code


def _title(name: str, words: str) -> None:
    click.echo(f"{_style(name, bold=True)} {words}")


def _call(url: str, org: int) -> None:
    from ..client import UsageClient

    _title("The client", "calls the five methods")
    month = datetime.now(UTC).strftime("%B")
    with UsageClient(KEY, url) as client:
        used = client.list_llm(org_id=org)
        _show(f"list_llm(org_id={org}): {month} until now, newest first", used)
        if used:
            _show(f"get_llm({used[0]['id']})", [client.get_llm(used[0]["id"])])
        summary = client.get_llm_organization_summary(org)
        _show(f"get_llm_organization_summary({org}): {month} until now", [summary])
        _show(f"list_llm_organization_summary({org}): its older name, deprecated", [_older(client, org)])
        _show(f"list_matching(org_id={org}, task='IDR')", client.list_matching(org_id=org, task="IDR"))
        total = sum(record["credits"] for record in used)
        click.echo(f"The {len(used)} records of the list add up to {total:.6f} credits, as the summary says.\n")


def _older(client: UsageClient, org: int) -> Mapping[str, Any]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        return client.list_llm_organization_summary(org)


def _show(call: str, records: Iterable[Mapping[str, Any]]) -> None:
    from ..tables import table

    rows: Sequence[Mapping[str, Any]] = [dict(record.items()) for record in records]
    width = Output().width
    names = list(dict.fromkeys(name for row in rows for name in row))
    names.sort(key=lambda name: name not in FIRST)  # where not all fit, these do
    body = table(rows, names, limit=ROWS, width=width and width - 4) if rows else "nothing"
    click.echo(f"  {_style(call, fg='cyan')}\n" + "".join(f"    {line}\n" for line in body.splitlines()))


def _check(url: str, org: int) -> int:
    from civis_usage.contract_tests.config import Config
    from civis_usage.contract_tests.reports import terminal
    from civis_usage.contract_tests.reports.text import clean
    from civis_usage.contract_tests.runner import run

    _title("The check", "asks whether the contract is kept")
    report = run(Config(url, KEY, (org,)))
    encoding = (getattr(sys.stdout, "encoding", None) or "ascii").lower()
    width = Output().width
    shown = terminal.render(
        clean(report, [KEY]),
        colour=Output().colour,
        ascii_only=not encoding.startswith("utf"),
        width=width and width - 2,
    )
    click.echo("".join(f"  {line}\n" if line else "\n" for line in shown.splitlines()))
    if report.exit_code:
        click.echo("The fake should keep its contract: please report this.")
    return report.exit_code


def _style(text: str, **style: Any) -> str:
    return click.style(text, **style) if Output().colour else text


def _program() -> str:
    """Return the command as it can be typed here: by its path where it is not on the shell's."""
    if shutil.which("civis-usage"):
        return "civis-usage"
    return sys.argv[0] if Path(sys.argv[0]).name == "civis-usage" else f"{sys.executable} -m civis_usage"


def _recipes(org: int) -> None:
    _title("Go on", "with one of these")
    program = _program()
    recipes = (
        ("the fake, for your own programs", f"{program} serve"),
        ("an unmodified client on it", "export CIVIS_API_ENDPOINT=http://127.0.0.1:8765 CIVIS_API_KEY=any-key"),
        ("one call, as a table", f"{program} call list-llm --org-id {org}"),
        ("does the live API keep its contract?", f"CIVIS_API_KEY=… {program} check --org-id YOUR_ORGANIZATION"),
    )
    longest, width = max(len(words) for words, _ in recipes), Output().width
    for words, command in recipes:
        fits = width is None or 4 + longest + len(command) <= width
        between = " " * (longest - len(words) + 2) if fits else "\n    "
        click.echo(f"  {words}{between}{_style(command, fg='green')}")
