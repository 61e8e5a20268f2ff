"""Summaries that are not the sum of their list."""

from __future__ import annotations

from collections.abc import Callable

from ..standin import SUMMARY
from ..standin_runs import MODELS
from .table import BUSY, add, age, deviates


def sums(wrong: str, change: Callable[[int], float], name: str) -> None:
    """Enter a summary whose credits are wrong."""

    def wrong_sum(api, right, question):
        return change(right(question))

    add(name, SUMMARY, "credits", wrong, "spent", wrong_sum)


sums("credits are counted twice", lambda spent: spent * 2, "credits-doubled")
sums("credits are cut to whole ones", lambda spent: spent // 1_000_000 * 1_000_000, "credits-truncated")
sums("credits are 2 % too many", lambda spent: spent * 102 // 100, "credits-two-percent-off")
sums("one credit too many", lambda spent: spent + 1_000_000, "one-credit-too-many")
sums("credits are in millionths", lambda spent: spent * 1_000_000, "credits-in-millionths")
sums("credits are always nought", lambda spent: 0, "credits-always-zero")


@deviates("total", SUMMARY, about="credits")
def credits_null_where_nothing_was_used(api, right, question):
    """The summary of a window without usage has null credits."""
    summary = right(question)
    return summary | ({} if summary["credits"] else {"credits": None})


@deviates("select", SUMMARY, about="credits")
def sum_of_the_newest_hundred(api, right, question):
    """Only the newest hundred runs are added up."""
    return right(question)[-100:]


@deviates("select", SUMMARY, about="credits", **BUSY)
def sum_of_the_newest_thousand(api, right, question):
    """Only the newest thousand runs are added up."""
    return right(question)[-1000:]


@deviates("select", SUMMARY, about="credits")
def a_model_not_summed(api, right, question):
    """Runs of one model are listed and not added up."""
    return [run for run in right(question) if run.model != MODELS[1]]


@deviates("select", SUMMARY, about="credits")
def newest_run_not_summed(api, right, question):
    """The newest run of a window is listed and not added up."""
    return right(question)[:-1]


@deviates("spent", SUMMARY, about="credits")
def tokens_summed(api, right, question):
    """Tokens are added up in place of credits."""
    return sum(run.tokens_in for run in api.select(question)) * 1_000_000


@deviates("total", SUMMARY, about="record")
def summary_in_a_list(api, right, question):
    """The summary comes as a list of one, as the deprecated method's annotation says."""
    return [right(question)]


@deviates("select", SUMMARY, about="start_date")
def dates_ignored_in_the_summary(api, right, question):
    """The summary adds up the whole history, whatever the dates."""
    return right(question.but(start=None, end=None))


@deviates("select", SUMMARY, about="credits")
def sum_of_one_run_a_job(api, right, question):
    """Of each job, one run alone is added up."""
    return list({run.job: run for run in right(question)}.values())


@deviates("select", SUMMARY, about="end_date")
def sum_always_ends_yesterday(api, right, question):
    """Sums are made at night: what happened in the last two days is missing."""
    return [run for run in right(question) if age(api, run) > 2]


@deviates("spent", SUMMARY, about="credits")
def large_sums_are_capped(api, right, question):
    """A sum is never more than a hundred credits."""
    return min(right(question), 100_000_000)


@deviates("spent", SUMMARY, about="credits")
def sum_that_grows_when_asked_again(api, right, question):
    """The same summary has a hundredth of a credit more each time."""
    api.memory[question] = api.memory.get(question, -1) + 1
    return right(question) + 10_000 * api.memory[question]


@deviates("total", SUMMARY, about="credits")
def credits_missing_where_nothing_was_used(api, right, question):
    """The summary of a window without usage is an empty object."""
    summary = right(question)
    return summary if summary["credits"] else {}


sums("credits are half a percent too few", lambda spent: spent * 995 // 1000, "credits-half-a-percent-off")


@deviates("total", SUMMARY, about="credits")
def credits_as_text_where_they_are_whole(api, right, question):
    """The summary of a window without usage has the text "0"."""
    summary = right(question)
    return summary if summary["credits"] else summary | {"credits": "0"}
