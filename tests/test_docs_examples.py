"""Every example of the documentation runs as it stands there, and shows what the page says that it shows."""

from __future__ import annotations

import json
import re
import shlex
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner

from civis_usage.cli import COMMANDS, main
from civis_usage.contract_tests import waivers

from .documentation.pages import Block, Page, pages
from .documentation.shell import Done, Shell
from .extras import needs
from .serve_process import SMALL, serving

SETUP = ("git clone ", "make ", "python3 -m venv ", ".venv/bin/", "pip install ")
"""How the commands begin that set a project up. They load from elsewhere, so the tests leave them to the gate."""
RUN = ("console", "python", "sh")
EXTRAS = {"docs/analysis.md": "pandas", "docs/scaling.md": "distributed"}
"""The pages that need an extra of pyproject.toml beside that of the tests."""
RUNNABLE = [
    pytest.param(page, id=name, marks=needs(EXTRAS[name]) if name in EXTRAS else ())
    for name, page in pages().items()
    if page.blocks(*RUN)
]


@pytest.fixture(scope="module")
def live() -> Iterator[str]:
    """Stand for the live API: a fake whose clock goes, as nothing else about the pages' examples depends on today."""
    with serving(*SMALL, now=None) as served:
        yield served.url


@pytest.mark.slow
@pytest.mark.parametrize("page", RUNNABLE)
def test_a_page_can_be_followed_from_its_top(page: Page, live: str, tmp_path: Path) -> None:
    with Shell(tmp_path, live) as shell:
        tests: list[Block] = []
        for block in page.blocks():
            if block.not_run is not None:
                assert len(block.not_run) > 10, f"{block}: give the reason"
            elif _is_test(block):
                tests.append(block)
            elif block.file is not None or block.language in RUN:
                _pass(shell, tests)
                _follow(shell, block)
        _pass(shell, tests)


def _is_test(block: Block) -> bool:
    return block.language == "python" and block.file is None and "\ndef test_" in f"\n{block.text}"


def _pass(shell: Shell, tests: list[Block]) -> None:
    """Run the tests of these blocks, each a file of its own, in one go, and forget them."""
    names = [f"test_line_{block.line}.py" for block in tests]
    for name, block in zip(names, tests, strict=True):
        (shell.folder / name).write_text(block.text, encoding="utf-8")
    if tests:
        _succeed(shell.run(f"pytest -q -p no:cacheprovider {' '.join(names)}"), tests[0])
    tests.clear()


def _follow(shell: Shell, block: Block) -> None:
    if block.file is not None:
        (shell.folder / block.file).write_text(block.text, encoding="utf-8")
    elif block.language == "console":
        _run(shell, block)
    elif block.language == "sh":
        _succeed(shell.run(block.text.rstrip()), block)
    else:
        (shell.folder / "example.py").write_text(block.text, encoding="utf-8")
        _succeed(shell.run("python example.py"), block)


def _run(shell: Shell, block: Block) -> None:
    """Run the commands of a console block, each of which must succeed unless the page asks for its status next."""
    steps = list(_steps(block.text))
    for (command, expected), following in zip(steps, [*steps[1:], ("", "")], strict=True):
        if command.startswith(SETUP):
            continue
        done = shell.run(command)
        if following[0] != "echo $?":
            _succeed(done, block)
        if expected:
            assert _fits(done.shown, expected), f"{block}: {command} shows\n{done.shown}\nnot\n{expected}"


def _succeed(done: Done, block: Block) -> None:
    assert done.status == 0, f"{block} ends with status {done.status}:\n{done.shown}"


def _steps(text: str) -> Iterator[tuple[str, str]]:
    """Yield each command of a console block and what it is said to show."""
    for step in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]:
        command, _, shown = re.sub(r"\\\n> ", "", step).partition("\n")
        yield command, shown.strip()


