"""The command line ``civis-usage``: a group whose commands are imported when they are called."""

import os
import sys
from importlib import import_module
from pathlib import Path
from typing import Any, cast

import click

from civis_usage.commands.refusal import guarded

COMMANDS = ("serve", "check", "drift", "record", "call", "generate", "demo")
"""The commands in the order in which ``--help`` lists them; each is ``civis_usage.commands.<name>:<name>``."""


class LazyGroup(click.Group):
    """A group that knows its commands' names and imports a command's module when it is needed."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Give the names of the commands, in reading order."""
        return list(COMMANDS)

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command; what nobody foresaw, and an interruption, end with a sentence and no verdict."""
        with guarded(()):
            return super().invoke(ctx)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the command called ``cmd_name``; give ``None`` where there is no such command."""
        if cmd_name not in COMMANDS:
            return None
        module = import_module(f"civis_usage.commands.{cmd_name}")
        return cast(click.Command, getattr(module, cmd_name))


@click.group(
    cls=LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(package_name="civis-usage-kit", prog_name="civis-usage")
def main() -> None:
    """Develop against the Civis Platform API's /usage resource offline, and check that the live one keeps its contract.

    \b
    Start here:
      civis-usage demo     fake, client and check in one go
      civis-usage serve    the fake, for your own programs
      civis-usage check    does the API still keep its contract?
    """


def run() -> None:
    """Run the command line of this process, whichever of its streams is closed."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, Path(os.devnull).open(mode))  # noqa: SIM115  for as long as the process lasts
    with guarded(()):
        main(prog_name="civis-usage")


if __name__ == "__main__":
    run()
