"""Measure how rare a deviation may be and still be found: ``python -m tests.rarity [--seeds 100] [--only WORD]``.

All of it takes hours: 93 cells, each of as many runs as there are seeds. ``--only`` chooses lines, ``--of`` replicas.

Each line is one deviation, each cell the number of runs that end with exit code 1, of one run a seed. Seed ``s`` is the
check's own seed and decides which records, or which requests, are wrong. The last table is the late row, which is
legal: any run that ends otherwise than with exit code 0 is a false alarm.
"""

from __future__ import annotations

import argparse
import statistics
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from civis_usage.contract_tests.results import Report

from .deviations.replicas import MISTAKES, replica
from .deviations.table import Deviation
from .judging import judge
from .legal.change import at_request, row
from .standin import GET, LLM, MATCHING, SUMMARY, Standin
from .standin_runs import HOUR, Run, noise
from .standin_server import Server, serving

SIZE = {"daily": {1: 6, 2: 2, 3: 1}, "daily_matching": {1: 4, 2: 1.5, 3: 1}}
"""Some 2,200 LLM runs and 1,500 matching runs of organization 1 in a year."""
RARITIES = (3, 10, 30, 100, 300, 1000)
REPLICAS = (2, 3, 5, 10)


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
    """What a number of runs came to."""

    exits: list[int] = field(default_factory=list)
    requests: list[int] = field(default_factory=list)

    def add(self, report: Report) -> None:
        """Count a run."""
        self.exits.append(report.exit_code)
        self.requests.append(report.requests)

    @property
    def found(self) -> int:
        """The number of runs with a violation."""
        return self.exits.count(1)


def runs(server: Server, seeds: range, make: Callable[[int], Standin]) -> Tally:
    """Return what one run a seed came to."""
    tally = Tally()
    for seed in seeds:
        tally.add(judge(server, make(seed), seed=seed))
    return tally


def late_row(seed: int) -> Standin:
    """Return a stand-in at which a row arrives late: kind, request and age follow from the seed."""
    standin = Standin(**SIZE)
    kind, first, hours = (LLM, MATCHING)[seed % 2], 2 + seed % 50, noise(17, seed) % 6_000 / 10
    at_request(standin, first, lambda api: api.extra.append(row(kind, int(api.now() - hours * HOUR), seed)))
    return standin


def line(name: str, tallies: Sequence[Tally]) -> str:
    """Return a line of a Markdown table."""
    median = statistics.median(count for tally in tallies for count in tally.requests)
    return f"| {name} | {' | '.join(str(tally.found) for tally in tallies)} | {median:g} |"


def heading(first: str, columns: Sequence[str]) -> str:
    """Return the head of a Markdown table."""
    cells = [first, *columns, "requests, median"]
    return f"| {' | '.join(cells)} |\n|---|{'--:|' * (len(cells) - 1)}"


def tables(server: Server, seeds: range, only: str, replicas: Sequence[int] = REPLICAS) -> Iterator[str]:
    """Yield the tables, a line at a time."""
    yield heading(f"Wrong records, found in … of {len(seeds)} runs", [f"1 in {rarity:,}" for rarity in RARITIES])
    for name, make in RECORDS.items():
        if only in name:
            yield line(name, [runs(server, seeds, lambda seed, n=n, make=make: make(n, seed).standin(**SIZE))
                              for n in RARITIES])  # fmt: skip
    yield "\n" + heading(f"One bad replica, found in … of {len(seeds)} runs", [f"of {number}" for number in replicas])
    for mistake, (_, _, words) in MISTAKES.items():
        for operation in (LLM, MATCHING, SUMMARY):
            name = f"`{operation}` {words}"
            if only in name and (mistake, operation) != ("truncates", SUMMARY):
                yield line(name, [runs(server, seeds, lambda seed, n=n, mistake=mistake, operation=operation:
                                       replica(mistake, n, operation, seed).standin(**SIZE))
                                  for n in replicas])  # fmt: skip
    if only in "a row arrives late":
        tally = runs(server, seeds, late_row)
        alarms = sum(code != 0 for code in tally.exits)
        middle, most = statistics.median(tally.requests), max(tally.requests)
        yield f"\n| Legal | false alarms in {len(seeds)} runs | requests, median | requests, most |\n|---|--:|--:|--:|"
        yield f"| a row arrives late | {alarms} | {middle:g} | {most} |"


def main() -> None:
    """Print the tables as Markdown."""
    parser = argparse.ArgumentParser(description="Measure how rare a deviation may be and still be found.")
    parser.add_argument("--seeds", type=int, default=100, help="runs a cell, with seeds 0 … N-1 (default: 100)")
    parser.add_argument("--only", default="", help="only lines that contain this text")
    parser.add_argument("--of", type=int, nargs="+", default=REPLICAS, help="numbers of replicas (default: 2 3 5 10)")
    options = parser.parse_args()
    with serving() as server:
        for text in tables(server, range(options.seeds), options.only, options.of):
            print(text, flush=True)


if __name__ == "__main__":
    main()
