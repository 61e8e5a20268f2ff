"""The API's timestamps: RFC 3339 in text, milliseconds since the epoch (UTC) in numbers."""

import re
from datetime import UTC, datetime, timedelta, timezone

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
_SECOND = timedelta(seconds=1)

_DATE_TIME = re.compile(
    r"(?P<date>[0-9]{4}-[0-9]{2}-[0-9]{2})[Tt]"
    r"(?P<minute>[0-9]{2}:[0-9]{2}):(?P<second>[0-9]{2})(?:\.(?P<fraction>[0-9]+))?"
    r"(?:[Zz]|(?P<sign>[+-])(?P<hours>[01][0-9]|2[0-3]):(?P<minutes>[0-5][0-9]))"
)


def parse(text: str) -> datetime:
    """Read a date-time of RFC 3339 and give the moment, with its offset from UTC.

    Any length of fraction is read, and cut to microseconds. A leap second (23:59:60 UTC) is the first moment of the
    next day. ``T`` and ``Z`` may be small letters. A date alone, or a time without an offset, is no date-time.

    >>> parse("2026-04-17T19:26:07.25+02:00").isoformat()
    '2026-04-17T19:26:07.250000+02:00'

    Raises:
        ValueError: the text is no date-time, or names a day or an hour that does not exist, or the year 0.
    """
    match = _DATE_TIME.fullmatch(text)
    if match is None:
        raise ValueError(f"{_shown(text)} is not a date-time such as 2026-04-17T17:26:07.000Z")
    leap = match["second"] == "60"
    micros = (match["fraction"] or "")[:6].ljust(6, "0")
    clock = f"{match['date']}T{match['minute']}:{'59' if leap else match['second']}.{micros}"
    try:
        moment = datetime.fromisoformat(clock).replace(tzinfo=_offset(match))
        return _after_leap_second(moment) if leap else moment
    except (ValueError, OverflowError) as reason:
        raise ValueError(f"{_shown(text)} names no moment that exists: {reason}") from None


def to_millis(moment: datetime) -> int:
    """Give an aware ``moment`` as whole milliseconds since the epoch, rounded down.

    >>> to_millis(parse("2026-04-17T17:26:07.000Z"))
    1776446767000

    Raises:
        TypeError: the moment has no time zone.
    """
    return (moment - EPOCH) // _MILLISECOND


def render(millis: int) -> str:
    """Write a moment as the API does: in UTC, with milliseconds and ``Z`` (recorded).

    >>> render(1776446767000)
    '2026-04-17T17:26:07.000Z'

    Raises:
        OverflowError: the moment lies outside the years 1 to 9999.
    """
    moment = EPOCH + timedelta(milliseconds=millis)
    return f"{moment.replace(tzinfo=None).isoformat(timespec='milliseconds')}Z"


def _offset(match: re.Match[str]) -> timezone:
    if match["sign"] is None:
        return UTC
    size = timedelta(hours=int(match["hours"]), minutes=int(match["minutes"]))
    return timezone(-size if match["sign"] == "-" else size)


def _after_leap_second(moment: datetime) -> datetime:
    in_utc = moment.astimezone(UTC)
    if (in_utc.hour, in_utc.minute) != (23, 59):
        raise ValueError("a leap second comes only at 23:59:60 UTC")
    return moment.replace(microsecond=0) + _SECOND


def _shown(text: str) -> str:
    return repr(text if len(text) <= 40 else f"{text[:40]}…")
