"""Sums that are rounded, or added up with less precision."""

from __future__ import annotations

import math
import struct

from ..standin import LLM, SUMMARY, Standin
from ..standin_runs import noise
from .bodies import tiny_credits
from .table import VARIATIONS, Variation, around, legal


@around("amount")
def sums_rounded_to_two_decimals(api, right, question, millionths):
    """The summary is rounded to two decimals."""
    value = right(question, millionths)
    return round(value, 2) if question.operation == SUMMARY else value


@legal()
def sums_of_tiny_credits_rounded_to_two_decimals(api):
    """The summary of runs that cost some millionths is rounded to two decimals."""
    api.bend("shape", tiny_credits)
    api.bend("amount", sums_rounded_to_two_decimals)


@around("amount")
def sums_in_single_precision(api, right, question, millionths):
    """The summary went through a float of 32 bits."""
    value = right(question, millionths)
    return struct.unpack("f", struct.pack("f", value))[0] if question.operation == SUMMARY else value


@around("spent")
def sums_added_up_in_single_precision(api, right, question):
    """The summary is added up, run by run, in floats of 32 bits."""
    total = 0.0
    for run in api.select(question):
        total = struct.unpack("f", struct.pack("f", total + run.credits / 1e6))[0]
    return total * 1e6


@around("spent")
def sums_added_up_in_single_precision_and_any_order(api, right, question):
    """The summary is added up in floats of 32 bits, by many at a time: in another order at each call."""
    call, total = len(api.journal), 0.0
    for run in sorted(api.select(question), key=lambda run: noise(call, run.id)):
        total = struct.unpack("f", struct.pack("f", total + run.credits / 1e6))[0]
    return total * 1e6


@around("amount")
def sums_that_differ_in_their_last_bit(api, right, question, millionths):
    """The summary's last bit is another at each call, unless there was nothing to add up."""
    value = right(question, millionths)
    noisy = question.operation == SUMMARY and value and len(api.journal) % 2
    return math.nextafter(value, math.inf) if noisy else value


@around("spent")
def sums_added_up_in_doubles(api, right, question):
    """The summary is added up, run by run, in doubles, and all their decimals are shown."""
    total = 0.0
    for run in api.select(question):
        total += run.credits / 1e6
    return total * 1e6


@around("amount")
def records_in_single_precision(api, right, question, millionths):
    """Records show credits as single floats do: 0.4127950072288513."""
    value = right(question, millionths)
    return value if question.operation == SUMMARY else struct.unpack("f", struct.pack("f", value))[0]


@around("spent")
def records_rounded_to_six_decimals(api, right, question):
    """Runs cost a little more than their six decimals show, and sums are exact."""
    return right(question) + 0.45 * len(api.select(question.but(operation=LLM)))


def rounded(decimals: int) -> None:
    """Enter a summary with some decimals."""

    def bend(api: Standin) -> None:
        def amount(api, right, question, millionths):
            value = right(question, millionths)
            return round(value, decimals) if question.operation == SUMMARY else value

        api.bend("amount", amount)

    unusual = f"the summary is rounded to {decimals} decimals"
    VARIATIONS.append(Variation(f"sums-rounded-to-{decimals}-decimals", unusual, bend))


for _decimals in (3, 4, 5):
    rounded(_decimals)


@around("amount")
def sums_cut_off_after_two_decimals(api, right, question, millionths):
    """The summary shows two decimals, and the others are cut off."""
    return millionths // 10_000 / 100 if question.operation == SUMMARY else right(question, millionths)


@around("amount")
def sums_rounded_up_to_two_decimals(api, right, question, millionths):
    """The summary shows two decimals, rounded up."""
    return -(-millionths // 10_000) / 100 if question.operation == SUMMARY else right(question, millionths)
