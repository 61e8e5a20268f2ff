"""The options that tell which world is meant, and the reading of options' values."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any, TypeVar

import click

__all__ = ["by", "day", "world_options"]

Command = TypeVar("Command", bound=Callable[..., Any])


def by(read: Callable[[str], Any]) -> Callable[[click.Context, click.Parameter, Any], Any]:
    """Give a callback that reads an option's value, or each of them, and tells what the reading complains of."""

    def convert(ctx: click.Context, param: click.Parameter, value: str | tuple[str, ...] | None) -> Any:
        try:
            if isinstance(value, tuple):
                return tuple(read(each) for each in value)
            return None if value is None else read(value)
        except ValueError as reason:
            raise click.BadParameter(f"{reason}.", ctx, param) from None

    return convert


def day(text: str) -> date:
    """Read a day.

    Raises:
        ValueError: it is none.
    """
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ValueError(f"{text!r} is no day: write it as 2024-01-01") from None


def _organizations(text: str) -> Any:
    from ..mock_server.world.orgs import parse_organizations

    return parse_organizations(text)


_OPTIONS = (
    click.option(
        "--seed", type=int, default=0, show_default=True, help="Which world: the same seed, the same records."
    ),
    click.option(
        "--profile",
        type=click.Choice(["realistic", "edge"]),
        default="realistic",
        show_default=True,
        help="Usage as it comes, or legal extremes.",
    ),
    click.option(
        "--orgs",
        metavar="ORGS",
        callback=by(_organizations),
        default="3",
        show_default=True,
        help="How many organizations, or their ids, as in 7,8, or with runs a day, 7:200,8. "
        "The first is the caller's own.",
    ),
    click.option(
        "--runs-per-day",
        type=click.IntRange(0, 100_000),
        default=12,
        show_default=True,
        help="Runs a day of an organization, on average.",
    ),
    click.option(
        "--since",
        metavar="DAY",
        callback=by(day),
        default="2024-01-01",
        show_default=True,
        help="The day on which the world begins.",
    ),
)


def world_options(command: Command) -> Command:
    """Give a command the options of a world: ``seed``, ``profile``, ``orgs``, ``runs_per_day`` and ``since``."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command
