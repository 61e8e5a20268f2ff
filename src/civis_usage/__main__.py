"""The command line ``civis-usage``: a group whose commands are imported when they are called."""

from importlib import import_module
from typing import cast

import click

COMMANDS = ("serve", "check", "drift", "record", "call", "generate", "demo")
"""The commands in the order in which ``--help`` lists them; each is ``civis_usage.commands.<name>:<name>``."""


class LazyGroup(click.Group):
    """A group that knows its commands' names and imports a command's module when it is needed."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Give the names of the commands, in reading order."""
        return list(COMMANDS)

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


if __name__ == "__main__":
    main(prog_name="civis-usage")
