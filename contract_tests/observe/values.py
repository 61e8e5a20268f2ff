"""The questions about what responses say: parameters that cannot be read, decimals, the order of lists."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from functools import lru_cache

from civis_usage.contract_tests.collect.interaction import Interaction
from civis_usage.contract_tests.collect.record import record_id
from civis_usage.schemas.behavior import Value

from .facts import DATES, SUMMARY, Facts, Seen, credits_of, is_list, refusal, unreadable

__all__ = ["list_order", "record_decimals", "summary_decimals", "unreadable_parameter"]

STATUSES: dict[int, Value] = {400: "bad_request", 422: "unprocessable_entity", 404: "not_found"}
MANY_RECORDS = 10
"""Amounts with a fraction from which on it is no chance that none has more decimals."""
MANY_SUMMARIES = 5
DECIMALS = range(2, 6)


def unreadable_parameter(facts: Facts) -> Seen:
    """See what query parameters get that cannot be read."""
    for each in facts.valid("list_llm", "list_matching", SUMMARY):
        if len(names := unreadable(each)) != 1:
            continue
        [name] = names
        status = refusal(each)
        what = f"{name}={each.params[name]} " + (f"is refused with {status}" if status else f"gets {_size(each)}")
        if status is not None:
            yield from facts.see("unreadable_parameter", each, what, _of_refusal(each, name, status))
        elif is_list(each) or credits_of(each) is not None:
            yield from facts.see("unreadable_parameter", each, what, _of_response(facts, each, name))


def _of_refusal(interaction: Interaction, name: str, status: int) -> Iterator[Value]:
    if status in STATUSES:
        yield STATUSES[status]
    # A date that stands alone may be refused, and so may the other date without this one; and a summary of no usage
    # may be not found.
    if status == 400 and (name in DATES or len(set(interaction.params) & DATES) == 1):
        yield "ignored"
    if status == 404 and interaction.operation == SUMMARY:
        yield from ("ignored", "matches_nothing")


def _of_response(facts: Facts, interaction: Interaction, name: str) -> Iterator[Value]:
    shows = bool(_amount(interaction))
    rest = {key: value for key, value in interaction.params.items() if key != name}
    without = [
        each for each in facts.valid(interaction.operation) if dict(each.params) == rest and _amount(each) is not None
    ]
    if shows or all(not _amount(each) for each in without):
        yield "ignored"
    if not shows:
        yield "matches_nothing"


def _amount(interaction: Interaction) -> float | None:
    return len(interaction.items) if is_list(interaction) else credits_of(interaction)


def _size(interaction: Interaction) -> str:
    return f"{len(interaction.items)} records" if is_list(interaction) else f"{credits_of(interaction) or 0:g} credits"


def record_decimals(facts: Facts) -> Seen:
    """See to how many decimals the credits of records are rounded, by the sums of what is not rounded yet."""
    lists = facts.lists("list_llm")
    shown = {record.credits for each in lists for record in each.records}
    fractions = [amount for amount in shown if decimals(amount) > 0]
    if len(fractions) < MANY_RECORDS:
        return
    most = max(map(decimals, fractions))
    longest = max(lists, key=lambda each: len(each.records))
    what = f"of {len(fractions)} amounts in the lists, none has more than {most} decimals"
    yield from facts.see("record_decimals", longest, what, ["all", *([most] if most in DECIMALS else [])])
    for summary, total, addends in facts.sums:
        error = abs(_exact(summary) - total)
        if most in DECIMALS and error > _rounding(facts) + _noise(facts, total, addends):
            what = f"it shows {credits_of(summary)!r} credits, and the amounts of its list add up to {total}"
            yield from facts.see("record_decimals", summary, what, DECIMALS)


def summary_decimals(facts: Facts) -> Seen:
    """See to how many decimals summaries are rounded, by the sums of their lists."""
    summaries = [each for each in facts.readable(SUMMARY) if (credits_of(each) or 0) % 1]
    amounts = {credits_of(each) or 0.0: each for each in summaries}
    if not amounts:
        return
    most = max(map(decimals, amounts))
    longest = next(each for amount, each in amounts.items() if decimals(amount) == most)
    what = f"of {len(amounts)} summaries, none has more than {most} decimals"
    possible: list[Value] = ["all", *(each for each in DECIMALS if each >= most)]
    if len(amounts) >= MANY_SUMMARIES:
        possible = ["all", *([most] if most in DECIMALS else [])]
        if _show_less(facts, amounts, most):
            what += ", though the amounts of the records have more"
            possible.remove("all")
    yield from facts.see("summary_decimals", longest, what, possible)
    for summary, total, addends in facts.sums:
        error = float(abs(_exact(summary) - total))
        blur = _blur(facts, addends) + _noise(facts, total, addends)
        what = f"it shows {credits_of(summary)!r} credits, and the amounts of its list add up to {total}"
        fitting: list[Value] = [each for each in DECIMALS if error <= 10.0**-each + blur]
        yield from facts.see("summary_decimals", summary, what, [*(["all"] * (error <= blur)), *fitting])


def _exact(summary: Interaction) -> Decimal:
    return Decimal(repr(credits_of(summary)))


def _show_less(facts: Facts, amounts: Iterable[float], most: int) -> bool:
    """Return whether it is no chance that sums have at most ``most`` decimals, while what they add up has more.

    A sum's last decimal is 0 in one of ten. Of sums of single precision, those count that have digits to spare.
    """
    lists = facts.lists("list_llm")
    finest = max((decimals(record.credits) for each in lists for record in each.records), default=0)
    finest += _are_rounded(facts)
    single = all(map(_may_be_single, amounts))
    counting = [amount for amount in amounts if not single or len(Decimal(repr(amount)).as_tuple().digits) < 7]
    return len(counting) * (finest - most) >= MANY_SUMMARIES


def _are_rounded(facts: Facts) -> bool:
    return "all" not in facts.possible["record_decimals"] and bool(facts.possible["record_decimals"])


def _blur(facts: Facts, addends: int) -> float:
    """Return how far a sum may be off since the amounts in lists may be rounded."""
    rounded = [each for each in facts.possible["record_decimals"] if isinstance(each, int)]
    return addends * 0.5 * 10.0 ** -min(rounded) if rounded else 0.0


def _rounding(facts: Facts) -> float:
    """Return how far a summary may be off since it may be rounded, or cut off, to the decimals that summaries show."""
    return 10.0**-facts.evidence.summary_decimals


def _noise(facts: Facts, total: Decimal, addends: int) -> float:
    """Return how far a sum may be off by the arithmetic: single precision, unless the summaries show that it is not."""
    shown = [spent for each in facts.readable(SUMMARY) if (spent := credits_of(each))]
    return abs(float(total)) * (addends + 4) * (2.0**-24 if all(map(_may_be_single, shown)) else 2.0**-52)


def _may_be_single(amount: float) -> bool:
    """Return whether an amount is written as one of single precision would be, with the fewest digits that name it."""
    single = struct.unpack("<f", struct.pack("<f", amount))[0] if abs(amount) < 1e38 else amount
    for digits in range(1, 10):
        text = f"{single:.{digits}g}"
        if struct.pack("<f", float(text)) == struct.pack("<f", single):
            return float(text) == amount
    return False


@lru_cache(maxsize=1 << 16)
def decimals(amount: float) -> int:
    """Return the decimals that an amount is written with."""
    exponent = Decimal(repr(amount)).normalize().as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0


def list_order(facts: Facts) -> Seen:
    """See how lists are sorted."""
    for each in facts.lists():
        moments = [record.timestamp for record in each.records if record.timestamp is not None]
        numbers = [
            number
            for record in each.records
            if (number := record_id(record) if each.operation == "list_llm" else record.data.get("runId")) is not None
        ]
        if len(moments) < 2 or not len(moments) == len(numbers) == len(each.items):
            continue
        fitting: list[Value] = [*_orders(moments, "newest_first", "oldest_first")]
        fitting += _orders(numbers, "highest_id_first", "lowest_id_first")
        yield from facts.see("list_order", each, f"it has {len(moments)} records", fitting)


def _orders(keys: Sequence[int], falling: Value, rising: Value) -> Iterator[Value]:
    in_order = sorted(keys)
    if list(keys) == in_order[::-1]:
        yield falling
    if list(keys) == in_order:
        yield rising
