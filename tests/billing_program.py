"""A user's program: what each model cost an organization this month. It knows the API, and nothing of this kit."""

import time
from collections import Counter

import requests


class ReportError(Exception):
    """The month's report could not be made."""


def report(base_url, api_key, organization, *, sleep=time.sleep):
    """Return the credits of this month by model, and their sum as the API states it."""
    runs = _get(f"{base_url}/usage/llm", api_key, {"org_id": organization}, sleep)
    summary = _get(f"{base_url}/usage/llm/organization/{organization}/summary", api_key, {}, sleep)
    credits_by_model = Counter()
    for run in runs:
        credits_by_model[run["modelId"]] += run["credits"]
    return dict(credits_by_model), summary["credits"]


def _get(url, api_key, query, sleep, tries=3):
    for left in reversed(range(tries)):
        try:
            answer = requests.get(url, params=query, auth=(api_key, ""), timeout=10)
            if answer.status_code == 429 and left:
                sleep(float(answer.headers["Retry-After"]))
                continue
            if not answer.ok:
                raise ReportError(answer.json().get("errorDescription", answer.reason))
            return answer.json()
        except requests.exceptions.ChunkedEncodingError:
            if not left:
                raise ReportError("the answers break off") from None
    raise ReportError("too many requests")
