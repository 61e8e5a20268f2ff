"""The page of what the documentation leaves open, from ``schemas/behavior.json``."""

from __future__ import annotations

from collections.abc import Iterator

from civis_usage.schemas.behavior import QUESTIONS, VERSION, Question
from generators.markdown import code, fenced, page, table

EXAMPLE = {"end_bound": "exclusive", "default_window_offset": "-06:00", "summary_decimals": 2}


def behavior() -> str:
    """Return the page."""
    return page(
        "Behavior",
        "The API's documentation leaves these questions open, and programs can depend on the answers. The fake's "
        "defaults are assumptions; the check accepts every answer.",
        table(["question", "the fake, by default"], ([each.text, _meaning(each)] for each in QUESTIONS.values())),
        "Choose other answers with `civis-usage serve --behavior FILE` or `--set ID=ANSWER` (repeatable; it overrides "
        'the file), and in tests with the setting `behavior`: `{"behavior": {"end_bound": "exclusive"}}`, or the path '
        "of a file. The start-up lines, the page and `GET /_fake/health` show what is not the default. "
        "[A guide](../behavior.md) shows how to write a file by observing an API. A file is TOML; what it leaves out "
        "keeps its default:",
        fenced("toml", "\n".join([f"version = {VERSION}", *(f"{id_} = {_toml(it)}" for id_, it in EXAMPLE.items())])),
        *(part for question in QUESTIONS.values() for part in _question(question)),
    )


def _question(question: Question) -> Iterator[str]:
    yield f"## {question.id}"
    yield question.text
    yield table(["answer", "meaning"], _answers(question))
    yield f"What settles it: {question.evidence[0].lower()}{question.evidence[1:]}"


def _answers(question: Question) -> Iterator[list[str]]:
    for each in question.answers:
        if each.value is None:
            is_default = question.default not in [other.value for other in question.answers]
            default = f" (default: {code(question.default)})" if is_default else ""
            yield [each.title, each.description + default]
        else:
            yield [code(each.value), each.description + " (default)" * (each.value == question.default)]


def _meaning(question: Question) -> str:
    meanings = [each.description for each in question.answers if each.value == question.default]
    return meanings[0] if meanings else code(question.default)


def _toml(value: object) -> str:
    return f'"{value}"' if isinstance(value, str) else str(value)
