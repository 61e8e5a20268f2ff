"""The page for people at ``/``: what is being faked, what it holds, what it was asked, and its controls.

It is one document without anything from elsewhere, and all of it can be read and used without JavaScript: each control
is a form with one field, whose name says what to do (:data:`ACTIONS`). A control that cannot do what it was told shows
the page again with one sentence beside it; nothing has changed then.
"""

from __future__ import annotations

import re
import secrets
import shlex
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import cast
from urllib.parse import urlencode

from flask import Blueprint, Response, current_app, redirect, render_template, request
from markupsafe import Markup

from ..schemas import times
from ..schemas.times import DAY
from . import chart, overview, shown
from .controls import access
from .fake import Fake
from .faults import Fault
from .redaction import Redaction
from .responses import ApiError, bad_request

__all__ = ["ACTIONS", "PRESETS", "blueprint"]

CALLS = 25
"""How many calls the page shows."""

PERIODS = (30, 90, 365)
"""The days that the chart can show; the first where none is asked for."""

PRESETS = (
    ("Rate limited", "429 and Retry-After: 1, twice", "status=429 retry-after=1 first=2"),
    ("Unavailable", "503 to every third request", "status=503 every=3"),
    ("Broken", "500 to every request", "status=500"),
    ("Slow", "half a second to two", "latency=0.5-2"),
    ("Hangs up", "every other request gets no answer", "disconnect every=2"),
    ("Cut short", "half a body, then nothing", "truncate"),
    ("Not JSON", "a body that cannot be parsed", "malformed"),
    ("Null credits", "null where a number belongs", "null=credits"),
)
"""Faults at a click: name, what it does, the rule."""

blueprint = Blueprint("page", __name__)
blueprint.add_app_template_filter(shown.text, "text")
blueprint.add_app_template_filter(shown.figure, "figure")
blueprint.add_app_template_filter(shown.moment, "moment")


@dataclass(frozen=True)
class View:
    """What part of the world the page shows: a choice that links and forms carry along."""

    days: int = PERIODS[0]
    org: int | None = None

    @classmethod
    def asked(cls, query: Mapping[str, str], known: Callable[[int], bool]) -> View:
        """Read a view; what cannot be read, or is not known, is as if it had not been asked for."""
        days, org = _number(query.get("days")), _number(query.get("org"))
        return cls(days if days in PERIODS else PERIODS[0], org if org is not None and known(org) else None)

    def link(self, **other: object) -> str:
        """Give the address of the page in this view, or with ``other`` choices."""
        chosen = {"days": self.days if self.days != PERIODS[0] else None, "org": self.org, **other}
        query = urlencode({name: value for name, value in chosen.items() if value is not None})
        return f"/?{query}" if query else "/"


@blueprint.get("/")
def read() -> Response:
    """Show the page."""
    return _show()


@blueprint.post("/")
def act() -> Response:
    """Do what a form says, and lead back to its part of the page."""
    fake = _fake()
    access.check(fake.settings, request)
    name = next((name for name in request.form if name in ACTIONS), None)
    if name is None:
        raise bad_request(f"send a form with one of the fields {', '.join(ACTIONS)}.")
    value = request.form[name].strip()
    part, do = ACTIONS[name]
    try:
        do(fake, value)
    except ValueError as reason:
        tidy = Redaction(re.findall("key=['\"]?([^\\s'\"]+)", value))
        return _show(400, {"part": part, "field": name, "value": tidy(value), "sentence": _sentence(tidy(str(reason)))})
    return cast(Response, redirect(f"{_view(fake).link(done=name)}#{part}", 303))


def _switch(fake: Fake, rule: str) -> None:
    """Take back a rule where it is set, and set it where it is not."""
    text = str(Fault.parse(rule))
    there = [each.id for each in fake.faults if str(each.fault) == text]
    if not there:
        fake.faults.add(rule)
    for number in there:
        fake.faults.remove(number)


def _remove(fake: Fake, number: str) -> None:
    if not fake.faults.remove(int(number) if number.isdecimal() and len(number) < 20 else -1):
        raise ValueError("that fault is not set any more")


def _pin(fake: Fake, moment: str) -> None:
    """Pin the clock; the moment may lack its seconds, as browsers send them."""
    try:
        fake.clock.pin(f"{moment}:00" if len(moment) == len("2026-04-30T23:59") else moment)
    except ValueError as reason:
        raise ValueError(f"{reason}; write it as 2026-04-30T23:59:00Z") from None


