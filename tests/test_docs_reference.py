"""The reference says what the program says: pages written from it are fresh, and those written by hand are whole."""

from __future__ import annotations

import doctest
import importlib
import pkgutil
import re
import shutil
import subprocess
import sys
from inspect import ismodule
from pathlib import Path

import pytest
from _pytest.fixtures import FixtureFunctionDefinition

from civis_usage import client
from civis_usage.contract_tests.checks import checks
from civis_usage.fixtures import pytest_plugin
from civis_usage.mock_server.app import create_app

from .documentation.pages import DOCS, pages

RST = {file.stem: file.read_text(encoding="utf-8") for file in (DOCS / "reference").glob("*.rst")}
NAMES = re.findall(r"^\.\. auto[a-z]+:: (\S+)$", "\n".join(RST.values()), re.MULTILINE)


def generate(docs: Path, *options: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, str(docs / "generate.py"), *options], capture_output=True, text=True)


def test_the_pages_written_from_the_program_are_fresh() -> None:
    done = generate(DOCS, "--check")
    assert done.returncode == 0, done.stderr


def test_a_page_that_is_out_of_date_is_found_and_mended(tmp_path: Path) -> None:
    docs = tmp_path / "docs"
    shutil.copytree(DOCS, docs)
    page = docs / "reference" / "faults.md"
    page.write_text(page.read_text(encoding="utf-8").replace("disconnect", "hang-up"), encoding="utf-8")

    stale = generate(docs, "--check")
    assert (stale.returncode, stale.stderr) == (1, "docs/reference/faults.md is out of date: run make docs\n")
    assert generate(docs).stdout == "wrote docs/reference/faults.md\n"
    assert generate(docs, "--check").returncode == 0


def test_every_check_has_its_line() -> None:
    text = pages()["docs/reference/checks.md"].text
    assert [
        each.id for each in checks() if f"| [`{each.id}`](#{each.id}) | {each.rule} | {each.basis} |" not in text
    ] == []


def test_every_control_of_the_fake_has_its_line_and_an_example() -> None:
    page = pages()["docs/reference/controls.md"]
    told = set(re.findall(r"^\| `([A-Z]+ /[^`]*)` \|", page.text, re.MULTILINE))
    app = create_app()
    rules = [rule for rule in app.url_map.iter_rules() if rule.endpoint.startswith(("controls.", "page."))]
    served = {f"{method} {rule.rule.replace('int:', '')}" for rule in rules for method in _methods(rule.methods)}
    assert told == served

    shown = "\n".join(block.text for block in page.blocks("console"))
    for path in {name.partition(" ")[2] for name in served if "/_fake/" in name}:
        assert path.partition("<")[0] in shown, f"{path} has no example"


def _methods(methods: set[str] | None) -> set[str]:
    return (methods or set()) - {"HEAD", "OPTIONS"}


def test_every_fixture_is_told_in_the_guide_and_in_the_reference() -> None:
    every = {name for name, value in vars(pytest_plugin).items() if isinstance(value, FixtureFunctionDefinition)}
    fixtures = {name for name in every if not name.startswith("_")}
    assert len(fixtures) > 5
    for text in (pytest_plugin.__doc__ or "", pages()["docs/tests.md"].text):
        assert [name for name in sorted(fixtures) if name not in text] == []


def test_everything_that_the_client_exports_is_in_the_reference() -> None:
    assert [name for name in client.__all__ if not re.search(rf"\.{name}\b", RST["client"])] == []


def documented_modules() -> set[str]:
    things = {name: pkgutil.resolve_name(name) for name in NAMES}
    return {name if ismodule(thing) else getattr(thing, "__module__", "") for name, thing in things.items()}


@pytest.mark.parametrize("name", sorted(name for name in documented_modules() if name.startswith("civis_usage")))
def test_the_examples_in_docstrings_are_true(name: str) -> None:
    assert doctest.testmod(importlib.import_module(name)).failed == 0
