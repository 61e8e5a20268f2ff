"""The options that several commands have, in one table: one name for one thing."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, TypeVar

import click

from ..mock_server.messages import sentence

if TYPE_CHECKING:
    from ..contract_tests.config import Config

__all__ = [
    "LIVE_ONLY",
    "MAX_SECONDS",
    "OPTIONS",
    "config_of",
    "day",
    "is_given",
    "option",
    "options",
    "organizations",
    "parse_with",
]

Command = TypeVar("Command", bound=Callable[..., Any])

MAX_DIGITS = 100
"""Digits of an organization's id: more than any database has."""
MAX_SECONDS = 86400
"""Seconds that a response may be waited for: a day."""


MAX_MEGABYTES = 1 << 20
"""Megabytes that a response may be allowed: a terabyte."""


TIMEOUT = 30.0
"""Seconds that one response may take where nothing else is said."""


def parse_with(read: Callable[[str], Any]) -> Callable[[click.Context, click.Parameter, Any], Any]:
    """Return a callback that reads an option's value, or each of them; a ``ValueError`` becomes wrong use."""

    def convert(ctx: click.Context, param: click.Parameter, value: str | tuple[str, ...] | None) -> Any:
        try:
            if isinstance(value, tuple):
                return tuple(read(each) for each in value)
            return None if value is None else read(value)
        except ValueError as reason:
            raise click.BadParameter(sentence(reason), ctx, param) from None

    return convert


def day(text: str) -> date:
    """Return a day.

    Raises:
        ValueError: it is not one.
    """
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ValueError(f"invalid day {text!r}: write it as 2024-01-01") from None


def _date(ctx: click.Context, param: click.Parameter, text: str | None) -> datetime | None:
    from ..contract_tests.config import parse_date

    try:
        return None if text is None else parse_date(text, last=param.name == "end_date")
    except ValueError as error:
        raise click.BadParameter(str(error), ctx, param) from None


class _Seconds(click.FloatRange):
    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        seconds = super().convert(value, param, ctx)
        return seconds if seconds == seconds else self.fail(f"{value} is not a number of seconds.", param, ctx)


def organizations(text: str) -> tuple[int, ...]:
    """Return the ids of organizations that an option names, with commas between."""
    ids = [each.strip() for each in text.split(",")]
    for each in ids:
        if not each.isdecimal() or len(each) > MAX_DIGITS:
            raise click.BadParameter(
                f"{each!r} is no id: give an organization's number, or several with commas between."
            )
    return tuple(map(int, ids))


def _operations(text: str) -> tuple[str, ...]:
    from ..schemas import OPERATIONS

    names = tuple(OPERATIONS) if text == "all" else tuple(text.replace("-", "_").replace(",", " ").split())
    if not names or set(names) - OPERATIONS.keys():
        raise ValueError(f"invalid operations {text!r}: name some of {', '.join(OPERATIONS)}, with commas between")
    return names


def _organizations(text: str) -> Any:
    from ..mock_server.world.organization import parse_organizations

    return parse_organizations(text)


def _choices(name: str) -> Any:
    from ..schemas import behavior

    return behavior.read_choices(name)


def _requests(name: str) -> Any:
    from ..contract_tests.collect.requests import read

    return read(name)


