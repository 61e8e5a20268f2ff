"""The pages as data: fenced blocks, headings and links of README.md and docs/.

Two conventions let a page be run. A block whose preceding line names a file and ends in a colon (``... `billing.py`:``)
is that file. A block under the comment ``<!-- not run: REASON -->`` is not run.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
DOCS = ROOT / "docs"

_FENCE = re.compile(r"^(?P<fence>```+)(?P<language>[^\n`]*)\n(?P<text>.*?)^(?P=fence)$", re.MULTILINE | re.DOTALL)
_FILE = re.compile(r"`([\w.-]+\.[a-z]+)`[^`]*:$")
_NOT_RUN = re.compile(r"<!-- not run: (.*) -->$")
_HEADING = re.compile(r"^#{1,6} (.+)$", re.MULTILINE)
_LINK = re.compile(r"(?<!!)\[(?P<text>[^\]\[]+)\]\((?P<target>[^)\s]+)\)|<(?P<bare>https?://[^>\s]+)>")


@dataclass(frozen=True)
class Block:
    """One fenced block."""

    page: str
    line: int
    language: str
    text: str
    file: str | None
    """The name of the file that it shows; ``None`` where it is none."""
    not_run: str | None
    """Why it is not run; ``None`` where it is."""

    def __str__(self) -> str:
        return f"{self.page}:{self.line}"


@dataclass(frozen=True)
class Link:
    """One link of a page."""

    page: str
    target: str

    def __str__(self) -> str:
        return f"{self.page} -> {self.target}"


@dataclass(frozen=True)
class Page:
    """One Markdown page."""

    name: str
    """Its path from the top of the repository."""
    text: str

    def blocks(self, *languages: str) -> list[Block]:
        """Return its fenced blocks in their order; those in these languages, where any are named."""
        found = [self._block(match) for match in _FENCE.finditer(self.text)]
        return [block for block in found if not languages or block.language in languages]

    @property
    def prose(self) -> str:
        """What stands outside of fenced blocks."""
        return _FENCE.sub("", self.text)

    @property
    def anchors(self) -> set[str]:
        """The anchors that its headings make, as GitHub and MyST reckon them."""
        seen: list[str] = []
        for heading in _HEADING.findall(self.prose):
            slug = re.sub(r"[^\w\- ]", "", heading.replace("`", "").strip().lower()).replace(" ", "-")
            seen.append(f"{slug}-{seen.count(slug)}" if slug in seen else slug)
        return set(seen)

    @property
    def links(self) -> Iterator[Link]:
        """Its links, in their order."""
        for match in _LINK.finditer(re.sub(r"`[^`\n]*`", lambda code: code[0].replace("[", "("), self.prose)):
            yield Link(self.name, match["target"] or match["bare"])

    def _block(self, match: re.Match[str]) -> Block:
        before = self.text[: match.start()]
        last = before.rstrip().rpartition("\n")[2]
        file, not_run = _FILE.search(last), _NOT_RUN.match(last)
        return Block(
            page=self.name,
            line=before.count("\n") + 1,
            language=match["language"].strip(),
            text=match["text"],
            file=file and file[1],
            not_run=not_run and not_run[1],
        )


@cache
def pages() -> dict[str, Page]:
    """Return README.md and every Markdown page under docs/, by name."""
    files = [ROOT / "README.md", *sorted(DOCS.rglob("*.md"))]
    names = [file.relative_to(ROOT).as_posix() for file in files]
    return {name: Page(name, file.read_text(encoding="utf-8")) for name, file in zip(names, files, strict=True)}
