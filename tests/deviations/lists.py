"""Lists that are not whole, and answers that change from call to call."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from ..standin import GET, LLM, MATCHING, SUMMARY
from ..standin_runs import DAY, HOUR, MODELS, Run, noise
from .table import ANY, BUSY, LISTS, add, deviates, width


@deviates("order", *LISTS, about="list")
def list_cut_at_fifty(api, right, question, runs):
    """A list ends after fifty records."""
    return right(question, runs)[:50]


@deviates("order", *LISTS, about="list")
def list_cut_at_a_hundred(api, right, question, runs):
    """A list ends after a hundred records."""
    return right(question, runs)[:100]


@deviates("order", LLM, about="list")
def list_cut_at_a_hundred_oldest_first(api, right, question, runs):
    """A list begins with the oldest record and ends after a hundred."""
    return runs[:100]


@deviates("order", *LISTS, about="list", **BUSY)
def list_cut_at_a_thousand(api, right, question, runs):
    """A list ends after a thousand records."""
    return right(question, runs)[:1000]


@deviates("order", *LISTS, about="list", circumstances={"daily": {1: 40}, "daily_matching": {1: 40}})
def list_cut_at_five_thousand(api, right, question, runs):
    """A list ends after five thousand records, at forty runs a day."""
    return right(question, runs)[:5000]


@deviates("select", LLM, about="list", also=(SUMMARY,))
def list_and_sum_cut_at_a_hundred(api, right, question):
    """A list ends after a hundred records, and the summary adds up the same hundred."""
    return right(question)[-100:]


@deviates("select", LLM, about="list", also=(SUMMARY,), **BUSY)
def list_and_sum_cut_at_a_thousand(api, right, question):
    """A list ends after a thousand records, and the summary adds up the same thousand."""
    return right(question)[-1000:]


@deviates("answer", ANY, about="list")
def list_in_pages(api, right, request):
    """Lists are paginated: the first fifty records, and headers that say how many pages there are."""
    answer = right(request)
    records = json.loads(answer.body)
    if isinstance(records, list):
        pages = {"X-Pagination-Current-Page": "1", "X-Pagination-Total-Pages": str(len(records) // 50 + 1)}
        answer.body, answer.headers = api.encode(LLM, records[:50]), answer.headers | pages
    return answer


@deviates("order", *LISTS, about="list")
def oldest_record_lost(api, right, question, runs):
    """The oldest record of every list is missing."""
    return right(question, runs)[:-1]


@deviates("order", *LISTS, about="list")
def newest_record_lost(api, right, question, runs):
    """The newest record of every list is missing."""
    return right(question, runs)[1:]


@deviates("order", *LISTS, about="list")
def some_records_lost_in_long_lists(api, right, question, runs):
    """A list of more than 150 records lacks every tenth."""
    return [run for index, run in enumerate(right(question, runs)) if len(runs) <= 150 or index % 10 != 9]


@deviates("order", *LISTS, about="list")
def records_twice_in_long_lists(api, right, question, runs):
    """A list of more than 100 records repeats every hundredth, as overlapping pages do."""
    return [twin for index, run in enumerate(right(question, runs)) for twin in [run] * (1 + (index % 100 == 99))]


@deviates("order", LLM, about="list")
def every_record_twice(api, right, question, runs):
    """Every record stands twice in the list."""
    return [*right(question, runs), *runs]


@deviates("select", LLM, about="list")
def a_model_not_listed(api, right, question):
    """Runs of one model are added up and not listed."""
    return [run for run in right(question) if run.model != MODELS[1]]


@deviates("render", LLM, about="runTime")
def fields_lost_in_long_lists(api, right, question, run):
    """Wide windows answer with records of fewer fields."""
    record = right(question, run)
    if width(api, question) > 8:
        del record["runTime"]
    return record


@deviates("render", LLM, about="stability")
def credits_change_from_call_to_call(api, right, question, run):
    """Credits differ a little at each call."""
    return right(question, run) | {"credits": (run.credits + noise(run.id, len(api.journal)) % 1000) / 1e6}


@deviates("render", LLM, about="stability")
def run_time_changes_in_some_from_call_to_call(api, right, question, run):
    """The run time of one record in ten grows at each call."""
    grown = run.seconds + (len(api.journal) if noise(run.id) % 10 == 3 else 0)
    return right(question, run) | {"runTime": grown}


@deviates("select", *LISTS, about="stability")
def records_come_and_go(api, right, question):
    """At each call, another twentieth of the records is missing."""
    return [run for run in right(question) if noise(run.run, len(api.journal)) % 20]


@deviates("render", MATCHING, about="stability")
def counts_change_from_call_to_call(api, right, question, run):
    """The number of records matched differs at each call."""
    return right(question, run) | {"numRecords": run.records + len(api.journal)}


@deviates("spent", SUMMARY, about="stability")
def sum_changes_from_call_to_call(api, right, question):
    """The sum grows by a hundredth at each call."""
    return right(question) * (100 + len(api.journal)) // 100


@deviates("render", LLM, about="stability")
def credits_depend_on_the_window(api, right, question, run):
    """Wide windows answer with credits after a discount."""
    return right(question, run) | {"credits": run.credits * (0.9 if width(api, question) > 8 else 1) / 1e6}


@deviates("render", LLM, about="stability")
def ids_differ_from_call_to_call(api, right, question, run):
    """Records are numbered anew at each call."""
    return right(question, run) | {"id": run.id * 1000 + len(api.journal)}


@deviates("order", *LISTS, about="list")
def one_run_of_each_job(api, right, question, runs):
    """A list has one record a job."""
    return list({run.job: run for run in runs}.values())


@deviates("order", LLM, about="list")
def runs_close_in_time_listed_once(api, right, question, runs):
    """Runs that were created within four hours of each other count as one."""
    return list({run.at // (4 * HOUR): run for run in runs}.values())


def growing(kind: str) -> Callable[..., Any]:
    """Record a run of last month at each request."""

    def answer(api, right, request):
        with api.lock:
            count = len(api.extra) + 9_000_000_000
            at = api.now() - 20 * DAY + len(api.extra) * HOUR // 7
            more = {"task": "IDR"} if kind == MATCHING else {"credits": 1_500_000}
            api.extra += [Run(count + n, count + n, 1, 1, 1, at - n * 17 * DAY, **more) for n in range(16)]
        return right(request)

    return answer


for _kind in LISTS:
    add("the-past-grows", _kind, "stability", "at each call there are more runs in the past", "answer", growing(_kind),
        everywhere=True)  # fmt: skip


@deviates("select", LLM, SUMMARY, about="stability")
def a_question_asked_again_finds_nothing(api, right, question):
    """The second answer to one question is empty."""
    api.memory[question] = api.memory.get(question, 0) + 1
    return right(question) if api.memory[question] == 1 else []


@deviates("records", *LISTS, about="list")
def null_among_the_records(api, right, question):
    """The tenth place of a list is null."""
    records = right(question)
    return [*records[:9], None, *records[9:]] if len(records) > 9 else records


@deviates("records", LLM, about="list")
def records_in_lists_of_their_own(api, right, question):
    """A list has a list for each record."""
    return [[record] for record in right(question)]


@deviates("render", LLM, about="id", also=(GET,))
def ids_shared_by_two_records(api, right, question, run):
    """Two records in a row have one id."""
    return right(question, run) | {"id": run.id // 2 * 2}
