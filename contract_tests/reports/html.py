"""The report for a browser: one file with everything in it, readable without scripts, in dark and light."""

from __future__ import annotations

from importlib import resources

from jinja2 import Environment, StrictUndefined

from civis_usage.contract_tests.results import Report, Verdict

from .text import cost, curl, evidence, headline, message, totals

__all__ = ["render"]

MEANINGS = {
    Verdict.PASSED: "The rule holds in all that was seen.",
    Verdict.FAILED: "A documented rule is broken: the run fails.",
    Verdict.WARNING: "The API differs from recorded answers: the run fails with --strict only.",
    Verdict.INFO: "The API answers otherwise than assumed: information.",
    Verdict.INCONCLUSIVE: "The question could not be answered, for want of data or of requests.",
    Verdict.WAIVED: "Broken in a way that a waiver accepts.",
}


def render(report: Report) -> str:
    """Return ``report`` as one HTML document; all that the API or the user said is escaped."""
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    source = resources.files("civis_usage.contract_tests.reports").joinpath("report.html").read_text("utf-8")
    page = environment.from_string(source).render(
        report=report,
        groups=list(report.by_operation()),
        totals={verdict: report.count(verdict) for verdict in Verdict},
        meanings=MEANINGS,
        headline=headline(report),
        message=message,
        evidence=evidence,
        counts=totals(report),
        cost=cost(report),
        curl=lambda finding: curl(report.base_url, finding),
    )
    return page + "\n"