OPTIONS: dict[str, dict[str, Any]] = {
    # the API, and what to request of it
    "base-url": {"metavar": "URL", "help": "The API.  [default: CIVIS_API_ENDPOINT, else the live one]"},
    "org-id": {
        "type": organizations,
        "multiple": True,
        "callback": lambda ctx, param, given: tuple(org for each in given for org in each),
        "metavar": "ID[,…]",
        "help": "Organization to look at, or several with commas between. Repeatable.  [default: what the key shows]",
    },
    "start-date": {"metavar": "DATE", "callback": _date, "help": "Look at no usage before this day."},
    "end-date": {"metavar": "DATE", "callback": _date, "help": "Look at no usage after this day."},
    "max-requests": {
        "type": click.IntRange(min=1),
        "metavar": "N",
        "help": "Request budget, retries included.  [default: 72, and 12 for each further organization]",
    },
    "timeout": {
        "type": _Seconds(min=0, min_open=True, max=MAX_SECONDS),
        "metavar": "SECONDS",
        "help": "How long to wait for one response.  [default: 30]",
    },
    "max-body": {
        "type": click.IntRange(min=1, max=MAX_MEGABYTES),
        "metavar": "MB",
        "callback": lambda ctx, param, megabytes: megabytes and megabytes * 2**20,
        "help": "Largest response, unpacked, and the most that a run keeps.  [default: 256]",
    },
    "deadline": {
        "type": _Seconds(min=1, max=MAX_SECONDS),
        "metavar": "SECONDS",
        "help": "Time limit of the whole run, without the waits that the API asks for.  [default: 60]",
    },
    "sample-seed": {
        "name": "seed",
        "type": int,
        "metavar": "N",
        "help": "Random seed for the choice of windows, records and tasks.  [default: 0]",
    },
    "with-drift": {"is_flag": True, "help": "Compare the API's own spec with the contract too (one request)."},
    # how to judge, and where to report
    "strict": {"is_flag": True, "help": "Let a warning fail the run."},
    "allow-no-data": {
        "is_flag": False,
        "flag_value": "all",
        "metavar": "[OPERATION,…]",
        "callback": parse_with(_operations),
        "help": "Pass although an operation showed no usage: any, or those named, as in list_matching.",
    },
    "waivers": {
        "metavar": "FILE",
        "help": "Deviations to accept (TOML).  [default: tool.civis-usage in ./pyproject.toml]",
    },
    "baseline": {
        "metavar": "FILE",
        "help": "Mark what is new, known and gone since an earlier run, by the file that its --json wrote.",
    },
    "behavior": {
        "metavar": "FILE",
        "callback": parse_with(_choices),
        "help": "Answer the open questions of the documentation as this file says (TOML), from check --save-behavior.",
    },
    "behavior-to-compare": {
        "name": "behavior",
        "metavar": "FILE",
        "callback": parse_with(_choices),
        "help": "Compare the API's behavior with this file (TOML), from --save-behavior; with --strict, a "
        "difference fails.",
    },
    "save-behavior": {"metavar": "FILE", "help": "Write how the API behaves, for serve --behavior (TOML)."},
    "requests": {
        "metavar": "FILE",
        "callback": parse_with(_requests),
        "help": "Send the requests of this journal first, from pytest --usage-journal or serve --journal; each "
        "raises the default of --max-requests by one.",
    },
    "recording": {"metavar": "FILE", "help": "Check what civis-usage record wrote, without requests."},
    "json": {"metavar": "FILE", "help": "Write the report as JSON (- for standard output)."},
    # a world
    "seed": {
        "type": int,
        "default": 0,
        "show_default": True,
        "metavar": "N",
        "help": "Random seed: the same seed gives the same records.",
    },
    "profile": {
        "type": click.Choice(["realistic", "edge"]),
        "default": "realistic",
        "show_default": True,
        "help": "Realistic data, or legal boundary values.",
    },
    "orgs": {
        "metavar": "ORGS",
        "callback": parse_with(_organizations),
        "default": "3",
        "show_default": True,
        "help": "Number of organizations (3), their ids (7,8), or ids with runs a day (7:200,8). "
        "The first is the one that the key belongs to.",
    },
    "runs-per-day": {
        "type": click.IntRange(0, 100_000),
        "default": 12,
        "show_default": True,
        "help": "Average runs a day of one organization.",
    },
    "since": {
        "metavar": "DAY",
        "callback": parse_with(day),
        "default": "2024-01-01",
        "show_default": True,
        "help": "First day of the generated data.",
    },
}
"""The settings of each option as for ``click.option``; ``name`` where it differs from the key."""

LIVE_ONLY = (
    *("base_url", "org_id", "start_date", "end_date"),
    *("max_requests", "timeout", "deadline", "max_body", "seed", "with_drift", "requests"),
)
"""The parameters that say what to request, and so have no meaning for a recording."""


def option(key: str) -> click.Option:
    """Return an option of the table."""
    settings = dict(OPTIONS[key])
    return click.Option([f"--{settings.pop('name', key)}"], **settings)


def options(*keys: str) -> Callable[[Command], Command]:
    """Return a decorator that adds options of the table to a command, in this order."""

    def add(command: Command) -> Command:
        for key in reversed(keys):
            settings = dict(OPTIONS[key])
            command = click.option(f"--{settings.pop('name', key)}", **settings)(command)
        return command

    return add


def is_given(value: object) -> bool:
    """Return whether a parameter's value says that its option was given."""
    return value is not None and value is not False and value != ()


def config_of(given: dict[str, Any]) -> Config:
    """Return the run of the check that the options ask for.

    Raises:
        ConfigurationError: the base URL, the key or what is to be requested cannot be used.
    """
    from ..client.config import resolve_api_key, resolve_base_url
    from ..contract_tests.config import Config

    key = resolve_api_key()
    names = {"start_date": "start", "end_date": "end", "org_id": "organizations"}
    settings = {names.get(name, name): value for name, value in given.items() if is_given(value)}
    settings["organizations"] = tuple(dict.fromkeys(given["org_id"]))
    settings["base_url"] = resolve_base_url(given["base_url"], key)
    return Config(api_key=key.reveal(), **settings)
