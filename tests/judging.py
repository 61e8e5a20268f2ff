"""Run the contract check in this process, against a stand-in."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from civis_usage.contract_tests.config import Config
from civis_usage.contract_tests.results import Report, Verdict
from civis_usage.contract_tests.runner import run

from .legal.trouble import WAITING
from .standin import KEY, Standin
from .standin_runs import NOW, millis
from .standin_server import Server


def judge(
    server: Server,
    standin: Standin,
    organizations: Sequence[int] = (1,),
    *,
    at: datetime = NOW,
    pace: float = 0,
    **more: Any,
) -> Report:
    """Check a stand-in as ``civis-usage check --allow-no-data`` does; both clocks go on ``pace`` seconds a request."""

    def now() -> datetime:
        return at + timedelta(seconds=pace * len(standin.journal))

    server.standin, standin.now = standin, lambda: millis(now())
    config = {"allow_no_data": True, "now": now, "sleep": WAITING.sleep} | more
    return run(Config(server.url, KEY, tuple(organizations), **config))


def wrong(report: Report, *verdicts: Verdict) -> str:
    """Write what a report found, and what it could not tell, a line a check."""
    shown = verdicts or (Verdict.FAILED, Verdict.WARNING, Verdict.INCONCLUSIVE)
    lines = [f"exit {report.exit_code} after {report.requests} requests, {report.seconds:.2f} s"]
    lines += [f"unjudged: {report.unjudged}"] if report.unjudged else []
    for result in report.results:
        if result.verdict in shown:
            lines.append(f"{result.verdict} {result.check.id} ({result.check.operation}, {result.check.basis})")
            lines += [f"  {finding.message}; {finding.request}" for finding in result.findings]
            lines += [f"  {result.outcome.inconclusive}"] if result.outcome.inconclusive else []
    return "\n".join(lines)
