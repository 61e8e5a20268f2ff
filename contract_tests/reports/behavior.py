"""What the reports say of the open questions: what was seen, and how the fake's answers compare with it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from civis_usage.contract_tests.observe.observation import Observation, State, in_words
from civis_usage.contract_tests.results import Report
from civis_usage.schemas.behavior import DEFAULT, QUESTIONS

__all__ = ["as_json", "details", "overview"]


def overview(report: Report) -> Iterator[str]:
    """Yield two lines: how much was seen, and how the fake's answers compare with it; nothing without observations."""
    if report.observations:
        counts = Counter(each.state for each in report.observations)
        states = [f"{number} {state}" for state in State if (number := counts[state])]
        yield f"{len(report.observations)} open questions: {', '.join(states)}"
        found = report.fidelity
        named = f" ({', '.join(found.contradicted)})" if found.contradicted else ""
        answers = (
            f"{len(found.confirmed)} confirmed, {len(found.contradicted)} contradicted{named}, "
            f"{len(found.undecided)} undecided"
        )
        yield f"{_whose(report)}: {answers}"


def _whose(report: Report) -> str:
    """Return whose answers the observations are compared with."""
    return "the fake's answers by default" if report.behavior == DEFAULT else "the fake's answers as chosen"


def details(report: Report) -> Iterator[tuple[Observation, str, list[str]]]:
    """Yield each observation with a line about it, and a line for each response that settles it."""
    for each in report.observations:
        verdict = report.fidelity.verdict(each.question)
        found = {
            State.SEEN: str(each.value),
            State.UNKNOWN: f"unknown: {in_words(each.question, each.possible)}" if each.sightings else "unknown",
            State.CONTRADICTORY: each.contradiction.lower(),
        }[each.state]
        fake = "" if verdict == "confirmed" else f" (the fake's answer, {report.behavior[each.question]}, is {verdict})"
        yield each, f"{each.question}: {found}{fake}", [f"GET {s.request}: {s.what}" for s in each.decisive]


def as_json(report: Report) -> list[dict[str, Any]]:
    """Return the observations as JSON can hold them."""
    return [
        {
            "question": each.question,
            "text": QUESTIONS[each.question].text,
            "state": str(each.state),
            "value": each.value,
            "possible": in_words(each.question, each.possible),
            "fake": report.behavior[each.question],
            "fidelity": report.fidelity.verdict(each.question),
            "evidence": [
                {"request": sighting.request, "at": sighting.at.isoformat(), "what": sighting.what}
                for sighting in each.decisive
            ],
        }
        for each in report.observations
    ]
