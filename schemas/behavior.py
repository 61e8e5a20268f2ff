"""What the documentation leaves open: the questions, their possible answers, and files that choose among them.

``behavior.json`` is the one list. It is a JSON Schema of a *behavior*: an object with an answer for each question's id.
A file of answers is TOML, and leaves out what has its default::

    version = 1
    end_bound = "exclusive"
    summary_decimals = 2

    [guessed]  # one of several answers that are possible, for a fake
    default_window_offset = "-06:00"

    [observed]  # when an answer was seen at the live API
    end_bound = 2026-11-26T04:00:07Z
"""

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from os import PathLike, fspath
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from .documents import load
from .text import did_you_mean

if TYPE_CHECKING:
    from jsonschema import Draft202012Validator

VERSION: int = load("behavior")["properties"]["version"]["const"]
"""The version of the files that can be read."""

Value = int | str
Behavior = Mapping[str, Value]
"""An answer for each question's id."""


class InvalidBehavior(ValueError):  # noqa: N818  named for what is wrong
    """A behavior that cannot be: one sentence with the question's id, the value and the remedy."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A possible answer to a question.

    Attributes:
        value: what a file says, or ``None`` where it says a number or an offset of a range.
        title: how to write it.
        description: what it means.
    """

    value: Value | None
    title: str
    description: str


@dataclass(frozen=True, slots=True)
class Question:
    """A question that the documentation leaves open.

    Attributes:
        id: its name in files, settings and ``--set``.
        text: the question, in plain English.
        answers: the possible answers.
        default: what the fake does.
        evidence: which requests settle it.
        values: everything that a file may say, each number and offset of a range by itself.
    """

    id: str
    text: str
    answers: tuple[Answer, ...]
    default: Value
    evidence: str
    values: tuple[Value, ...]

    def meaning(self, value: Value) -> str:
        """Return what an answer means, in words; a number or an offset within what it stands for."""
        for each in self.answers:
            if each.value == value:
                return each.description
        description = next(each.description for each in self.answers if each.value is None)
        return description.replace("that many", str(value)).replace("this offset", str(value))


def _question(id: str, schema: Mapping[str, Any]) -> Question:  # noqa: A002  what it is called in the file
    answers = (
        Answer(each.get("const"), each.get("title", each.get("const")), each["description"]) for each in schema["oneOf"]
    )
    values = (value for each in schema["oneOf"] for value in _values(each))
    return Question(id, schema["title"], tuple(answers), schema["default"], schema["evidence"], tuple(values))


def _values(answer: Mapping[str, Any]) -> Iterator[Value]:
    """Yield every value of an answer: one, whole numbers, or offsets in quarters of an hour."""
    if "const" in answer:
        yield answer["const"]
    elif answer["type"] == "integer":
        yield from range(answer["minimum"], answer["maximum"] + 1)
    else:
        quarters = (f"{'-' if each < 0 else '+'}{abs(each) // 4:02}:{abs(each) % 4 * 15:02}" for each in range(-56, 57))
        yield from (each for each in quarters if re.search(answer["pattern"], each))


QUESTIONS: Mapping[str, Question] = MappingProxyType(
    {id_: _question(id_, each) for id_, each in load("behavior")["properties"].items() if "oneOf" in each}
)
"""The questions by their ids."""

DEFAULT: Behavior = MappingProxyType({each.id: each.default for each in QUESTIONS.values()})
"""What the fake does where nothing else is chosen."""


def resolve(chosen: Mapping[str, object]) -> Behavior:
    """Return a whole behavior: the ``chosen`` answers, and the defaults of the other questions.

    Raises:
        InvalidBehavior: an id is unknown, or a value is not one of its answers.
    """
    return MappingProxyType({**DEFAULT, **{id_: _answer(id_, value) for id_, value in chosen.items()}})


def differences(behavior: Behavior) -> dict[str, Value]:
    """Return the answers that are not the default."""
    return {id_: value for id_, value in behavior.items() if value != DEFAULT[id_]}


@dataclass(frozen=True, slots=True)
class Choice:
    """An answer in a file.

    Attributes:
        value: the answer.
        observed: when it was seen at the live API, in UTC; ``None`` where somebody chose it, or it is a guess.
        guessed: whether nobody saw or chose it: a fake needs one of the answers that are possible.
    """

    value: Value
    observed: datetime | None = None
    guessed: bool = False


def read_file(path: str | PathLike[str]) -> dict[str, Value]:
    """Return the answers in a TOML file.

    Raises:
        InvalidBehavior: the file cannot be read, is of a newer version, or has an unknown id or answer.
    """
    return {id_: each.value for id_, each in read_choices(path).items()}


