"""The README's examples run as they stand there."""

import re
import shlex
import tomllib
from pathlib import Path

import pytest
from click.testing import CliRunner

from civis_usage.__main__ import COMMANDS, main
from civis_usage.contract_tests import waivers

README = (Path(__file__).parent.parent / "README.md").read_text(encoding="utf-8")


def blocks(language):
    return re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)


def test_the_example_of_a_test_passes(pytester):
    pytester.makepyfile(blocks("python")[0])
    pytester.runpytest_subprocess("-p", "no:cacheprovider").assert_outcomes(passed=1)


def test_the_example_of_the_client_runs(usage_environment, capsys):
    exec(compile(blocks("python")[1], "README.md", "exec"), {})
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) > 100, "the list of April is shown"
    assert lines[-1] == "404 The requested resource could not be found."


def test_the_example_of_a_waiver_loads(tmp_path):
    (tmp_path / "waivers.toml").write_text(blocks("toml")[0])
    assert [waiver.field for waiver in waivers.load(tmp_path / "waivers.toml")] == ["credits"]


def commands():
    found = [
        line[2:] for block in blocks("console") for line in block.splitlines() if line.startswith("$ civis-usage ")
    ]
    return found + re.findall(r"`(civis-usage [a-z][^`]*)`", README)


@pytest.mark.parametrize("line", commands())
def test_every_command_has_options_that_exist(line):
    name, *words = shlex.split(line, comments=True)[1:]
    assert name in COMMANDS
    path = [name, words[0]] if name == "call" else [name]
    help_text = CliRunner().invoke(main, [*path, "--help"]).output
    for word in words:
        if word.startswith("--"):
            assert re.search(rf"{word}\b", help_text), f"{name} has no option {word}"


@pytest.mark.parametrize("option", re.findall(r"^\| .* \| .*?`(--[a-z-]+)", README, re.MULTILINE))
def test_every_option_of_the_tables_exists(option):
    texts = [CliRunner().invoke(main, [name, "--help"]).output for name in COMMANDS]
    assert any(option in text for text in texts)


def test_the_versions_agree():
    root = Path(__file__).parent.parent
    version = tomllib.loads((root / "pyproject.toml").read_text())["project"]["version"]
    newest = re.search(r"^## \[(\d+\.\d+\.\d+)\]", (root / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert newest is not None
    assert newest[1] == version
