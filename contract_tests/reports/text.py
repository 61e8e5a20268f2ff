"""The words that the reports share, and the one way by which the API's and the user's texts come into a report."""

from __future__ import annotations

import re
import shlex
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from urllib.parse import unquote

from civis_usage.client.redaction import redact
from civis_usage.contract_tests.config import Waiver
from civis_usage.contract_tests.observe.observation import Observation
from civis_usage.contract_tests.results import Baseline, Cause, Deviation, Finding, Report, Result, Verdict
from civis_usage.schemas.text import escape

__all__ = [
    "GRAVITY", "by_gravity", "clean", "clean_text", "comparison", "cost", "curl", "describe_deviation",
    "describe_waiver", "evidence", "headline", "map_text", "mark", "marks", "message", "not_judged", "operation_name",
    "reasons", "totals", "without_query",
]  # fmt: skip

GRAVITY = (
    Verdict.FAILED, Verdict.WARNING, Verdict.INCONCLUSIVE, Verdict.WAIVED, Verdict.INFO, Verdict.PASSED,
)  # fmt: skip
"""The verdicts, what needs attention first."""
MAX_LENGTH = 400
"""Characters of a text that a report shows."""


def headline(report: Report) -> str:
    """Return the outcome of the run in one sentence, as its exit code says it."""
    if report.exit_code == 0:
        return "The contract is kept."
    if report.exit_code == 4 and report.invisible:
        return f"{report.invisible[0].upper()}{report.invisible[1:]}."
    if report.exit_code == 4 and (orgs := report.lacking_usage):
        named = f"organization{'s' * (len(orgs) > 1)} {', '.join(map(str, orgs))}"
        return f"Nothing is violated, but {named} showed no usage: check the id (--allow-no-data accepts that)."
    if report.exit_code == 4:
        empty = [operation_name(each.check.operation) for each in report.results if report.exit_code_for(each) == 4]
        named = ", ".join(dict.fromkeys(empty))
        return f"Nothing is violated, but there was no data for {named} (--allow-no-data accepts that)."
    if report.exit_code == 3:
        return not_judged(report) if report.unjudged else reasons(report)
    if broken := report.count(Verdict.FAILED):
        failing = [cause.sentence for cause in report.causes if cause.verdict is Verdict.FAILED]
        violated = f"The contract is violated: {broken} of {_number(len(report.results), 'check')}."
        return " ".join([_violated(failing) or violated, *_expired(report)])
    if report.expired_waivers:
        return "".join(_expired(report))
    if report.changed_answers:
        named = ", ".join(report.changed_answers)
        return f"Nothing is violated, but the API's behavior differs from the --behavior file: {named}."
    warned = _number(report.count(Verdict.WARNING), "check")
    return f"Nothing is violated, but --strict allows no warning: {warned} warned."


def not_judged(report: Report) -> str:
    """Return why the API as a whole could not be judged, as a sentence."""
    reason = without_query(report.unjudged or "")
    return f"The API could not be judged: {_readable(reason)}{'' if reason.endswith(('.', '…')) else '.'}"


def _expired(report: Report) -> Iterator[str]:
    if report.expired_waivers:
        yield f"{_number(len(report.expired_waivers), 'waiver')} expired: renew or delete what no longer holds."


def operation_name(operation: str) -> str:
    """Return how a sentence names a check's operation."""
    return "any operation" if operation == "any" else operation


def without_query(text: str) -> str:
    """Return a reason with the paths of its requests alone, so that requests that fail alike have one reason.

    >>> without_query("/usage/llm?org_id=1&end_date=2026-04-19T11%3A59%3A37Z answered 503, after retries as well")
    '/usage/llm answered 503, after retries as well'
    """
    return re.sub(r"(/usage[\w/]*)\?[^\s,;:)]*", r"\1", text)


