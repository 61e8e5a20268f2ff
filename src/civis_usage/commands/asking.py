"""The options of the commands that ask an API what the check asks: whom, with which key, about what, how gently."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import reduce
from typing import TYPE_CHECKING, Any, TypeVar

import click

from .refusal import Refusal

if TYPE_CHECKING:
    from civis_usage.contract_tests.config import Config

__all__ = ["ASKING", "api_key_option", "asking", "base_url_option", "config_of", "timeout_option"]

F = TypeVar("F", bound=Callable[..., Any])


def _moment(ctx: click.Context, param: click.Parameter, text: str | None) -> datetime | None:
    from civis_usage.contract_tests.config import moment

    try:
        return None if text is None else moment(text, last=param.name == "end")
    except ValueError as error:
        raise click.BadParameter(str(error), ctx, param) from None


class _Whole(click.IntRange):
    """A whole number whose range is in the help, and kept by the config: pytest's options come to it as well."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        try:
            return int(value)
        except ValueError:
            self.fail(f"{value!r} is not a valid {self.name}.", param, ctx)


class _Seconds(click.FloatRange):
    """A time that one can wait: neither infinite, nor so long that the operating system cannot count it."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        seconds = super().convert(value, param, ctx)
        if not seconds <= LONGEST:
            self.fail(f"{value} is no time to wait: give {LONGEST} seconds or less.", param, ctx)
        return seconds


LONGEST = 86400
"""Seconds that an answer may be waited for: a day."""

base_url_option = click.option(
    "--base-url", envvar="CIVIS_API_ENDPOINT", show_envvar=True, help="The API.  [default: the live one]"
)
api_key_option = click.option(
    "--api-key", envvar="CIVIS_API_KEY", show_envvar=True, help="The key; better given by the environment."
)
timeout_option = click.option(
    "--timeout",
    type=_Seconds(min=0, min_open=True),
    default=30.0,
    show_default=True,
    metavar="SECONDS",
    help="How long to wait for one answer.",
)

_OPTIONS = (
    base_url_option,
    api_key_option,
    click.option(
        "--org-id",
        "organizations",
        type=_Whole(min=0),
        multiple=True,
        metavar="ID",
        help="An organization to look at; may come more than once.  [default: what the key shows]",
    ),
    click.option("--from", "start", callback=_moment, metavar="DATE", help="Look at no usage before this day."),
    click.option("--to", "end", callback=_moment, metavar="DATE", help="Look at no usage after this day."),
    click.option(
        "--max-requests",
        type=_Whole(min=1),
        default=60,
        show_default=True,
        metavar="N",
        help="The request budget, retries included.",
    ),
    timeout_option,
    click.option(
        "--seed",
        type=int,
        default=0,
        show_default=True,
        metavar="N",
        help="Which windows, records and tasks are looked at.",
    ),
)

ASKING = ("base_url", "api_key", "organizations", "start", "end", "max_requests", "timeout", "seed")
"""The names under which a command gets these options."""


def asking(command: F) -> F:
    """Add the options to a command, in the order of reading."""
    return reduce(lambda decorated, option: option(decorated), reversed(_OPTIONS), command)


def config_of(told: dict[str, Any]) -> Config:
    """Give the run that the options, and further fields of the config beside them, ask for.

    Raises:
        Refusal: the base URL, the key or what is to be asked cannot be used.
    """
    from civis_usage.client.config import resolve_api_key, resolve_base_url
    from civis_usage.client.errors import ConfigurationError
    from civis_usage.contract_tests.config import Config

    try:
        key = resolve_api_key(told["api_key"])
        url = resolve_base_url(told["base_url"], key)
        organizations = tuple(dict.fromkeys(told["organizations"]))
        return Config(**{**told, "base_url": url, "api_key": key.reveal(), "organizations": organizations})
    except ConfigurationError as error:
        raise Refusal(str(error)) from None
