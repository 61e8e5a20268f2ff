"""What a program assumes that works with one answer to an open question alone, as clauses."""

from __future__ import annotations

from collections.abc import Mapping

from ..schemas.behavior import QUESTIONS

__all__ = ["SENTENCES", "assumed"]

_UNREADABLE = "cannot be read"
_ELSEWHERE = "another organization than the key's own gets"
_NO_LIST = "a list of an organization that does not exist"
_NO_SUMMARY = "the summary of an organization that does not exist"
_END = "a window with end_date alone"
_PARAMETER = "a parameter that cannot be read"

SENTENCES: Mapping[str, Mapping[str, str]] = {
    "start_bound": {
        "inclusive": "a window includes usage exactly at its start",
        "exclusive": "a window leaves out usage exactly at its start",
    },
    "end_bound": {
        "inclusive": "a window includes usage exactly at its end",
        "exclusive": "a window leaves out usage exactly at its end",
    },
    "default_window_offset": {"": "the month and day of the default window are those at {} from UTC"},
    "matching_default_window": {
        "open": "a matching usage list without dates covers all usage until now",
        "month_so_far": "a matching usage list without dates covers the current month",
        "": "a matching usage list without dates covers the last {} days",
    },
    "local_offset": {"": "a date, or a time without an offset, is read at {} from UTC"},
    "date_as_start": {
        "start_of_day": "a date without a time, as start_date, is the day's first moment",
        "unreadable": f"a date without a time, as start_date, {_UNREADABLE}",
    },
    "date_as_end": {
        "start_of_day": "a date without a time, as end_date, leaves the day itself out",
        "end_of_day": "a date without a time, as end_date, includes the day itself",
        "unreadable": f"a date without a time, as end_date, {_UNREADABLE}",
    },
    "start_alone": {
        "open": "a window with start_date alone ends now",
        "bad_request": "a window with start_date alone is refused (400)",
    },
    "end_alone": {
        "open": f"{_END} begins with the first usage there is",
        "month_so_far": f"{_END} begins with the current month",
        "month_of_end": f"{_END} begins with the month of its end",
        "bad_request": f"{_END} is refused (400)",
        "": f"{_END} begins {{}} days before its end",
    },
    "start_after_end": {
        "empty": "a window whose start lies after its end is empty",
        "bad_request": "a window whose start lies after its end is refused (400)",
    },
    "org_id_omitted": {
        "own_organization": "a list without org_id shows the key's own organization",
        "all_organizations": "a list without org_id shows all organizations that the key may see",
    },
    "foreign_organization": {
        "served": "the key may see the usage of another organization than its own",
        "not_found": f"{_ELSEWHERE} 404",
        "forbidden": f"{_ELSEWHERE} 403",
        "empty": f"{_ELSEWHERE} an empty list and a summary of 0 credits",
    },
    "unknown_organization_in_list": {
        "empty": f"{_NO_LIST} is empty",
        "not_found": f"{_NO_LIST} is a 404",
        "forbidden": f"{_NO_LIST} is a 403",
    },
    "unknown_organization_in_summary": {
        "not_found": f"{_NO_SUMMARY} is a 404",
        "zero": f"{_NO_SUMMARY} says 0 credits",
        "forbidden": f"{_NO_SUMMARY} is a 403",
    },
    "summary_without_usage": {
        "zero": "the summary of a window without usage says 0 credits",
        "not_found": "the summary of a window without usage is a 404",
    },
    "unreadable_parameter": {
        "bad_request": f"{_PARAMETER} gets 400",
        "unprocessable_entity": f"{_PARAMETER} gets 422",
        "not_found": f"{_PARAMETER} gets 404",
        "ignored": f"{_PARAMETER} counts as left out",
        "matches_nothing": f"{_PARAMETER} matches nothing",
    },
    "blank_in_date_time": {
        "unreadable": f"a date and a time with a blank between them {_UNREADABLE}",
        "read": "a date and a time with a blank between them are read",
    },
    "record_decimals": {
        "all": "the credits of a record are not rounded",
        "": "the credits of a record are rounded to {} decimals",
    },
    "summary_decimals": {
        "all": "the credits of a summary are not rounded",
        "": "the credits of a summary are rounded to {} decimals",
    },
    "list_order": {
        "newest_first": "lists are sorted newest first",
        "oldest_first": "lists are sorted oldest first",
        "highest_id_first": "lists are sorted by id, the highest first",
        "lowest_id_first": "lists are sorted by id, the lowest first",
    },
}
"""By question and answer; an empty answer stands for numbers and offsets."""


def assumed(question: str, answer: object) -> str:
    """Return what a program assumes that needs this answer."""
    sentences = SENTENCES[question]
    return sentences[str(answer)] if str(answer) in sentences else sentences[""].format(answer)


def described(question: str, answer: object) -> str:
    """Return an answer as it is shown."""
    known = next((each.description for each in QUESTIONS[question].answers if each.value == answer), None)
    return f"{answer} ({known})" if known else str(answer)
