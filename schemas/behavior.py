"""What the documentation leaves open: the questions, their possible answers, and files that choose among them.

``behavior.json`` is the one list. It is a JSON Schema of a *behavior*: an object with an answer for each question's id.
A file of answers is TOML, and leaves out what has its default::

    version = 1
    end_bound = "exclusive"
    summary_decimals = 2
"""

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from os import PathLike, fspath
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from .documents import load

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
    """

    id: str
    text: str
    answers: tuple[Answer, ...]
    default: Value
    evidence: str


def _question(id: str, schema: Mapping[str, Any]) -> Question:  # noqa: A002  what it is called in the file
    answers = (
        Answer(each.get("const"), each.get("title", each.get("const")), each["description"]) for each in schema["oneOf"]
    )
    return Question(id, schema["title"], tuple(answers), schema["default"], schema["evidence"])


QUESTIONS: Mapping[str, Question] = MappingProxyType(
    {id_: _question(id_, each) for id_, each in load("behavior")["properties"].items() if id_ != "version"}
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


def read_file(path: str | PathLike[str]) -> dict[str, Value]:
    """Return the answers in a TOML file.

    Raises:
        InvalidBehavior: the file cannot be read, is of a newer version, or has an unknown id or answer.
    """
    name = fspath(path)
    try:
        return _chosen(tomllib.loads(Path(path).read_text("utf-8-sig")))
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


def _chosen(document: Mapping[str, object]) -> dict[str, Value]:
    version = document.get("version", VERSION)
    if type(version) is not int or version < 1:
        raise InvalidBehavior(f"version cannot be {_shown(version)}: use {VERSION}, or leave it out")
    if version > VERSION:
        raise InvalidBehavior(
            f"version {version} is newer than version {VERSION}, the newest that can be read here: "
            "upgrade civis-usage-kit"
        )
    return {id_: _answer(id_, value) for id_, value in document.items() if id_ != "version"}


def _answer(id: str, value: object) -> Value:  # noqa: A002  what it is called in the file
    if id not in QUESTIONS:
        raise InvalidBehavior(f"there is no question {_shown(id)}: {_did_you_mean(id, QUESTIONS)}")
    if (type(value) is not int and not isinstance(value, str)) or not _validator(id).is_valid(value):
        titles = [each.title for each in QUESTIONS[id].answers]
        raise InvalidBehavior(f"{id} cannot be {_shown(value)}: use {_or(titles)}")
    return value


@cache
def _validator(id: str) -> "Draft202012Validator":  # noqa: A002  what it is called in the file
    from jsonschema import Draft202012Validator  # costs some 100 ms

    return Draft202012Validator(load("behavior")["properties"][id])


def _did_you_mean(word: str, words: Iterable[str]) -> str:
    words = list(words)
    close = get_close_matches(word.replace("-", "_"), words, n=1)
    return f"did you mean {close[0]!r}?" if close else f"use one of {', '.join(words)}"


def _or(words: list[str]) -> str:
    return " or ".join([*filter(None, [", ".join(words[:-1])]), words[-1]])


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}…"
