"""Whether a report's first line names the true cause of a deviation."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from civis_usage.contract_tests.reports.text import headline
from civis_usage.contract_tests.results import Report

FILE = Path(__file__).parent / "deviations" / "causes.toml"


@dataclass(frozen=True)
class Cause:
    """What a first line must name."""

    operation: str
    """The operation at fault; ``any`` where none is."""
    words: tuple[tuple[str, ...], ...]
    """Of each group, one at least must stand in the line."""
    field: str | None = None
    """The field that is wrong, as the report's JSON must say."""

    @classmethod
    def of(cls, entry: Mapping[str, Any]) -> Cause:
        """Return the cause that an entry of the file describes."""
        return cls(entry["operation"], tuple(tuple(group) for group in entry["words"]), entry.get("field"))


def load() -> dict[str, Cause]:
    """Return the causes by the ids of their deviations."""
    return {id_: Cause.of(entry) for id_, entry in tomllib.loads(FILE.read_text(encoding="utf-8")).items()}


def first_line(report: Report) -> str:
    """Return what a report begins with."""
    return report.causes[0].sentence if report.causes else headline(report)


def contains(line: str, word: str) -> bool:
    """Return whether ``word`` begins a word of ``line``; names and short words must be the whole one."""
    whole = r"(?!\w|,\d)" if len(word) < 4 or "_" in word or word[-1].isdigit() else ""
    return re.search(rf"(?<![\w,]){re.escape(word.strip())}{whole}", line, re.IGNORECASE) is not None


def lacking(line: str, cause: Cause) -> list[str]:
    """Return what a line does not name: the operation, or groups of words."""
    needed = [*cause.words] if cause.operation == "any" else [(cause.operation,), *cause.words]
    return [" or ".join(group) for group in needed if not any(contains(line, word) for word in group)]


def named(line: str, cause: Cause) -> bool:
    """Return whether a report's first line names the cause."""
    return not lacking(line, cause)
