"""The report for CI systems: JUnit XML, a test suite for each operation and a test case for each check.

It has only what three readers understand alike: GitLab, and the plugins JUnit and xUnit of Jenkins. xUnit refuses a
file with an attribute that its schema does not know, and GitLab shows the text of an element, not its message.
"""

from __future__ import annotations

from xml.etree import ElementTree as ET

from civis_usage.contract_tests.exit_code import ExitCode
from civis_usage.contract_tests.results import Finding, Report, Result, Verdict

from .text import curl, describe_waiver, evidence, headline, mark, message

__all__ = ["render"]


def render(report: Report) -> str:
    """Return ``report`` as JUnit XML.

    A violation (with ``--strict`` a warning too) and an expired waiver are failures, what is inconclusive or waived is
    skipped, and a run that ends with 3 or 4 has an error, so that no file is green where the run is not.
    """
    root = ET.Element("testsuites", name="civis-usage check")
    for operation, results in report.by_operation():
        suite = _suite(root, operation, report)
        for result in results:
            _case(suite, result, report)
    if report.expired_waivers:
        suite = _suite(root, "waivers", report)
        for waiver in report.expired_waivers:
            name = f"{waiver.check} ({waiver.field})" if waiver.field else waiver.check
            case = ET.SubElement(suite, "testcase", classname="waivers", name=name, time="0")
            _say(case, "failure", f"expired: {describe_waiver(waiver)}", type="expired")
    for reason, name, kind in (
        (report.unjudged, "the API can be judged", "unjudged"),
        (report.invisible, "every organization is visible", "invisible"),
        (_inconclusive(report), "every operation is judged", "inconclusive"),
    ):
        if reason:
            case = ET.SubElement(_suite(root, name, report), "testcase", classname="run", name=name, time="0")
            _say(case, "error", reason, type=kind)
    _count(root)
    root.set("time", f"{report.seconds:.3f}")
    ET.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(root, encoding="unicode") + "\n"


def _inconclusive(report: Report) -> str | None:
    """Return why a run ends with 3 or 4 although the API can be judged and every organization is visible."""
    known = report.unjudged or report.invisible or report.exit_code not in (ExitCode.NOT_JUDGED, ExitCode.NO_DATA)
    return None if known else headline(report)


def _suite(root: ET.Element, name: str, report: Report) -> ET.Element:
    suite = ET.SubElement(root, "testsuite", name=name, timestamp=report.started.rstrip("Z")[:19], time="0")
    properties = ET.SubElement(suite, "properties")
    for key, value in (("base_url", report.base_url), ("seed", report.seed), ("headline", headline(report))):
        ET.SubElement(properties, "property", name=key, value=str(value))
    return suite


def _case(suite: ET.Element, result: Result, report: Report) -> None:
    case = ET.SubElement(suite, "testcase", classname=result.check.operation, name=result.check.id, time="0")
    if report.exit_code_for(result) == 1:
        said = "; ".join(_message(result, finding, report) for finding in result.findings)
        _say(case, "failure", said, _details(result, report), type=str(result.verdict))
        return
    if result.verdict is Verdict.INCONCLUSIVE:
        _say(case, "skipped", f"inconclusive: {result.outcome.inconclusive}")
    elif result.verdict is Verdict.WAIVED:
        reasons = dict.fromkeys(describe_waiver(waiver) for _, waiver in result.waived)
        _say(case, "skipped", f"waived: {'; '.join(reasons)}")
    ET.SubElement(case, "system-out").text = _details(result, report)


def _say(case: ET.Element, kind: str, said: str, text: str | None = None, **more: str) -> None:
    """Add an element that says something twice: Jenkins shows its message, GitLab its text."""
    ET.SubElement(case, kind, {"message": said, **more}).text = text or said


def _message(result: Result, finding: Finding, report: Report) -> str:
    is_new = mark(report, result.check.id, finding)
    return f"{is_new}: {message(finding)}" if is_new else message(finding)


def _details(result: Result, report: Report) -> str:
    lines: list[str | None] = [
        f"{result.verdict} ({result.check.basis}): {result.check.rule}",
        f"seen: {result.outcome.examined}",
    ]
    for finding in result.findings:
        lines += [
            _message(result, finding, report),
            *evidence(finding),
            finding.example,
            curl(report.base_url, finding),
        ]
    return "\n".join(line for line in lines if line)


def _count(root: ET.Element) -> None:
    for element in (root, *root.findall("testsuite")):
        cases = list(element.iter("testcase"))
        element.set("tests", str(len(cases)))
        counted = [("failure", "failures"), ("error", "errors")]
        for kind, attribute in counted if element is root else [*counted, ("skipped", "skipped")]:
            element.set(attribute, str(sum(case.find(kind) is not None for case in cases)))
