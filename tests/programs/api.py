"""How the right programs call the API: they retry what passes, and name their windows wider than what they keep."""

import os
import time
from datetime import UTC, datetime, timedelta

import requests

MARGIN = timedelta(hours=1)
TRIES = 3


def get(path, **query):
    """Return the body of a response; a passing failure is asked again."""
    url, key = os.environ["CIVIS_API_ENDPOINT"], os.environ["CIVIS_API_KEY"]
    for left in reversed(range(TRIES)):
        try:
            response = requests.get(url + path, params=query, auth=(key, ""), timeout=30)
            if response.status_code not in (429, 502, 503, 504) or not left:
                response.raise_for_status()
                return response.json()
            time.sleep(float(response.headers.get("Retry-After", 0)))
        except requests.exceptions.ChunkedEncodingError:
            if not left:
                raise
    raise AssertionError("unreachable")


def get_once(path, **query):
    """Return the body of a response, as a program does that expects no failure."""
    url, key = os.environ["CIVIS_API_ENDPOINT"], os.environ["CIVIS_API_KEY"]
    response = requests.get(url + path, params=query, auth=(key, ""), timeout=30)
    response.raise_for_status()
    return response.json()


def month_window(month):
    """Return the first moment of a month (UTC), and of the next."""
    start = datetime.strptime(month, "%Y-%m").replace(tzinfo=UTC)
    return start, (start + timedelta(days=32)).replace(day=1)


def created(run):
    return datetime.fromisoformat(run["runCreatedAt"])


def runs_of_month(path, org_id, month):
    """Return the usage of a month, whether the API counts the ends of a window in or not."""
    start, end = month_window(month)
    dates = {"start_date": (start - MARGIN).isoformat(), "end_date": (end + MARGIN).isoformat()}
    return [run for run in get(path, org_id=org_id, **dates) if start <= created(run) < end]
