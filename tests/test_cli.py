"""The command line as a whole: what all commands have in common."""

from __future__ import annotations

import re
import subprocess
import sys

import click
import pytest
from click.testing import CliRunner, Result

from civis_usage.cli import COMMANDS, main
from civis_usage.client.errors import ConnectionFailed
from civis_usage.commands.errors import exit_code_of
from civis_usage.commands.options import OPTIONS

KEY = "a-key-that-nobody-knows"


def run(*arguments: str, **env: str) -> Result:
    return CliRunner(env={"CIVIS_API_KEY": KEY, **env}).invoke(main, arguments, prog_name="civis-usage")


@pytest.mark.parametrize("arguments", [["--help"], ["check", "--no-such-option"], ["no-such-command"]], ids=" ".join)
def test_help_and_wrong_use_load_no_library_of_the_fake(arguments: list[str]) -> None:
    code = (
        "import sys\nfrom civis_usage.cli import main\n"
        f"try:\n    main({arguments!r})\nexcept SystemExit:\n    pass\n"
        "print(*sorted({'flask', 'hypothesis', 'pytest'} & set(sys.modules)), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr.splitlines()[-1] == ""


def test_help_loads_no_library_but_click() -> None:
    code = (
        "import sys\nfrom civis_usage.cli import main\n"
        "try:\n    main(['--help'])\nexcept SystemExit:\n    pass\n"
        "print({'flask', 'hypothesis', 'jsonschema', 'requests', 'pytest'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "set()"


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_is_there_and_says_what_it_does(name: str) -> None:
    command = main.get_command(click.Context(main), name)
    assert command is not None and command.name == name
    assert run(name, "--help").exit_code == 0
    assert f"  {name}" in run("--help").stdout


def test_one_option_has_one_name_in_all_commands() -> None:
    """An option that several commands have is in the table, and nobody takes the key on the command line."""
    found: dict[str, list[str]] = {}
    for name in COMMANDS:
        command = main.get_command(click.Context(main), name)
        assert command is not None
        for option in command.params:
            for spelling in option.opts:
                found.setdefault(spelling.removeprefix("--"), []).append(name)
    del found["output"], found["-o"]  # a recording, and records of a world
    shared = {spelling for spelling, commands in found.items() if len(commands) > 1}
    assert shared - {"spec"} <= OPTIONS.keys()  # serve and drift take a file of an API's spec, each to its own end
    assert not {"from", "to"} & found.keys()
    assert found["api-key"] == ["serve"]


@pytest.mark.parametrize(
    ("arguments", "nearest"),
    [
        (["chekc"], "Did you mean 'check'?"),
        (["call", "list-lm"], "Did you mean 'list-llm'?"),
        (["check", "--org-ids", "1"], "Did you mean"),
        (["xyz"], "No such command 'xyz'.\n"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_an_unknown_name_suggests_the_nearest(arguments: list[str], nearest: str) -> None:
    result = run(*arguments)
    assert result.exit_code == 2
    assert nearest in result.stderr


def test_an_option_can_be_set_by_an_environment_variable() -> None:
    result = run("generate", CIVIS_USAGE_GENERATE_START_DATE="2026-02-30", CIVIS_USAGE_GENERATE_END_DATE="2026-03-01")
    assert (result.exit_code, "invalid day '2026-02-30'" in result.stderr) == (2, True)


ERRORS = {
    "interrupted": (KeyboardInterrupt(), 3, "Interrupted."),
    "aborted": (click.Abort(), 3, "Interrupted."),
    "no connection": (ConnectionFailed("Nothing listens."), 3, "Nothing listens."),
    "wrong use": (click.UsageError(f"invalid {KEY}"), 2, "invalid ***"),
    "a full disk": (
        OSError(28, "No space left on device"),
        3,
        "Nothing more can be written (no space left on device).",
    ),
    "what nobody foresaw": (
        ValueError(f"{KEY}\nand \x1b[31m"),
        3,
        r"The command itself failed \(ValueError: \*\*\* and \S+ in test_cli.py, line \d+\): please report it.",
    ),
}


@pytest.mark.parametrize("error", ERRORS)
def test_an_error_is_one_sentence_without_the_key_and_no_verdict(
    error: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CIVIS_API_KEY", KEY)
    raised, code, sentence = ERRORS[error]

    def fail() -> None:
        raise raised

    assert exit_code_of(fail) == code
    said = capsys.readouterr().err
    assert said == f"Error: {sentence}\n" or re.fullmatch(f"Error: {sentence}\n", said)
