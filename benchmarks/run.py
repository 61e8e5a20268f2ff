"""Every figure of the kit's speed, in one run, beside what it is compared with.

    make bench
    python benchmarks/run.py --rounds 3 --seconds 1 --only speed,startup --json figures.json

Subjects take turns in every round, so that a change of the machine's load meets all of them; figures are medians, with
the least and the most. Compare figures of one run only: what the kit promises are ratios. Linux only.
"""

from __future__ import annotations

import argparse
import json
import platform
import sys
from collections.abc import Iterator
from pathlib import Path

import checking
import generating
import imports
import large
import load
import prism
import report
import speed
import startup
import suite
import worlds
from figures import Plan, Sample, Section, collected
from goals import GOALS

__all__ = ["SECTIONS", "main"]

SECTIONS: dict[str, Section] = {
    "speed": speed,
    "worlds": worlds,
    "large": large,
    "startup": startup,
    "imports": imports,
    "suite": suite,
    "generate": generating,
    "check": checking,
}


def main(words: list[str] | None = None) -> None:
    """Measure, print the tables, and write them as JSON where asked."""
    asked = _asked(words)
    loader, generator = load.chosen(asked.load)
    about = {
        "command": f"python benchmarks/run.py --rounds {asked.rounds} --seconds {asked.seconds}",
        "sections": asked.only,
        "machine": f"{platform.system()} {platform.machine()}, Python {platform.python_version()}",
        "load": generator,
    }
    if {"speed", "startup"} & set(asked.only):
        about["prism"] = prism.described()
    for line in about.items():
        print("{}: {}".format(*line))
    sections = {name: SECTIONS[name] for name in asked.only}
    units = {name: unit for section in sections.values() for name, unit in section.FIGURES.items()}
    plans = (Plan(asked.seconds, loader, turn) for turn in range(asked.rounds))
    figures = collected(_samples(plans, sections), units)
    outcomes = [outcome for goal in GOALS if (outcome := goal.outcome(figures)) is not None]
    print("", *report.tables(figures, outcomes), sep="\n")
    if asked.json:
        text = json.dumps(report.as_json(about, figures, outcomes), indent=2)
        Path(asked.json).write_text(f"{text}\n", encoding="utf-8")


def _samples(plans: Iterator[Plan], sections: dict[str, Section]) -> Iterator[Sample]:
    for plan in plans:
        for name, section in sections.items():
            print(f"round {plan.turn + 1}: {name} ...", file=sys.stderr, flush=True)
            yield from section.measure(plan)


def _asked(words: list[str] | None) -> argparse.Namespace:
    reader = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    reader.add_argument("--rounds", type=int, default=5)
    reader.add_argument("--seconds", type=int, default=3, help="how long each load lasts")
    reader.add_argument("--only", type=_names, default=[*SECTIONS], help=f"some of {','.join(SECTIONS)}")
    reader.add_argument(
        "--load", choices=[*load.LOADERS], help="the load generator; the best that is there if left out"
    )
    reader.add_argument("--json", metavar="FILE", help="write it all there as well")
    return reader.parse_args(words)


def _names(text: str) -> list[str]:
    names = text.split(",")
    for name in names:
        if name not in SECTIONS:
            raise argparse.ArgumentTypeError(f"there is no section {name!r}: choose some of {', '.join(SECTIONS)}")
    return names


if __name__ == "__main__":
    main()
