"""A small, correct stand-in of the ``/usage`` API, made for being wrong in one way at a time.

It shares nothing with the kit's own fake: own data, own server, own reading of the documentation. Every behaviour is
one method of :class:`Standin`, and :meth:`Standin.bend` puts a function around such a method; the tables in
``deviations.py`` and ``legal.py`` are made of such functions.

A request goes ``respond → admit → route → (understand → select → order → render | total | find) → encode → finish``.
"""

from __future__ import annotations

import base64
import hashlib
import json
import threading
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from .standin_runs import DAY, Run, day_credits, millis, moment, noise, runs_of, stamp

GET, LLM, SUMMARY, MATCHING = "get_llm", "list_llm", "get_llm_organization_summary", "list_matching"
KEY = "a-key-that-the-stand-in-knows"

Json = Any


@dataclass(frozen=True)
class Request:
    """A request as it came."""

    method: str
    target: str
    headers: Mapping[str, str]

    @property
    def path(self) -> str:
        return urlsplit(self.target).path

    @property
    def query(self) -> dict[str, str]:
        return dict(parse_qsl(urlsplit(self.target).query, keep_blank_values=True))

    @property
    def key(self) -> str | None:
        """The key, by Bearer or as the user of HTTP Basic; ``None`` where there is none."""
        kind, _, value = self.headers.get("Authorization", "").partition(" ")
        if kind == "Basic":
            value = base64.b64decode(value).decode().partition(":")[0]
        return value or None


@dataclass
class Answer:
    """An answer, to be changed on its way out."""

    status: int
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    dropped: bool = False
    """Close the connection in place of answering."""


@dataclass(frozen=True)
class Question:
    """What a request asks: the operation and its parameters, understood. Bounds are ``None`` where they are open."""

    operation: str
    given: frozenset[str] = frozenset()
    org: int | None = None
    task: str | None = None
    start: int | None = None
    end: int | None = None
    id: int | None = None

    def but(self, **changes: Any) -> Question:
        """Return the question with ``changes``."""
        return replace(self, **changes)

    @property
    def dated(self) -> bool:
        """Whether the request named a date."""
        return bool(self.given & {"start_date", "end_date"})


class Refused(Exception):  # noqa: N818 (an answer, not a fault)
    """The request gets an error: status, name and sentence."""

    @classmethod
    def unknown(cls) -> Refused:
        """Return the refusal of a thing that does not exist."""
        return cls(404, "not_found", "The requested resource could not be found.")


