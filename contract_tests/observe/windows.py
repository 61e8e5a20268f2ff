"""The questions about windows: their bounds, their defaults, dates without a time, one date alone."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from itertools import product

from civis_usage.contract_tests.collect.interaction import Interaction
from civis_usage.contract_tests.collect.window import DAY
from civis_usage.schemas import times
from civis_usage.schemas.behavior import QUESTIONS, Value, offset_millis

from .facts import ALWAYS, DATES, LISTS, Facts, Seen, credits_of, is_list, refusal

__all__ = [
    "blank",
    "bounds",
    "dates",
    "default_window",
    "end_alone",
    "matching_default_window",
    "start_after_end",
    "start_alone",
]

CLOCK = 120
"""Seconds by which the API's clock may differ from what the run takes it for."""
_BLANK = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d").fullmatch


def bounds(facts: Facts) -> Seen:
    """See whether lists show usage exactly at their ends."""
    for each in facts.lists():
        ends = {name: instant for name in DATES if (instant := _instant(each.params.get(name))) is not None}
        if set(each.params) & DATES != set(ends) or not _fits_its_dates(facts, each):
            continue
        for name, instant in ends.items():
            for record in facts.known_at(instant // 1_000_000, each):
                at = record.data.get("runCreatedAt")
                if _instant(at) == instant:
                    side = name.removesuffix("_date")
                    shows = record.identity in each.by_identity
                    what = f"it {'shows' if shows else 'leaves out'} the usage exactly at its {side}, {at}"
                    yield from facts.see(f"{side}_bound", each, what, ["inclusive" if shows else "exclusive"])


def _fits_its_dates(facts: Facts, interaction: Interaction) -> bool:
    """Return whether a list is otherwise what its dates say, so that an end that is left out means something."""
    start, end = (_instant(interaction.params.get(name)) for name in ("start_date", "end_date"))
    first = -ALWAYS if start is None else start / 1_000_000
    return start is not None and facts.reach(interaction).fits(first, ALWAYS if end is None else end / 1_000_000)


def default_window(facts: Facts) -> Seen:
    """See where the LLM usage list without dates begins."""
    for each in facts.lists("list_llm"):
        if set(each.params) == {"org_id"}:
            fitting = [offset for offset in _offsets() if facts.any_fits(each, _months(facts, each, [offset]), ALWAYS)]
            what = f"of the known usage, it shows what is new since {_first(facts, each)}"
            yield from facts.see("default_window_offset", each, what, fitting)


def matching_default_window(facts: Facts) -> Seen:
    """See where the matching usage list without dates begins."""
    question = "matching_default_window"
    for each in facts.lists("list_matching"):
        if "org_id" in each.params and not DATES & set(each.params):
            now = facts.now(each)
            fitting: list[Value] = [
                value
                for value in QUESTIONS[question].values
                if facts.any_fits(each, _starts(facts, each, value, now), ALWAYS, CLOCK)
            ]
            yield from facts.see(question, each, f"it begins with {_first(facts, each)}", fitting)


def _starts(facts: Facts, interaction: Interaction, value: Value, end: float) -> Iterator[float]:
    """Yield where a window may start whose start is not given, in seconds."""
    if value == "open":
        yield -ALWAYS
    elif value == "month_so_far":
        yield from _months(facts, interaction, facts.possible["default_window_offset"])
    elif value == "month_of_end":
        yield from (_month(end, offset) for offset in facts.possible["default_window_offset"])
    elif isinstance(value, int):
        yield end - value * DAY


def _months(facts: Facts, interaction: Interaction, offsets: Iterable[Value]) -> Iterator[float]:
    """Yield the start of the current month at offsets; at its turn, of both months."""
    now = facts.now(interaction)
    for offset in offsets:
        yield from {_month(now - CLOCK, offset), _month(now + CLOCK, offset)}


def _month(at: float, offset: Value) -> float:
    return times.month_start(int(at * 1000), offset_millis(offset)) / 1000


def _offsets() -> tuple[Value, ...]:
    return QUESTIONS["local_offset"].values


def _first(facts: Facts, interaction: Interaction) -> str:
    listed = facts.reach(interaction).listed
    return times.render(listed[0] * 1000) if listed else "nothing"


def start_alone(facts: Facts) -> Seen:
    """See whether a start alone is refused."""
    for each in facts.readable():
        if set(each.params) & DATES == {"start_date"} and _instant(each.params["start_date"]) is not None:
            yield from _alone(facts, each, "start_alone", ["open"] if _came(each) else None)


def end_alone(facts: Facts) -> Seen:
    """See whether an end alone is refused, and else where its window begins."""
    for each in facts.readable():
        end = _instant(each.params.get("end_date"))
        if set(each.params) & DATES == {"end_date"} and end is not None:
            if is_list(each):
                yield from _alone(facts, each, "end_alone", _fitting_starts(facts, each, end / 1_000_000))
            else:
                came = (
                    [each for each in QUESTIONS["end_alone"].values if each != "bad_request"] if _came(each) else None
                )
                yield from _alone(facts, each, "end_alone", came)


def _fitting_starts(facts: Facts, interaction: Interaction, end: float) -> list[Value]:
    values = (value for value in QUESTIONS["end_alone"].values if value != "bad_request")
    return [value for value in values if facts.any_fits(interaction, _starts(facts, interaction, value, end), end)]


def _alone(facts: Facts, interaction: Interaction, question: str, served: list[Value] | None) -> Seen:
    status = refusal(interaction)
    if served is not None:
        what = f"it begins with {_first(facts, interaction)}" if is_list(interaction) else "it is answered"
        yield from facts.see(question, interaction, what, served)
    elif status is not None and not (status == 404 and credits_of(interaction) is None and _is_summary(interaction)):
        yield from facts.see(question, interaction, f"it is refused with {status}", ["bad_request"] * (status == 400))


def _is_summary(interaction: Interaction) -> bool:
    return "summary" in interaction.operation


def _came(interaction: Interaction) -> bool:
    return is_list(interaction) or credits_of(interaction) is not None


def start_after_end(facts: Facts) -> Seen:
    """See what a list is whose start lies after its end."""
    for each in facts.readable(*LISTS):
        start, end = (_instant(each.params.get(name)) for name in ("start_date", "end_date"))
        if start is None or end is None or start <= end:
            continue
        if is_list(each):
            what = f"it shows {len(each.items)} records" if each.items else "it is empty"
            yield from facts.see("start_after_end", each, what, [] if each.items else ["empty"])
        elif (status := refusal(each)) is not None:
            yield from facts.see(
                "start_after_end", each, f"it is refused with {status}", ["bad_request"] * (status == 400)
            )


def dates(facts: Facts) -> Seen:
    """See what dates without a time mean, as start and as end, and at which offset they are read."""
    yield from _readings(facts, lambda text: times.is_date(text) and _day(text) is not None)


def blank(facts: Facts) -> Seen:
    """See whether a date and a time with a blank between them can be read, and at which offset."""
    yield from _readings(facts, lambda text: _BLANK(text) is not None)


Reading = tuple[Value, Value, Value]
"""What a start is, what an end is, and the offset at which they are read."""


def _readings(facts: Facts, is_special: Callable[[str], bool]) -> Seen:
    """Try all readings of the lists whose dates are written in a special way, and see which answers are left."""
    for each in sorted(facts.readable(*LISTS), key=_is_refused):
        given = [name for name in ("start_date", "end_date") if is_special(str(each.params.get(name, "")))]
        others = [name for name in DATES - set(given) if _instant(each.params.get(name)) is None]
        if not given or others:
            continue
        questions = {name: _question(name, str(each.params[name])) for name in given}
        if _is_refused(each):
            suspects = [name for name in questions.values() if "unreadable" in facts.possible[name]]
            if len(suspects) == 1:
                yield from facts.see(suspects[0], each, f"it is refused with {each.status}", ["unreadable"])
        elif is_list(each):
            yield from _fitting_readings(facts, each, questions)


def _is_refused(interaction: Interaction) -> bool:
    return refusal(interaction) is not None


def _question(name: str, text: str) -> str:
    return "blank_in_date_time" if " " in text else "date_as_start" if name == "start_date" else "date_as_end"


def _fitting_readings(facts: Facts, interaction: Interaction, questions: dict[str, str]) -> Seen:
    names = ("start_date", "end_date")
    choices = [facts.possible[questions[name]] if name in questions else ("given",) for name in names]
    fitting = [
        (start, end, offset)
        for start, end, offset in product(*choices, _offsets())
        if _fits_reading(facts, interaction, start, end, offset)
    ]
    what = f"it goes from {_first(facts, interaction)} to {_last(facts, interaction)}"
    for place, name in enumerate(names):
        if name in questions:
            yield from facts.see(questions[name], interaction, what, {each[place] for each in fitting})
    is_read = all("unreadable" not in each[:2] for each in fitting)
    yield from facts.see("local_offset", interaction, what, {each[2] for each in fitting} if is_read else _offsets())


def _fits_reading(facts: Facts, interaction: Interaction, start: Value, end: Value, offset: Value) -> bool:
    """Return whether a list is that of its dates, read so."""
    reach = facts.reach(interaction)
    if "unreadable" in (start, end):
        meanings = facts.possible["unreadable_parameter"]
        if "matches_nothing" in meanings and not reach.listed:
            return True
        if "ignored" not in meanings:
            return False
    last = (
        ALWAYS
        if end == "unreadable"
        else _seconds(interaction, "end_date", offset) + (DAY - 0.001) * (end == "end_of_day")
    )
    if start != "unreadable":
        return reach.fits(_seconds(interaction, "start_date", offset), last)
    values = facts.possible["end_alone"] if end != "unreadable" else ("month_so_far",)
    at = last if end != "unreadable" else facts.now(interaction)
    return any(facts.any_fits(interaction, _starts(facts, interaction, value, at), last) for value in values)


def _seconds(interaction: Interaction, name: str, offset: Value) -> float:
    """Return a date parameter in seconds: with an offset of its own, or read at ``offset``."""
    text = str(interaction.params[name])
    instant = _instant(text)
    return (
        instant / 1_000_000
        if instant is not None
        else times.micros(text.replace(" ", "T"), offset_millis(offset)) / 1_000_000
    )


def _last(facts: Facts, interaction: Interaction) -> str:
    listed = facts.reach(interaction).listed
    return times.render(listed[-1] * 1000) if listed else "nothing"


def _instant(text: object) -> int | None:
    """Return a date-time with an offset in microseconds since the epoch; ``None`` for anything else."""
    try:
        return times.micros(text) if isinstance(text, str) and times.parse(text) else None
    except ValueError:
        return None


def _day(text: str) -> int | None:
    try:
        return times.micros(text)
    except ValueError:
        return None
