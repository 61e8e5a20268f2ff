"""Where the results of a command go: one text on the terminal, reports in files, annotations in GitHub Actions."""

from __future__ import annotations

import logging
import os
import shutil
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from ..client.errors import ConfigurationError
from ..files import ensure_writable, write
from .errors import redacted

__all__ = ["Output", "in_github_actions", "is_read_by_people", "log_requests", "log_retries"]


class Output:
    """The reports that a command is to write, by path (``-`` for standard output), and its terminal.

    The terminal is standard error where a report goes to standard output. What is shown and written must be without the
    key already: to redact a report that is rendered could damage its form.

    Raises:
        ConfigurationError: a file cannot be written, or two reports have one destination.
    """

    def __init__(self, *paths: str | None) -> None:
        files = [path for path in paths if path and path != "-"]
        if paths.count("-") > 1:
            raise ConfigurationError("Only one report can go to standard output: name a file for the others.")
        if len({os.path.realpath(path) for path in files}) < len(files):
            raise ConfigurationError("Two reports are to be written to one file: name another one.")
        for path in files:
            ensure_writable(path)
        self._terminal = sys.stderr if "-" in paths else sys.stdout
        for stream in (sys.stdout, sys.stderr):
            if reconfigure := getattr(stream, "reconfigure", None):
                reconfigure(errors="backslashreplace")

    @property
    def colour(self) -> bool:
        """Whether the terminal shows colours."""
        wanted = not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
        return self._terminal.isatty() and wanted

    @property
    def width(self) -> int | None:
        """The terminal's columns (``COLUMNS``, if set, or its own); ``None`` where the output is no terminal."""
        return shutil.get_terminal_size().columns if self._terminal.isatty() else None

    @property
    def ascii_only(self) -> bool:
        """Whether the terminal cannot show marks such as ``✓``."""
        try:
            "✓✗·→".encode(self._terminal.encoding or "ascii")
        except (LookupError, UnicodeEncodeError):
            return True
        return False

    def show(self, text: str) -> None:
        """Show ``text`` on the terminal."""
        _write(self._terminal, text)

    def write(self, path: str | None, text: str) -> None:
        """Write a report as UTF-8, also to standard output, whatever the terminal's encoding is.

        Raises:
            ConfigurationError: it cannot be written.
        """
        if path == "-":
            _write(sys.stdout, text, encoding="utf-8")
        elif path:
            write(path, text)

    def write_summary(self, text: str) -> None:
        """Add ``text`` to the summary of a job in GitHub Actions.

        Raises:
            ConfigurationError: it cannot be written.
        """
        if path := os.environ.get("GITHUB_STEP_SUMMARY"):
            try:
                with Path(path).open("a", encoding="utf-8", errors="backslashreplace") as file:
                    file.write(text)
            except OSError as error:
                raise ConfigurationError(f"{path} cannot be written: {error.strerror}.") from None


def is_read_by_people(stream: TextIO) -> bool:
    """Return whether what is written to ``stream`` is shown: on a terminal, or in the log of a CI service."""
    if stream.isatty():
        return True
    try:
        is_file = stat.S_ISREG(os.fstat(stream.fileno()).st_mode)
    except (OSError, ValueError):
        is_file = False
    return not is_file and any(os.environ.get(name) for name in ("CI", "GITHUB_ACTIONS", "TF_BUILD"))


def in_github_actions() -> bool:
    """Return whether the command runs in GitHub Actions."""
    return os.environ.get("GITHUB_ACTIONS") == "true"


@contextmanager
def log_requests(wanted: bool) -> Iterator[None]:
    """Log each request, without headers, on standard error."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Formatter("%(name)s: %(message)s"))
    loggers = [logging.getLogger(name) for name in ("civis_usage", "urllib3")] if wanted else []
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.addHandler(handler)
        logger.setLevel(logging.DEBUG)
    try:
        yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.removeHandler(handler)
            logger.setLevel(level)


def log_retries() -> None:
    """Say on a terminal why it takes longer than a moment."""
    if sys.stderr.isatty():
        logger = logging.getLogger("civis_usage.client")
        logger.addHandler(logging.StreamHandler())
        logger.setLevel(logging.INFO)


class _Formatter(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        return redacted(super().format(record))


def _write(stream: TextIO, text: str, encoding: str | None = None) -> None:
    """Write to a standard stream; a reader that has seen enough changes nothing."""
    try:
        if encoding and hasattr(stream, "buffer"):
            stream.buffer.write(text.encode(encoding, "backslashreplace"))
        else:
            stream.write(text)
        stream.flush()
    except OSError as error:
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())  # so that Python's own flush at the end succeeds
        if not isinstance(error, BrokenPipeError):
            name = "standard error" if stream is sys.stderr else "standard output"
            raise ConfigurationError(f"{name} cannot be written: {error.strerror}.") from None
