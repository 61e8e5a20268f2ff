"""Reports made by hand: one check with every verdict, and more trouble than one run ever has."""

from __future__ import annotations

from typing import Any

from civis_usage.contract_tests.config import Waiver
from civis_usage.contract_tests.results import Basis, Cause, Check, Finding, Outcome, Report, Result, Verdict

DOCUMENTED, RECORDED, ASSUMED = Basis
NASTY = "<script>alert('x')</script> & \"quotes\", 100% | `code` ::error:: \r\n\x00\x1b[31m\u202e\ud800 \U0001f4a5"
WAIVER = Waiver("list-llm-shape", "Retired models have no credits.", "credits", "2027-01-31")
EXPIRED = Waiver("get-llm-listed", "Known until the migration.", None, "2026-01-31")
UNUSED = Waiver("list-llm-window", "Was fixed.", "runCreatedAt")


def make_check(id_: str = "list-llm-filter", basis: Basis = DOCUMENTED, operation: str = "list_llm") -> Check:
    return Check(id_, operation, f"The rule of {id_} holds.", lambda evidence: Outcome("nothing"), basis)


def finding(text: str = "3 of 40 records belong to another organization", **more: Any) -> Finding:
    more = {"field": "organizationId", "request": "/usage/llm?org_id=1", "example": '{"organizationId":2}'} | more
    return Finding(text, **more)


def every_verdict(text: str = "3 of 40 records belong to another organization") -> tuple[Result, ...]:
    found = (finding(text, example=text, request=f"/usage/llm?x={text}"), finding("another", field=None, request=None))
    records = Outcome("138 records", found)
    accepted = Outcome("138 records", (finding(text),))
    without = Outcome("0 records in 3 windows", inconclusive="no matching usage", no_data=True)
    return (
        Result(make_check("list-llm-window"), Verdict.PASSED, Outcome("138 records in 4 windows")),
        Result(make_check(), Verdict.FAILED, Outcome("40 records in 2 windows", found), found),
        Result(make_check("list-llm-utc", RECORDED), Verdict.WARNING, records, found),
        Result(make_check("list-llm-order", ASSUMED), Verdict.INFO, records, found),
        Result(make_check("list-llm-shape"), Verdict.WAIVED, accepted, waived=((finding(text), WAIVER),)),
        Result(make_check("matching-task", operation="list_matching"), Verdict.INCONCLUSIVE, without),
    )


def cause(results: tuple[Result, ...], sentence: str = "list_llm ignores org_id") -> Cause:
    found = tuple((result.check.id, each) for result in results for each in result.findings)
    return Cause(sentence, "list_llm", "organizationId", results[0].verdict, found)


def make_report(results: tuple[Result, ...] | None = None, **more: Any) -> Report:
    results = every_verdict() if results is None else results
    told: dict[str, Any] = {
        "version": "0.1.0",
        "base_url": "https://api.example.com",
        "organizations": (1, 2),
        "started": "2026-05-04T06:00:00Z",
        "seconds": 3.2109,
        "requests": 41,
        "budget": 60,
        "seed": 7,
        "results": results,
        "causes": tuple(cause((result,), result.findings[0].message) for result in results if result.findings),
    }
    return Report(**(told | more))


def full_report(text: str = NASTY) -> Report:
    return make_report(
        every_verdict(text),
        causes=(cause(every_verdict(text)[1:2], text),),
        expired_waivers=(EXPIRED,),
        unused_waivers=(UNUSED,),
        notes=(text,),
        base_url="http://a.b/c",
    )


PASSED_ONLY = every_verdict()[:1]