def _move(fake: Fake, seconds: str) -> None:
    try:
        step = float(seconds)
    except ValueError:
        raise ValueError(f"{seconds[:40]!r} is no number of seconds: write one such as 3600 or -86400") from None
    fake.clock.move(step)


ACTIONS: dict[str, tuple[str, Callable[[Fake, str], object]]] = {
    "switch": ("faults", _switch),
    "fault": ("faults", lambda fake, rule: fake.faults.add(rule)),
    "remove": ("faults", _remove),
    "clear": ("faults", lambda fake, _: fake.faults.clear()),
    "pin": ("clock", _pin),
    "move": ("clock", _move),
    "release": ("clock", lambda fake, _: fake.clock.release()),
    "forget": ("calls", lambda fake, _: fake.journal.clear()),
    "reset": ("reset", lambda fake, _: fake.reset()),
}
"""A form's field, the part of the page that it belongs to, and what it does with the field's value."""

DONE = {
    "switch": "Faults changed.",
    "fault": "Fault set.",
    "remove": "Fault taken back.",
    "clear": "All faults taken back.",
    "pin": "Clock pinned.",
    "move": "Clock moved.",
    "release": "The clock shows real time.",
    "forget": "Calls forgotten.",
    "reset": "Everything is as at the start.",
}
"""What the page says when it was done."""


def _show(status: int = 200, problem: Mapping[str, str] | None = None) -> Response:
    fake, nonce = _fake(), secrets.token_urlsafe(16)
    refusal, view, now = _refusal(fake), _view(fake), fake.clock.now()
    readable = refusal is None or not fake.settings.api_keys
    world = overview.look(fake, view.days, view.org, now) if readable else None
    calls = fake.journal.calls(limit=CALLS) if refusal is None else []
    page = render_template(
        "page.html",
        nonce=nonce,
        style=_asset("page.css"),
        script=_asset("page.js"),
        fake=fake,
        health=fake.health(),
        settings=fake.settings,
        base=shlex.quote(request.host_url.rstrip("/")),
        refusal=refusal,
        view=view,
        periods=PERIODS,
        now=now,
        clock=fake.clock,
        month_end=times.render(_month_end(now)),
        world=world,
        chart=chart.draw(world.days, world.series) if world else None,
        calls=calls[::-1],
        faults=list(fake.faults),
        presets=[(*each, str(Fault.parse(each[2]))) for each in PRESETS],
        problem=problem,
        done=DONE.get(request.args.get("done", "")),
        done_part=ACTIONS.get(request.args.get("done", ""), ("",))[0],
        at=time.monotonic_ns() // 10**6,
    )
    return Response(page, status, _headers(nonce), content_type="text/html; charset=utf-8")


def _headers(nonce: str) -> dict[str, str]:
    """Give the headers that keep the page to itself."""
    policy = (
        f"default-src 'none'; script-src 'nonce-{nonce}'; style-src 'nonce-{nonce}'; img-src data:; "
        "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    )
    return {
        "Content-Security-Policy": policy,
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
        "Referrer-Policy": "same-origin",  # with no-referrer, browsers would send forms with "Origin: null"
        "Cache-Control": "no-store",
    }


def _refusal(fake: Fake) -> str | None:
    """Tell why there are no controls for who asks; ``None`` where there are."""
    try:
        access.check_visitor(fake.settings, request)
    except ApiError as error:
        return error.description
    return None


def _view(fake: Fake) -> View:
    return View.asked(request.args, lambda org: fake.world.knows(org) and fake.state().may_see(org))


def _number(text: str | None) -> int | None:
    return int(text) if text is not None and text.isascii() and text.isdecimal() and len(text) < 20 else None


def _month_end(now: int) -> int:
    """Give the last second of ``now``'s month, in UTC."""
    start, _ = times.month_so_far(now)
    return times.month_so_far(start + 32 * DAY)[0] - 1000


def _sentence(reason: str) -> str:
    starts_with_a_word = reason.partition(" ")[0].isalpha()
    first = reason[:1].upper() if starts_with_a_word else reason[:1]
    return f"{first}{reason[1:]}{'' if reason.endswith(('?', '.', '…')) else '.'}"


@cache
def _asset(name: str) -> Markup:
    return Markup(resources.files(__package__).joinpath("static", name).read_text("utf-8"))  # noqa: S704  our own file


def _fake() -> Fake:
    return cast(Fake, current_app.extensions["civis_usage"])
