"""Every link of the documentation leads somewhere: pages and anchors are there, addresses are well formed."""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from urllib.parse import urlsplit

import pytest

from .documentation.pages import DOCS, ROOT, Link, Page, pages

LINKS = [link for page in pages().values() for link in page.links]
WITHIN = [link for link in LINKS if "://" not in link.target]
ABROAD = [link for link in LINKS if "://" in link.target]


def leads(link: Link) -> str | None:
    """Say what is wrong with a link to a file or an anchor; ``None`` where nothing is."""
    path, _, anchor = link.target.partition("#")
    file = (ROOT / link.page).parent / path if path else ROOT / link.page
    if not file.is_file():
        return f"there is no {path}"
    name = file.resolve().relative_to(ROOT).as_posix()
    if link.page.startswith("docs/") and not name.startswith("docs/"):
        return f"{path} is no part of the site"
    if anchor and name in pages() and anchor not in pages()[name].anchors:
        return f"{name} has no heading {anchor!r}; it has {', '.join(sorted(pages()[name].anchors))}"
    return None


@pytest.mark.parametrize("link", WITHIN, ids=str)
def test_a_link_within_leads_to_a_page_and_a_heading(link: Link) -> None:
    assert leads(link) is None, f"{link}: {leads(link)}"


@pytest.mark.parametrize("link", ABROAD, ids=str)
def test_a_link_abroad_is_an_address(link: Link) -> None:
    url = urlsplit(link.target)
    assert url.scheme == "https" or url.hostname == "127.0.0.1", link
    assert url.hostname and re.fullmatch(r"127\.0\.0\.1|([a-z0-9-]+\.)+[a-z]{2,}", url.hostname), link


@pytest.mark.parametrize(
    ("target", "wrong"),
    [
        ("offline.md", None),
        ("tutorial.md#test-it", None),
        ("#write-the-script", None),
        ("nowhere.md", "there is no"),
        ("offline.md#nowhere", "no heading"),
        ("../README.md", "no part of the site"),
    ],
)
def test_a_link_that_leads_nowhere_is_found(target: str, wrong: str | None) -> None:
    found = leads(Link("docs/tutorial.md", target))
    assert found is None if wrong is None else found and wrong in found


def test_links_and_anchors_are_read_as_they_are_rendered() -> None:
    page = Page(
        "a.md", "# The fake's `--now`\n\n## Twice\n\n## Twice\n\n[a](b.md#c) `[no](link)` <https://d.example>\n"
    )
    assert page.anchors == {"the-fakes---now", "twice", "twice-1"}
    assert [link.target for link in page.links] == ["b.md#c", "https://d.example"]


def test_every_page_is_reached_from_the_home_page() -> None:
    home = pages()["docs/index.md"]
    listed = {line for block in home.blocks("{toctree}") for line in block.text.splitlines() if line}
    for file in sorted(DOCS.rglob("*")):
        name = PurePosixPath(file.relative_to(DOCS).as_posix())
        if name.suffix in (".md", ".rst") and name.stem != "index":
            assert str(name.with_suffix("")) in listed or ("*" in listed and len(name.parts) == 1), name