def reasons(report: Report) -> str:
    """Return how many checks are inconclusive and why: the commonest reason alone, which says what can be done."""
    open_ = [result for result in report.results if report.exit_code_for(result) == 3]
    counted = Counter(without_query(result.outcome.inconclusive or "no reason is known") for result in open_)
    (reason, count), *others = counted.most_common()
    more = f" ({len(open_) - count} for other reasons)" if others else ""
    total = _number(len(report.results), "check")
    return f"{len(open_)} of {total} inconclusive, because {_readable(reason)}{more}."


def _violated(sentences: Sequence[str]) -> str:
    """Return the first cause, and how many others there are; nothing where no cause is known."""
    more = f" (and {_number(len(sentences) - 1, 'other cause')})" if sentences[1:] else ""
    return f"The contract is violated: {sentences[0]}{more}." if sentences else ""


def totals(report: Report) -> str:
    """Return the number of checks by verdict: ``54 checks: 51 passed, 2 failed, 1 inconclusive``."""
    by_verdict = [f"{number} {verdict}" for verdict in Verdict if (number := report.count(verdict))]
    total = _number(len(report.results), "check")
    return f"{total}: {', '.join(by_verdict)}" if by_verdict else total


def cost(report: Report) -> str:
    """Return the closing line: ``41 requests in 3.2 s``."""
    return f"{_number(report.requests, 'request')} in {report.seconds:.1f} s"


def by_gravity(results: Iterable[Result]) -> list[Result]:
    """Return results with what needs attention first, otherwise in their order."""
    return sorted(results, key=lambda result: GRAVITY.index(result.verdict))


def mark(report: Report, check: str, finding: Finding) -> str:
    """Return whether a deviation is ``new`` or ``known``, where the run is compared with an earlier one."""
    return {None: "", True: "new", False: "known"}[report.is_new(check, finding)]


def marks(report: Report, cause: Cause) -> str:
    """Return whether a cause is ``new``: one of its deviations is."""
    found = {mark(report, check, finding) for check, finding in cause.findings}
    return next((each for each in ("new", "known") if each in found), "")


def comparison(report: Report) -> str | None:
    """Return how many deviations are new, known and gone; ``None`` where the run is compared with none."""
    if report.baseline is None:
        return None
    new, known = report.new_and_known
    counts = f"{new} new, {known} known, {len(report.gone)} gone"
    return f"Since the run of {report.baseline.started}: {counts}."


def describe_deviation(deviation: Deviation) -> str:
    """Return a deviation in one line: its check, its field, its sentence."""
    field = f" ({deviation.field})" if deviation.field else ""
    return f"{deviation.check}{field}: {deviation.message}"


def describe_waiver(waiver: Waiver) -> str:
    """Return a waiver in one line: what it accepts, until when, and why."""
    what = waiver.check if waiver.field is None else f"{waiver.check} ({waiver.field})"
    return f"{what}{f' until {waiver.expires}' if waiver.expires else ''}: {waiver.reason}"


def message(finding: Finding) -> str:
    """Return a finding's sentence, and whether it was seen once only."""
    return f"{finding.message} (seen once)" if finding.seen_once else finding.message


def evidence(finding: Finding) -> list[str]:
    """Return what stands behind a finding, a line each: the record, expected and actual value, and the request."""
    what = ", ".join(text for text in (finding.record, finding.field) if text)
    lines = [f"{what}: " if what else ""] if finding.expected or finding.actual else []
    if lines:
        got = "but it is missing" if finding.actual == "missing" else f"got {finding.actual or 'nothing'}"
        lines[0] += f"expected {finding.expected or 'something else'}, {got}"
    elif finding.example and finding.example not in finding.message:
        lines.append(finding.example)
    return [*lines, *([f"GET {_readable(finding.request)}"] if finding.request else [])]


