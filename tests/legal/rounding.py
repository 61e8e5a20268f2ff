"""Flat prices added up in single precision, and lists with few decimals beside exact summaries."""

from __future__ import annotations

import struct
from itertools import accumulate

from ..standin import SUMMARY, Standin
from .table import VARIATIONS, Variation


def single(value: float) -> float:
    """Return the nearest float of 32 bits."""
    return struct.unpack("f", struct.pack("f", value))[0]


def sums_in_singles(price: float, count: int) -> list[float]:
    """Return the sums of no, one, two … ``count`` prices, added up one by one in single precision."""
    return list(accumulate([single(price)] * count, lambda total, each: single(total + each), initial=0.0))


def flat_price(price: float, daily: float, *, pairwise: bool = False) -> None:
    """Enter runs of one price, about ``daily`` a day, and a summary in single precision."""
    millionths = round(price * 1_000_000)

    def bend(api: Standin) -> None:
        def shape(api, right, run):
            return right(run) if run.task else right(run)._replace(credits=millionths)

        def total(api, right, question):
            right(question)
            count = len(api.select(question))
            sums = api.memory.setdefault("sums", [0.0])
            if count >= len(sums):
                sums[:] = sums_in_singles(price, max(count, 2 * len(sums)))
            value = single(count * single(price)) if pairwise else sums[count]
            return {"credits": value, "organizationId": question.org}

        api.bend("shape", shape).bend("total", total)

    how = "multiplied" if pairwise else "added up"
    VARIATIONS.append(
        Variation(f"flat-price-{price}-{how.replace(' ', '-')}-at-{daily}-a-day",
                  f"each run costs {price}, and the summary is {how} in single precision", bend,
                  circumstances={"daily": {1: daily, 2: 1}}, combines=False))  # fmt: skip


for _price, _daily in ((0.3, 27.4), (1.1, 1.1), (0.7, 40), (0.1, 55), (2.2, 8), (0.05, 20), (3.3, 1.9), (0.9, 14)):
    flat_price(_price, _daily)
flat_price(0.6, 33, pairwise=True)
flat_price(1.7, 4, pairwise=True)


def list_decimals(decimals: int, daily: float, *, cut: bool = False) -> None:
    """Enter lists that show few decimals of credits, beside a summary that is exact."""

    def bend(api: Standin) -> None:
        def amount(api, right, question, millionths):
            if question.operation == SUMMARY:
                return right(question, millionths)
            unit = 10 ** (6 - decimals)
            return (millionths // unit if cut else round(millionths / unit)) / 10**decimals

        api.bend("amount", amount)

    how = "cut after" if cut else "rounded to"
    VARIATIONS.append(
        Variation(f"lists-{how.replace(' ', '-')}-{decimals}-decimals-at-{daily}-a-day",
                  f"records are {how} {decimals} decimals, the summary is exact", bend,
                  circumstances={"daily": {1: daily, 2: 1}}, combines=False))  # fmt: skip


for _decimals, _daily in ((2, 2), (2, 30), (3, 2), (3, 17), (4, 25), (5, 9)):
    list_decimals(_decimals, _daily)
list_decimals(2, 6, cut=True)
list_decimals(3, 11, cut=True)


def both_decimals(lists: int, sums: int) -> None:
    """Enter lists and summaries that are rounded each to a number of decimals of its own."""

    def bend(api: Standin) -> None:
        def amount(api, right, question, millionths):
            return round(right(question, millionths), sums if question.operation == SUMMARY else lists)

        api.bend("amount", amount)

    VARIATIONS.append(
        Variation(f"lists-of-{lists}-and-sums-of-{sums}-decimals",
                  f"records show {lists} decimals and summaries {sums}", bend, combines=False))  # fmt: skip


both_decimals(2, 3)
both_decimals(3, 2)
both_decimals(4, 2)
