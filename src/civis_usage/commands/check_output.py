"""Where the results of ``civis-usage check`` go: terminal, files, GitHub; everything passes the redactor."""

from __future__ import annotations

import logging
import os
import sys
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, TextIO

import click

from civis_usage.contract_tests import report_files
from civis_usage.contract_tests.redaction import Redactor
from civis_usage.contract_tests.results import Report, Result
from civis_usage.contract_tests.wording import printable

from .refusal import UNJUDGED, Refusal

__all__ = ["Output", "Paths"]

_UNWRITTEN = 2


@dataclass(frozen=True)
class Paths:
    """Where reports are to be written; ``-`` is standard output, ``None`` nowhere."""

    json: str | None = None
    junit: str | None = None
    html: str | None = None
    waivers: str | None = None

    def reports(self) -> Iterator[tuple[str, str]]:
        """Give format and path of each report asked for."""
        for name in ("json", "junit", "html"):
            if path := getattr(self, name):
                yield name, path

    def files(self) -> list[str]:
        """Give the paths of all files to be written."""
        paths = [path for _, path in self.reports() if path != "-"]
        return paths + ([self.waivers] if self.waivers else [])


class Output:
    """What one run says, and where. Nothing passes it with ``key`` in it."""

    def __init__(self, paths: Paths, key: str, verbosity: int) -> None:
        self._paths = paths
        self._redactor = Redactor([key.strip()])
        self._verbosity = verbosity
        piped = [path for _, path in paths.reports() if path == "-"]
        if len(piped) > 1:
            raise Refusal("Only one report can go to standard output: name a file for the others.")
        self._terminal = sys.stderr if piped else sys.stdout
        self._unshown: list[report_files.ReportError] = []
        for stream in (sys.stdout, sys.stderr):
            if reconfigure := getattr(stream, "reconfigure", None):
                reconfigure(errors="backslashreplace")

    def probe(self) -> None:
        """Refuse what could not be written after the run, before anything is asked."""
        files = self._paths.files()
        for path in files:
            try:
                report_files.probe(path)
            except report_files.ReportError as error:
                raise Refusal(str(error)) from None
        if len({os.path.realpath(path) for path in files}) < len(files):
            raise Refusal("Two reports are to be written to one file: name another one.")
        new = self._paths.waivers
        if new and Path(new).is_file() and Path(new).stat().st_size:
            raise Refusal(f"{new} exists: --write-waivers needs a new file, so that no reason is lost.")

    @contextmanager
    def guarding(self) -> Iterator[None]:
        """Let a mistake of the kit's own, or Ctrl-C, be one sentence, and end the process as not judged.

        An exit code of 1, which Python gives for a traceback, would say that the contract is violated.
        """
        try:
            yield
        except click.ClickException:
            raise
        except KeyboardInterrupt:
            self.complain("Interrupted: the API is not judged.")
            sys.exit(UNJUDGED)
        except Exception as error:
            what = printable(f"{type(error).__name__}: {error}")
            self.complain(f"The check itself failed ({what}): please report it (-vv shows where).")
            self.trace(error)
            sys.exit(UNJUDGED)

    @contextmanager
    def logging(self) -> Iterator[None]:
        """With ``-vv``, show what the libraries log (each request, without headers) on standard error."""
        if self._verbosity < 2:
            yield
            return
        handler = logging.StreamHandler(sys.stderr)
        handler.setFormatter(_RedactingFormatter(self._redactor))
        loggers = [logging.getLogger(name) for name in ("civis_usage", "urllib3")]
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

    @contextmanager
    def progress(self) -> Iterator[Callable[[Result], None]]:
        """Give what shows each result as it comes: one line on standard error, only if that is a terminal."""
        shown = sys.stderr.isatty() and self._verbosity < 2
        count = 0

        def seen(result: Result) -> None:
            nonlocal count
            count += 1
            if shown:
                click.echo(f"\r\x1b[K{count} checks, {result.check.id}: {result.verdict}", nl=False, err=True)

        try:
            yield seen
        finally:
            if shown:
                click.echo("\r\x1b[K", nl=False, err=True)

    def complain(self, sentence: str) -> None:
        """Say one sentence on standard error."""
        click.echo(f"Error: {self._redactor.text(sentence)}", err=True)

    def warn(self, sentence: str) -> None:
        """Say on standard error what is worth knowing and no error."""
        click.echo(f"Warning: {self._redactor.text(sentence)}", err=True)

    def trace(self, error: BaseException) -> None:
        """With ``-vv``, show where ``error`` comes from."""
        if self._verbosity >= 2:
            click.echo(self._redactor.text("".join(traceback.format_exception(error))), err=True, nl=False)

    def redacted(self, text: str) -> str:
        """Give ``text`` with the key hidden."""
        return self._redactor.text(text)

    @property
    def paint(self) -> Callable[[str, str], str] | None:
        """What colours a text by a colour's name; ``None`` where no colours are to be shown."""
        return (lambda text, colour: click.style(text, fg=colour)) if _has_colours(self._terminal) else None

    @property
    def ascii_only(self) -> bool:
        """Whether the terminal cannot show marks such as ``✓``."""
        return not _can_encode(self._terminal, "✓✗·→")

    def publish(self, text: str, rendered: Mapping[str, str], annotations: str) -> int:
        """Show ``text``, write the reports asked for, ``rendered`` by format, and annotate a run on GitHub.

        Gives the exit code of what could not be written; 0 where all was.
        """
        self._show(self._terminal, text)
        failures = list(self._write_reports(rendered.__getitem__))
        if os.environ.get("GITHUB_ACTIONS") == "true":
            self._show(self._terminal, annotations)
        failures += self._unshown
        for failure in failures:
            self.complain(str(failure))
        return _UNWRITTEN if failures else 0

    def deliver(self, report: Report) -> int:
        """Show and write ``report``; give the exit code, which is 2 where a good report could not be written."""
        report = self._redactor.report(report)
        if report.unjudged:
            self.complain(f"The API could not be judged: {report.unjudged}")
        else:
            self._show(self._terminal, _terminal_text(report, self._terminal, self._verbosity))
        failures = [
            *self._write_reports(lambda name: _rendered(name, report)),
            *self._write_waivers(report),
            *self._tell_github(report),
            *self._unshown,
        ]
        for failure in failures:
            self.complain(str(failure))
        return report.exit_code or (_UNWRITTEN if failures else 0)

    def _write_reports(self, rendered: Callable[[str], str]) -> Iterator[report_files.ReportError]:
        for name, path in self._paths.reports():
            text = rendered(name)
            if path == "-":
                self._pipe(text)
            else:
                yield from _attempt(report_files.write, path, text)

    def _write_waivers(self, report: Report) -> Iterator[report_files.ReportError]:
        if self._paths.waivers:
            from civis_usage.contract_tests import waivers

            yield from _attempt(report_files.write, self._paths.waivers, waivers.draft(report))

    def _tell_github(self, report: Report) -> Iterator[report_files.ReportError]:
        if os.environ.get("GITHUB_ACTIONS") != "true":
            return
        from civis_usage.contract_tests import report_github

        self._show(self._terminal, report_github.annotate(report))
        if path := os.environ.get("GITHUB_STEP_SUMMARY"):
            yield from _attempt(report_files.append, path, report_github.summary(report))

    def _show(self, stream: TextIO, text: str) -> None:
        with self._reaching(stream):
            stream.write(text)
            stream.flush()

    def _pipe(self, text: str) -> None:
        """Write a report to standard output in UTF-8, as to a file, whatever the terminal's encoding is."""
        binary: BinaryIO | None = getattr(sys.stdout, "buffer", None)
        if binary is None:  # a StringIO has text only
            self._show(sys.stdout, text)
            return
        with self._reaching(sys.stdout):
            binary.write(report_files.encoded(text))
            binary.flush()

    @contextmanager
    def _reaching(self, stream: TextIO) -> Iterator[None]:
        """Go on where ``stream`` takes nothing more: the exit code is still to be given."""
        try:
            yield
        except OSError as error:
            if not isinstance(error, BrokenPipeError):  # that reader has seen enough
                name = "standard error" if stream is sys.stderr else "standard output"
                self._unshown.append(report_files.refusal(name, error))
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


class _RedactingFormatter(logging.Formatter):
    def __init__(self, redactor: Redactor) -> None:
        super().__init__("%(name)s: %(message)s")
        self._redactor = redactor

    def format(self, record: logging.LogRecord) -> str:
        return self._redactor.text(super().format(record))


def _attempt(write: Callable[[str, str], None], path: str, text: str) -> Iterator[report_files.ReportError]:
    try:
        write(path, text)
    except report_files.ReportError as error:
        yield error


def _rendered(name: str, report: Report) -> str:
    from importlib import import_module

    text: str = import_module(f"civis_usage.contract_tests.report_{name}").render(report)
    return text


def _terminal_text(report: Report, stream: TextIO, verbosity: int) -> str:
    from civis_usage.contract_tests import report_terminal

    ascii_only = not _can_encode(stream, "✓✗·")
    return report_terminal.render(report, colour=_has_colours(stream), ascii_only=ascii_only, verbosity=verbosity)


def _has_colours(stream: TextIO) -> bool:
    return stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def _can_encode(stream: TextIO, text: str) -> bool:
    try:
        text.encode(stream.encoding or "ascii")
    except (LookupError, UnicodeEncodeError):
        return False
    return True
