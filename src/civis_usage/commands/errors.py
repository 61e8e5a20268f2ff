"""The one layer that turns an error into one sentence without the API key, and into an exit code that is no verdict."""

from __future__ import annotations

import errno
import io
import os
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from ..schemas.text import escape

__all__ = ["complain", "exit_code_of", "redacted"]

_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EBADF)
"""What the system says of an output that takes no more."""


def exit_code_of(run: Callable[[], Any]) -> int:
    """Return what ``run`` returns, or the exit code of the error that ended it, which is shown on standard error."""
    try:
        return int(run() or 0)
    except (Exception, KeyboardInterrupt) as error:
        return _report(error)


def complain(sentence: str, title: str = "Error") -> None:
    """Show one sentence on standard error, on one line that steers neither a terminal nor a CI service."""
    click.echo(f"{title}: {escape(redacted(sentence))}", err=True)


def redacted(text: str) -> str:
    """Return ``text`` without the key of the environment."""
    from ..client.redaction import redact

    return redact(text, [os.environ.get("CIVIS_API_KEY", "").strip()])


def _report(error: BaseException) -> int:
    from ..client.errors import ConfigurationError, UsageError
    from ..contract_tests.exit_code import ExitCode

    if isinstance(error, click.ClickException):
        shown = io.StringIO()
        error.show(shown)
        _annotate(error.format_message())
        click.echo(redacted(shown.getvalue()), err=True, nl=False)
        return ExitCode.WRONG_USE
    if isinstance(error, ConfigurationError):
        _annotate(str(error))
        complain(str(error))
        return ExitCode.WRONG_USE
    if isinstance(error, UsageError):
        complain(str(error))
    elif isinstance(error, KeyboardInterrupt | click.Abort):
        complain("Interrupted.")
    elif isinstance(error, OSError) and error.errno in _FULL:
        complain(f"Nothing more can be written ({os.strerror(error.errno).lower()}).")
    else:
        complain(f"The command itself failed ({_place(error)}): please report it.")
    return ExitCode.NOT_JUDGED


def _place(error: BaseException) -> str:
    frame = traceback.extract_tb(error.__traceback__)[-1]
    message = " ".join(redacted(f"{type(error).__name__}: {error}").split())
    return f"{message} in {Path(frame.filename).name}, line {frame.lineno}"


def _annotate(message: str) -> None:
    """Annotate wrong use where the command runs in GitHub Actions."""
    if os.environ.get("GITHUB_ACTIONS") == "true":
        from ..contract_tests.reports.github import command

        click.echo(command("error", "wrong use", redacted(message)), err=True)
