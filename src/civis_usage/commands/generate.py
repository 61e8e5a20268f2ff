"""``civis-usage generate``: records of a world, written to a file or to standard output."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import date
from typing import IO, TYPE_CHECKING, Any

import click

from .options import day, options, organizations, parse_with

if TYPE_CHECKING:
    from ..mock_server.world import Kind, World

__all__ = ["generate"]

_EPOCH = date(1970, 1, 1).toordinal()


@click.command()
@click.option("--start-date", callback=parse_with(day), required=True, metavar="DAY", help="The first day (UTC).")
@click.option(
    "--end-date", callback=parse_with(day), required=True, metavar="DAY", help="The day after the last one (UTC)."
)
@click.option("--kind", type=click.Choice(["llm", "matching"]), default="llm", show_default=True, help="Kind of usage.")
@click.option("--org-id", type=organizations, metavar="ID[,…]", help="Only the usage of these organizations.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["json", "ndjson", "csv"]),
    default="ndjson",
    show_default=True,
    help="An array, a record a line, or a table with a header.",
)
@click.option("--output", "-o", default="-", metavar="FILE", help="Output file; standard output if left out.")
@options("seed", "profile", "orgs", "runs-per-day", "since")
def generate(
    start_date: date,
    end_date: date,
    kind: Kind,
    org_id: tuple[int, ...] | None,
    form: str,
    output: str,
    seed: int,
    profile: str,
    orgs: Any,
    runs_per_day: int,
    since: date,
) -> None:
    """Write generated usage to a file, oldest first.

    These are the records that `civis-usage serve` has for the same seed, profile and organizations, future days
    included.

    A day's records do not depend on the window: NDJSON files of consecutive windows, made on different machines, add
    up to the file of the whole window, byte for byte.

    \b
    Example:
      civis-usage generate --start-date 2025-01-01 --end-date 2026-01-01 --format csv --output 2025.csv
    """
    world = _world(seed, profile, orgs, runs_per_day, since)
    if end_date < start_date:
        raise click.BadParameter(f"{end_date} comes before --start-date: swap them.", param_hint="--end-date")
    if start_date < end_date <= since:
        click.echo(f"Warning: the world begins on {since}, after these days: there is nothing to write.", err=True)
    organizations = [each.id for each in world.organizations]
    asked = organizations if org_id is None else list(dict.fromkeys(org_id))
    for unknown in (each for each in asked if each not in organizations):
        known = ", ".join(map(str, organizations))
        raise click.BadParameter(f"this world has no organization {unknown}; it has {known}.", param_hint="--org-id")
    asked_days = range(start_date.toordinal() - _EPOCH, end_date.toordinal() - _EPOCH)
    with _opened(output) as file, _progress(asked_days, file) as days:
        texts = (world.generated_texts(kind, asked, day, "csv" if form == "csv" else "json") for day in days)
        if form == "csv":
            file.write(_header(kind).encode())
        for piece in _array(texts) if form == "json" else _lines(texts):
            file.write(piece.encode())


def _world(seed: int, profile: str, organizations: Any, runs_per_day: int, since: date) -> World:
    from ..mock_server.world import World

    try:
        return World(seed, profile, organizations, since, runs_per_day)
    except ValueError as problem:
        raise click.UsageError(f"{problem}.") from None


@contextmanager
def _opened(output: str) -> Iterator[IO[bytes]]:
    """Open standard output, or a file that is whole in the end or as it was before."""
    from ..files import atomic_writer, ensure_writable

    if output == "-":
        with click.open_file(output, "wb") as file:
            yield file
        return
    if not output:
        raise click.BadParameter(
            "it is empty: name a file, or leave it out for standard output.", param_hint="--output"
        )
    ensure_writable(output)
    with atomic_writer(output) as file:
        yield file


def _progress(days: range, output: IO[bytes]) -> AbstractContextManager[Iterable[int]]:
    """Show a bar on standard error, where that is a terminal that the records are not written to."""
    hidden = not sys.stderr.isatty() or output.isatty()
    return click.progressbar(
        days, label="Days", file=sys.stderr, hidden=hidden, update_min_steps=max(1, len(days) // 200)
    )


def _lines(days: Iterable[list[str]]) -> Iterator[str]:
    return ("".join([f"{text}\n" for text in texts]) for texts in days)


def _array(days: Iterable[list[str]]) -> Iterator[str]:
    between = "[\n"
    for texts in days:
        if texts:
            yield between + ",\n".join(texts)
            between = ",\n"
    yield "[]\n" if between == "[\n" else "\n]\n"


def _header(kind: Kind) -> str:
    from ..mock_server.world.pool import FIELDS

    return ",".join(FIELDS[kind]) + "\n"
