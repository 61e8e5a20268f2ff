"""Measure how rare a deviation may be and still be found: ``python -m tests.rarity --seeds 20 --page FILE``.

Each line of a table is one deviation, each cell the number of runs that end with exit code 1, of one run a seed. Seed
``s`` is the check's own seed and decides which records, or which requests, are wrong. The last table is the late row,
which is legal: any run that ends otherwise than with exit code 0 is a false alarm.

A run takes about a second of processor time, and there are some hundred cells. So ``--results FILE`` keeps what was
measured and adds to it: a cell is measured again only for seeds that it lacks. ``--only`` chooses lines, ``--columns``
columns. ``--page FILE`` writes the page of the documentation from all results.
"""

from __future__ import annotations

import argparse
import json
import statistics
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from .deviations.replicas import IMPOSSIBLE, MISTAKES, replica
from .deviations.table import Deviation, asks
from .judging import judge
from .legal.change import at_request, row
from .standin import GET, LLM, MATCHING, SUMMARY, Standin
from .standin_runs import HOUR, Run, noise
from .standin_server import Server, serving

SIZE = {"daily": {1: 6, 2: 2, 3: 1}, "daily_matching": {1: 4, 2: 1.5, 3: 1}}
"""Some 2,200 LLM runs and 1,500 matching runs of organization 1 in a year."""
RARITIES = (3, 10, 30, 100, 300, 1000)
REPLICAS = (2, 3, 5, 10)
CLEAN_RUNS = 4
"""Runs at a right API from which the chances to meet a bad replica are calculated."""
LATE = "a row arrives late"
KINDS = [
    (operation, mistake, words)
    for operation in (LLM, MATCHING, SUMMARY)
    for mistake, (_, _, words) in MISTAKES.items()
    if (mistake, operation) not in IMPOSSIBLE
]
"""The kinds of bad replica: the operation, the mistake and its words."""


def is_wrong(run: Run, one_in: int, seed: int) -> bool:
    """Return whether a run is one of those that are wrong."""
    return noise(131, seed, run.run) % one_in == 0


def in_records(wrong: str, operation: str, change: Callable[[dict], object], *also: str) -> Callable[..., Deviation]:
    """Return how to make a deviation that changes one record in ``one_in``."""

    def deviation(one_in: int, seed: int) -> Deviation:
        def render(api, right, question, run):
            record = right(question, run)
            if is_wrong(run, one_in, seed):
                change(record)
            return record

        places = frozenset({operation, *also})
        return Deviation(wrong, operation, "rarity", wrong, "render", render, places=places)

    return deviation


def lost(operation: str) -> Callable[..., Deviation]:
    """Return how to make a deviation that leaves out one record in ``one_in`` of lists wider than the record's day."""

    def deviation(one_in: int, seed: int) -> Deviation:
        def order(api, right, question, runs):
            return right(question, [run for run in runs if len(runs) < 40 or not is_wrong(run, one_in, seed)])

        wrong = "left out of long lists"
        return Deviation(wrong, operation, "rarity", wrong, "order", order, places=frozenset({operation}))

    return deviation


RECORDS: dict[str, Callable[[int, int], Deviation]] = {
    "`jobId` missing in `list_llm`": in_records("missing", LLM, lambda record: record.pop("jobId")),
    "`credits` null in `list_llm` and by id": in_records("null", LLM, lambda record: record.update(credits=None), GET),
    "`numRecords` text in `list_matching`": in_records("text", MATCHING, lambda record: record.update(numRecords="7")),
    "`userId` another by id": in_records("altered", GET, lambda record: record.update(userId=9)),
    "record left out of long lists of `list_llm`": lost(LLM),
    "record left out of long lists of `list_matching`": lost(MATCHING),
}


@dataclass
class Tally:
    """What a number of runs came to, by their seeds."""

    exits: dict[int, int] = field(default_factory=dict)
    requests: dict[int, int] = field(default_factory=dict)

    @property
    def found(self) -> int:
        """The number of runs with a violation."""
        return list(self.exits.values()).count(1)

    @property
    def alarms(self) -> int:
        """The number of runs that end otherwise than with exit code 0."""
        return sum(code != 0 for code in self.exits.values())


@dataclass(frozen=True)
class Cell:
    """A place in one of the tables, and how to make its stand-in for a seed."""

    line: str
    column: str
    make: Callable[[int], Standin]


def cells() -> Iterator[Cell]:
    """Yield the cells of all tables."""
    for name, make in RECORDS.items():
        for n in RARITIES:
            yield Cell(name, f"1 in {n:,}", lambda seed, n=n, make=make: make(n, seed).standin(**SIZE))
    for operation, mistake, words in KINDS:
        for n in REPLICAS:
            yield Cell(f"`{operation}` {words}", f"of {n}", _replica(mistake, n, operation))
    yield Cell(LATE, "", late_row)


