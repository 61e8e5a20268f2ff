"""Legal variations: other ways in which an API may answer that keeps all that is documented.

A program that works with one answer of the API and not with another assumes something. Each variation takes one thing
away that it may assume. A variation is named by its id: ``keys_reversed``, or another answer to an open question, as in
``end_bound=exclusive``. The setting ``variations`` names those in force, by default those in the environment variable
``CIVIS_USAGE_VARIATION`` (with commas between them).
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from ..schemas import OPERATIONS
from ..schemas.behavior import QUESTIONS, InvalidBehavior, Value, parse
from ..schemas.text import did_you_mean
from .messages import quote

__all__ = [
    "VARIABLE",
    "VARIATIONS",
    "InvalidVariation",
    "Variation",
    "find",
    "from_environment",
    "other_answers",
    "render",
]

VARIABLE = "CIVIS_USAGE_VARIATION"

_LISTS_AND_SUMS = ("list_llm", "get_llm_organization_summary")


class InvalidVariation(ValueError):  # noqa: N818  named for what is wrong
    """A variation that does not exist; the message names the nearest."""


@dataclass(frozen=True, kw_only=True)
class Variation:
    """One legal variation: what it changes, and what a program assumes that does not stand it."""

    id: str
    assumption: str = ""
    """What holds without it, as a clause: "the keys of an object come in the documented order"."""
    documentation: str = "no"
    """Whether that is documented: ``no``, and what is known beside it."""
    operations: tuple[str, ...] = tuple(OPERATIONS)
    """The operations whose responses it changes."""
    answers: Mapping[str, Value] = field(default_factory=dict)
    """Answers to open questions."""
    transform: Callable[[Any], Any] | None = None
    """Changes a body, as JSON is read."""
    encoding: Mapping[str, Any] = field(default_factory=dict)
    """Arguments of ``json.dumps`` that differ."""
    credits: Callable[[str], str] | None = None
    """Writes an amount of credits differently, without changing it."""
    content_type: str | None = None
    faults: tuple[str, ...] = ()
    """What goes wrong after each reset, in words; the journal does not have it."""
    profile: str | None = None
    """From which profile the generated usage comes, and what a record lacks."""
    adds_run: bool = False
    """Whether one more run appears after the first response, created a second before."""

    @property
    def changes_bodies(self) -> bool:
        """Whether a body is written differently."""
        return bool(self.transform or self.encoding or self.credits)


def find(id: str) -> Variation:  # noqa: A002  what it is called in settings
    """Return a variation by its id.

    Raises:
        InvalidVariation: there is none of that id.
    """
    if id in VARIATIONS:
        return VARIATIONS[id]
    try:
        question, value = parse(id)
    except InvalidBehavior as reason:
        if "=" in id:
            raise InvalidVariation(str(reason)) from None
        raise InvalidVariation(_remedy(id)) from None
    return Variation(id=id, answers={question: value})


def _remedy(id: str) -> str:  # noqa: A002  what it is called in settings
    """Return what is wrong with an id that is no variation, and what to write."""
    if id in QUESTIONS:
        answers = [f"{id}={answer}" for answer in _answers(id)]
        return f"{quote(id)} is a question: name an answer, such as {', '.join(answers)}"
    remedy = did_you_mean(id, [*VARIATIONS, *QUESTIONS])
    if not remedy.startswith("did you mean"):
        remedy = f"{did_you_mean(id, VARIATIONS)}, or QUESTION=ANSWER, such as end_bound=exclusive"
    return f"there is no variation {quote(id)}: {remedy}"


def from_environment() -> tuple[str, ...]:
    """Return the ids that the environment variable names."""
    return tuple(filter(None, map(str.strip, os.environ.get(VARIABLE, "").split(","))))


def other_answers(met: Iterable[str]) -> list[Variation]:
    """Return a variation for each other answer to the questions that were looked up.

    Args:
        met: questions with the answer that each had, such as ``end_bound=inclusive``; the same may stand there with
            several answers.
    """
    answered: dict[str, set[str]] = {}
    for fact in met:
        question, equals, answer = fact.partition("=")
        if equals:
            answered.setdefault(question, set()).add(answer)
    return [
        find(f"{question.id}={value}")
        for question in QUESTIONS.values()
        for value in _answers(question.id)
        if question.id in answered and answered[question.id] != {str(value)}
    ]


EXAMPLES: Mapping[str, tuple[Value, ...]] = MappingProxyType(
    {
        "default_window_offset": ("-12:00", "+14:00"),
        "matching_default_window": (30,),
        "local_offset": ("-12:00", "+14:00"),
        "end_alone": (30,),
        "record_decimals": (2,),
        "summary_decimals": (2,),
    }
)
"""The answers that stand for a whole range of them."""


def _answers(question: str) -> list[Value]:
    named = [answer.value for answer in QUESTIONS[question].answers if answer.value is not None]
    return list(dict.fromkeys((QUESTIONS[question].default, *named, *EXAMPLES.get(question, ()))))


def render(body: bytes, variations: Iterable[Variation]) -> bytes:
    """Return a JSON body as the variations write it."""
    value = json.loads(body)
    encoding: dict[str, Any] = {"ensure_ascii": False, "separators": (",", ":")}
    spellings = []
    for each in variations:
        value = each.transform(value) if each.transform else value
        encoding |= each.encoding
        spellings += [each.credits] if each.credits else []
    text = json.dumps(value, **encoding).translate(_ESCAPES)
    for spelling in spellings:
        text = _CREDITS.sub(lambda match, write=spelling: match[1] + write(match[2]), text)  # type: ignore[misc]  # bound now
    return text.encode()


_ESCAPES = str.maketrans({"&": "\\u0026", "<": "\\u003c", ">": "\\u003e"})
_CREDITS = re.compile(r'("credits":\s*)([^,}\s]+)')
"""Finds the credits: inside a string, these quotes would have backslashes before them."""


def _objects(change: Callable[[dict[str, Any]], dict[str, Any]]) -> Callable[[Any], Any]:
    def changed(value: Any) -> Any:
        return [change(each) for each in value] if isinstance(value, list) else change(value)

    return changed


def _reversed(record: dict[str, Any]) -> dict[str, Any]:
    return dict(reversed(record.items()))


def _with_more(record: dict[str, Any]) -> dict[str, Any]:
    return {"costCenter": None, **record, "labels": {"team": "R&D", "id": [1, 2.5]}}


def _whole(amount: str) -> str:
    return amount.removesuffix(".0")


def _with_exponent(amount: str) -> str:
    """Write an amount with an exponent, without another digit: ``12.5`` as ``125e-1``."""
    if "e" in amount.lower():
        return amount
    whole, _, fraction = amount.partition(".")
    sign, digits = ("-", whole[1:]) if whole.startswith("-") else ("", whole)
    return f"{sign}{(digits + fraction).lstrip('0') or '0'}e{-len(fraction)}"


def _each_first(words: str) -> tuple[str, ...]:
    return tuple(f"{operation} {words} first=1" for operation in OPERATIONS)


VARIATIONS: Mapping[str, Variation] = MappingProxyType(
    {
        each.id: each
        for each in (
            Variation(
                id="keys_reversed",
                assumption="the keys of an object come in the order of the documentation",
                transform=_objects(_reversed),
            ),
            Variation(
                id="additional_fields",
                assumption="an object has no fields but the documented ones",
                transform=_objects(_with_more),
            ),
            Variation(
                id="whitespace",
                assumption="JSON comes on one line, without spaces",
                documentation="no, but recorded",
                encoding={"indent": 2, "separators": (",", " : ")},
            ),
            Variation(
                id="escapes",
                assumption="letters beyond ASCII are not escaped in JSON",
                documentation="no, but recorded",
                encoding={"ensure_ascii": True},
            ),
            Variation(
                id="whole_credits",
                assumption="whole credits are written with a point, as in 5.0",
                credits=_whole,
            ),
            Variation(
                id="exponents",
                assumption="credits are written without an exponent, as in 12.5 and not 125e-1",
                credits=_with_exponent,
            ),
            Variation(
                id="content_type",
                assumption="the Content-Type is spelled application/json; charset=utf-8",
                documentation="no, but recorded",
                content_type="application/json;charset=UTF-8",
            ),
            Variation(
                id="large_ids",
                assumption="ids fit into 32 bits",
                documentation="no (they are integers)",
                profile="large_ids",
            ),
            Variation(
                id="extremes",
                assumption="usage looks as usual (no zero credits or tokens, no odd names of models, no large numbers)",
                profile="edge",
            ),
            Variation(
                id="late_run",
                assumption="no run appears between two requests",
                operations=_LISTS_AND_SUMS,
                adds_run=True,
            ),
            Variation(
                id="one_429",
                assumption="the rate limit refuses no request",
                documentation="no (a 429 with Retry-After is)",
                faults=_each_first("status=429 retry-after=0"),
            ),
            Variation(
                id="one_503",
                assumption="the API is always available",
                documentation="no (a 503 is)",
                faults=_each_first("status=503"),
            ),
            Variation(
                id="slow",
                assumption="every response comes within half a second",
                faults=("latency=0.5 first=1",),
            ),
        )
    }
)
"""The variations that are no answers to open questions."""
