"""Sums that no rounding explains, beside flat prices and lists with few decimals."""

from __future__ import annotations

import struct
from collections.abc import Callable

from ..standin import SUMMARY
from .table import add

Sum = Callable[[list[float]], float]


def single(value: float) -> float:
    """Return the nearest float of 32 bits."""
    return struct.unpack("f", struct.pack("f", value))[0]


def added_in_singles(prices: list[float]) -> float:
    """Return a sum that is added up, one by one, in single precision."""
    total = 0.0
    for price in prices:
        total = single(total + single(price))
    return total


def flat_price(name: str, wrong: str, price: int, daily: float, change: Sum) -> None:
    """Enter runs of one price, in millionths, and a summary that is not their sum."""

    def shape(api, right, run):
        return right(run) if run.task else right(run)._replace(credits=price)

    def total(api, right, question):
        runs = api.select(question)
        value = change([price / 1e6] * len(runs))
        return right(question) | {"credits": value}

    def answer(api, right, request):
        if not api.memory.get("bent"):
            api.memory["bent"] = True
            api.bend("shape", shape).bend("total", total)
        return right(request)

    add(name, SUMMARY, "credits", wrong, "answer", answer, everywhere=True,
        circumstances={"daily": {1: daily, 2: 1}})  # fmt: skip


flat_price("flat-price-two-runs-short", "runs cost 0.35 each, and the summary is two runs short", 350_000, 2,
           lambda prices: sum(prices[2:]))  # fmt: skip
flat_price("flat-price-one-percent-short", "many runs cost 0.7 each, and the summary is 1 % short in single precision",
           700_000, 15, lambda prices: added_in_singles(prices) * 0.99)  # fmt: skip
flat_price("flat-price-rounded-down-to-tens", "runs cost 1.3 each, and the summary is cut to tens", 1_300_000, 3,
           lambda prices: sum(prices) // 10 * 10)  # fmt: skip


def few_decimals(name: str, wrong: str, decimals: int, change: Callable[[int, int], float]) -> None:
    """Enter lists with few decimals, and a summary that is too far from their sum."""

    def amount(api, right, question, millionths):
        if question.operation == SUMMARY:
            runs = len(api.select(question))
            return change(millionths, runs)
        return round(right(question, millionths), decimals)

    add(name, SUMMARY, "credits", wrong, "amount", amount, everywhere=True)


few_decimals("lists-of-two-decimals-and-a-sum-too-high", "lists show two decimals, and the sum has 0.02 a run too much",
             2, lambda millionths, runs: millionths / 1e6 + 0.02 * runs)  # fmt: skip
few_decimals("lists-of-three-decimals-and-a-sum-too-low", "lists show three decimals, and the sum has 0.004 a run less",
             3, lambda millionths, runs: millionths / 1e6 - 0.004 * runs)  # fmt: skip