def read_choices(path: str | PathLike[str]) -> dict[str, Choice]:
    """Return the answers in a TOML file, each with the time at which it was seen at the live API.

    Raises:
        InvalidBehavior: the file cannot be read, is of a newer version, or has an unknown id or answer.
    """
    name = fspath(path)
    try:
        return _choices(tomllib.loads(Path(path).read_text("utf-8-sig")))
    except OSError as reason:
        raise InvalidBehavior(f"{name} cannot be read: {(reason.strerror or str(reason)).lower()}") from None
    except UnicodeDecodeError:
        raise InvalidBehavior(f"{name} is not UTF-8 text: save it as UTF-8") from None
    except tomllib.TOMLDecodeError as reason:
        raise InvalidBehavior(f'{name} is not TOML, such as end_bound = "exclusive": {reason}') from None
    except InvalidBehavior as reason:
        raise InvalidBehavior(f"{name}: {reason}") from None


def parse(text: str) -> tuple[str, Value]:
    """Return the id and the answer of ``text``, such as ``end_bound=exclusive``.

    Raises:
        InvalidBehavior: it is not written so, the id is unknown, or the value is not one of its answers.
    """
    id_, equals, value = (part.strip() for part in text.partition("="))
    if not equals:
        raise InvalidBehavior(f"{_shown(text)} has no value: write it as end_bound=exclusive")
    return id_, _answer(id_, int(value) if value.isascii() and value.isdecimal() and len(value) < 10 else value)


def offset_millis(offset: Value) -> int:
    """Return an offset from UTC in milliseconds.

    >>> offset_millis("-06:30") / 3_600_000
    -6.5
    """
    sign, hours, minutes = str(offset)[0], int(str(offset)[1:3]), int(str(offset)[4:6])
    return (-1 if sign == "-" else 1) * (60 * hours + minutes) * 60_000


def _choices(document: Mapping[str, object]) -> dict[str, Choice]:
    version = document.get("version", VERSION)
    if type(version) is not int or version < 1:
        raise InvalidBehavior(f"version cannot be {_shown(version)}: use {VERSION}, or leave it out")
    if version > VERSION:
        raise InvalidBehavior(
            f"version {version} is newer than version {VERSION}, the newest that can be read here: "
            "upgrade civis-usage-kit"
        )
    guesses = _answers(_table(document, "guessed"))
    answers = _answers({id_: value for id_, value in document.items() if id_ not in ("version", "guessed", "observed")})
    observed = _observed(_table(document, "observed"), answers)
    return {id_: Choice(value, guessed=True) for id_, value in guesses.items()} | {
        id_: Choice(value, observed.get(id_)) for id_, value in answers.items()
    }


def _table(document: Mapping[str, object], name: str) -> dict[str, object]:
    table = document.get(name, {})
    if not isinstance(table, dict):
        raise InvalidBehavior(f"{name} cannot be {_shown(table)}: write it as a table, [{name}]")
    return table


def _answers(given: Mapping[str, object]) -> dict[str, Value]:
    return {id_: _answer(id_, value) for id_, value in given.items()}


def _observed(times: Mapping[str, object], answers: Mapping[str, Value]) -> dict[str, datetime]:
    found = {}
    for id_, at in times.items():
        if id_ not in QUESTIONS:
            raise InvalidBehavior(f"observed has no question {_shown(id_)}: {_nearest(id_)}")
        if id_ not in answers:
            raise InvalidBehavior(f"observed.{id_} has no answer: add the answer, or delete its time")
        if not isinstance(at, datetime) or at.tzinfo is None:
            shown = at.isoformat() if isinstance(at, datetime) else _shown(at)
            raise InvalidBehavior(f"observed.{id_} cannot be {shown}: write it as 2026-04-17T17:26:07Z, without quotes")
        found[id_] = at.astimezone(UTC)
    return found


def _answer(id: str, value: object) -> Value:  # noqa: A002  what it is called in the file
    if id not in QUESTIONS:
        raise InvalidBehavior(f"there is no question {_shown(id)}: {_nearest(id)}")
    if (type(value) is not int and not isinstance(value, str)) or not _validator(id).is_valid(value):
        titles = [each.title for each in QUESTIONS[id].answers]
        raise InvalidBehavior(f"{id} cannot be {_shown(value)}: use {_or(titles)}")
    return value


@cache
def _validator(id: str) -> "Draft202012Validator":  # noqa: A002  what it is called in the file
    from jsonschema import Draft202012Validator  # costs some 100 ms

    return Draft202012Validator(load("behavior")["properties"][id])


def _nearest(id: str) -> str:  # noqa: A002  what it is called in the file
    return did_you_mean(id.replace("-", "_"), QUESTIONS)


def _or(words: list[str]) -> str:
    return " or ".join([*filter(None, [", ".join(words[:-1])]), words[-1]])


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}…"
