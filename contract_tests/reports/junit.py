"""The report for CI systems: JUnit XML, a test suite for each operation and a test case for each check."""

from __future__ import annotations

from xml.etree import ElementTree as ET

from civis_usage.contract_tests.results import Report, Result, Verdict

from .text import curl, describe_waiver, evidence, headline, message

__all__ = ["render"]


def render(report: Report) -> str:
    """Return ``report`` as JUnit XML.

    A violation (with ``--strict`` a warning too) and an expired waiver are failures, what is inconclusive or waived is
    skipped, and an API that could not be judged is an error.
    """
    root = ET.Element("testsuites", name="civis-usage check")
    for operation, results in report.by_operation():
        suite = _suite(root, operation, report)
        for result in results:
            _case(suite, result, report)
    if report.expired_waivers:
        suite = _suite(root, "waivers", report)
        for waiver in report.expired_waivers:
            case = ET.SubElement(suite, "testcase", classname="waivers", name=waiver.check, time="0")
            ET.SubElement(case, "failure", message=f"expired: {describe_waiver(waiver)}", type="expired")
    if report.unjudged:
        suite = _suite(root, "run", report)
        case = ET.SubElement(suite, "testcase", classname="run", name="the API can be judged", time="0")
        ET.SubElement(case, "error", message=report.unjudged, type="unjudged")
    _count(root)
    root.set("time", f"{report.seconds:.3f}")
    ET.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(root, encoding="unicode") + "\n"


def _suite(root: ET.Element, name: str, report: Report) -> ET.Element:
    suite = ET.SubElement(root, "testsuite", name=name, timestamp=report.started.rstrip("Z")[:19], time="0")
    properties = ET.SubElement(suite, "properties")
    for key, value in (("base_url", report.base_url), ("seed", report.seed), ("headline", headline(report))):
        ET.SubElement(properties, "property", name=key, value=str(value))
    return suite


def _case(suite: ET.Element, result: Result, report: Report) -> None:
    case = ET.SubElement(suite, "testcase", classname=result.check.operation, name=result.check.id, time="0")
    if report.exit_code_for(result) == 1:
        said = "; ".join(message(finding) for finding in result.findings)
        failure = ET.SubElement(case, "failure", message=said, type=str(result.verdict))
        failure.text = _details(result, report)
        return
    if result.verdict is Verdict.INCONCLUSIVE:
        ET.SubElement(case, "skipped", message=f"inconclusive: {result.outcome.inconclusive}")
    elif result.verdict is Verdict.WAIVED:
        reasons = dict.fromkeys(describe_waiver(waiver) for _, waiver in result.waived)
        ET.SubElement(case, "skipped", message=f"waived: {'; '.join(reasons)}")
    ET.SubElement(case, "system-out").text = _details(result, report)


def _details(result: Result, report: Report) -> str:
    lines: list[str | None] = [
        f"{result.verdict} ({result.check.basis}): {result.check.rule}",
        f"seen: {result.outcome.examined}",
    ]
    for finding in result.findings:
        lines += [message(finding), *evidence(finding), finding.example, curl(report.base_url, finding)]
    return "\n".join(line for line in lines if line)


def _count(root: ET.Element) -> None:
    for element in (root, *root.findall("testsuite")):
        cases = list(element.iter("testcase"))
        element.set("tests", str(len(cases)))
        for kind, attribute in (("failure", "failures"), ("error", "errors"), ("skipped", "skipped")):
            element.set(attribute, str(sum(case.find(kind) is not None for case in cases)))
