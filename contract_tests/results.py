"""What a check says: the values that the checks make and every report reads.

A :class:`Check` is a rule and a function from evidence to an :class:`Outcome`. With the waivers, an outcome becomes a
:class:`Result`. A :class:`Report` holds the results of one run and knows its exit code.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from civis_usage.contract_tests.collect.evidence import Evidence
from civis_usage.contract_tests.collect.interaction import Interaction
from civis_usage.contract_tests.config import Waiver
from civis_usage.contract_tests.exit_code import ExitCode
from civis_usage.contract_tests.observe.fidelity import Fidelity, compare
from civis_usage.contract_tests.observe.observation import Observation
from civis_usage.schemas import OPERATIONS
from civis_usage.schemas.behavior import DEFAULT, Behavior, Choice

__all__ = [
    "Baseline", "Basis", "Cause", "Check", "Deviation", "Finding", "Outcome", "Program", "Report", "Result", "Verdict",
    "no_data", "outcome",
]  # fmt: skip


class Basis(StrEnum):
    """How well a rule is known, and so what a deviation from it means."""

    DOCUMENTED = "documented"
    """In the published reference or the API's own spec: a deviation is a violation."""
    RECORDED = "recorded"
    """Seen in recorded responses of the API: a deviation is a warning."""
    ASSUMED = "assumed"
    """Nobody outside has seen it: a deviation is information, never a failure."""


class Verdict(StrEnum):
    """What a check concluded."""

    PASSED = "passed"
    FAILED = "failed"
    WARNING = "warning"
    INFO = "info"
    """An assumed rule that the API does not follow: information."""
    INCONCLUSIVE = "inconclusive"
    WAIVED = "waived"
    """Every deviation found is one that the user accepted by name."""


@dataclass(frozen=True)
class Finding:
    """One deviation from a rule."""

    message: str
    """What deviates, in one sentence: ``null in credits: 14 of 138 records``."""
    field: str | None = None
    """The documented field it concerns, by its name on the wire; what a waiver can name."""
    request: str | None = None
    """Path and query of the first request that shows it: ``/usage/llm?org_id=1``."""
    example: str | None = None
    """The first counterexample, as compact JSON or text."""
    record: str | None = None
    """The first record that shows it, by its id: ``id 9824001000008``."""
    expected: str | None = None
    """What the rule wants there."""
    actual: str | None = None
    """What came; ``missing`` where the field, or the record, is not there."""
    authenticated: bool = True
    """Whether that request carried the user's key; some checks send none, or a wrong one."""
    contradiction: tuple[Interaction, ...] = dataclasses.field(default=(), compare=False, repr=False)
    """The responses that contradict each other, in the order in which to request them again."""
    shows_less: Interaction | None = dataclasses.field(default=None, compare=False, repr=False)
    """The one of them that shows less usage than the others, so that usage that was added would explain it."""
    is_reproducible: bool = True
    """Whether the contradiction was not seen to come and go when its requests were sent again."""
    seen_once: bool = False
    """Whether the contradiction was not requested again."""


@dataclass(frozen=True)
class Outcome:
    """What a check saw in the evidence, before waivers are looked at."""

    examined: str
    """What was examined: ``138 records in 4 windows``."""
    findings: tuple[Finding, ...] = ()
    inconclusive: str | None = None
    """Why the rule could not be judged (no data, budget spent); ``None`` where it could."""
    no_data: bool = False
    """It could not be judged because the organization shows no usage for it."""
    skipped: bool = False
    """It was not judged because a response would be very long; other checks cover most of it."""


def outcome(examined: str, findings: Iterable[Finding] = ()) -> Outcome:
    """Return an outcome from what was examined and the findings; no findings means that the rule holds."""
    return Outcome(examined, tuple(findings))


def no_data(examined: str) -> Outcome:
    """Return the outcome of a check that the organization has no data for."""
    return Outcome(examined, inconclusive=f"no data: {examined}", no_data=True)


@dataclass(frozen=True)
class Check:
    """A rule of the contract, and the function that judges it."""

    id: str
    """Stable name, as in waivers and reports: ``list-llm-organization``."""
    operation: str
    """The operation it concerns (``list_llm``), or ``any``."""
    rule: str
    """The rule, in one sentence."""
    judge: Callable[[Evidence], Outcome] = field(repr=False, compare=False)
    basis: Basis = Basis.DOCUMENTED


