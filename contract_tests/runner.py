"""Runs the checks: asks each question, turns outcomes into verdicts, and reports."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from importlib import import_module
from importlib.metadata import version

from civis_usage.contract_tests.answers import Answer, Unusable, excerpt
from civis_usage.contract_tests.check_drift import drift_checks, drift_notes
from civis_usage.contract_tests.config import Config
from civis_usage.contract_tests.registry import CHECKS
from civis_usage.contract_tests.results import Check, Outcome, Report, Result, Verdict
from civis_usage.contract_tests.waivers import apply, expired, unused
from civis_usage.contract_tests.windows import stamp
from civis_usage.contract_tests.witness import Hidden, NotJudged, Spared, Witness
from civis_usage.schemas import OPERATIONS, load

__all__ = ["checks", "run"]

MODULES = ("lists", "single", "summary", "defaults", "errors", "shapes", "manners")
"""The modules of checks, in the order of asking."""


def checks(*, with_drift: bool = False) -> tuple[Check, ...]:
    """Give every check, in the order of asking, whichever module was imported first.

    Those of the API's own spec come only if wanted.
    """
    order = {import_module(f"civis_usage.contract_tests.check_{name}").__name__: at for at, name in enumerate(MODULES)}
    asked = sorted(CHECKS.values(), key=lambda check: order.get(check.ask.__module__, len(order)))
    return (*asked, *(drift_checks() if with_drift else ()))


def run(config: Config, on_result: Callable[[Result], None] | None = None) -> Report:
    """Ask every question and give the report.

    Args:
        config: whom to ask, and how gently.
        on_result: called with each result as it comes, for progress.

    Nothing is raised for what the API does: an API that cannot be judged gives a report that says so.
    """
    witness = Witness(config)
    began = time.monotonic()
    today = datetime.fromtimestamp(witness.now, UTC).date()
    results = []
    try:
        for check in checks(with_drift=config.with_drift):
            result = apply(check, _ask(check, witness), config.waivers, today)
            results.append(result)
            if on_result:
                on_result(result)
    finally:
        witness.close()
    return _report(config, witness, results, time.monotonic() - began)


def _ask(check: Check, witness: Witness) -> Outcome:
    try:
        return check.ask(witness)
    except Spared as spared:
        return Outcome("not asked", inconclusive=str(spared), spared=True)
    except (NotJudged, Hidden, Unusable) as error:
        return Outcome("nothing", inconclusive=str(error))
    except Exception as error:  # an answer that the check's author did not think of must not end the run
        return Outcome("nothing", inconclusive=f"the check cannot read these answers ({type(error).__name__}: {error})")


def _report(config: Config, witness: Witness, results: list[Result], seconds: float) -> Report:
    today = datetime.fromtimestamp(witness.now, UTC).date()
    unjudged = _unjudged(witness, results)
    if unjudged:
        results = [replace(r, verdict=Verdict.INCONCLUSIVE, findings=(), inconclusive=unjudged) for r in results]
    return Report(
        version=version("civis-usage-kit"),
        base_url=config.base_url,
        organizations=witness.looked_at,
        started=stamp(witness.now),
        seconds=seconds,
        requests=witness.requests,
        budget=config.max_requests,
        seed=config.seed,
        results=tuple(results),
        unjudged=unjudged,
        expired_waivers=expired(config.waivers, today),
        unused_waivers=unused(config.waivers, results, today),
        notes=tuple(_notes(witness)),
        strict=config.strict,
        allow_no_data=config.allow_no_data,
    )


def _unjudged(witness: Witness, results: list[Result]) -> str | None:
    """Say why nothing can be said of the API; ``None`` where at least one promised answer came as JSON."""
    promised = [answer for answer in witness.answers if answer.legitimate]
    if any(answer.status == 200 and answer.body.strip() and _looks_like_json(answer.body) for answer in promised):
        return None
    reasons = [result.inconclusive for result in results if result.inconclusive]
    hidden = [answer for answer in promised if answer.status in (403, 404)]
    if hidden and len(hidden) == len(promised):
        named = ", ".join(map(str, witness.config.organizations)) or "usage"
        return f"organization {named} is not visible to this key: {hidden[0].request} answered {hidden[0].status}"
    if promised:
        first = promised[0]
        return f"the answers are not the API's: {first.request} answered {first.status}{_said(first)}"
    return reasons[0] if reasons else "nothing was asked"


def _said(answer: Answer) -> str:
    """Say what an answer says, or whither it sends (without a query, which may hold a secret)."""
    location = re.split("[?#]", answer.headers.get("location", ""))[0]
    if location and 300 <= answer.status < 400:
        return f", to {excerpt(location, 100)}"
    return f", {excerpt(answer.body, 100)}" if answer.body.strip() else " without a body"


def _looks_like_json(body: bytes) -> bool:
    return body.lstrip()[:1] in (b"[", b"{")


def _notes(witness: Witness) -> Iterator[str]:
    """Give what is worth knowing beside the verdicts."""
    for operation in OPERATIONS.values():
        documented = load(operation.body)["properties"]
        more = {
            name
            for answer in witness.answers
            if answer.operation == operation.id and answer.status == 200 and answer.is_json
            for item in (answer.json if isinstance(answer.json, list) else [answer.json])
            if isinstance(item, dict)
            for name in item
            if name not in documented
        }
        if more:
            yield f"additional fields in {operation.id}: {', '.join(sorted(more))}"
    if witness.rate_limit and witness.rate_limit[0] < witness.rate_limit[1] // 10:
        yield f"only {witness.rate_limit[0]} of {witness.rate_limit[1]} requests were left in a rate-limit period"
    yield from drift_notes(witness)
