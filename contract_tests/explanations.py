"""What stands behind each check: its requests, what a failure usually means, where the rule comes from."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches

from civis_usage.contract_tests.checks import all_checks
from civis_usage.contract_tests.results import Basis, Check
from civis_usage.schemas import OPERATIONS

__all__ = ["CONSEQUENCES", "Explanation", "explain", "find", "nearest", "waiver"]

CONSEQUENCES = {
    Basis.DOCUMENTED: "a deviation fails the run",
    Basis.RECORDED: "a deviation is a warning, and fails the run with --strict",
    Basis.ASSUMED: "a deviation is information and never fails the run",
}
SOURCES = {
    Basis.DOCUMENTED: "the reference of the Python client and the API's own spec",
    Basis.RECORDED: "recorded responses of the API, most of them of other resources",
    Basis.ASSUMED: "nobody outside of Civis has seen it; the fake does so",
}
CLIENTS = "the Python client, which reads WWW-Authenticate of each 401 and fails without it"
OTHER_SOURCES = {
    "-key-required": CLIENTS,
    "-wrong-key": CLIENTS,
    "-requests-answered": "the user's own program, whose tests got a success for each of these requests",
}
"""Of checks whose rule has another source than its basis says."""


@dataclass(frozen=True)
class Explanation:
    """What a reader needs who sees a check fail for the first time."""

    requests: str
    """Which requests the check judges."""
    failure: str
    """What a failure usually means."""
    source: str
    """Where the rule comes from."""


RULES: dict[str, tuple[str, str]] = {
    "-organization": (
        "every list between two dates with org_id; for the summary, every response",
        "The filter org_id is ignored or leaks, or a response names another organization than the requested one.",
    ),
    "-window": (
        "lists between two dates, wide and narrow ones that overlap",
        "A list is truncated, an end of the window is off (a time zone, a date cut to its day), or a value differs "
        "between two lists that show the same run.",
    ),
    "-start-only": (
        "a list or a summary with start_date alone, and one with both dates that begins at the same moment",
        "start_date is ignored or moved when it is given alone, or the end that is left out is not the present.",
    ),
    "-end-only": (
        "a list or a summary with end_date alone",
        "end_date is ignored or moved when it is given alone.",
    ),
    "-one-run": (
        "every list",
        "A run id is not unique, or a job, user, organization or creation time changes from response to response.",
    ),
    "-run-end": (
        "every list",
        "runCreatedAt is in another time zone than it says, or runTime is not in seconds.",
    ),
    "-once": ("every list between two dates with org_id", "A join multiplies rows, or pages of a list overlap."),
    "-repeat": (
        "a past window at other UTC offsets, with bounds just short of the next runs; again if responses disagree",
        "Replicas disagree, a cache is stale, or the UTC offset of a date is ignored.",
    ),
    "-without-organization": (
        "a list between two dates without org_id, and the list of each organization that it shows",
        "Without org_id, the window or the task is ignored, or records are lost.",
    ),
    "-without-dates": (
        "a matching list with org_id and task, and without dates",
        "Without dates, org_id or task is ignored, or the request is refused.",
    ),
    "-task-idr": ("a list with task=IDR, and the same window without task", "The filter task is ignored or leaks."),
    "-task-cdm": ("a list with task=CDM, and the same window without task", "The filter task is ignored or leaks."),
    "-default-window": (
        "the list and the summary with org_id alone",
        "The default is not the current month up to the end of today, in any time zone.",
    ),
    "-equals-listed": (
        "some usages by their id, chosen for variety, and the lists that show them",
        "The record by id comes from another source than the list: a stale cache, other rounding, another run.",
    ),
    "-unknown": (
        f"an id that no usage has: {2**53 - 1}",
        "Ids are rounded or cut, so that a request for one usage gets another's record.",
    ),
    "-unknown-404": (
        f"an id that no usage has: {2**53 - 1}",
        "The API answers with a server error where it should say that there is no such usage.",
    ),
    "-sum": (
        "summaries of windows that lists cover",
        "The summary counts another window or organization, other kinds of usage, or it lags behind the list.",
    ),
    "-nothing": (
        "the summary of a day before any usage",
        "The summary ignores its dates, or has no number for nothing.",
    ),
    "-long": (
        "the summary of the longest window, and of its two parts",
        "A long window is cut to a maximal length, or its parts overlap.",
    ),
    "-key-required": (
        "one request without a key",
        "Usage can be read without a key, or the 401 lacks its header WWW-Authenticate.",
    ),
    "-wrong-key": (
        "one request with a key that is wrong on purpose",
        "Usage can be read with any key, or the 401 lacks its header WWW-Authenticate.",
    ),
    "-unreadable": (
        "one request with a parameter that cannot be read",
        "The API fails with a server error where it should refuse the parameter.",
    ),
    "-error-body": (
        "every error that came",
        "An error comes from a server in between, or its form has changed: clients show nothing useful.",
    ),
    "-shape": (
        "every response of the operation",
        "A field was removed, renamed or has another type, or the response is not a 200 with JSON.",
    ),
    "-nulls": (
        "every response of the operation",
        "The value is unknown for some runs: the likeliest deviation of all, on which arithmetic fails.",
    ),
    "-timestamps": (
        "every record",
        "Timestamps have another notation; clients that parse them by a fixed pattern fail.",
    ),
    "-counts": ("every record", "A count, duration or amount is negative, as where a difference of times is reversed."),
    "-headers": (
        "every successful response",
        "A proxy removes headers, so that clients see no rate limit and no request id.",
    ),
    "-header-values": (
        "every successful response",
        "The rate limit is no count, a shared cache may keep usage, or an ETag is reused for another body.",
    ),
    "-names-once": (
        "every successful response",
        "A serializer writes one name twice: readers differ in which they take.",
    ),
    "-unpaginated": ("every list", "Lists have become paginated: a program that reads one response misses records."),
    "-order": ("every list", "The order is not documented; a program must not rely on it."),
    "-requests-answered": (
        "the requests of a journal file (with --requests); each got a success from the fake",
        "The API does not accept a form of request that the program sends, such as one date alone, and the fake does: "
        "the program needs another form.",
    ),
    "-drift": (
        "the API's own spec, GET /endpoints (with --with-drift)",
        "The API has changed, or announces a change: civis-usage drift shows all differences.",
    ),
}
"""By the end of a check's id: which requests it judges, and what a failure usually means."""


