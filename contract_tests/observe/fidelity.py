"""Fidelity: how a fake's answers to the open questions compare with what was observed."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass

from civis_usage.schemas.behavior import Behavior, Choice

from .observation import Observation, State, in_words

__all__ = ["Fidelity", "compare", "contradicted"]


@dataclass(frozen=True)
class Fidelity:
    """The questions by what the observations say of a fake's answers."""

    confirmed: tuple[str, ...]
    """The fake's answer was seen."""
    contradicted: tuple[str, ...]
    """The fake's answer was ruled out."""
    undecided: tuple[str, ...]
    """The fake's answer is one of several that are possible, or responses contradict each other."""

    def verdict(self, question: str) -> str:
        """Return ``confirmed``, ``contradicted`` or ``undecided``."""
        return next(name for name in ("confirmed", "contradicted", "undecided") if question in getattr(self, name))


def compare(observations: Iterable[Observation], behavior: Behavior, guessed: Collection[str] = ()) -> Fidelity:
    """Compare what was observed with a whole behavior; an answer that was only ``guessed`` is never contradicted."""
    found: dict[str, list[str]] = {"confirmed": [], "contradicted": [], "undecided": []}
    for each in observations:
        answer = behavior[each.question]
        is_ruled_out = each.state is not State.CONTRADICTORY and answer not in each.possible
        is_contradicted = is_ruled_out and each.question not in guessed
        verdict = "confirmed" if each.value == answer else "contradicted" if is_contradicted else "undecided"
        found[verdict].append(each.question)
    return Fidelity(*map(tuple, found.values()))


def contradicted(observations: Iterable[Observation], chosen: Mapping[str, Choice]) -> Iterator[str]:
    """Yield a sentence for each answer of a file that is ruled out: what the API does, and what the file says."""
    for each in observations:
        choice = chosen.get(each.question)
        if choice is not None and each.possible and choice.value not in each.possible:
            seen = in_words(each.question, each.possible)
            if choice.guessed:
                yield f"{each.question} is {seen}, not {choice.value} as guessed in the --behavior file: save it again"
            else:
                yield f"{each.question} is {seen}, not {choice.value} as in the --behavior file"