@dataclass
class Standin:
    """The API, correct until it is bent. The key belongs to organization 1."""

    now: Callable[[], int] = lambda: time.time_ns() // 1_000_000
    daily: Mapping[int, float] = field(default_factory=lambda: {1: 12, 2: 5, 3: 2})
    """LLM runs a day by organization; the caller sees them all."""
    daily_matching: Mapping[int, float] = field(default_factory=lambda: {1: 5, 2: 3, 3: 1})
    days: int = 366
    """How far back usage goes."""
    extra: list[Run] = field(default_factory=list)
    """Runs beside the regular ones."""
    journal: list[tuple[Request, Answer]] = field(default_factory=list)
    memory: dict[str, Any] = field(default_factory=dict)
    """For deviations that need to remember something."""
    lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def bend(self, method: str, function: Callable[..., Any]) -> Standin:
        """Put ``function(self, right, …)`` in the place of ``method``; ``right`` is what it replaces."""
        setattr(self, method, partial(function, self, getattr(self, method)))
        return self

    # -- from request to answer

    def respond(self, request: Request) -> Answer:
        """Answer a request, and write it into the journal."""
        try:
            answer = self.answer(request)
        except Refused as refusal:
            answer = self.error(*refusal.args)
        for name, value in self.headers(request, answer).items():
            answer.headers.setdefault(name, value)
        answer = self.finish(request, answer)
        with self.lock:
            self.journal.append((request, answer))
        return answer

    def answer(self, request: Request) -> Answer:
        """Answer a request, before the headers are set."""
        self.admit(request)
        operation, value = self.route(request)
        return Answer(200, self.encode(operation, value), {"Content-Type": "application/json; charset=utf-8"})

    def admit(self, request: Request) -> None:
        """Refuse a request without the right key."""
        if request.key != KEY:
            raise Refused(401, "unauthorized", "The API key is missing or not known.")

    def route(self, request: Request) -> tuple[str, Json]:
        """Return the operation and its answer."""
        match request.path.strip("/").split("/"):
            case _ if request.method != "GET":
                raise Refused(405, "method_not_allowed", "Only GET is known.")
            case ["usage", "llm", "organization", org, "summary"]:
                question = self.understand(SUMMARY, request.query | {"org_id": org})
                return SUMMARY, self.total(question)
            case ["usage", "llm", id_]:
                question = Question(GET, id=self.integer("id", id_))
                return GET, self.render(question, self.find(question))
            case ["usage", "llm"]:
                return LLM, self.records(self.understand(LLM, request.query))
            case ["usage", "matching"]:
                return MATCHING, self.records(self.understand(MATCHING, request.query))
        raise Refused(404, "not_found", "The requested endpoint could not be found.")

    # -- parameters

    def understand(self, operation: str, query: Mapping[str, str]) -> Question:
        """Read the parameters and apply the default window."""
        question = Question(
            operation,
            frozenset(query),
            org=self.integer("org_id", query["org_id"]) if "org_id" in query else None,
            task=self.task(query["task"]) if "task" in query and operation == MATCHING else None,
            start=self.date("start_date", query["start_date"]) if "start_date" in query else None,
            end=self.date("end_date", query["end_date"]) if "end_date" in query else None,
        )
        return self.default_org(question if question.dated else self.default_window(question))

    def integer(self, name: str, text: str) -> int:
        """Read an integer parameter."""
        if not text.removeprefix("-").isdecimal():
            raise self.unreadable(name, text)
        return int(text)

    def date(self, name: str, text: str) -> int:
        """Read a date, with or without a time."""
        try:
            read = datetime.fromisoformat(text)
        except ValueError:
            raise self.unreadable(name, text) from None
        return millis(read if read.tzinfo else read.replace(tzinfo=UTC))

    def task(self, text: str) -> str:
        """Read the task parameter."""
        if text not in ("IDR", "CDM"):
            raise self.unreadable("task", text)
        return text

    def unreadable(self, name: str, text: str) -> Refused:
        """Return the refusal of a parameter that cannot be read."""
        return Refused(400, "bad_request", f"The given request was not as expected: {name} cannot be {text!r}.")

    def default_org(self, question: Question) -> Question:
        """Without ``org_id`` it is the caller's own organization."""
        return question if question.org is not None else question.but(org=1)

    def default_window(self, question: Question) -> Question:
        """Without dates it is this month to the end of today; matching usage documents none."""
        if question.operation == MATCHING:
            return question
        today = moment(self.now()).replace(hour=0, minute=0, second=0, microsecond=0)
        return question.but(start=millis(today.replace(day=1)), end=millis(today) + DAY - 1)

    # -- data

    def records(self, question: Question) -> list[Json]:
        """Return the list that answers a question."""
        return [self.render(question, run) for run in self.order(question, self.select(question))]

    def select(self, question: Question) -> list[Run]:
        """Return the runs that answer a question, oldest first."""
        matching, now = question.operation == MATCHING, self.now()
        daily = self.daily_matching if matching else self.daily
        orgs = list(daily) if question.org is None else [question.org]
        regular = (
            run
            for day in self.days_within(question)
            for org in orgs
            for run in runs_of(matching, org, day, daily.get(org, 0))
            if run.at <= now
        )
        extra = (run for run in self.extra if run.org in orgs and bool(run.task) == matching)
        shaped = (self.shape(run) for run in (*regular, *extra))
        found = [run for run in shaped if self.within(run, question) and question.task in (None, run.task)]
        return sorted(found, key=lambda run: (run.at, run.id))

    def days_within(self, question: Question) -> range:
        """Return the days that a question touches, as days since the epoch, and one more on either side."""
        today = self.now() // DAY
        first = today - self.days if question.start is None else max(question.start // DAY - 1, today - self.days)
        return range(first, (today if question.end is None else min(question.end // DAY + 1, today)) + 1)

    def within(self, run: Run, question: Question) -> bool:
        """Whether a run lies in the window, bounds inclusive."""
        return (question.start is None or question.start <= run.at) and (question.end is None or run.at <= question.end)

    def shape(self, run: Run) -> Run:
        """Return a run as it really is, in lists, by id and in sums alike."""
        return run

    def order(self, question: Question, runs: Sequence[Run]) -> Sequence[Run]:
        """Put a list in order: newest first."""
        return runs[::-1]

    def find(self, question: Question) -> Run:
        """Return the LLM run with an id."""
        id_ = question.id or 0
        day, org = id_ // 80_000 + 15_000, id_ // 10_000 % 8
        known = org in self.daily and day in self.days_within(Question(LLM))
        regular = runs_of(False, org, day, self.daily[org]) if known else ()
        for run in [*self.extra, *(run for run in regular if run.at <= self.now())]:
            if run.id == id_ and not run.task:
                return self.shape(run)
        raise Refused.unknown()

    def total(self, question: Question) -> Json:
        """Return the summary that answers a question."""
        if question.org not in self.daily:
            raise Refused.unknown()
        return {"credits": self.amount(question, self.spent(question)), "organizationId": question.org}

    def spent(self, question: Question) -> int:
        """Return the sum of credits in a window, in millionths."""
        if self.daily.get(question.org or 1, 0) < 100:
            return sum(run.credits for run in self.select(question))
        return self.spent_by_many(question)

    def spent_by_many(self, question: Question) -> int:
        """Add very many runs: whole days by their sums, the days at the edges run by run."""
        touched = self.days_within(question)
        whole = range(touched.start + 2, touched.stop - 2)
        if not whole:
            return sum(run.credits for run in self.select(question))
        first, last = whole.start * DAY, whole.stop * DAY - 1
        before = (run for run in self.select(question.but(end=first)) if run.at < first)
        after = (run for run in self.select(question.but(start=last)) if run.at > last)
        org = question.org or 1
        middle = sum(day_credits(org, day, self.daily[org]) for day in whole)
        return middle + sum(run.credits for run in before) + sum(run.credits for run in after)

    # -- bodies

    def render(self, question: Question, run: Run) -> Json:
        """Return a record as it is sent."""
        ids = {"runId": run.run, "jobId": run.job, "userId": run.user, "organizationId": run.org}
        common = ids | {"runCreatedAt": self.stamp(run.at), "runTime": run.seconds}
        if run.task:
            return common | {"numRecords": run.records, "task": run.task}
        spent = {"credits": self.amount(question, run.credits), "inputTokens": run.tokens_in}
        return {"id": run.id} | common | spent | {"outputTokens": run.tokens_out, "modelId": run.model}

    def stamp(self, at: int) -> str:
        """Write a time."""
        return stamp(at)

    def amount(self, question: Question, millionths: int) -> float | str | None:
        """Write credits."""
        return millionths / 1_000_000

    def encode(self, operation: str, value: Json) -> bytes:
        """Write a body."""
        return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()

    def error(self, status: int, name: str, sentence: str) -> Answer:
        """Return an error answer."""
        body = self.encode("error", {"error": name, "errorDescription": sentence, "code": status})
        challenge = {"WWW-Authenticate": 'Bearer realm="api"'} if status == 401 else {}
        return Answer(status, body, {"Content-Type": "application/json; charset=utf-8"} | challenge)

    # -- transport

    def headers(self, request: Request, answer: Answer) -> dict[str, str]:
        """Return the headers that every answer has."""
        etag = {"ETag": f'W/"{hashlib.sha256(answer.body).hexdigest()[:32]}"'} if answer.status == 200 else {}
        return etag | {
            "X-RateLimit-Limit": "1000",
            "X-RateLimit-Remaining": str(999 - len(self.journal) % 300),
            "X-Request-Id": str(uuid.UUID(int=noise(len(self.journal)), version=4)),
            "X-Runtime": "0.070000",
            "X-Frame-Options": "SAMEORIGIN",
            "X-XSS-Protection": "1; mode=block",
            "X-Content-Type-Options": "nosniff",
            "X-Download-Options": "noopen",
            "X-Permitted-Cross-Domain-Policies": "none",
            "Referrer-Policy": "strict-origin-when-cross-origin",
            "Access-Control-Allow-Origin": "null",
            "Vary": "Origin",
            "Cache-Control": "private, no-store",
            "Pragma": "no-cache",
            "Expires": "0",
            "Content-Security-Policy": "frame-ancestors 'self' *.civisanalytics.com",
        }

    def finish(self, request: Request, answer: Answer) -> Answer:
        """Change an answer that is otherwise complete."""
        return answer

    # -- what it saw

    @property
    def methods(self) -> set[str]:
        """The methods it was asked by."""
        return {request.method for request, _ in self.journal}

    @property
    def wrong_keys(self) -> int:
        """The number of requests with a key that it does not know."""
        return sum(request.key not in (None, KEY) for request, _ in self.journal)

    def trace(self) -> str:
        """Return what it was asked, a line a request."""
        return "\n".join(f"{answer.status} {len(answer.body):>8} {request.target}" for request, answer in self.journal)
