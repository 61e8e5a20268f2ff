"""What the check is doing: one line on a terminal, and elsewhere a line for each long wait."""

from __future__ import annotations

import math
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event, Thread
from typing import TextIO

from ..contract_tests.collect.interaction import Interaction, Query
from ..contract_tests.collect.session import Observer

__all__ = ["CLEAR", "Progress"]

LONG = 3
"""Seconds from which a wait is worth a line where there is no terminal."""
CLEAR = "\r\x1b[K"


class Progress(Observer):
    """Shows the number of requests, of how many, and what is being waited for and for how long.

    Args:
        budget: the requests that may be sent.
        stream: where to show it.
        live: whether it is a terminal, of which one line is rewritten.
        width: the columns of the terminal.
        clock: the seconds of a clock that only goes forward.
    """

    def __init__(
        self, budget: int, stream: TextIO, *, live: bool, width: int = 80, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._budget = budget
        self._stream = stream
        self._live = live
        self._width = width
        self._clock = clock
        self._sent = 0
        self._operation = ""
        self._answer = ""
        self._since = clock()
        self._until: float | None = None

    @classmethod
    @contextmanager
    def on_terminal(cls, budget: int, *, wanted: bool = True) -> Iterator[Observer]:
        """Show progress on standard error while a block runs, the line once a second on a terminal."""
        if not wanted:
            yield Observer()
            return
        live, over = sys.stderr.isatty(), Event()
        shown = cls(budget, sys.stderr, live=live, width=shutil.get_terminal_size().columns)

        def redraw() -> None:
            while not over.wait(1):
                shown.draw()

        ticker = Thread(target=redraw, daemon=True)
        try:
            if live:
                ticker.start()
            yield shown
        finally:
            over.set()
            if live:
                ticker.join()
                shown.clear()

    def on_request(self, query: Query, sent: int) -> None:
        """Show what is requested next."""
        self._operation, self._answer, self._sent = query.operation, "", sent + 1
        self._since, self._until = self._clock(), None
        self.draw()

    def on_wait(self, seconds: float) -> None:
        """Show how long the next try waits."""
        self._since, self._until = self._clock(), self._clock() + seconds
        self.draw()
        if not self._live and seconds >= LONG:
            self._write(f"{self.line()}\n")

    def on_interaction(self, interaction: Interaction, sent: int) -> None:
        """Show what came."""
        self._answer, self._sent = str(interaction.status or interaction.failure), sent
        self._since, self._until = self._clock(), None
        self.draw()

    def line(self) -> str:
        """Return the line, cut to the terminal's width."""
        text = f"{self._sent} of at most {self._budget} requests, {self._operation}: {self._state()}"
        return text[: max(1, self._width - 1)] if self._live else text

    def _state(self) -> str:
        if self._until is not None:
            left = max(0, math.ceil(self._until - self._clock()))
            return f"next try in {left} s"
        if self._answer:
            return self._answer
        waited = int(self._clock() - self._since)
        return f"waiting for {waited} s" if waited else "waiting"

    def draw(self) -> None:
        """Show the line, where it can be rewritten."""
        if self._live:
            self._write(f"{CLEAR}{self.line()}")

    def clear(self) -> None:
        """Take the line away."""
        self._write(CLEAR)

    def _write(self, text: str) -> None:
        try:
            self._stream.write(text)
            self._stream.flush()
        except OSError:  # nobody reads it any more, which must not end the check
            self._live = False