def _fits(shown: str, expected: str) -> bool:
    """Tell whether an output is as a page shows it; ``...`` stands for anything there."""
    pattern = re.escape(_tidy(expected)).replace(re.escape("..."), ".*")
    return re.fullmatch(pattern, _tidy(shown), re.DOTALL) is not None


def _tidy(text: str) -> str:
    return "\n".join(line.rstrip() for line in text.strip().splitlines())


@pytest.mark.parametrize(
    ("shown", "fits"),
    [("7.5 credits\n", True), ("8 credits", False), ("7.5 credits\nand more", False), ("", False)],
)
def test_the_comparison_of_outputs_can_fail(shown: str, fits: bool) -> None:
    assert _fits(shown, "7... credits") is fits


def test_a_command_that_fails_fails_the_page(live: str, tmp_path: Path) -> None:
    page = Page("a page", "```console\n$ civis-usage call get-llm 0\n```\n")
    with Shell(tmp_path, live) as shell, pytest.raises(AssertionError, match="ends with status"):
        _run(shell, page.blocks()[0])


def _blocks(*languages: str) -> list[Block]:
    return [block for page in pages().values() for block in page.blocks(*languages)]


@pytest.mark.parametrize("block", _blocks("toml", "json", "yaml"), ids=str)
def test_data_can_be_read(block: Block, tmp_path: Path) -> None:
    value: Any = {"toml": tomllib.loads, "json": json.loads, "yaml": yaml.safe_load}[block.language](block.text)
    assert value
    if "[[waiver]]" in block.text:
        (tmp_path / "waivers.toml").write_text(block.text, encoding="utf-8")
        assert waivers.load(tmp_path / "waivers.toml")


_COMMAND = r"^(?:\$| *- (?:run:)?| *command:| +)? *(civis-usage [a-z][^\n]*)"
"""A command where a page has one: at a prompt, alone on its line, or as a step of a CI service."""


def _commands() -> Iterator[tuple[str, str]]:
    """Yield every ``civis-usage …`` of a page: in console blocks, in the text, and in the examples of ``--help``."""
    for page in pages().values():
        told = [block for block in page.blocks("console", "text", "yaml") if block.not_run is None]
        for block in told:
            for line in re.findall(_COMMAND, block.text, re.MULTILINE):
                yield page.name, re.split(r"  +", line)[0]
        for line in re.findall(r"`(civis-usage [a-z][^`]*)`", page.prose):
            yield page.name, line


@pytest.mark.parametrize(("page", "line"), sorted(set(_commands())))
def test_every_command_has_options_that_exist(page: str, line: str) -> None:
    name, *words = shlex.split(line.replace("…", ""), comments=True)[1:]
    assert name in COMMANDS, f"{page}: {line}"
    path = [name, words[0]] if name == "call" and words and not words[0].startswith("-") else [name]
    help_text = CliRunner().invoke(main, [*path, "--help"]).output
    for option in (word.partition("=")[0] for word in words if word.startswith("--")):
        assert re.search(rf"{option}\b", help_text), f"{page}: {name} has no option {option}"


def _options() -> Iterator[tuple[str, str]]:
    for page in pages().values():
        for option in re.findall(r"`(--[a-z][a-z-]+)", page.prose):
            yield page.name, option


@pytest.mark.parametrize(("page", "option"), sorted(set(_options())))
def test_every_option_that_a_page_names_exists(page: str, option: str, every_help: str) -> None:
    assert re.search(rf"{option}\b", every_help), f"{page} names {option}"


@pytest.fixture(scope="module")
def every_help() -> str:
    """Return the texts of ``--help`` of all commands and of the rarity script, and pytest's options."""
    from civis_usage.contract_tests.pytest_options import OPTIONS

    from . import rarity

    texts = [CliRunner().invoke(main, [name, "--help"]).output for name in COMMANDS]
    return "\n".join(
        [
            *texts,
            rarity.options().format_help(),
            *(name for name, _ in OPTIONS),
            "--help --pyargs --usage-journal --version --allow-hosts --allowed-hosts --block-network",
        ]
    )
