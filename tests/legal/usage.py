"""Other usage: none, little, very much, and usage that comes while one looks; other organizations."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from ..standin import LLM, MATCHING, Refused, Standin
from ..standin_runs import HOUR, SECOND, TODAY, Run, make_runs, millis, moment
from .table import VARIATIONS, Variation, around, legal


def nobody_else(status: int, name: str) -> Callable[..., Any]:
    """Refuse every organization but the caller's own."""

    def understand(api, right, operation, query):
        question = right(operation, query)
        if question.org not in (None, 1):
            raise Refused(status, name, "The requested resource could not be found.")
        return question

    return understand


@legal(organizations=(1, 2), combines=False, is_invisible=True)
def another_organization_gets_404(api):
    """Another organization than the caller's gets 404."""
    api.bend("understand", nobody_else(404, "not_found"))


@legal(organizations=(1, 2), combines=False, is_invisible=True)
def another_organization_gets_403(api):
    """Another organization than the caller's gets 403."""
    api.bend("understand", nobody_else(403, "forbidden"))


@around("total", organizations=(1, 2), combines=False)
def another_organization_gets_403_in_summaries(api, right, question):
    """Lists are for everybody, summaries for the own organization alone."""
    if question.org != 1:
        raise Refused(403, "forbidden", "You may not see this.")
    return right(question)


@legal(organizations=(1, 2))
def two_organizations(api):
    """Two organizations are named, and both are served."""


@legal(organizations=(2,))
def another_organization_than_the_own(api):
    """The organization named is not the caller's own."""


@around("default_org")
def lists_without_organization_cover_all(api, right, question):
    """A list without org_id has the usage of every organization that the caller sees."""
    return question


@around("default_org")
def lists_without_organization_cover_two(api, right, question):
    """A list without org_id has the usage of the caller's group, in which another organization is the first."""
    return question.but(org=2) if question.org is None else question


def inhabited(
    name: str, unusual: str, *, no_data: bool = True, extra: tuple[Run, ...] = (), **circumstances: Any
) -> None:
    """Enter a world with other usage."""

    def bend(api: Standin) -> None:
        api.extra.extend(extra)

    VARIATIONS.append(Variation(name, unusual, bend, circumstances=circumstances, combines=False, no_data=no_data))


def made(kind: str, at: datetime, **more: Any) -> Run:
    """Make one run of organization 1."""
    number = millis(at) // SECOND
    task = {"task": "IDR", "records": 40} if kind == MATCHING else {"credits": 1_250_000, "tokens_in": 900}
    return Run(**{"id": number, "run": number + 7, "job": 3, "user": 4, "org": 1, "at": millis(at)} | task | more)


SPARSE = {"daily": {1: 0, 2: 0}, "daily_matching": {1: 0}}
inhabited("no-matching-usage", "the organization has no matching usage", daily_matching={})
inhabited("no-llm-usage", "the organization has no LLM usage", daily={1: 0, 2: 3})
inhabited("no-usage", "the organization has no usage at all", **SPARSE)
inhabited("one-run-a-year-ago", "the organization has one LLM run, eleven months old",
          extra=(made(LLM, TODAY - timedelta(days=331)),), **SPARSE)  # fmt: skip
inhabited("one-run-this-month", "the organization has one LLM run, of this month",
          extra=(made(LLM, TODAY - timedelta(days=6, hours=7)),), **SPARSE)  # fmt: skip
inhabited("one-run-today", "the organization has one LLM run, of today",
          extra=(made(LLM, TODAY + timedelta(hours=9)),), **SPARSE)  # fmt: skip
inhabited("one-run-of-each-kind", "the organization has one LLM run and one matching run",
          extra=(made(LLM, TODAY - timedelta(40)), made(MATCHING, TODAY - timedelta(50))), **SPARSE)  # fmt: skip
inhabited("two-runs", "the organization has two LLM runs at the same time",
          extra=tuple(made(LLM, TODAY - timedelta(9), id=id_, run=id_ + 7) for id_ in (76, 77)), **SPARSE)  # fmt: skip
inhabited("usage-began-this-month", "usage began two weeks ago", days=14, no_data=False)
inhabited("usage-began-today", "usage began today", days=0, no_data=True)
inhabited("usage-of-five-years", "usage goes back five years", days=5 * 365, no_data=False,
          daily={1: 2}, daily_matching={1: 2})  # fmt: skip
