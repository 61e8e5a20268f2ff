"""Single records that differ from the listed ones where the record is out of the ordinary."""

from __future__ import annotations

import html
from collections.abc import Callable

from ..standin import GET
from ..standin_runs import MODELS, Run, noise
from .table import add, age, deviates


def unusual_model(name: str, wrong: str, model: str, by_id: str, one_in: int) -> None:
    """Enter runs of a model with an unusual name, which is written otherwise by id."""

    def render(api, right, question, run):
        record = right(question, run)
        if run.task or noise(run.id, 77) % one_in:
            return record
        return record | {"modelId": by_id if question.operation == GET else model}

    add(name, GET, "modelId", wrong, "render", render, everywhere=True)


unusual_model("ampersand-escaped-twice", "by id, an ampersand is written as HTML", "meta.llama & guard",
              html.escape("meta.llama & guard"), 25)  # fmt: skip
unusual_model("angle-brackets-lost", "by id, what stands in angle brackets is lost", "mistral.<large>-2", "mistral.-2",
              60)  # fmt: skip
unusual_model("quotation-mark-keeps-its-backslash", "by id, a quotation mark has a backslash", 'cohere "r+"',
              'cohere \\"r+\\"', 40)  # fmt: skip
unusual_model("backslash-doubled", "by id, a backslash is doubled", "local\\phi-4", "local\\\\phi-4", 30)
unusual_model("other-script-misread", "by id, Japanese is read as Latin-1", "楽天.ai-7b",
              "楽天.ai-7b".encode().decode("latin-1"), 50)  # fmt: skip
unusual_model("accent-lost", "by id, an accent becomes a question mark", "modèle-léger", "mod?le-l?ger", 35)
unusual_model("emoji-cut", "by id, what is outside the basic plane is lost", "parrot-🦜-3", "parrot--3", 45)
unusual_model("long-name-cut", "by id, a name ends after 64 characters", "custom." + "x" * 90,
              ("custom." + "x" * 90)[:64], 20)  # fmt: skip
unusual_model("blank-at-the-end-lost", "by id, a blank at the end is lost", "qwen-2 ", "qwen-2", 28)


@deviates("render", GET, about="modelId")
def rare_model_in_upper_case(api, right, question, run):
    """By id, the model that one run in twenty uses is in upper case."""
    return right(question, run) | ({"modelId": run.model.upper()} if run.model == MODELS[2] else {})


def of_an_age(name: str, wrong: str, days: tuple[float, float], about: str, value: Callable[[Run], object]) -> None:
    """Enter a field that differs by id in records of some age, in days."""

    def render(api, right, question, run):
        of_that_age = days[0] <= age(api, run) < days[1]
        return right(question, run) | ({about: value(run)} if of_that_age else {})

    add(name, GET, about, wrong, "render", render)


of_an_age("tokens-of-last-winter-differ", "by id, records of 90 to 170 days have a token more", (90, 170),
          "inputTokens", lambda run: run.tokens_in + 1)  # fmt: skip
of_an_age("credits-of-the-oldest-differ", "by id, records older than 330 days cost a tenth more", (330, 1e9),
          "credits", lambda run: run.credits / 1e6 + 0.1)  # fmt: skip
of_an_age("user-of-the-newest-differs", "by id, the user of the last three days is another", (0, 3), "userId",
          lambda run: run.user + 900)  # fmt: skip
of_an_age("job-of-last-month-differs", "by id, the job of records of 31 to 61 days is another", (31, 61), "jobId",
          lambda run: run.job - 1)  # fmt: skip


@deviates("render", GET, about="runTime")
def zero_run_time_is_null(api, right, question, run):
    """By id, a free run has no run time."""
    return right(question, run) | ({} if run.credits else {"runTime": None})
