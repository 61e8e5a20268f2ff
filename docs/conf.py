"""How Sphinx builds the pages. All that the site shows is in the build: no font, script or style from elsewhere."""

from importlib.metadata import version as version_of
from typing import Any

from sphinx.application import Sphinx

project = "civis-usage-kit"
copyright = "the authors of civis-usage-kit"  # noqa: A001  Sphinx's name for it
version = release = version_of("civis-usage-kit")

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "sphinx_click", "sphinx_copybutton"]
exclude_patterns = ["generators"]
root_doc = "index"

nitpicky = True
nitpick_ignore_regex = [
    ("py:.*", r"(?!civis_usage).*"),  # names of other projects, whose inventories are elsewhere
    ("py:.*", r"civis_usage\.client\.redaction\.Secret"),  # how the transport keeps a key
    ("py:.*", r"civis_usage\.client\.records\.R"),  # a type variable
]

myst_heading_anchors = 4

autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_typehints_format = "short"
autodoc_preserve_defaults = True
python_maximum_signature_line_length = 88
python_use_unqualified_type_names = True
napoleon_numpy_docstring = False

html_theme = "furo"
html_title = f"civis-usage-kit {version}"
html_copy_source = False
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_show_sourcelink = False
smartquotes_action = "qe"  # no dashes: options begin with two hyphens

copybutton_prompt_text = "$ "
copybutton_only_copy_prompt_lines = True
copybutton_exclude = ".linenos, .gp, .go"


_SENTENCES: dict[str, list[str]] = {}
"""The docstrings of properties and attributes, by name, while napoleon works on them."""


def setup(app: Sphinx) -> None:
    """Keep napoleon from reading a property's docstring "X: y" as a type and a description."""
    app.connect("autodoc-process-docstring", _keep, priority=400)  # napoleon's own is 500
    app.connect("autodoc-process-docstring", _restore, priority=600)


def _keep(app: Sphinx, what: str, name: str, thing: Any, options: Any, lines: list[str]) -> None:
    if what in ("attribute", "data", "property"):
        _SENTENCES[name] = list(lines)


def _restore(app: Sphinx, what: str, name: str, thing: Any, options: Any, lines: list[str]) -> None:
    lines[:] = _SENTENCES.pop(name, lines)
