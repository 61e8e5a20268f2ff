"""The report for a browser: one file with everything in it, readable without scripts, in dark and light."""

from __future__ import annotations

from importlib import resources

from jinja2 import Environment, StrictUndefined

from civis_usage.contract_tests.results import Report, Verdict
from civis_usage.contract_tests.wording import counts, curl, footer, headline, printable, rewrite

__all__ = ["render"]

MEANINGS = {
    Verdict.KEPT: "The rule holds in all that was seen.",
    Verdict.VIOLATED: "A documented rule is broken: the run fails.",
    Verdict.WARNED: "The API differs from recorded answers: the run fails with --strict only.",
    Verdict.NOTED: "The API answers otherwise than assumed: information.",
    Verdict.INCONCLUSIVE: "The question could not be answered, for want of data or of requests.",
    Verdict.WAIVED: "Broken in a way that a waiver accepts.",
}


def render(report: Report) -> str:
    """Give ``report`` as one HTML document; all that the API or the user said is escaped."""
    report = rewrite(report, printable)
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    source = resources.files("civis_usage.contract_tests").joinpath("report.html").read_text("utf-8")
    page = environment.from_string(source).render(
        report=report,
        groups=list(report.by_operation()),
        totals={verdict: report.count(verdict) for verdict in Verdict},
        meanings=MEANINGS,
        headline=headline(report),
        counts=counts(report),
        footer=footer(report),
        curl=lambda finding: curl(report.base_url, finding),
    )
    return page + "\n"
