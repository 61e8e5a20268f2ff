"""A behavior file of what was observed: TOML, with a comment for each entry."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime

from civis_usage.schemas.behavior import QUESTIONS, VERSION, Choice, Value

from .observation import Observation, State, in_words

__all__ = ["render"]

HEAD = """\
# How {base_url} behaves where its documentation leaves the answer open, as civis-usage check saw it on {day}.
# To start a fake that behaves this way: civis-usage serve --behavior FILE
version = {version}
"""
GUESSES = """\
# Guesses: several answers are possible, and a fake needs one. check --behavior never fails on them.
# If you know an answer, write it above this table.
[guessed]
"""


def render(
    observations: Iterable[Observation], *, base_url: str, day: str, kept: Mapping[str, Choice] | None = None
) -> str:
    """Return the text of a behavior file.

    Args:
        observations: what was observed; its texts must be fit to be shown, and on one line each.
        base_url: the API, in words.
        day: when it was observed.
        kept: the answers of the file that was compared with: they stay where nothing rules them out.
    """
    entries, guesses, seen = [HEAD.format(base_url=base_url, day=day, version=VERSION)], [GUESSES], {}
    for each in observations:
        choice, reason = _choice(each, (kept or {}).get(each.question))
        lines = [QUESTIONS[each.question].text, reason, *(f"  {line}" for line in _sightings(each))]
        entry = f"{each.question} = {_toml(choice.value if choice else each.best(None))}"
        comments = [f"# {line}" for line in lines]
        written = guesses if choice and choice.guessed else entries
        written.append("\n".join([*comments, entry if choice else f"# {entry}", ""]))
        if choice is not None and choice.observed is not None:
            seen[each.question] = choice.observed
    entries += guesses if len(guesses) > 1 else []
    if seen:
        entries.append("\n".join(["[observed]", *(f"{id_} = {_utc(at)}" for id_, at in seen.items()), ""]))
    return "\n".join(entries)


def _choice(observation: Observation, kept: Choice | None) -> tuple[Choice | None, str]:
    """Return the entry of a file, ``None`` where the default stays, and what the comment says of it."""
    value = observation.best(kept.value if kept else None)
    left = in_words(observation.question, observation.possible)
    if observation.state is State.SEEN:
        return Choice(value, max(each.at for each in observation.decisive)), f"Seen: {_meaning(observation, value)}."
    if observation.state is State.CONTRADICTORY:
        unsure = observation.contradiction
    elif not observation.sightings:
        unsure = "Unknown: no response says anything about it"
    else:
        unsure = f"Unknown: it may be {left}"
    if kept is not None and kept.value == value:
        return kept, f"{unsure}. The answer that was here is kept."
    if value == QUESTIONS[observation.question].default:
        return None, f"{unsure}. The default is kept."
    return Choice(value, guessed=True), f"{unsure}. This is the plainest."


def _meaning(observation: Observation, value: Value) -> str:
    return QUESTIONS[observation.question].meaning(value)


def _sightings(observation: Observation) -> Iterator[str]:
    for each in observation.decisive:
        yield f"{_utc(each.at)} GET {each.request}: {each.what}"


def _utc(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _toml(value: Value) -> str:
    return json.dumps(value)
