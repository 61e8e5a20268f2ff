"""How a command refuses: with one sentence, exit code 2, and without showing a key; in GitHub Actions, annotated."""

from __future__ import annotations

import os
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import click

__all__ = ["GuardedCommand", "Refusal"]


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
        """Run the command; a refusal is annotated on its way out."""
        try:
            return super().invoke(ctx)
        except click.ClickException as error:
            raise _annotated(error) from None


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
