"""Times as people read them. Run data counts milliseconds since the epoch, UTC."""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo

from django.utils.formats import date_format

SECOND = 1000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR


def at(time: int, zone: tzinfo) -> datetime:
    """The moment `time` (ms since the epoch) on a clock in `zone`."""
    return datetime.fromtimestamp(time / SECOND, UTC).astimezone(zone)


def moment(when: datetime, now: datetime) -> str:
    """`24 Nov, 09:42`, with the year when it is not this one."""
    pattern = "j M, H:i" if when.year == now.year else "j M Y, H:i"
    return date_format(when, pattern)


def full_moment(when: datetime) -> str:
    """`24 Nov 2026, 10:31:04`."""
    return date_format(when, "j M Y, H:i:s")


def utc_text(time: int, *, to_the_day: bool) -> str:
    """A written date, which means UTC wherever its reader is."""
    return date_format(at(time, UTC), "j M Y" if to_the_day else "j M Y, H:i")


def duration(length: int) -> str:
    """`41 s`, `2 min 05 s`, `18 min`, `1 h 27 min`, `2 d 3 h`: two units at most."""
    if length < 10 * SECOND:
        return f"{max(length, 0) / SECOND:.1f} s"
    if length < 10 * MINUTE:
        return exact_duration(length)
    if length < HOUR:
        return f"{length // MINUTE} min"
    if length < 2 * DAY:
        return f"{length // HOUR} h {length % HOUR // MINUTE:02d} min"
    return f"{length // DAY} d {length % DAY // HOUR} h"


def exact_duration(length: int) -> str:
    """To the second: `56 min 14 s`, `1 h 27 min 18 s`."""
    hours, rest = divmod(max(length, 0) // SECOND, 3600)
    minutes, seconds = divmod(rest, 60)
    if hours:
        return f"{hours} h {minutes:02d} min {seconds:02d} s"
    if minutes:
        return f"{minutes} min {seconds:02d} s"
    return f"{seconds} s"


def ago(length: int) -> str:
    """A coarse span: `41 s`, `12 min`, `3 h`, `5 d`."""
    for unit, word in ((DAY, "d"), (HOUR, "h"), (MINUTE, "min")):
        if length >= unit:
            return f"{length // unit} {word}"
    return f"{max(length, 0) // SECOND} s"
