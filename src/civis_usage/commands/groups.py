"""Groups of commands that suggest the nearest name for one that they do not have."""

from __future__ import annotations

import click

__all__ = ["Group"]


class Group(click.Group):
    """A group of commands."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Return the command that ``args`` begin with; name the nearest one where there is no such command."""
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as error:
            from difflib import get_close_matches

            near = get_close_matches(args[0], self.list_commands(ctx), n=1)
            hint = f" Did you mean {near[0]!r}?" if near and "mean" not in error.message else ""
            raise click.UsageError(f"{error.message}{hint}", ctx) from None
