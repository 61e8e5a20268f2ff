"""``civis-usage serve``: the fake, for programs of one's own."""

from __future__ import annotations

import sys
import threading
import warnings
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from functools import partial
from itertools import chain
from typing import TYPE_CHECKING, Any

import click

from ..mock_server.messages import sentence
from . import data_files, reloading
from .options import options, parse_with

if TYPE_CHECKING:
    from ..mock_server.fake import Fake
    from ..mock_server.faults import Fault
    from ..mock_server.journal import Call
    from ..mock_server.journal_file import JournalFile
    from ..mock_server.rate_limit import Limit
    from ..mock_server.settings import Settings
    from ..mock_server.stubs import Stub
    from ..schemas.behavior import Choice, Value
    from .data_files import Source

__all__ = ["PORT", "serve"]

PORT = 8765
"""The port where none is given."""
MANY = 5000
"""Records that take so long to load that it is said: about a second."""


def _moment(text: str) -> int:
    from ..mock_server.clock import Clock

    return Clock(text).now()


def _key(text: str) -> str:
    if not text or ":" in text or not all("!" <= character <= "~" for character in text):
        raise ValueError("a key that can be sent is printable ASCII without spaces and colons")
    return text


def _spec(name: str) -> bytes:
    from ..mock_server.api_spec import read_spec

    return read_spec(name)


def _stubs(name: str) -> tuple[Stub, ...]:
    from ..mock_server.stubs import read_stubs

    return read_stubs(name)


def _limit(text: str) -> Limit:
    from ..mock_server.rate_limit import Limit

    return Limit.parse(text)


def _fault(text: str) -> Fault:
    from ..mock_server.faults import Fault

    return Fault.parse(text)