inhabited("a-run-a-week", "there is a run a week", daily={1: 0.14}, daily_matching={1: 0.14}, no_data=False)
inhabited("only-idr", "all matching runs are IDR", daily_matching={1: 0}, no_data=False,
          extra=tuple(made(MATCHING, TODAY - timedelta(days=day, hours=day % 24)) for day in range(300)))  # fmt: skip
inhabited("usage-ended", "usage ended half a year ago", no_data=True, **SPARSE,
          extra=tuple(run for day in range(20_300, 20_400) for kind in (False, True)
                      for run in make_runs(kind, 1, day, 3)))  # fmt: skip
inhabited("a-run-later-today", "a run is dated later today", no_data=False,
          extra=(made(LLM, TODAY + timedelta(hours=22)), made(MATCHING, TODAY + timedelta(hours=21))))  # fmt: skip
inhabited("a-run-tomorrow", "a run is dated tomorrow, as another zone's clock has it", no_data=False,
          extra=(made(LLM, TODAY + timedelta(hours=25)),))  # fmt: skip
inhabited("a-hundred-thousand-runs-a-month", "the organization has a hundred thousand LLM runs a month",
          no_data=False, daily={1: 3300, 2: 2})  # fmt: skip
inhabited("a-hundred-thousand-matching-runs-a-month", "the organization has a hundred thousand matching runs a month",
          no_data=False, daily_matching={1: 3300, 2: 2})  # fmt: skip
inhabited("one-busy-day", "three thousand runs on one day, and few on the others", no_data=False,
          extra=tuple(run._replace(id=run.id + 5000, run=run.run + 10_000)
                      for run in make_runs(False, 1, 20_500, 3000)), daily={1: 0.5})  # fmt: skip


def newly(minutes: float) -> Callable[..., Any]:
    """Record two runs at each request, created some minutes ago."""

    def answer(api, right, request):
        with api.lock:
            count = len(api.extra)
            for kind in (LLM, MATCHING):
                at = moment(api.now()) + timedelta(milliseconds=count) - timedelta(minutes=minutes)
                api.extra.append(made(kind, at, id=9_000_000_000 + count, run=9_000_000_000 + count))
        return right(request)

    return answer


@legal()
def runs_recorded_meanwhile(api):
    """At each request two more runs are recorded, created now."""
    api.bend("answer", newly(0))


@legal()
def runs_recorded_meanwhile_and_dated_back(api):
    """At each request two more runs are recorded, created ten minutes ago."""
    api.bend("answer", newly(10))


@around("shape", combines=False)
def runs_that_still_go_on(api, right, run):
    """Runs of the last two hours still go on: their time and tokens grow from call to call."""
    going = run.at > api.now() - 2 * HOUR
    grown = len(api.journal) * going
    return right(run)._replace(seconds=run.seconds + grown, tokens_out=run.tokens_out + grown)


def still_going_on(api: Standin) -> None:
    api.bend("shape", runs_that_still_go_on)


for _daily in (12, 40, 200):
    VARIATIONS.append(
        Variation(f"{_daily}-runs-a-day-that-still-go-on", "some of many runs still go on", still_going_on,
                  circumstances={"daily": {1: _daily}}, combines=False))  # fmt: skip


@around("select")
def one_matching_run_for_both_tasks(api, right, question):
    """A matching run does both tasks, and has a record for each."""
    if question.operation != MATCHING:
        return right(question)
    found = right(question.but(task=None))
    both = [twin for run in found for twin in (run._replace(task="IDR"), run._replace(task="CDM", records=7))]
    return [run for run in both if question.task in (None, run.task)]


inhabited("a-busy-first-day", "usage began today, with two hundred runs", no_data=True, **SPARSE,
          extra=tuple(made(LLM, TODAY + timedelta(0, 240 * n), id=n + 1, run=n + 1) for n in range(200)))  # fmt: skip
inhabited("a-gap-of-ten-months", "there was usage a year ago, and there is some this month", no_data=False, days=20,
          extra=tuple(made(kind, TODAY - timedelta(days=330 + n), id=n + 1, run=n + 1)
                      for n in range(30) for kind in (LLM, MATCHING)))  # fmt: skip
