"""The causes of deviations: every deviation has one, and a line is judged by it as a reader would."""

from __future__ import annotations

import pytest

from .causes import Cause, lacking, load, named
from .deviations import DEVIATIONS

CAUSES = load()


def test_every_deviation_has_a_cause() -> None:
    assert {deviation.id for deviation in DEVIATIONS} <= set(CAUSES)


def test_a_cause_blames_the_operation_of_its_deviation() -> None:
    blamed = {each.id: CAUSES[each.id].operation for each in DEVIATIONS}
    assert blamed == {each.id: each.operation for each in DEVIATIONS}


@pytest.mark.parametrize(
    ("id_", "line"),
    [
        ("list_llm: jobId is missing", "jobId is missing in 3,210 of 6,411 records of list_llm"),
        ("list_llm: list-cut-at-a-thousand", "list_llm returns at most 1,000 records"),
        ("list_matching: task-drops-the-organization", "list_matching ignores org_id when task is given"),
        ("any: no-challenge", "the 401 has no WWW-Authenticate header"),
    ],
)
def test_the_cause_is_named(id_: str, line: str) -> None:
    assert lacking(line, CAUSES[id_]) == []


@pytest.mark.parametrize(
    ("id_", "line"),
    [
        ("list_llm: jobId is missing", "jobId is missing in 3,210 records of list_matching"),
        ("list_llm: jobId is missing", "userId is missing in every record of list_llm"),
        ("list_llm: jobId is missing", "jobId is null in every record of list_llm"),
        ("list_llm: list-cut-at-a-hundred", "list_llm returns at most 1,000 records"),
        ("list_llm: list-cut-at-a-hundred", "list_llm and its summary disagree"),
        ("list_matching: task-drops-the-organization", "list_matching ignores end_date when task is given"),
        ("get_llm: id is missing", "runId is missing in get_llm"),
        ("get_llm: id is missing", "id is missing in get_llm_organization_summary"),
        ("list_llm: list-cut-at-a-hundred", ""),
    ],
)
def test_another_cause_is_not_taken_for_it(id_: str, line: str) -> None:
    assert not named(line, CAUSES[id_])


def test_what_a_line_lacks_is_said() -> None:
    cause = Cause("list_llm", (("org_id", "organization"), ("ignored", "ignores")))
    assert lacking("org_id is unknown", cause) == ["list_llm", "ignored or ignores"]
