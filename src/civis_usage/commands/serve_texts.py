"""What ``civis-usage serve`` says: its start-up lines, and a line for each request."""

from __future__ import annotations

import os
from collections.abc import Sequence
from datetime import datetime
from itertools import chain, repeat
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from ..mock_server.fake import Fake
    from ..mock_server.faults import ActiveFault
    from ..mock_server.journal import Call
    from ..mock_server.settings import Settings
    from .data_files import Source

__all__ = ["never_fired", "request_line", "welcome"]


def request_line(call: Call, now: datetime) -> str:
    r"""Return one line about a request: time, method, path and query, status, milliseconds, and the fault if any.

    Characters that could break the line or steer a terminal are escaped, as in ``\x1b``.
    """
    from ..schemas import OPERATIONS
    from ..schemas.text import escape

    operation = OPERATIONS.get(call.operation or "")
    in_path = {each.name for each in operation.parameters if each.place == "path"} if operation else set()
    query = "&".join(f"{name}={value}" for name, value in call.parameters.items() if name not in in_path)
    parts = [
        f"{now:%H:%M:%S}",
        call.method,
        f"{call.path}?{query}" if query else call.path,
        "disconnected" if call.status is None else str(call.status),
        f"{call.duration:.1f} ms",
        *([f"[{call.fault}]"] if call.fault else []),
    ]
    return escape("  ".join(parts))


def never_fired(rule: ActiveFault) -> str:
    """Return one line about a fault that never fired, and how many requests it could have changed."""
    many = f"{rule.matched} request{'s' * (rule.matched != 1)}"
    why = f"although {many} matched it" if rule.matched else "since no request reached it"
    return f'The fault "{rule.fault}" never fired, {why}.'


def welcome(fake: Fake, settings: Settings, url: str, sources: Sequence[Source]) -> str:
    """Return what is served, and how to connect a client."""
    from ..schemas import OPERATIONS

    known = [str(each.id) for each in fake.world.organizations]
    organizations = ", ".join([f"{known[0]} (own)", *known[1:]]) if known else "none yet: load records of yours"
    record = _record(fake)
    clock = f"pinned at {fake.clock.text}" if fake.clock.pinned else "real time"
    lines = [
        f"Faking the Civis Platform API's /usage at {url}",
        f"  operations     {len(OPERATIONS)} under /usage; described at /endpoints and /openapi.json",
        *(f"  stub           {stub.method} {stub.path}" for stub in settings.stubs),
        f"  organizations  {organizations}",
        f"  world          {_world(settings)}; clock: {clock}",
        *_behavior_lines(fake),
        *(f"  variation      {each.id}" for each in fake.variations),
        *(f"  your records   {len(source.records)} from {source.name}" for source in sources),
        f"  example        {f'{url}/usage/llm/{record}' if record else _why_empty(fake, settings)}",
        f"  page           {url}/",
        f"  control API    {url}/_fake/health ({_whose(settings)})",
        *_limits(settings),
        "",
        "To connect a client:",
        *(f"  {_assignment(name, value)}" for name, value in _variables(settings, url).items()),
        "",
        "Ctrl-C stops it.",
    ]
    return "\n".join(lines)


def _variables(settings: Settings, url: str) -> dict[str, str]:
    """Return the environment variables for a client; ``NO_PROXY`` where a proxy would get its requests."""
    key = "<one of those given by --api-key>" if settings.api_keys else "any-key-will-do"
    variables = {"CIVIS_API_ENDPOINT": url, "CIVIS_API_KEY": key}
    if any(os.environ.get(name) for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY")):
        from requests.utils import should_bypass_proxies

        if not should_bypass_proxies(url, no_proxy=None):
            present = os.environ.get("no_proxy") or os.environ.get("NO_PROXY")
            variables["NO_PROXY"] = ",".join(filter(None, [present, urlsplit(url).hostname]))
    return variables


def _assignment(name: str, value: str) -> str:
    """Return the line that sets a variable: of PowerShell on Windows, of a POSIX shell elsewhere."""
    if os.name == "nt":
        return f'$env:{name} = "{value}"'
    return f"export {name}='{value}'" if set(value) & set("<> ") else f"export {name}={value}"


def _behavior_lines(fake: Fake) -> list[str]:
    """Return the lines that name what is not the default behavior."""
    from ..schemas.behavior import differences

    changed = (f"{id_}={value}" for id_, value in differences(fake.behavior).items())
    return [f"  {title:<13}  {text}" for title, text in zip(chain(["behavior"], repeat("")), changed, strict=False)]


def _world(settings: Settings) -> str:
    if not settings.generated:
        return "only your records"
    return f"seed {settings.seed}, profile {settings.profile}, since {settings.since}"


def _why_empty(fake: Fake, settings: Settings) -> str:
    if settings.generated and fake.clock.text[:10] < settings.since.isoformat():
        return f"no usage yet: the clock is before the first day of the world, {settings.since} (--since)"
    if fake.world.loaded(newest=1):
        return "no LLM usage yet"
    return "no usage yet: load records with --data FILE or POST /_fake/data"


def _whose(settings: Settings) -> str:
    return "open to other machines" if settings.allow_remote_control else "this machine only"


def _limits(settings: Settings) -> list[str]:
    """Return the line about what other machines may send, where they reach the fake and may not control it."""
    from ..mock_server.controls import access

    largest = access.largest_body(settings)
    if largest >= access.LARGEST_BODY:
        return []
    return [
        f"  bodies         at most {largest >> 20} MB, since other machines reach it (--allow-remote-control: more)"
    ]


def _record(fake: Fake) -> int | None:
    """Return the id of a newest record, looking back no further than needed."""
    state = fake.state()
    for organization in state.world.organizations:
        latest = state.world.latest("llm", organization.id, 1, now=state.clock.now())
        if latest and state.may_see(organization.id):
            return int(latest[0]["id"])
    return None