@dataclass(frozen=True)
class Result:
    """A check's verdict."""

    check: Check
    verdict: Verdict
    outcome: Outcome
    findings: tuple[Finding, ...] = ()
    """The deviations that no waiver accepts."""
    waived: tuple[tuple[Finding, Waiver], ...] = ()


@dataclass(frozen=True)
class Cause:
    """What is probably wrong with the API, and the findings that it explains."""

    sentence: str
    """``modelId is missing in 3,210 of 6,411 records of list_llm``."""
    operation: str
    """The operation at fault, or ``any``."""
    field: str | None
    """The documented field at fault, by its name on the wire."""
    verdict: Verdict
    """The gravest verdict that it explains."""
    findings: tuple[tuple[str, Finding], ...]
    """What it explains, each with the id of its check; the first is shown as evidence."""

    @property
    def checks(self) -> tuple[str, ...]:
        """The ids of the checks that it explains."""
        return tuple(dict.fromkeys(check for check, _ in self.findings))


@dataclass(frozen=True)
class Deviation:
    """A finding by what names it in every run: its check and field, as in a waiver."""

    check: str
    field: str | None
    message: str

    @property
    def key(self) -> tuple[str, str | None]:
        """Its check and field."""
        return self.check, self.field


@dataclass(frozen=True)
class Baseline:
    """What deviated in an earlier run."""

    started: str
    """When that run began: UTC, RFC 3339."""
    deviations: tuple[Deviation, ...]
    """What no waiver accepted."""
    others: frozenset[tuple[str, str | None]] = frozenset()
    """What fails a run beside deviations: expired waivers, by check and field, and answers that were contradicted."""

    @property
    def known(self) -> frozenset[tuple[str, str | None]]:
        """All of it by what names it; what a waiver accepted is not known, so that it is new when that ends."""
        return self.others | {each.key for each in self.deviations}


@dataclass(frozen=True)
class Program:
    """What became of the requests of a user's program, from a journal file."""

    file: str
    """The file's name, without its folder."""
    requests: int
    """The different requests in it."""
    sent: int
    """How many of them were sent."""
    left_out: Mapping[str, int]
    """How many were not, by the reason."""
    organization: int | None
    """The organization that was asked about in place of others; ``None`` where none was."""
    in_place_of: tuple[int, ...]
    """Those others."""

    def __str__(self) -> str:
        """Return it in one line."""
        said = [f"{self.sent} of {self.requests} requests of {self.file} were sent"]
        if self.left_out:
            said.append("left out: " + ", ".join(f"{count} for {reason}" for reason, count in self.left_out.items()))
        if self.organization is not None:
            others = ", ".join(map(str, self.in_place_of))
            said.append(f"organization {self.organization} stood in for {others}")
        return "; ".join(said)