def _behavior(text: str) -> tuple[str, Value]:
    from ..schemas import behavior

    return behavior.parse(text)


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--port", type=click.IntRange(0, 65535), default=PORT, show_default=True, help="Port; 0 for any free one."
)
@options("seed", "profile", "orgs", "runs-per-day", "since")
@click.option("--now", metavar="MOMENT", callback=parse_with(_moment), help="Pin the clock: 2026-04-30T12:00:00Z.")
@click.option(
    "--data",
    metavar="FILE",
    callback=parse_with(data_files.read),
    multiple=True,
    help="Your own records (JSON, NDJSON or CSV, whole or partial; - for standard input), also from a recording. "
    "Repeatable.",
)
@click.option("--empty", is_flag=True, help="No generated usage: only your own records.")
@click.option(
    "--api-key",
    "api_keys",
    multiple=True,
    callback=parse_with(_key),
    help="Accept this key, no other. Repeatable.",
)
@options("behavior")
@click.option(
    "--set",
    "chosen",
    metavar="ID=ANSWER",
    callback=parse_with(_behavior),
    multiple=True,
    help="One such answer, as in end_bound=exclusive; overrides --behavior. Repeatable.",
)
@click.option(
    "--rate-limit",
    metavar="N/SECONDS",
    callback=parse_with(_limit),
    help="Refuse more than N requests in each window of SECONDS; the live API has 1000/300. "
    "Without it requests are only counted.",
)
@click.option(
    "--fault",
    "faults",
    metavar="RULE",
    callback=parse_with(_fault),
    multiple=True,
    help="Inject a fault (syntax above). Repeatable.",
)
@click.option(
    "--spec",
    metavar="FILE",
    callback=parse_with(_spec),
    help="Another API spec at /endpoints (JSON); civis for the one in the installed package civis.",
)
@click.option(
    "--stubs",
    metavar="FILE",
    callback=parse_with(_stubs),
    multiple=True,
    help="Fixed answers outside of /usage (a JSON list). Repeatable.",
)
@click.option("--allow-remote-control", is_flag=True, help="Let other machines use /_fake/ too, not this one alone.")
@click.option(
    "--log",
    type=click.Choice(["requests", "none"]),
    help="Print a line for each request on standard error, or none.  [default: requests on a terminal]",
)
@click.option("--journal", metavar="FILE", help="Write the requests, each once, for check --requests.")
@click.option("--reload", "reloads", is_flag=True, help="Read the files of --data again when they change.")
@click.option("--open", "open_browser", is_flag=True, help="Show the fake's page in a browser.")
def serve(
    host: str,
    port: int,
    data: tuple[Source, ...],
    stubs: tuple[tuple[Stub, ...], ...],
    empty: bool,
    orgs: Any,
    log: str | None,
    journal: str | None,
    reloads: bool,
    open_browser: bool,
    behavior: dict[str, Choice] | None,
    chosen: tuple[tuple[str, Value], ...],
    **settings_given: Any,
) -> None:
    """Serve a fake of the API's /usage resource, until Ctrl-C.

    \b
    Examples:
      civis-usage serve
      civis-usage serve --port 0 --now 2026-04-30T12:00:00Z --orgs 7:200,8
      civis-usage serve --empty --data my-records.json
      civis-usage serve --empty --data usage.recording.json
      civis-usage serve --fault "list_llm status=429 retry-after=1 first=2"
      civis-usage serve --spec civis --stubs limits.json
      civis-usage serve --set end_bound=exclusive --set summary_decimals=2

    \b
    A fault is written in words:
      which requests   get_llm, list_llm, get_llm_organization_summary, list_matching or
                       endpoints (none: all of /usage); org-id=1; key=KEY
      how often        first=2, every=3 or probability=0.1 (none: always)
      what happens     status=503 (retry-after=2), latency=0.5 or latency=0.1-2 (seconds),
                       truncate, malformed, disconnect, content-type=text/html, limit=2,
                       null=credits, missing=modelId, wrong-type=runTime,inputTokens
    The first rule that fires is applied; after one that only adds latency, the next are tried too.

    What the documentation leaves open (are bounds inclusive, whose month is this month) is
    chosen by --behavior and --set; docs/reference/behavior.md has all questions and answers.

    A single request gets an error by the header "Prefer: code=503". Data, faults, clock and
    journal can be changed and seen while it runs, under /_fake/.
    """
    from ..mock_server import server
    from ..mock_server.app import create_app
    from ..mock_server.controls import access
    from ..mock_server.fake import Fake
    from ..mock_server.settings import Settings
    from ..mock_server.world import InvalidRecord

    names = [source.name for source in data]
    if reloads and not data:
        raise click.UsageError("--reload needs --data: it reads those files again when they change.")
    if reloads and data_files.STANDARD_INPUT in names:
        raise click.UsageError("--reload cannot read standard input again: name a file with --data.")
    data_files.warn_if_empty(data)
    settings = Settings(
        host=host,
        organizations=orgs,
        data=tuple(record for source in data for record in source.records),
        stubs=tuple(chain.from_iterable(stubs)),
        generated=not empty,
        behavior={**{id_: each.value for id_, each in (behavior or {}).items()}, **dict(chosen)},
        **settings_given,
    )
    if len(settings.data) >= MANY:
        click.echo(f"Loading {len(settings.data):,} records …", err=True)
    try:
        with warnings.catch_warnings(record=True) as said:
            warnings.simplefilter("always")
            fake = Fake(settings)
    except InvalidRecord as reason:
        raise click.UsageError(sentence(data_files.named(reason, data))) from None
    except ValueError as reason:
        raise click.UsageError(sentence(reason)) from None
    for each in said:
        click.echo(f"Warning: {each.message}", err=True)
    prints = log == "requests" or (log is None and sys.stderr.isatty())
    fake.journal.on_call = _listener(prints, None if journal is None else _journal_file(journal))
    stopped = threading.Event()
    if reloads:
        watching = (names, partial(reloading.reload, fake, names), stopped)
        threading.Thread(target=reloading.watch, args=watching, daemon=True).start()
    try:
        server.serve(
            create_app(fake=fake),
            host,
            port,
            _announcer(fake, settings, data, open_browser),
            largest_body=access.largest_body(settings),
            on_stop=fake.wake,
        )
    except server.StartError as reason:
        raise click.UsageError(sentence(reason)) from None
    finally:
        stopped.set()
    _say_what_never_fired(fake)


def _say_what_never_fired(fake: Fake) -> None:
    from .serve_texts import never_fired

    with suppress(OSError):  # whoever read the lines may be gone
        for rule in fake.faults.never_fired:
            click.echo(never_fired(rule), err=True)


def _announcer(
    fake: Fake, settings: Settings, sources: tuple[Source, ...], open_browser: bool
) -> Callable[[str], object]:
    """Return what is to be done once the server answers at a URL."""

    def announce(url: str) -> None:
        from .serve_texts import welcome

        click.echo(welcome(fake, settings, url, sources))
        if open_browser:
            import webbrowser

            threading.Thread(target=webbrowser.open, args=(url,), daemon=True).start()  # a browser may hold it up

    return announce


def _journal_file(name: str) -> JournalFile:
    from ..mock_server.journal_file import JournalFile

    try:
        return JournalFile(name)
    except OSError as reason:
        raise click.UsageError(
            sentence(f"{name} cannot be written: {(reason.strerror or str(reason)).lower()}")
        ) from None


def _listener(prints: bool, file: JournalFile | None) -> Callable[[Call], None]:
    """Return what hears of each request."""

    def hear(call: Call) -> None:
        if file is not None:
            file.add(call)
        if prints:
            _print_call(call)

    return hear


def _print_call(call: Call) -> None:
    from .serve_texts import request_line

    with suppress(OSError):  # whoever read the lines may be gone
        click.echo(request_line(call, datetime.now()), err=True)