def _replica(mistake: str, of: int, operation: str) -> Callable[[int], Standin]:
    return lambda seed: replica(mistake, of, operation, seed).standin(**SIZE)


def late_row(seed: int) -> Standin:
    """Return a stand-in at which a row arrives late: kind, request and age follow from the seed."""
    standin = Standin(**SIZE)
    kind, first, hours = (LLM, MATCHING)[seed % 2], 2 + seed % 50, noise(17, seed) % 6_000 / 10
    at_request(standin, first, lambda api: api.extra.append(row(kind, int(api.now() - hours * HOUR), seed)))
    return standin


def runs(server: Server, seeds: Iterable[int], make: Callable[[int], Standin], tally: Tally | None = None) -> Tally:
    """Return what one run a seed came to, beside what ``tally`` has of other seeds."""
    tally = tally or Tally()
    for seed in seeds:
        if seed not in tally.exits:
            report = judge(server, make(seed), seed=seed)
            tally.exits[seed], tally.requests[seed] = report.exit_code, report.requests
    return tally


Results = dict[str, dict[str, Tally]]
"""What was measured, by line and column."""


def measure(server: Server, seeds: int, results: Results, only: str, columns: Sequence[str]) -> Iterator[str]:
    """Measure what ``results`` lack of some cells, and yield a sentence for each cell."""
    for cell in cells():
        if only not in cell.line or (columns and cell.column not in columns):
            continue
        known = results.setdefault(cell.line, {}).setdefault(cell.column, Tally())
        runs(server, range(seeds), cell.make, known)
        wanted = 0 if cell.line == LATE else 1
        others = [str(seed) for seed, code in sorted(known.exits.items()) if code != wanted]
        count = f"exit code {wanted} in {len(known.exits) - len(others)} of {len(known.exits)} runs"
        yield f"{cell.line} {cell.column}: {count}{', not with seeds ' if others else ''}{', '.join(others)}"


def read(file: Path) -> Results:
    """Read results; there are none where there is no file."""
    results: Results = {}
    for line, column, seed, code, requests in json.loads(file.read_text("utf-8")) if file.exists() else ():
        tally = results.setdefault(line, {}).setdefault(column, Tally())
        tally.exits[seed], tally.requests[seed] = code, requests
    return results


def write(file: Path, results: Results) -> None:
    """Write results: line, column, seed, exit code and requests of each run."""
    measured = [
        (line, column, seed, code, tally.requests[seed])
        for line, columns in results.items()
        for column, tally in columns.items()
        for seed, code in tally.exits.items()
    ]
    file.write_text(json.dumps(measured), "utf-8")


def chances(server: Server, seeds: Iterable[int]) -> str:
    """Return a table in Markdown: in how many responses of a right API a replica would differ, and is so met."""
    lines = [f"| one replica | responses | {' | '.join(f'of {n}' for n in REPLICAS)} |", "|---|--:|--:|--:|--:|--:|"]
    differing: dict[str, list[int]] = {}
    for seed in seeds:
        right = Standin(**SIZE)
        judge(server, right, seed=seed)
        answered = [(request, answer) for request, answer in right.journal if answer.status == 200]
        for operation, mistake, words in KINDS:
            wrong = Standin(**SIZE, now=right.now).bend("select", _mistaken(MISTAKES[mistake][0]))
            found = sum(
                wrong.answer(request).body != answer.body for request, answer in answered if asks(request) == operation
            )
            differing.setdefault(f"`{operation}` {words}", []).append(found)
    for line, counts in differing.items():
        met = [statistics.mean(1 - (1 - 1 / n) ** count for count in counts) for n in REPLICAS]
        lines.append(f"| {line} | {statistics.median(counts):g} | {' | '.join(f'{chance:.1%}' for chance in met)} |")
    return "\n".join(lines)


def _mistaken(function: Callable[..., object]) -> Callable[..., object]:
    return lambda api, right, question: function(api, right, question)


def table(first: str, lines: Sequence[str], columns: Sequence[str], results: Mapping[str, Mapping[str, Tally]]) -> str:
    """Return a table in Markdown: found in so many of so many runs."""
    rows = [f"| {first} | {' | '.join(columns)} | requests |", f"|---|{'--:|' * (len(columns) + 1)}"]
    for line in lines:
        tallies = [results.get(line, {}).get(column, Tally()) for column in columns]
        found = [f"{each.found}/{len(each.exits)}" if each.exits else "" for each in tallies]
        requests = [count for each in tallies for count in each.requests.values()]
        if not requests:
            continue
        middle = f"{statistics.median(requests):g}"
        rows.append(f"| {line} | {' | '.join(found)} | {middle} |")
    return "\n".join(rows)


