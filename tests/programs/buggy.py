"""The same programs, each with one bug."""

from dataclasses import dataclass
from struct import pack

from .api import created, get, get_once, month_window, runs_of_month

LLM, MATCHING = "/usage/llm", "/usage/matching"


def bill(org_id, month):
    """Bug: the end of the window is the first moment of the next month, whose usage may be counted too."""
    start, end = month_window(month)
    dates = {"start_date": start.isoformat(), "end_date": end.isoformat()}
    return sum(run["credits"] for run in get(LLM, org_id=org_id, **dates))


def bill_so_far(org_id, today):
    """Bug: the API's month may begin at another hour than the month in UTC."""
    return sum(run["credits"] for run in get(LLM, org_id=org_id))


def newest(org_id, month):
    """Bug: nobody said that lists are sorted."""
    listed = runs_of_month(LLM, org_id, month)
    return created(listed[0]) if listed else None


@dataclass
class Run:
    id: int
    runId: int  # noqa: N815  the API's name, as those below
    jobId: int  # noqa: N815
    userId: int  # noqa: N815
    organizationId: int  # noqa: N815
    runCreatedAt: str  # noqa: N815
    runTime: int  # noqa: N815
    credits: float
    inputTokens: int  # noqa: N815
    outputTokens: int  # noqa: N815
    modelId: str  # noqa: N815


def tokens(org_id, month):
    """Bug: a field that is new has no place in a Run."""
    runs = [Run(**run) for run in runs_of_month(LLM, org_id, month)]
    return sum(run.inputTokens + run.outputTokens for run in runs)


def rounded_bill(org_id, month):
    """Bug: each run is rounded."""
    return round(sum(round(run["credits"], 2) for run in runs_of_month(LLM, org_id, month)), 2)


def nightly_bill(org_id, month):
    """Bug: a 429 ends the program."""
    start, end = month_window(month)
    dates = {"start_date": start.isoformat(), "end_date": end.isoformat()}
    return sum(run["credits"] for run in get_once(LLM, org_id=org_id, **dates) if start <= created(run) < end)


def matched(org_id, month):
    """Bug: a list without dates need not go back to the month."""
    start, end = month_window(month)
    return sum(run["numRecords"] for run in get(MATCHING, org_id=org_id) if start <= created(run) < end)


def packed_ids(org_id, month):
    """Bug: an id may have more than 32 bits."""
    ids = sorted(run["id"] for run in runs_of_month(LLM, org_id, month))
    return b"".join(bytes(4) + pack(">I", id_) for id_ in ids)
