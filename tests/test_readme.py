"""What the README says beyond its examples, which ``test_docs_examples.py`` runs as it does those of ``docs/``."""

import re
import tomllib

from .documentation.pages import ROOT, pages


def test_the_example_of_the_client_shows_april_and_a_404(usage_environment, capsys):
    example = pages()["README.md"].blocks("python")[1]
    exec(compile(example.text, str(example), "exec"), {})
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) > 100, "the list of April is shown"
    assert lines[-1] == "404 The requested resource could not be found."


def test_the_versions_agree():
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    newest = re.search(r"^## \[(\d+\.\d+\.\d+)\]", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert newest is not None
    assert newest[1] == version