@dataclass(frozen=True)
class Report:
    """The results of one run, with the circumstances that a reader needs."""

    version: str
    base_url: str
    """Without credentials; or in words, which recording was judged in place of an API."""
    organizations: tuple[int, ...]
    started: str
    """UTC, RFC 3339."""
    seconds: float
    requests: int
    budget: int
    seed: int
    results: tuple[Result, ...]
    causes: tuple[Cause, ...] = ()
    """The findings that no waiver accepts, grouped by cause, those that fail the run first."""
    observations: tuple[Observation, ...] = ()
    """What was seen of the open questions of ``behavior.json``: each question's, in their order."""
    chosen: Mapping[str, Choice] | None = None
    """The answers to them that the user wants compared; ``None`` for the fake's defaults."""
    unjudged: str | None = None
    """Why the API as a whole could not be judged (unreachable, key refused, …); ``None`` where it could."""
    invisible: str | None = None
    """That nothing of an organization is visible to the key, and what to do; ``None`` where something of each is."""
    without_usage: tuple[int, ...] = ()
    """The organizations of which no list or summary showed any usage."""
    expired_waivers: tuple[Waiver, ...] = ()
    unused_waivers: tuple[Waiver, ...] = ()
    program: Program | None = None
    """What became of the requests of a user's program; ``None`` where none were to be sent."""
    notes: tuple[str, ...] = ()
    """Information beside the verdicts: additional fields, a low rate limit, what the API's own spec announces."""
    documentation: str | None = None
    """The address of the page that explains each check, without an anchor; ``None`` where the kit has none."""
    baseline: Baseline | None = None
    """The earlier run that this one is compared with."""
    strict: bool = False
    allow_no_data: tuple[str, ...] = ()
    """The operations that may show no usage."""

    def by_operation(self) -> Iterator[tuple[str, list[Result]]]:
        """Yield the results grouped by operation, each group in the order of the checks."""
        groups: dict[str, list[Result]] = {}
        for result in self.results:
            groups.setdefault(result.check.operation, []).append(result)
        yield from groups.items()

    def count(self, verdict: Verdict) -> int:
        """Return the number of results with ``verdict``."""
        return sum(result.verdict is verdict for result in self.results)

    def is_new(self, check: str, finding: Finding) -> bool | None:
        """Return whether a deviation is not in the earlier run; ``None`` where the run is compared with none."""
        return None if self.baseline is None else (check, finding.field) not in self.baseline.known

    @property
    def deviations(self) -> tuple[Deviation, ...]:
        """What deviates and no waiver accepts, each check and field once."""
        found = (
            Deviation(result.check.id, finding.field, finding.message)
            for result in self.results
            for finding in result.findings
        )
        return _once(found)

    @property
    def new_and_known(self) -> tuple[int, int]:
        """How much of what deviates, or fails the run, is new since the earlier run, and how much was there."""
        found = {each.key for each in self.deviations} | {(each.check, each.field) for each in self.expired_waivers}
        found |= {("behavior", question) for question in self.changed_answers if self.strict}
        known = found & self.baseline.known if self.baseline is not None else set()
        return len(found) - len(known), len(known)

    @property
    def gone(self) -> tuple[Deviation, ...]:
        """What deviated in the earlier run, and is in order now: its check was judged and shows it no more."""
        if self.baseline is None:
            return ()
        judged = {result.check.id for result in self.results if result.verdict is not Verdict.INCONCLUSIVE}
        here = {(result.check.id, finding.field) for result in self.results for finding, _ in result.waived}
        here |= {each.key for each in self.deviations}
        return _once(each for each in self.baseline.deviations if each.check in judged and each.key not in here)

    @property
    def behavior(self) -> Behavior:
        """The fake's answers to the open questions: the user's, and the defaults of the others."""
        return {**DEFAULT, **{question: each.value for question, each in (self.chosen or {}).items()}}

    @property
    def fidelity(self) -> Fidelity:
        """How the fake's answers compare with what was seen."""
        guessed = [question for question, each in (self.chosen or {}).items() if each.guessed]
        return compare(self.observations, self.behavior, guessed)

    @property
    def changed_answers(self) -> tuple[str, ...]:
        """The questions whose answers the user chose, and the API ruled out."""
        return tuple(each for each in self.fidelity.contradicted if self.chosen is not None and each in self.chosen)

    def exit_code_for(self, result: Result) -> ExitCode:
        """Return the exit code that ``result`` asks for; KEPT where it does not make the run fail."""
        if result.verdict is Verdict.FAILED or (result.verdict is Verdict.WARNING and self.strict):
            return ExitCode.VIOLATED
        is_open = result.verdict is Verdict.INCONCLUSIVE and result.check.basis is Basis.DOCUMENTED
        if not is_open or result.outcome.skipped or (result.outcome.no_data and self._may_be_empty(result.check)):
            return ExitCode.KEPT
        return ExitCode.NO_DATA if result.outcome.no_data else ExitCode.NOT_JUDGED

    def _may_be_empty(self, check: Check) -> bool:
        """Return whether a check's operation may show no usage; one of all operations needs some of any."""
        return bool(self.allow_no_data) if check.operation == "any" else check.operation in self.allow_no_data

    @property
    def lacking_usage(self) -> tuple[int, ...]:
        """The organizations that show no usage, unless every operation may show none."""
        return self.without_usage if OPERATIONS.keys() - set(self.allow_no_data) else ()

    @property
    def exit_code(self) -> ExitCode:
        """The exit code of the run."""
        codes = {self.exit_code_for(result) for result in self.results} - {ExitCode.KEPT}
        if self.expired_waivers:
            codes.add(ExitCode.VIOLATED)
        if self.invisible or self.lacking_usage:
            codes.add(ExitCode.NO_DATA)
        if self.strict and self.changed_answers:
            codes.add(ExitCode.VIOLATED)
        if self.unjudged:
            codes.add(ExitCode.NOT_JUDGED)
        return min(codes, default=ExitCode.KEPT)


def _once(deviations: Iterable[Deviation]) -> tuple[Deviation, ...]:
    """Return the first deviation of each check and field."""
    found: dict[tuple[str, str | None], Deviation] = {}
    for each in deviations:
        found.setdefault(each.key, each)
    return tuple(found.values())