def explain(check: Check) -> Explanation:
    """Return what stands behind a check.

    Raises:
        KeyError: nobody wrote it down.
    """
    requests, failure = RULES[_rule(check)]
    source = OTHER_SOURCES.get(_rule(check), SOURCES[check.basis])
    paths = f" (GET {OPERATIONS[check.operation].path})" if check.operation in OPERATIONS else ""
    return Explanation(requests, failure, source + paths)


def _rule(check: Check) -> str:
    return check.id.removeprefix(check.operation.replace("_", "-"))


def find(check_id: str) -> Check | None:
    """Return the check with an id; ``None`` where there is none."""
    return next((check for check in all_checks() if check.id == check_id), None)


def nearest(check_id: str) -> str | None:
    """Return the id of a check that is likely meant."""
    known = [check.id for check in all_checks()]
    wanted = check_id.lower().replace("_", "-")
    inside = [each for each in known if wanted and wanted in each]
    near = get_close_matches(wanted, known, n=1) or sorted(inside, key=len)
    return next(iter(near), None)


def waiver(check: Check, fields: Iterable[str | None] = (None,)) -> str:
    """Return the tables of a waivers file that accept deviations of a check, one for each field."""
    tables = []
    for field in fields:
        named = [f'field = "{field}"'] if field else []
        tables.append("\n".join(["[[waiver]]", f'check = "{check.id}"', *named, 'reason = "..."']))
    return "\n\n".join(tables)
