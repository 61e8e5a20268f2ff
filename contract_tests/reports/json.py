"""The report for programs: JSON, as ``report.schema.json`` describes it."""

from __future__ import annotations

import json
from functools import cache
from importlib import resources
from typing import Any

from civis_usage.contract_tests.config import Waiver
from civis_usage.contract_tests.results import Cause, Finding, Program, Report, Result, Verdict
from civis_usage.schemas.json_format import shown

from . import behavior
from .text import curl, headline

__all__ = ["SCHEMA_VERSION", "render", "schema"]

SCHEMA_VERSION = 2
"""Raised when a field is removed or changes its meaning; a new field does not raise it."""


def render(report: Report) -> str:
    """Return ``report`` as JSON text."""
    return shown(_report(report)) + "\n"


@cache
def schema() -> dict[str, Any]:
    """Return the JSON Schema (2020-12) of what :func:`render` gives; read-only by convention."""
    text = resources.files("civis_usage.contract_tests.reports").joinpath("report.schema.json").read_text("utf-8")
    parsed: dict[str, Any] = json.loads(text)
    return parsed


def _report(report: Report) -> dict[str, Any]:
    return {
        "schema_version": SCHEMA_VERSION,
        "kit_version": report.version,
        "base_url": report.base_url,
        "organizations": list(report.organizations),
        "started": report.started,
        "seconds": round(report.seconds, 3),
        "requests": report.requests,
        "budget": report.budget,
        "seed": report.seed,
        "strict": report.strict,
        "allow_no_data": list(report.allow_no_data),
        "exit_code": int(report.exit_code),
        "headline": headline(report),
        "unjudged": report.unjudged,
        "invisible": report.invisible,
        "without_usage": list(report.without_usage),
        "totals": {"checks": len(report.results)} | {str(verdict): report.count(verdict) for verdict in Verdict},
        "causes": [_cause(cause, report) for cause in report.causes],
        "results": [_result(result, report) for result in report.results],
        "expired_waivers": [_waiver(waiver) for waiver in report.expired_waivers],
        "unused_waivers": [_waiver(waiver) for waiver in report.unused_waivers],
        "program": _program(report.program),
        "notes": list(report.notes),
        "baseline": _baseline(report),
        "behavior": behavior.as_json(report),
    }


def _program(program: Program | None) -> dict[str, Any] | None:
    if program is None:
        return None
    return {
        "file": program.file,
        "requests": program.requests,
        "sent": program.sent,
        "left_out": [{"reason": reason, "count": count} for reason, count in program.left_out.items()],
        "organization": program.organization,
        "in_place_of": list(program.in_place_of),
    }


def _baseline(report: Report) -> dict[str, Any] | None:
    if report.baseline is None:
        return None
    new, known = report.new_and_known
    gone = [{"check": each.check, "field": each.field, "message": each.message} for each in report.gone]
    return {
        "started": report.baseline.started, "new": new, "known": known, "gone": gone,
    }  # fmt: skip


def _cause(cause: Cause, report: Report) -> dict[str, Any]:
    return {
        "sentence": cause.sentence,
        "operation": cause.operation,
        "field": cause.field,
        "verdict": str(cause.verdict),
        "checks": list(cause.checks),
        "findings": [{"check": check} | _finding(check, finding, report) for check, finding in cause.findings],
    }


def _result(result: Result, report: Report) -> dict[str, Any]:
    check = result.check.id
    return {
        "id": result.check.id,
        "rule": result.check.rule,
        "basis": str(result.check.basis),
        "operation": result.check.operation,
        "verdict": str(result.verdict),
        "examined": result.outcome.examined,
        "inconclusive": result.outcome.inconclusive,
        "no_data": result.outcome.no_data,
        "findings": [_finding(check, finding, report) for finding in result.findings],
        "waived": [
            {"finding": _finding(check, finding, report), "waiver": _waiver(waiver)}
            for finding, waiver in result.waived
        ],
    }


def _finding(check: str, finding: Finding, report: Report) -> dict[str, Any]:
    return {
        "message": finding.message,
        "seen_once": finding.seen_once,
        "field": finding.field,
        "record": finding.record,
        "expected": finding.expected,
        "actual": finding.actual,
        "request": finding.request,
        "example": finding.example,
        "curl": curl(report.base_url, finding),
        "new": report.is_new(check, finding),
    }


def _waiver(waiver: Waiver) -> dict[str, Any]:
    return {"check": waiver.check, "field": waiver.field, "reason": waiver.reason, "expires": waiver.expires}
