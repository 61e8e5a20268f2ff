"""``civis-usage assumptions``: what does a program assume about the API?"""

from __future__ import annotations

import itertools
import os
import shutil
import signal
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

import click

from ..assumptions.report import Assumption, Live, Report, render, to_json
from ..assumptions.report import assumptions as find_assumptions
from ..assumptions.runs import LEAST_LIMIT, Outcome, Runner, all_variations, met_variations
from ..contract_tests.exit_code import ExitCode
from ..mock_server.variations import VARIATIONS, Variation, find
from .errors import complain
from .options import options, parse_with
from .output import Output
from .progress import CLEAR

__all__ = ["assumptions", "read_live"]

OnVariation = Callable[[Variation], None]


def read_live(name: str) -> dict[str, Live]:
    """Return how the live API behaves, by a file of ``check --save-behavior``."""
    from ..schemas.behavior import read_choices

    return {
        id_: Live(choice.value, choice.observed, name)
        for id_, choice in read_choices(name).items()
        if not choice.guessed
    }


@click.command()
@click.argument("command", nargs=-1, required=True, type=click.UNPROCESSED)
@click.option(
    "-j", "--jobs", type=click.IntRange(1, 64), metavar="N", help="Runs at a time.  [default: one for each processor]"
)
@click.option(
    "--only",
    metavar="VARIATION",
    multiple=True,
    callback=parse_with(find),
    help=f"Run this variation, not all: {', '.join(VARIATIONS)}, or QUESTION=ANSWER such as end_bound=exclusive. "
    "Repeatable.",
)
@click.option(
    "--behavior",
    "live",
    metavar="FILE",
    callback=parse_with(read_live),
    help="How the live API was seen to behave, from check --save-behavior.",
)
@click.option(
    "--fail-on",
    type=click.Choice(["undocumented", "unconfirmed", "contradicted"]),
    help="Exit code 1 if the program assumes what is not documented; with --behavior, only what the file does not "
    "confirm, or only what it contradicts.",
)
@options("json")
def assumptions(
    command: tuple[str, ...],
    jobs: int | None,
    only: tuple[Variation, ...],
    live: Mapping[str, Live] | None,
    fail_on: str | None,
    json: str | None,
) -> int:
    """Run the tests of a program once as they are, and once for each legal variation of the fake.

    COMMAND is any command that ends with 0 if all is well, such as pytest. Its tests use this kit's fake, by the
    fixtures or by starting serve. What fails with a variation is what the program assumes: each other answer to an
    open question, another order of keys, additional fields, other spellings, large ids, a run that comes late, one
    429, one 503, slowness. Variations that change no response that the command gets are not run.

    \b
    Examples:
      civis-usage assumptions -- pytest tests/
      civis-usage assumptions --behavior behavior.toml --fail-on contradicted -- pytest -q
      civis-usage assumptions --only one_429 --only end_bound=exclusive -- ./run-tests

    \b
    Exit codes:
      0  the runs are done, whatever they showed
      1  the program assumes what --fail-on names
      2  wrong use of this command
      3  COMMAND fails as it is, or never reaches the fake
    """
    if fail_on in ("unconfirmed", "contradicted") and live is None:
        raise click.UsageError(f"--fail-on {fail_on} compares with how the live API behaves: add --behavior FILE.")
    output = Output(json)
    if shutil.which(command[0]) is None:
        raise click.UsageError(f"the command {command[0]!r} cannot be found: check its spelling.")
    began = time.monotonic()
    with _terminable(), Runner.opened(command) as runner:
        as_it_is = runner.run()
        if complaint := _complaint(as_it_is):
            click.echo(as_it_is.output, err=True)
            complain(complaint)
            return ExitCode.NOT_JUDGED
        met = met_variations(as_it_is.met)
        chosen = [each for each in only or met if each.id in {known.id for known in met}]
        jobs = jobs or os.cpu_count() or 1
        if chosen:
            click.echo(_announcement(as_it_is, len(chosen), jobs), err=True)
        with _progress(len(chosen)) as (on_result, on_repeat):
            limit = max(LEAST_LIMIT, 10 * as_it_is.seconds)
            results = runner.run_each(chosen, jobs, limit, on_result, on_repeat)
    report = Report(
        command,
        as_it_is,
        find_assumptions(results, as_it_is.met, live or {}),
        tuple(each.variation.id for each in results if not each.outcome.fails),
        tuple(each.id for each in only or all_variations() if each.id not in {known.id for known in met}),
        time.monotonic() - began,
    )
    output.show(render(report, output.width))
    output.write(json, to_json(report))
    violated = any(_counts(each, fail_on) for each in report.assumptions)
    return ExitCode.VIOLATED if violated else ExitCode.KEPT


def _counts(assumption: Assumption, fail_on: str | None) -> bool:
    """Return whether an assumption is one that ``--fail-on`` names."""
    if fail_on == "contradicted":
        return assumption.contradicted
    return fail_on == "undocumented" or (fail_on == "unconfirmed" and not assumption.confirmed)


def _complaint(outcome: Outcome) -> str | None:
    """Return why no assumption can be found; ``None`` where one can."""
    if outcome.fails:
        return f"The command fails as it is ({outcome.ending}): make it pass first; its output is above."
    if not outcome.met:
        return (
            "The command sent no request to the fake: let its tests use usage_server, usage_environment or "
            "usage_intercept, or start civis-usage serve themselves (one that runs already does not vary)."
        )
    return None


def _announcement(as_it_is: Outcome, count: int, jobs: int) -> str:
    """Return how many runs there will be, and how long they will take by the first one."""
    seconds = as_it_is.seconds * -(-count // jobs)
    long = f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} minutes"
    passes = f"As it is, the command passes, in {as_it_is.seconds:.1f} s."
    if count == 1:
        return f"{passes} Now it runs with 1 variation."
    return (
        f"{passes} Now it runs with {count} variations, {min(jobs, count)} at a time: about {long}, and longer if it "
        "fails with some. (--only VARIATION runs one.)"
    )


@contextmanager
def _progress(count: int) -> Iterator[tuple[OnVariation, OnVariation]]:
    """Show which variation is done, of how many, and which is run once more: in one line on a terminal."""
    on_terminal = sys.stderr.isatty()
    done = itertools.count(1)

    def show(line: str) -> None:
        click.echo(f"{CLEAR}{line}" if on_terminal else line, nl=not on_terminal, err=True)

    try:
        yield (
            lambda variation: show(f"{next(done)} of {count}: {variation.id}"),
            lambda variation: show(f"once more, alone: {variation.id}"),
        )
    finally:
        if on_terminal:
            click.echo(CLEAR, nl=False, err=True)


@contextmanager
def _terminable() -> Iterator[None]:
    """Let SIGTERM end the command as Ctrl-C does, so that nothing is left behind."""

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
