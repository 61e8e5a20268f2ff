"""Runs that are two things at once, or that end in the future."""

from __future__ import annotations

from ..standin import LLM, MATCHING
from ..standin_runs import DAY, HOUR, SECOND, Run, noise
from .table import LISTS, add, age, deviates, width

FAILS_OR_WARNS = frozenset({0, 1})
"""Where the issue leaves the rule's basis open; ``--strict`` must fail in any case."""

NUMBERS = {"jobId": "job", "userId": "user", "organizationId": "org"}


def another_in_narrow_windows(operation: str, name: str, by: int) -> None:
    """Enter a field that is another in windows of less than three days."""

    def render(api, right, question, run):
        narrow = width(api, question) < 3
        return right(question, run) | ({name: getattr(run, NUMBERS[name]) + by} if narrow else {})

    add(f"{name}-another-in-narrow-windows", operation, name,
        f"{name} is {by} higher in windows of less than three days", "render", render)  # fmt: skip


another_in_narrow_windows(MATCHING, "jobId", 13)
another_in_narrow_windows(MATCHING, "userId", 4)
another_in_narrow_windows(LLM, "jobId", 1)
another_in_narrow_windows(LLM, "userId", 29)


@deviates("render", MATCHING, about="jobId")
def job_another_with_a_task(api, right, question, run):
    """Where a task is asked for, the job is another one."""
    return right(question, run) | ({"jobId": run.job + 700} if question.task else {})


@deviates("render", *LISTS, about="runCreatedAt")
def created_later_without_dates(api, right, question, run):
    """Without dates, runs were created three minutes later."""
    late = 0 if question.dated else 180 * SECOND
    return right(question, run) | {"runCreatedAt": api.stamp(run.at + late)}


@deviates("render", *LISTS, about="userId")
def user_another_without_an_organization(api, right, question, run):
    """Without org_id, the user of one run in four is another one."""
    other = "org_id" not in question.given and noise(run.run, 4) % 4 == 0
    return right(question, run) | ({"userId": run.user + 1} if other else {})


def shared_run(every: int) -> None:
    """Enter runs whose number is the next run's too, though job, user and time differ."""

    def shape(api, right, run):
        return right(run) if run.task else right(run)._replace(run=run.run // (2 * every) * 2 * every)

    add(f"one-run-for-{every}-records-of-several-jobs", LLM, "runId",
        f"{every} records in a row have one runId, and jobs, users and times of their own", "shape", shape,
        everywhere=True, exits=FAILS_OR_WARNS)  # fmt: skip


shared_run(2)
shared_run(5)


@deviates("shape", MATCHING, about="runId", everywhere=True, exits=FAILS_OR_WARNS)
def runs_of_matching_numbered_in_pairs(api, right, run):
    """Two matching runs in a row have one number, and jobs of their own."""
    return right(run)._replace(run=run.run // 4 * 4 + 1) if run.task else right(run)


def lasts(name: str, wrong: str, operation: str, seconds) -> None:
    """Enter run times that end in the future, the same in every response."""

    def shape(api, right, run):
        made = right(run)
        return made if bool(made.task) != (operation == MATCHING) else made._replace(seconds=seconds(api, made))

    add(name, operation, "runTime", wrong, "shape", shape, everywhere=True, exits=FAILS_OR_WARNS)


for _operation in LISTS:
    lasts("run-time-in-milliseconds-everywhere", "run times are milliseconds, so that runs end next month", _operation,
          lambda api, run: run.seconds * 1000)  # fmt: skip
    lasts("runs-of-this-week-last-nine-days", "runs of this week last nine days", _operation,
          lambda api, run: 9 * DAY // SECOND if age(api, run) < 7 else run.seconds)  # fmt: skip
    lasts("newest-runs-last-fifty-hours", "runs of today last fifty hours", _operation,
          lambda api, run: 50 * HOUR // SECOND if age(api, run) < 1 else run.seconds)  # fmt: skip
    lasts("run-time-is-the-end", "the run time is the time at which the run ended, in seconds since 1970", _operation,
          lambda api, run: run.at // SECOND + run.seconds)  # fmt: skip


def dated_ahead(days: float, operation: str) -> None:
    """Enter a run that will be created some days from now."""

    def answer(api, right, request):
        with api.lock:
            if not api.extra:
                kind = {"task": "CDM", "records": 12} if operation == MATCHING else {"credits": 700_000}
                number = 1_999_000_000
                api.extra.append(Run(number, number, 3, 4, 1, int(api.now() + days * DAY), **kind))
        return right(request)

    add(f"a-run-{days}-days-ahead", operation, "runCreatedAt", f"a run is dated {days} days ahead", "answer", answer,
        everywhere=True, exits=FAILS_OR_WARNS)  # fmt: skip


dated_ahead(2.5, LLM)
dated_ahead(6, MATCHING)
