"""The API's timestamps: RFC 3339 in text, milliseconds since the epoch (UTC) in numbers."""

import re
from datetime import UTC, date, datetime, time, timedelta, timezone
from functools import lru_cache

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
DAY = 86_400_000
"""Milliseconds in a day."""
_EPOCH_ORDINAL = EPOCH.toordinal()

Moment = int | str | date | datetime
"""Milliseconds since the epoch, a text (``2026-04-17T17:26:07Z``, ``2026-04-17``), a date, or a datetime."""

_MILLISECOND = timedelta(milliseconds=1)
_MICROSECOND = timedelta(microseconds=1)
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
        raise ValueError(f"{_quoted(text)} is not a date-time such as 2026-04-17T17:26:07.000Z")
    leap = match["second"] == "60"
    micros = (match["fraction"] or "")[:6].ljust(6, "0")
    clock = f"{match['date']}T{match['minute']}:{'59' if leap else match['second']}.{micros}"
    try:
        moment = datetime.fromisoformat(clock).replace(tzinfo=_offset(match))
        return _after_leap_second(moment) if leap else moment
    except (ValueError, OverflowError) as reason:
        raise ValueError(f"{_quoted(text)} names no moment that exists: {reason}") from None


def to_millis(moment: datetime) -> int:
    """Return an aware ``moment`` as whole milliseconds since the epoch, rounded down.

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


def moment(value: Moment) -> int:
    """Return ``value`` as milliseconds since the epoch; what is finer is rounded down.

    A date without a time is midnight UTC at its start, and a time without an offset is UTC (assumed).

    >>> moment("2026-04-17") == moment("2026-04-17T02:00:00+02:00")
    True

    Raises:
        ValueError: the text is neither a date-time nor a date, or names one that does not exist.
    """
    if isinstance(value, int):
        return value
    if isinstance(value, str):
        return micros(value) // 1000
    if not isinstance(value, datetime):
        value = datetime.combine(value, time())
    return to_millis(value if value.tzinfo else value.replace(tzinfo=UTC))


@lru_cache(maxsize=256)  # clients send the same windows again: a tenth of the cost of a summary
def micros(text: str, offset: int = 0) -> int:
    """Return a date-time or a date as microseconds since the epoch.

    A date without a time is midnight at its start. It, and a time without an offset, is read at ``offset`` from UTC
    (milliseconds).

    Raises:
        ValueError: the text is neither a date-time nor a date, or names one that does not exist.
    """
    for end in ("T00:00:00Z",) if is_date(text) else ("", "Z"):
        try:
            since = (parse(f"{text}{end}") - EPOCH) // _MICROSECOND
        except ValueError:
            continue
        return since - offset * 1000 if end else since
    raise ValueError(f"{_quoted(text, 60)} is not a timestamp: write it as 2026-04-17T17:26:07Z or 2026-04-17")


def is_date(text: str) -> bool:
    """Return whether a text is as long as a date without a time."""
    return len(text) == len("2026-04-17")


def month_so_far(now: int, offset: int = 0) -> tuple[int, int]:
    """Return the documented default window: the start of ``now``'s month and the end of its day.

    Whose month and day is not documented: here, those at ``offset`` from UTC (milliseconds).
    """
    return month_start(now, offset), ((now + offset) // DAY + 1) * DAY - 1 - offset


def month_start(moment: int, offset: int = 0) -> int:
    """Return the start of a moment's month at ``offset`` from UTC (milliseconds)."""
    day = (moment + offset) // DAY
    today = date.fromordinal(min(max(1, _EPOCH_ORDINAL + day), date.max.toordinal()))
    return (day - (today.day - 1)) * DAY - offset


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


def _quoted(text: str, length: int = 40) -> str:
    return repr(text if len(text) <= length else f"{text[:length]}…")