def page(results: Results, met: str) -> str:
    """Return the page of the documentation: what was measured, and by ``met`` the chances to meet a bad replica."""
    lines = list(dict.fromkeys(cell.line for cell in cells()))
    late = results.get(LATE, {}).get("", Tally())
    return PAGE.format(
        records=table("deviation", list(RECORDS), [f"1 in {n:,}" for n in RARITIES], results),
        replicas=table("one replica", lines[len(RECORDS) : -1], [f"of {n}" for n in REPLICAS], results),
        met=met,
        alarms=late.alarms,
        runs=len(late.exits),
        middle=statistics.median(late.requests.values() or [0]),
        most=max(late.requests.values(), default=0),
    )


PAGE = """\
# How rare a deviation may be

The check looks at a sample: some 40 lists, eight runs by id, a dozen sums. A deviation shows if it lies in what is
sampled, so a rare one may be missed on one night and found on another. `python -m tests.rarity` measures how rare one
may be, in a clone of the kit: each cell below says in how many runs it was found, of how many. Each run has another
seed, which decides what the check requests and which records, or which requests, are wrong. The last column is the
median of the requests that a run took.

The stand-in has a year of usage: some 2,200 LLM runs and 1,500 matching runs of the organization that is looked at.

## Wrong records

{records}

- **Always found**: errors that appear in every list. The longest list that is requested has all of the year's runs, so
  one wrong record in it is enough. At 1 in 1,000 some of the years have none.
- **By chance**: what is wrong by id alone, if it is one of the eight or so runs that are fetched, and what is left
  out of long lists alone, if it is in a short list too, or in a sum: matching usage has none.
- **Never**: what is wrong in a field of which nothing else tells. A `runTime` of 41 seconds in place of 40 is as good
  as the right one if every response shows it.

## One bad replica

Several machines answer behind one address, by chance, and one of them is wrong. What is found depends on which
requests it happens to get, and on whether a wrong response differs from the right one there.

Measured, in how many of how many runs it was found; what is left out or empty was not measured:

{replicas}

Calculated from the responses of a correct API: how many of the responses to 72 requests would differ, and how likely a
run meets at least one of them, which is the upper limit. Some of them are not judged, or may be right.

{met}

- **Almost surely found**: what is wrong in most responses, as of one replica of two or three that ignores a parameter.
- **By chance**: what is wrong in few: one lost day is in a handful of windows only, and rounded credits disappear in
  the sum of a year, which may be added up in single precision. The more replicas are right, the likelier each request
  meets one of them.
- **Never**: usage that only the first responses lack, and all later ones show. It might have been recorded in
  between, which is no violation (below). Of the list of matching usage without dates, that the newest usage is
  missing: nothing documents where that list ends.

## A row that arrives late

A row that is in every response from one instant on is no violation, however old it is. Here it arrives before the
second to the fifty-first request, in either list, and is up to 600 hours old: {alarms} false alarms in {runs} runs,
each of {middle:g} requests in the median and {most} at most.

## To measure it yourself

In a clone of the kit (the installed package has no `tests`), `python -m tests.rarity --seeds 20 --results results.json
--page sensitivity.md` measures all cells, which takes about a second of processor time a run, and writes this page.
`--only "ignores org_id" --columns "of 3" --seeds 100` measures more runs of some cells; with the same `--results` it
adds to what was measured before.

Without a clone, try a rarity of your own with a fault: `civis-usage serve --fault "list_llm missing=jobId
probability=0.05"`, and in another terminal some runs of
`civis-usage check --base-url http://127.0.0.1:8765 --org-id 1`. Each response is then wrong by this chance, as of one
bad replica of twenty.
"""


def options() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    parser = argparse.ArgumentParser(description="Measure how rare a deviation may be and still be found.")
    parser.add_argument("--seeds", type=int, default=20, help="runs a cell, with seeds 0 … N-1 (default: 20)")
    parser.add_argument("--only", default="", help="only lines that contain this text")
    parser.add_argument("--columns", nargs="+", default=(), help='only these columns, such as "of 3" or "1 in 30"')
    parser.add_argument("--results", type=Path, help="a file of results, to which those of this run are added")
    parser.add_argument("--page", type=Path, help="write the page of the documentation to this file")
    return parser


def main() -> None:
    """Measure cells, and print or write what came of it."""
    given = options().parse_args()
    results = read(given.results) if given.results else {}
    with serving() as server:
        for text in measure(server, given.seeds, results, given.only, given.columns):
            print(text, flush=True)
            if given.results:
                write(given.results, results)
        if given.page:
            given.page.write_text(page(results, chances(server, range(CLEAN_RUNS))), "utf-8")


if __name__ == "__main__":
    main()