def curl(base_url: str, finding: Finding) -> str | None:
    """Return the shell command that repeats a finding's request, the key as ``$CIVIS_API_KEY``.

    ``None`` where the finding has no request, or a recording was judged, whose numbers no API knows.
    """
    if finding.request is None or not base_url.startswith(("http://", "https://")):
        return None
    key = ' -u "$CIVIS_API_KEY:"' if finding.authenticated else ""
    return f"curl -i{key} {shlex.quote(base_url + finding.request)}"


def clean(report: Report, keys: Iterable[str] = ()) -> Report:
    """Return ``report`` with every text that the API or the user wrote fit to be shown: the one way into a report.

    ``keys`` are redacted first, then the text is cut to a readable length, then what could steer a terminal is escaped.
    """
    hidden = tuple(keys)
    return map_text(report, lambda text: clean_text(text, hidden))


def clean_text(text: str, keys: Iterable[str] = (), length: int = MAX_LENGTH) -> str:
    """Return one text redacted, cut and escaped."""
    text = redact(text, keys)
    return escape(text if len(text) <= length else text[: length - 1] + "…")


def map_text(report: Report, change: Callable[[str], str]) -> Report:
    """Return ``report`` with ``change`` applied to every text that the API or the user wrote."""
    return replace(
        report,
        base_url=change(report.base_url),
        results=tuple(_result(result, change) for result in report.results),
        causes=tuple(_cause(cause, change) for cause in report.causes),
        unjudged=_optional(report.unjudged, change),
        invisible=_optional(report.invisible, change),
        expired_waivers=tuple(_waiver(waiver, change) for waiver in report.expired_waivers),
        unused_waivers=tuple(_waiver(waiver, change) for waiver in report.unused_waivers),
        program=report.program and replace(report.program, file=change(report.program.file)),
        notes=tuple(change(note) for note in report.notes),
        documentation=_optional(report.documentation, change),
        baseline=report.baseline and _baseline(report.baseline, change),
        observations=tuple(_observation(each, change) for each in report.observations),
    )


def _observation(observation: Observation, change: Callable[[str], str]) -> Observation:
    sightings = (replace(each, what=change(each.what), request=change(each.request)) for each in observation.sightings)
    return replace(observation, sightings=tuple(sightings))


def _baseline(baseline: Baseline, change: Callable[[str], str]) -> Baseline:
    deviations = tuple(
        Deviation(change(each.check), _optional(each.field, change), change(each.message))
        for each in baseline.deviations
    )
    others = frozenset((change(check), _optional(field, change)) for check, field in baseline.others)
    return Baseline(change(baseline.started), deviations, others)


def _result(result: Result, change: Callable[[str], str]) -> Result:
    outcome = replace(
        result.outcome,
        examined=change(result.outcome.examined),
        findings=(),
        inconclusive=_optional(result.outcome.inconclusive, change),
    )
    return replace(
        result,
        outcome=outcome,
        findings=tuple(_finding(finding, change) for finding in result.findings),
        waived=tuple((_finding(finding, change), _waiver(waiver, change)) for finding, waiver in result.waived),
    )


def _cause(cause: Cause, change: Callable[[str], str]) -> Cause:
    found = tuple((check, _finding(finding, change)) for check, finding in cause.findings)
    return replace(cause, sentence=change(cause.sentence), field=_optional(cause.field, change), findings=found)


def _finding(finding: Finding, change: Callable[[str], str]) -> Finding:
    return replace(
        finding,
        message=change(finding.message),
        field=_optional(finding.field, change),
        request=_optional(finding.request, change),
        example=_optional(finding.example, change),
        record=_optional(finding.record, change),
        expected=_optional(finding.expected, change),
        actual=_optional(finding.actual, change),
        contradiction=(),
    )


def _waiver(waiver: Waiver, change: Callable[[str], str]) -> Waiver:
    return replace(waiver, reason=change(waiver.reason))


def _readable(text: str) -> str:
    """Return a cleaned text without its percent signs, clean again."""
    return escape(unquote(text))


def _optional(text: str | None, change: Callable[[str], str]) -> str | None:
    return None if text is None else change(text)


def _number(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
