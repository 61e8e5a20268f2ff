"""The page of the speed: what the benchmark measured, as it is kept in ``measured.json``."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from generators.markdown import code, page, table

MEASURED = Path(__file__).parent.parent / "measured.json"


def speed() -> str:
    """Give the page."""
    measured = json.loads(MEASURED.read_text(encoding="utf-8"))
    about = [(name, measured[name]) for name in ("command", "machine", "load", "prism")]
    return page(
        "Speed",
        "What `make bench` measured, all in one run: the median of the rounds, the least and the most. Figures of two "
        "machines, or of two runs, cannot be compared; ratios in one run can. `make bench` shows your machine's.",
        table(["", ""], ([name, code(value)] for name, value in about)),
        "The *Flask route* and the *WSGI function* give the same bytes as the fake from a dictionary, on the same "
        "server with as many workers. *Prism* is the mock server that many projects use, on the same contract: as it "
        "comes, and silent, which spares it the lines that it writes about every request.",
        "## What is promised",
        table(["promise", "bound", "median", "least", "most", "kept"], map(_promise, measured["promises"])),
        "## Every figure",
        table(["figure", "median", "least", "most", "unit"], map(_figure, measured["figures"])),
    )


def _promise(told: Mapping[str, Any]) -> list[str]:
    side = "at least" if "at least" in told else "at most"
    return [told["promise"], f"{side} {told[side]:,g} {_unit(told)}".rstrip(), *_numbers(told), _yes(told["kept"])]


def _figure(told: Mapping[str, Any]) -> list[str]:
    return [told["name"], *_numbers(told), told["unit"]]


def _numbers(told: Mapping[str, Any]) -> list[str]:
    values = (told[name] for name in ("median", "min", "max"))
    return [f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}" for value in values]


def _unit(told: Mapping[str, Any]) -> str:
    return "" if told["unit"] == "ratio" else told["unit"]


def _yes(kept: bool) -> str:
    return "yes" if kept else "**no**"
