"""Fidelity: how a fake's answers to the open questions compare with what was observed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
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
    open: tuple[str, ...]
    """The fake's answer is one of several that are possible, or responses contradict each other."""

    def verdict(self, question: str) -> str:
        """Return ``confirmed``, ``contradicted`` or ``open``."""
        return next(name for name in ("confirmed", "contradicted", "open") if question in getattr(self, name))


def compare(observations: Iterable[Observation], behavior: Behavior) -> Fidelity:
    """Compare what was observed with a whole behavior."""
    found: dict[str, list[str]] = {"confirmed": [], "contradicted": [], "open": []}
    for each in observations:
        answer = behavior[each.question]
        is_ruled_out = each.state is not State.CONTRADICTING and answer not in each.possible
        verdict = "confirmed" if each.value == answer else "contradicted" if is_ruled_out else "open"
        found[verdict].append(each.question)
    return Fidelity(*map(tuple, found.values()))


def contradicted(observations: Iterable[Observation], chosen: Mapping[str, Choice]) -> Iterator[str]:
    """Yield a sentence for each chosen answer that is ruled out: what the API does, and what was chosen."""
    for each in observations:
        if each.question in chosen and each.possible and chosen[each.question].value not in each.possible:
            seen = in_words(each.question, each.possible)
            yield f"{each.question} is {seen}, not {chosen[each.question].value} as chosen by --behavior"
