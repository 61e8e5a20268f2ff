"""How a command ends that cannot do its work: with one sentence that shows no key, and with a code that is no verdict.

Wrong use is 2, and annotated in GitHub Actions; what nobody foresaw is 3, and so is an interruption.
"""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import pairwise
from typing import Any

import click

__all__ = ["UNJUDGED", "GuardedCommand", "Refusal", "guarded"]

UNJUDGED = 3
"""The exit code of a command that came to no verdict."""

_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EBADF)
"""What the system says where an output takes nothing more."""


class Refusal(click.ClickException):
    """Wrong use of a command: its message goes to standard error, and the command ends with 2."""

    exit_code = 2


class GuardedCommand(click.Command):
    """A command that takes options only, and hides the key in what click says about them."""

    def make_context(
        self, info_name: str | None, args: list[str], parent: click.Context | None = None, **extra: Any
    ) -> click.Context:
        """Read ``args``; an error about them is shown with the key hidden."""
        from civis_usage.contract_tests.redaction import Redactor

        keys = list(_keys(args))
        try:
            context = super().make_context(info_name, args, parent, allow_extra_args=True, **extra)
        except click.UsageError as error:
            raise _annotated(click.UsageError(Redactor(keys).text(error.format_message()), error.ctx)) from None
        if context.args:
            raise _annotated(click.UsageError("There are no arguments but options.", context))
        return context

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; a refusal is annotated on its way out, and a mistake of the kit's own is no verdict."""
        try:
            with guarded([ctx.params.get("api_key")]):
                return super().invoke(ctx)
        except click.ClickException as error:
            raise _annotated(error) from None


@contextmanager
def guarded(keys: Iterable[str | None]) -> Iterator[None]:
    """End with one sentence and 3 where what is done within fails as nobody foresaw, or is interrupted.

    Left to itself, Python would end with 1 then, which is a verdict on the API.

    Args:
        keys: what the sentence must not show, beside the key of the environment.
    """
    try:
        yield
        return
    except (click.ClickException, click.exceptions.Exit, click.Abort):
        raise
    except KeyboardInterrupt:
        sentence = "Interrupted."
    except Exception as error:
        if isinstance(error, OSError) and error.errno == errno.EPIPE:  # nobody reads on: click ends in silence
            raise
        if isinstance(error, OSError) and error.errno in _FULL:
            click.echo(f"Error: Nothing more can be written ({os.strerror(error.errno or 0).lower()}).", err=True)
            sys.exit(UNJUDGED)
        said = _redacted(f"{type(error).__name__}: {error}", keys) or type(error).__name__
        sentence = f"The command itself failed ({said}): please report it."
    click.echo(f"Error: {sentence}", err=True)
    sys.exit(UNJUDGED)


def _redacted(text: str, keys: Iterable[str | None]) -> str:
    """Give ``text`` on one line without the keys; nothing, where the mistake is that they cannot be found."""
    from ..client.redaction import redact
    from ..tables import printable

    wanted = [key.strip() for key in (*keys, os.environ.get("CIVIS_API_KEY")) if key]
    try:
        return printable(" ".join(redact(text, wanted).split()))
    except Exception:
        return ""


def _annotated(error: click.ClickException) -> click.ClickException:
    """Give ``error``, after GitHub Actions was told of it where the command runs there."""
    if os.environ.get("GITHUB_ACTIONS") == "true":
        from civis_usage.contract_tests.report_github import command

        click.echo(command("error", "wrong use", error.format_message()), err=True)
    return error


def _keys(args: list[str]) -> Iterator[str]:
    yield os.environ.get("CIVIS_API_KEY", "").strip()
    for arg, following in pairwise([*args, ""]):
        name, _, value = arg.partition("=")
        if name == "--api-key":
            yield (value or following).strip()
