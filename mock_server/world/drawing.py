"""Chance that comes out alike everywhere: bits and Hypothesis draws as pure functions of a key."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from hashlib import shake_256
from typing import TypeVar

from hypothesis import Verbosity, given, settings
from hypothesis.strategies import SearchStrategy

__all__ = ["bits", "draw"]

T = TypeVar("T")

SHORTEST, LONGEST = 1 << 13, 1 << 22
"""Bytes of the buffer that is tried first, and of the last."""


def bits(count: int, *key: object) -> bytes:
    """Give ``count`` bytes that depend on ``key`` alone; a longer answer begins with the shorter one."""
    return shake_256("/".join(map(str, key)).encode()).digest(count)


def draw(strategy: SearchStrategy[T], *key: object) -> T:
    """Draw one value from ``strategy``: the same for the same ``key`` in every process and on every Python.

    Hypothesis's own engine mixes in constants from the modules that happen to be loaded and chooses at random, so a
    buffer of bits drives it instead, as a fuzzer does: every choice is read from the buffer. Nothing is written to
    ``.hypothesis/`` as long as the strategy samples characters from a list instead of from ranges of Unicode.

    Raises:
        ValueError: the strategy finds no value in four megabytes of choices.
    """
    # In a thread of its own, since Hypothesis refuses to draw inside of a running test: a user's property may well be
    # what asks for this.
    with ThreadPoolExecutor(max_workers=1) as alone:
        return alone.submit(_draw, strategy, key).result()


def _draw(strategy: SearchStrategy[T], key: tuple[object, ...]) -> T:
    drawn: list[T] = []

    @settings(database=None, verbosity=Verbosity.quiet)
    @given(strategy)
    def take(value: T) -> None:
        drawn.append(value)

    fuzz: Callable[[bytes], object] = take.hypothesis.fuzz_one_input  # type: ignore[attr-defined]  # documented, untyped
    size = SHORTEST
    while not drawn and size <= LONGEST:  # a buffer that is too short draws nothing; a longer one begins alike
        fuzz(bits(size, *key))
        size *= 2
    if not drawn:
        raise ValueError(f"nothing can be drawn from {strategy!r}: its filters refuse too much")
    return drawn[0]
