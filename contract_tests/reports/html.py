"""The report for a browser: one file with everything in it, in dark and light.

It can be read without scripts; the one script adds buttons that copy commands, and the page allows no other.
"""

from __future__ import annotations

from base64 import b64encode
from hashlib import sha256
from importlib import resources

from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from civis_usage.contract_tests.results import Report, Verdict

from . import groups
from .text import (
    GRAVITY,
    by_gravity,
    comparison,
    cost,
    curl,
    describe_deviation,
    describe_waiver,
    evidence,
    headline,
    mark,
    message,
    totals,
)

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
    operations = [(operation, by_gravity(results)) for operation, results in report.by_operation()]
    operations.sort(key=lambda each: GRAVITY.index(each[1][0].verdict))
    script = _read("report.js")
    page = environment.from_string(_read("report.html")).render(
        report=report,
        causes=Markup(groups.render(report)),  # noqa: S704 - every text in it is escaped
        operations=operations,
        script=Markup(script),  # noqa: S704 - the package's own file
        script_hash=b64encode(sha256(script.encode()).digest()).decode(),
        totals={verdict: report.count(verdict) for verdict in Verdict},
        meanings=MEANINGS,
        comparison=comparison(report),
        describe_deviation=describe_deviation,
        describe_waiver=describe_waiver,
        mark=mark,
        headline=headline(report),
        message=message,
        evidence=evidence,
        counts=totals(report),
        cost=cost(report),
        curl=lambda finding: curl(report.base_url, finding),
    )
    return page + "\n"


def _read(name: str) -> str:
    return resources.files("civis_usage.contract_tests.reports").joinpath(name).read_text("utf-8")
