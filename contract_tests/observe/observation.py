"""What was observed of an open question: the answers that are left, and the responses that ruled the others out."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from civis_usage.schemas.behavior import QUESTIONS, Value, offset_millis

__all__ = ["Observation", "Sighting", "State", "in_words"]


class State(StrEnum):
    """How much the evidence says about a question."""

    SEEN = "seen"
    """Exactly one answer is left."""
    UNKNOWN = "unknown"
    """Several answers are left."""
    CONTRADICTORY = "contradictory"
    """No answer is left: responses contradict each other, or one is like none of the answers."""


@dataclass(frozen=True)
class Sighting:
    """A response that rules out some answers to a question."""

    possible: tuple[Value, ...]
    """The answers that it allows, in the question's order."""
    what: str
    """What the response shows, in words: ``it lists the usage exactly at its end``."""
    request: str
    """Path and query as they were sent."""
    at: datetime
    """When the request was sent."""


@dataclass(frozen=True)
class Observation:
    """What the evidence says about one question."""

    question: str
    """Its id."""
    possible: tuple[Value, ...]
    """The answers that every response allows, in the question's order."""
    sightings: tuple[Sighting, ...] = ()
    """The responses that rule something out, in the order in which they were sent."""

    @property
    def state(self) -> State:
        """How much is known."""
        return (State.CONTRADICTORY, State.SEEN)[len(self.possible)] if len(self.possible) < 2 else State.UNKNOWN

    @property
    def value(self) -> Value | None:
        """The answer, where exactly one is left."""
        return self.possible[0] if self.state is State.SEEN else None

    def best(self, preferred: Value | None) -> Value:
        """Return the answer for a fake: ``preferred`` if it is possible, else the default, else the plainest left.

        Where none is left, it is ``preferred`` or the default.
        """
        wanted = [each for each in (preferred, QUESTIONS[self.question].default) if each is not None]
        left = [each for each in wanted if each in self.possible] if self.possible else wanted
        return left[0] if left else min(self.possible, key=_plainness)

    @property
    def contradiction(self) -> str:
        """Why no answer is left, as the beginning of a sentence."""
        return (
            "One response is like none of the answers" if len(self.decisive) == 1 else "Responses contradict each other"
        )

    @property
    def decisive(self) -> tuple[Sighting, ...]:
        """The responses that are needed to see what is left: the fewest, the first ones first.

        Where nothing is left, these are the ones that contradict each other.
        """
        left = set(QUESTIONS[self.question].values)
        needed = []
        for each in sorted(self.sightings, key=lambda sighting: len(sighting.possible)):
            if not left <= set(each.possible):
                needed.append(each)
                left &= set(each.possible)
        return tuple(needed)


def in_words(question: str, values: Iterable[Value]) -> str:
    """Return answers as a list in words, neighbouring numbers and offsets as ranges.

    >>> in_words("end_alone", ["open", 29, 30, 31])
    'open, or 29 to 31'
    """
    order = {value: place for place, value in enumerate(QUESTIONS[question].values)}
    ranges: list[list[Value]] = []
    for value in sorted(values, key=order.__getitem__):
        is_next = ranges and order[value] == order[ranges[-1][-1]] + 1
        if is_next and _is_of_range(question, value) and _is_of_range(question, ranges[-1][-1]):
            ranges[-1].append(value)
        else:
            ranges.append([value])
    texts = [text for each in ranges for text in _range(each)]
    return ", or ".join([", ".join(texts[:-1]), texts[-1]] if texts[1:] else texts)


def _range(values: list[Value]) -> list[str]:
    return [f"{values[0]} to {values[-1]}"] if len(values) > 2 else [str(value) for value in values]


def _is_of_range(question: str, value: Value) -> bool:
    return value not in [answer.value for answer in QUESTIONS[question].answers]


def _plainness(value: Value) -> tuple[int, float]:
    """Return how plain an answer is: words, whole hours, halves, quarters, then numbers; the small ones first."""
    if isinstance(value, int):
        return 4, value
    if value[0] not in "+-":
        return 0, 0
    minutes = abs(offset_millis(value)) // 60_000
    return 1 if minutes % 60 == 0 else 2 if minutes % 30 == 0 else 3, minutes
