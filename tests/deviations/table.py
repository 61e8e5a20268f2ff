"""The table of deviations, and the ways to enter a function into it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ..standin import GET, LLM, MATCHING, SUMMARY, Question, Request, Standin
from ..standin_runs import DAY, Run

ANY = "any"
RELATED = {LLM: {LLM, SUMMARY, GET, ANY}, SUMMARY: {SUMMARY, ANY}, GET: {GET, ANY}, MATCHING: {MATCHING, ANY}}
"""Where a deviation of an operation may be reported: a wrong list of LLM usage shows in its sums and identities too."""

VIOLATED, JUDGED_OR_NOT, WARNED = frozenset({1}), frozenset({1, 3}), frozenset({0})


def asks(request: Request) -> str:
    """Return the operation that a request asks for."""
    match request.path.strip("/").split("/")[1:]:
        case ["llm"]:
            return LLM
        case ["llm", "organization", _, "summary"]:
            return SUMMARY
        case ["llm", _]:
            return GET
    return MATCHING


def operation_of(given: str | Question | Request) -> str:
    """Return the operation that a method's first argument is about."""
    if isinstance(given, Request):
        return asks(given)
    return given.operation if isinstance(given, Question) else given


@dataclass(frozen=True)
class Deviation:
    """A stand-in that is wrong in one way, and how the check must end."""

    id: str
    operation: str
    """The operation that is wrong, or ``any``."""
    about: str
    """The field, the parameter or the promise that is broken."""
    wrong: str
    """What is wrong, in words."""
    method: str
    function: Callable[..., Any]
    exits: frozenset[int] = VIOLATED
    """The exit codes that are right; 0 stands for a warning, which ``--strict`` turns into 1."""
    organizations: tuple[int, ...] = (1,)
    places: frozenset[str] = frozenset()
    """The operations in which the function acts."""
    circumstances: Mapping[str, Any] = field(default_factory=dict)
    """How the stand-in is made."""

    @property
    def reported_by(self) -> set[str]:
        """The operations whose checks may report it."""
        return RELATED.get(self.operation, {GET, LLM, SUMMARY, MATCHING, ANY})

    def standin(self, **circumstances: Any) -> Standin:
        """Make the stand-in."""
        return self.bend(Standin(**{**circumstances, **self.circumstances}))

    def bend(self, standin: Standin) -> Standin:
        """Make a stand-in wrong."""
        return standin.bend(self.method, self._where_it_acts)

    def _where_it_acts(self, api: Standin, right: Callable[..., Any], *given: Any) -> Any:
        if self.places and operation_of(given[0]) not in self.places:
            return right(*given)
        return self.function(api, right, *given)


DEVIATIONS: list[Deviation] = []


def add(
    name: str,
    operation: str,
    about: str,
    wrong: str,
    method: str,
    function: Callable[..., Any],
    *,
    also: tuple[str, ...] = (),
    everywhere: bool = False,
    **more: Any,
) -> None:
    """Enter a function that acts in ``operation``, in those of ``also``, or everywhere."""
    places = frozenset() if everywhere or operation == ANY else frozenset({operation, *also})
    DEVIATIONS.append(
        Deviation(f"{operation}: {name}", operation, about, wrong, method, function, places=places, **more)
    )


def deviates(method: str, *operations: str, about: str, **more: Any) -> Callable[..., Any]:
    """Enter a function once for each operation; its name and docstring say what is wrong."""

    def enter(function: Callable[..., Any]) -> Callable[..., Any]:
        name = function.__name__.replace("_", "-")
        for operation in operations:
            add(name, operation, about, function.__doc__ or name, method, function, **more)
        return function

    return enter


ALL = (GET, LLM, SUMMARY, MATCHING)
LISTS = (LLM, MATCHING)
WINDOWED = (LLM, MATCHING, SUMMARY)
SECOND_ORG = {"organizations": (1, 2)}
BUSY = {"circumstances": {"daily": {1: 4, 2: 1}, "daily_matching": {1: 4, 2: 1}}}
"""More than a thousand runs a year."""


def age(api: Standin, run: Run) -> float:
    """Return the age of a run in days."""
    return (api.now() - run.at) / DAY


def width(api: Standin, question: Question) -> float:
    """Return the width of a window in days."""
    start = api.now() - api.days * DAY if question.start is None else question.start
    return ((api.now() if question.end is None else question.end) - start) / DAY
