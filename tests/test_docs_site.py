"""The site as it is built: without a warning, whole, and with nothing from elsewhere."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from .documentation.pages import DOCS
from .extras import needs

pytestmark = [pytest.mark.slow, needs("docs")]

LOADING = {("link", "href"), ("script", "src"), ("img", "src"), ("iframe", "src"), ("source", "src")}
"""What a browser fetches by itself, as tags and attributes."""


@dataclass
class Built(HTMLParser):
    """A page of the site: what it loads, where it leads, and its anchors."""

    file: Path
    loads: set[str] = field(default_factory=set)
    leads: set[str] = field(default_factory=set)
    anchors: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        super().__init__()
        self.feed(self.file.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if value and (tag, name) in LOADING:
                self.loads.add(value)
            elif value and (tag, name) == ("a", "href"):
                self.leads.add(value)
            elif value and name == "id":
                self.anchors.add(value)


def build(docs: Path, site: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "sphinx", "--fail-on-warning", "--keep-going", "--quiet", str(docs), str(site)]
    return subprocess.run(command, capture_output=True, text=True)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> dict[Path, Built]:
    folder = tmp_path_factory.mktemp("site")
    done = build(DOCS, folder)
    assert done.returncode == 0, done.stderr
    return {file: Built(file) for file in sorted(folder.rglob("*.html"))}


def root(site: dict[Path, Built]) -> Path:
    return min(site, key=lambda file: len(file.parts)).parent


def targets(page: Built) -> Iterator[tuple[Path, str]]:
    for href in page.leads:
        url = urlsplit(href)
        if not url.scheme:
            yield (page.file.parent / unquote(url.path)).resolve() if url.path else page.file, unquote(url.fragment)


def test_every_page_is_built(site: dict[Path, Built]) -> None:
    sources = {file.relative_to(DOCS).with_suffix("") for suffix in ("md", "rst") for file in DOCS.rglob(f"*.{suffix}")}
    assert sources <= {file.relative_to(root(site)).with_suffix("") for file in site}


def test_nothing_is_loaded_from_elsewhere(site: dict[Path, Built]) -> None:
    for page in site.values():
        assert page.loads
        for address in page.loads:
            assert not urlsplit(address).netloc, f"{page.file.name} loads {address}"
            assert (page.file.parent / urlsplit(address).path).exists(), f"{page.file.name} misses {address}"


def test_styles_load_nothing_from_elsewhere(site: dict[Path, Built]) -> None:
    styles = list(root(site).rglob("*.css"))
    assert styles
    assert [file.name for file in styles if "url(http" in file.read_text(encoding="utf-8").replace('"', "")] == []


def test_every_link_of_the_site_leads_to_a_page_and_an_anchor(site: dict[Path, Built]) -> None:
    for page in site.values():
        for file, anchor in targets(page):
            assert file in site, f"{page.file.name} leads to {file}"
            assert not anchor or anchor in site[file].anchors, f"{page.file.name} leads to {file.name}#{anchor}"


def test_no_sentence_is_taken_for_a_type(site: dict[Path, Built]) -> None:
    members = [file for file in site if file.parent.name == "reference"]
    assert any("class" in file.read_text(encoding="utf-8") for file in members)
    field = re.compile(r"<dt[^>]*>Type<span.*?<dd[^>]*><p>(.*?)</p>", re.DOTALL)
    for file in members:
        for shown in field.findall(file.read_text(encoding="utf-8")):
            assert " " not in re.sub("<[^>]+>", "", shown).replace(" | ", "|").replace(", ", ","), f"{file}: {shown}"


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("# A page\n\n[gone](gone.md)\n", "gone.md"),
        ("# A page\n\n{py:class}`~civis_usage.client.Gone`\n", "civis_usage.client.Gone"),
    ],
)
def test_a_page_that_leads_nowhere_fails_the_build(tmp_path: Path, text: str, complaint: str) -> None:
    docs = tmp_path / "docs"
    docs.mkdir()
    (docs / "conf.py").write_text((DOCS / "conf.py").read_text(encoding="utf-8").replace('["_static"]', "[]"))
    (docs / "index.md").write_text(text)
    done = build(docs, tmp_path / "site")
    assert done.returncode != 0
    assert complaint in done.stderr
