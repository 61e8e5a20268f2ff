"""What the API shows of one organization's usage: narrow windows first, widened only until enough is seen."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING

from civis_usage.contract_tests.answers import Record
from civis_usage.contract_tests.windows import CLEAR, DAY, Fact, Window, cut, tight

if TYPE_CHECKING:
    from civis_usage.contract_tests.witness import Witness

__all__ = ["History"]

WIDTHS = (2, 30, 500)
"""Days that the window is widened to, step by step."""
FEW = 20
"""Records from which the density of usage can be told."""
PLENTY = 12_000
"""Records that a list is not asked for on purpose (some 3 MB)."""
AGES = (100, 400, 200, 800, 35, 1200)
"""Days back at which older usage is looked at, in the order of interest."""
LOOKS = 2
"""Looks at older usage."""
SAMPLE = 150
"""Records that a look at older usage should show."""


@dataclass
class History:
    """The facts known of one organization and operation; ``base`` is the widest of the recent ones.

    All windows ended a day or more before the run began: runs recorded meanwhile do not change the answers.
    """

    operation: str
    org: int
    witness: Witness = field(repr=False)
    facts: list[Fact] = field(default_factory=list)
    complete: bool = False
    """Whether the facts cover everything before the horizon."""

    @classmethod
    def explore(cls, witness: Witness, operation: str, org: int, *, thorough: bool) -> History:
        """Look at an organization's usage.

        Args:
            witness: whom to ask through.
            operation: ``list_llm`` or ``list_matching``.
            org: the organization's id.
            thorough: see as much as is cheap, and older usage as well; otherwise stop at some records.
        """
        history = cls(operation, org, witness)
        history._widen(PLENTY if thorough else FEW)
        if thorough:
            history._look_back()
        return history

    @property
    def horizon(self) -> int:
        """The end of all windows: a whole minute a day before the run began, or where the user said."""
        return self.witness.config.closed(self.witness.now)[1]

    @property
    def dawn(self) -> int:
        """The earliest instant that is asked for."""
        return self.witness.config.closed(self.witness.now)[0]

    @property
    def base(self) -> Fact:
        """The answer that shows most."""
        return max(self.facts, key=lambda fact: (len(fact.records), fact.window.days))

    @property
    def records(self) -> list[Record]:
        """Every record known, each once, oldest first."""
        unique = {record.facts: record for fact in self.facts for record in fact.records}
        return sorted(unique.values(), key=lambda record: record.second or 0)

    @property
    def is_short(self) -> bool:
        """Whether a list of everything would be bearable, if usage was always as dense as lately."""
        return self.complete or self.density * (self.horizon - self.dawn) / DAY <= 4 * PLENTY

    @property
    def knows_the_past(self) -> bool:
        """Whether the facts cover all that an open beginning covers: not where the user said from when to look."""
        return self.complete and self.witness.config.start is None

    @property
    def density(self) -> float:
        """Records a day, lately."""
        return len(self.base.records) / self.base.window.days

    @property
    def month_is_long(self) -> bool:
        """Whether a list of this month until now would be very long."""
        return self.density * datetime.fromtimestamp(self.witness.now, UTC).day > 2 * PLENTY

    @property
    def moments(self) -> list[int]:
        """The seconds at which known records were created, sorted."""
        return sorted({record.second for record in self.records if record.second is not None})

    def ask(self, window: Window, *, again: bool = False) -> tuple[list[Record], str]:
        """Ask for this organization's list in ``window``; give its records, and the request."""
        parameters = {"org_id": self.org, **window.parameters}
        return self.witness.records(self.operation, parameters, again=again)

    def learn(self, window: Window) -> Fact:
        """Ask for a closed window and keep the answer as a fact."""
        records, request = self.ask(window)
        fact = Fact(window, tuple(records), request)
        self.facts.append(fact)
        return fact

    def _widen(self, plenty: int) -> None:
        """Widen the window until it shows enough: to hundreds of days where that is cheap, to all where all is near."""
        days: int | None = WIDTHS[0]
        while days is not None:
            fact = self.learn(self._back(days))
            found = len(fact.records)
            if fact.window.start == self.dawn:
                self.complete = True
                return
            wider = [width for width in WIDTHS if width > days]
            if found >= plenty:
                wider = []
            elif found >= FEW:
                wider = [width for width in wider if found * width / fact.window.days <= plenty][-1:]
            elif found == 0:
                wider = wider[-1:]
            if not wider and plenty == PLENTY and FEW <= found < plenty and days < WIDTHS[-1]:
                fitting = min(WIDTHS[-1], int(0.9 * plenty * fact.window.days / found))
                wider = [fitting] if fitting > 1.5 * days else []
            days = wider[0] if wider else None
        if days is None and fact.window.days >= WIDTHS[-1] - 1 and self._begins_inside():
            self.learn(Window(self.dawn, self.horizon - WIDTHS[-1] * DAY))
            self.complete = True

    def _back(self, days: int) -> Window:
        return Window(max(self.dawn, self.horizon - days * DAY), self.horizon)

    def _begins_inside(self) -> bool:
        """Whether the base's silence before its first record says that nothing much is older."""
        moments = self.moments
        if not moments or self.base.window.start is None:
            return True
        longest = max((b - a for a, b in pairwise(moments)), default=0)
        return moments[0] - self.base.window.start > 3 * longest

    def _look_back(self) -> None:
        """Look at older usage in narrow windows, as wide as the recent density asks for."""
        if self.complete or self.base.window.start is None:
            return
        width = int(min(60 * DAY, max(600, SAMPLE / self.density * DAY if self.density else 60 * DAY)))
        looked = 0
        for age in AGES:
            window = Window(self.horizon - age * DAY, self.horizon - age * DAY + width)
            if looked < LOOKS and self.dawn <= (window.start or 0) and (window.end or 0) < self.base.window.start:
                self.learn(window)
                looked += 1

    @cached_property
    def focus(self) -> Window | None:
        """A window with close-cut ends around some of the base's records; ``None`` where there is no record."""
        return tight(self.base.records, self.witness.rng)

    @cached_property
    def frame(self) -> Window | None:
        """The focus with its ends moved out, close to the next records: it holds the same, unless an end is off."""
        if self.focus is None or self.focus.start is None or self.focus.end is None:
            return None
        moments = [record.second for record in self.base.records if record.second is not None]
        before = max((at for at in moments if at < self.focus.start), default=self.focus.start - CLEAR)
        after = min((at for at in moments if at > self.focus.end), default=self.focus.end + CLEAR)
        return Window(before + CLEAR, after - CLEAR)

    @cached_property
    def eve(self) -> Window | None:
        """A narrow window around the oldest of the base's records: a wide list that was cut off shows less than it.

        ``None`` where there is no record, or the oldest is none that was asked for.
        """
        moments = sorted({record.second for record in self.base.records if record.second is not None})
        if not moments:
            return None
        before = max(600, min(15 * DAY, (moments[-1] - moments[0]) // len(moments) * SAMPLE // 2))
        after = cut(self.base.records, self.witness.rng, high=min(1.0, 40 / len(moments)))
        return Window.between(max(self.dawn, moments[0] - before), after or moments[0] + CLEAR)

    @cached_property
    def late(self) -> int | None:
        """The focus's start, or where thousands of records follow, an instant between two of the later ones.

        An API that mistakes a question without an end for the one with the same start would show it.
        """
        records = self.base.records
        start = self.focus.start if self.focus else None
        if start is not None and sum((record.second or 0) > start for record in records) in range(1, 3000):
            return start
        return cut(records, self.witness.rng, low=max(0.3, 1 - 3000 / max(1, len(records))))

    @cached_property
    def early(self) -> int | None:
        """An instant between two of the earliest known records."""
        return cut(self.records, self.witness.rng, low=0.02, high=0.3)

    @cached_property
    def fresh(self) -> Fact:
        """What is known of the time from the horizon to ten minutes before the run began: not closed, but settled."""
        until = self.witness.now - 600
        records, request = self.ask(Window(self.horizon, self.witness.now + 2 * DAY), again=True)
        return Fact(Window(self.horizon, until), tuple(records), request)

    def sum(self, window: Window) -> tuple[float, float, int] | None:
        """Give the least and the most credits that ``window`` may cost, and its number of records.

        ``None`` where no fact covers the window. The two differ where a record stands at an end.
        """
        for fact in self.facts:
            if fact.window.covers(window):
                sure = [record for record in fact.records if window.holds(record)]
                maybe = [record for record in fact.records if window.holds(record) is None]
                least = sum(record.credits for record in sure)
                extra = [record.credits for record in maybe]
                return least + sum(c for c in extra if c < 0), least + sum(c for c in extra if c > 0), len(sure)
        return None
