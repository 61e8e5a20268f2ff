"""The programs as they should be."""

from .api import created, runs_of_month

LLM, MATCHING = "/usage/llm", "/usage/matching"


def bill(org_id, month):
    """Return the credits of a month."""
    return sum(run["credits"] for run in runs_of_month(LLM, org_id, month))


def bill_so_far(org_id, today):
    """Return the credits of the month of a day."""
    return bill(org_id, today[:7])


def newest(org_id, month):
    """Return when the newest run of a month was created; ``None`` where there is none."""
    return max(map(created, runs_of_month(LLM, org_id, month)), default=None)


def tokens(org_id, month):
    """Return the tokens of a month."""
    return sum(run["inputTokens"] + run["outputTokens"] for run in runs_of_month(LLM, org_id, month))


def rounded_bill(org_id, month):
    """Return the credits of a month in cents."""
    return round(bill(org_id, month), 2)


nightly_bill = bill


def matched(org_id, month):
    """Return the number of records that were matched in a month."""
    return sum(run["numRecords"] for run in runs_of_month(MATCHING, org_id, month))


def packed_ids(org_id, month):
    """Return the ids of a month's usage, ascending, eight bytes each."""
    return b"".join(id_.to_bytes(8, "big") for id_ in sorted(run["id"] for run in runs_of_month(LLM, org_id, month)))
