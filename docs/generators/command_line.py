"""The page of the command line: what ``--help`` says of each command, whole."""

from __future__ import annotations

from collections.abc import Iterator

import click

from civis_usage.cli import main
from generators.markdown import fenced, page

WIDTH = 88
"""Columns that the site shows without scrolling."""


def command_line() -> str:
    """Give the page."""
    parts = [
        "What `--help` says, command by command. `CIVIS_API_KEY` holds the key and `CIVIS_API_ENDPOINT` the base URL; "
        "without the latter, commands ask the live API."
    ]
    for path, text in _helps(main, _context(main, "civis-usage", None)):
        parts += [f"## {path}", fenced("text", text)]
    return page("Command line", *parts)


def _context(command: click.Command, name: str, parent: click.Context | None) -> click.Context:
    """Give the context in which a help text is written: of one width, whatever the terminal's is."""
    return click.Context(
        command, parent, name, terminal_width=WIDTH, max_content_width=WIDTH, help_option_names=["-h", "--help"]
    )


def _helps(command: click.Command, context: click.Context) -> Iterator[tuple[str, str]]:
    """Give the path and the help text of a command, then those of its subcommands."""
    yield context.command_path, command.get_help(context)
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            inner = command.get_command(context, name)
            if inner is None:
                raise LookupError(f"{context.command_path} lists {name} and does not know it")
            yield from _helps(inner, _context(inner, name, context))
