"""The command line ``civis-usage``: a group whose commands are imported when they are called."""

import os
import sys
from importlib import import_module
from pathlib import Path
from typing import Any, cast

import click

from civis_usage.commands.errors import exit_code_of
from civis_usage.commands.groups import Group

__all__ = ["COMMANDS", "main", "run"]

COMMANDS = {
    "serve": "Serve a fake of the API's /usage resource.",
    "check": "Check that an API keeps the contract of /usage.",
    "drift": "Compare the API's own spec with the contract.",
    "record": "Record an API's responses for work offline.",
    "call": "Call one operation and show its response.",
    "generate": "Write generated usage to a file.",
    "explain": "Explain a check: rule, basis, requests, how to waive it.",
    "assumptions": "Show what your program assumes about the API.",
    "demo": "Fake, client and check in one go.",
}
"""The commands with their line in ``--help``, in its order; each is ``civis_usage.commands.<name>:<name>``."""


class Commands(Group):
    """A group that imports a command's module when the command is called, and has one layer for all errors."""

    def main(self, *args: Any, standalone_mode: bool = True, **extra: Any) -> Any:
        """Run the command line and exit; every error ends as one sentence with an exit code."""
        run: Any = super().main
        if not standalone_mode:
            return run(*args, standalone_mode=False, **extra)
        return sys.exit(exit_code_of(lambda: run(*args, standalone_mode=False, **extra)))

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of the commands, in reading order."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return the command called ``cmd_name``, imported; ``None`` where there is no such command."""
        if cmd_name not in COMMANDS:
            return None
        return cast(click.Command, getattr(import_module(f"civis_usage.commands.{cmd_name}"), cmd_name))

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands for ``--help`` without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.group(
    cls=Commands,
    context_settings={
        "auto_envvar_prefix": "CIVIS_USAGE",
        "help_option_names": ["-h", "--help"],
        "max_content_width": 100,
    },
)
@click.version_option(package_name="civis-usage-kit", prog_name="civis-usage")
def main() -> None:
    """Develop against the Civis Platform API's /usage resource offline, and check that the live one keeps its contract.

    \b
    Start here:
      civis-usage demo     fake, client and check in one go
      civis-usage serve    the fake, for your own programs
      civis-usage check    does the API still keep its contract?

    Every option can be set by an environment variable, such as CIVIS_USAGE_SERVE_PORT for `serve --port`.
    """


def run() -> None:
    """Run the command line of this process, whichever of its streams is closed."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, Path(os.devnull).open(mode))  # noqa: SIM115  for as long as the process lasts
    main(prog_name="civis-usage")
