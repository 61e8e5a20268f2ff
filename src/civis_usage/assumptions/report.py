"""What a program assumes, from the runs of its tests: as text and as JSON."""

from __future__ import annotations

import json
import shlex
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ..schemas.behavior import QUESTIONS, Value
from .runs import Outcome, Result
from .sentences import assumed, described

__all__ = ["Assumption", "Live", "Report", "assumptions", "render", "to_json"]

SHOWN_TESTS = 3


@dataclass(frozen=True)
class Live:
    """How the live API was seen to behave."""

    answer: Value
    observed: datetime | None
    """When it was seen; ``None`` where the user says so."""
    file: str

    def __str__(self) -> str:
        seen = f"live API on {self.observed:%Y-%m-%d}" if self.observed else "live API"
        return f"{seen}: {self.answer} (from {self.file})"


@dataclass(frozen=True)
class Assumption:
    """One thing that a program assumes."""

    id: str
    """The question, or the variation."""
    sentence: str
    documentation: str
    failing: tuple[Result, ...]
    """The variations with which it fails."""
    live: Live | None = None
    contradicted: bool = False
    """Whether the live API was seen to behave otherwise."""

    @property
    def confirmed(self) -> bool:
        """Whether the live API was seen to behave so."""
        return self.live is not None and not self.contradicted


@dataclass(frozen=True)
class Report:
    """What the runs showed."""

    command: Sequence[str]
    as_it_is: Outcome
    assumptions: tuple[Assumption, ...]
    passed: tuple[str, ...]
    """The ids of the variations with which the command passes."""
    not_met: tuple[str, ...]
    """The ids of those that change no response that it gets."""
    seconds: float


def assumptions(results: Iterable[Result], met: Iterable[str], live: Mapping[str, Live]) -> tuple[Assumption, ...]:
    """Return what the failures say that the program assumes: one assumption for each question or form."""
    facts = set(met)
    failing: dict[str, list[Result]] = {}
    for result in results:
        if result.outcome.fails:
            question = next(iter(result.variation.answers), None)
            failing.setdefault(question or result.variation.id, []).append(result)
    if _is_subsumed(failing.get("extremes"), failing.get("large_ids")):
        del failing["extremes"]
    found = []
    for id_, group in failing.items():
        if id_ not in QUESTIONS:
            variation = group[0].variation
            found.append(Assumption(id_, variation.assumption, variation.documentation, tuple(group)))
            continue
        answers = sorted(fact.partition("=")[2] for fact in facts if fact.startswith(f"{id_}="))
        sentence = ", or ".join(assumed(id_, answer) for answer in answers)
        seen = live.get(id_)
        contradicted = seen is not None and str(seen.answer) not in answers
        found.append(Assumption(id_, sentence, "no", tuple(group), seen, contradicted))
    return tuple(found)


def _is_subsumed(results: list[Result] | None, others: list[Result] | None) -> bool:
    """Return whether the same tests fail with another variation, which is a part of this one."""
    if results is None or others is None:
        return False
    return results[0].outcome.failed.keys() <= others[0].outcome.failed.keys()


def render(report: Report, width: int | None = None) -> str:
    """Return the report as text of so many columns."""
    wrap = _Wrap(width or 100)
    tests = len(report.as_it_is.passed)
    what = f"{tests} {'test' if tests == 1 else 'tests'}, " if tests else ""
    count = sum(len(each.failing) for each in report.assumptions) + len(report.passed)
    variations = "variation" if count == 1 else "variations"
    lines = [
        *wrap(f"As it is, the command passes ({what}{report.as_it_is.seconds:.1f} s)."),
        *wrap(f"It ran with {count} legal {variations} of the API in {report.seconds:.1f} s."),
        "",
    ]
    if report.assumptions:
        lines.append("Your program assumes that")
        for each in report.assumptions:
            lines += wrap(each.sentence, "  ")
            for result in each.failing:
                lines += wrap(_failure(result), "      ")
                lines += wrap(_reason(result.outcome), "          ")
            lines += [*wrap(_known(each), "      "), ""]
    else:
        lines += ["No assumption was found with the usage of your tests; usage_worlds() varies the usage as well.", ""]
    if report.assumptions:
        variation = report.assumptions[0].failing[0].variation.id
        lines += wrap(f"To see a failure: CIVIS_USAGE_VARIATION={variation} {shlex.join(report.command)}")
    if report.passed:
        lines += wrap(f"Passes with: {', '.join(report.passed)}.")
    if report.not_met:
        lines += wrap(f"Not run, because your tests send no such request: {', '.join(_short(report))}.")
    return "\n".join(lines).rstrip() + "\n"


def to_json(report: Report) -> str:
    """Return the report as JSON."""
    document = {
        "command": list(report.command),
        "tests": len(report.as_it_is.passed),
        "seconds": round(report.seconds, 1),
        "assumptions": [_as_dict(each) for each in report.assumptions],
        "passed": list(report.passed),
        "not_met": list(report.not_met),
    }
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _as_dict(each: Assumption) -> dict[str, Any]:
    live = each.live
    return {
        "id": each.id,
        "assumption": each.sentence,
        "documented": False,
        "documentation": each.documentation,
        "live": live
        and {
            "answer": live.answer,
            "observed": live.observed.isoformat() if live.observed else None,
            "file": live.file,
            "contradicted": each.contradicted,
        },
        "failing": [
            {
                "variation": result.variation.id,
                "exit_code": None if result.outcome.timed_out else result.outcome.exit_code,
                "failed_tests": sorted(result.outcome.failed),
                "reason": result.outcome.reason,
            }
            for result in each.failing
        ],
    }


def _failure(result: Result) -> str:
    """Return what fails with a variation: tests, or the command."""
    outcome, varied = result.outcome, result.variation
    answers = [f"{name}={described(name, value)}" for name, value in varied.answers.items()]
    name = ", ".join(answers) or varied.id
    if outcome.timed_out:
        return f"the command does not end with {name}"
    if not outcome.failed:
        return f"the command ends with {outcome.ending} with {name}"
    tests = sorted(outcome.failed)
    more = f" and {len(tests) - SHOWN_TESTS} more" if len(tests) > SHOWN_TESTS else ""
    fail = "1 test fails" if len(tests) == 1 else f"{len(tests)} tests fail"
    return f"{fail} with {name}: {', '.join(tests[:SHOWN_TESTS])}{more}"


def _reason(outcome: Outcome) -> str:
    """Return how the tests fail: one failure, and whether there are others."""
    return f"most often: {outcome.reason}" if len(set(outcome.failed.values())) > 1 else outcome.reason


def _short(report: Report) -> list[str]:
    """Return what was not run: a question alone, where none of its answers was."""
    run = {id_.partition("=")[0] for id_ in report.passed} | {each.id for each in report.assumptions}
    names = (id_ if id_.partition("=")[0] in run else id_.partition("=")[0] for id_ in report.not_met)
    return list(dict.fromkeys(names))


def _known(each: Assumption) -> str:
    if each.live is None:
        return f"documented: {each.documentation}"
    return f"documented: {each.documentation}; {each.live}{', which contradicts it' if each.contradicted else ''}"


class _Wrap:
    def __init__(self, width: int) -> None:
        self._width = max(40, width)

    def __call__(self, text: str, indent: str = "") -> list[str]:
        return textwrap.wrap(
            text,
            self._width,
            initial_indent=indent,
            subsequent_indent=f"{indent}  " if indent else "  ",
            break_long_words=False,
            break_on_hyphens=False,
        )
