"""What the explainers take and return: findings without a cause, and a cause with the findings that it explains."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from civis_usage.contract_tests.collect.evidence import Evidence
from civis_usage.contract_tests.results import Finding, Result

__all__ = ["LISTS", "SUMMARY", "Explainer", "Explanation", "Unexplained", "plain_sentence"]

SUMMARY, LISTS = "get_llm_organization_summary", ("list_llm", "list_matching")
RELATIONS = (
    "-organization", "-window", "-start-only", "-end-only", "-once", "-repeat", "-default-window", "-task-idr",
    "-task-cdm", "-without-organization", "-without-dates", "-sum", "-long", "-nothing", "-equals-listed",
    "-one-run",
)  # fmt: skip
"""How the ids of checks end that compare responses with their queries and with each other."""


@dataclass(frozen=True, eq=False)
class Unexplained:
    """A finding that no cause explains yet."""

    result: Result
    finding: Finding

    @property
    def operation(self) -> str:
        """The operation of its check."""
        return self.result.check.operation

    @property
    def rule(self) -> str:
        """The check's id without its operation."""
        return self.result.check.id.removeprefix(self.operation.replace("_", "-"))

    @property
    def is_relation(self) -> bool:
        """Whether its check compares responses with their queries and with each other."""
        return self.result.check.id.endswith(RELATIONS)

    @property
    def is_sum(self) -> bool:
        """Whether its check compares a summary with the lists."""
        of_itself = self.result.check.id.endswith(("-organization", "-nothing"))
        return self.operation == SUMMARY and self.is_relation and not of_itself

    @property
    def is_shape(self) -> bool:
        """Whether its check is of whole bodies and of their fields."""
        return self.result.check.id.endswith("-shape")


class Explanation(NamedTuple):
    """A cause in one sentence, and which findings it explains."""

    operation: str
    """The operation at fault, or ``any``."""
    sentence: str
    field: str | None
    explains: Callable[[Unexplained], bool]


Explainer = Callable[[Evidence, Sequence[Unexplained]], Iterator[Explanation]]
"""Looks at the evidence and at what is not explained yet; what an explanation claims is taken before the next one."""


def plain_sentence(each: Unexplained) -> str:
    """Return a finding's own sentence, with its operation."""
    message, operation = each.finding.message, each.operation
    return message if operation == "any" or operation in re.split(r"[^\w]", message) else f"{operation}: {message}"
