"""Times as people read them. Run data counts milliseconds since the epoch, UTC."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, tzinfo
from functools import lru_cache

from django.utils.formats import date_format
from django.utils.translation import get_language, gettext_noop, pgettext
from django.utils.translation import gettext as _

SECOND = 1000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR


def at(time: int, zone: tzinfo) -> datetime:
    """The moment `time` (ms since the epoch) on a clock in `zone`."""
    return datetime.fromtimestamp(time / SECOND, UTC).astimezone(zone)


def moment(when: datetime, now: datetime) -> str:
    """`24 Nov, 09:42`, with the year when it is not this one."""
    pattern = _day_pattern() if when.year == now.year else _date_pattern()
    day = _day(when.date(), pattern, get_language())
    return f"{day}, {when.hour:02d}:{when.minute:02d}"


def full_moment(when: datetime) -> str:
    """`24 Nov 2026, 10:31:04`."""
    day = _day(when.date(), _date_pattern(), get_language())
    return f"{day}, {when.hour:02d}:{when.minute:02d}:{when.second:02d}"


# A page has hundreds of times, of few days.
@lru_cache(1_000)
def _day(day: date, pattern: str, language: str | None) -> str:
    del language
    return date_format(day, pattern)


def printed_moment(when: datetime) -> str:
    """`24 Nov 2026, 10:31 CET`, for the foot of a printed page."""
    return f"{_day(when.date(), _date_pattern(), get_language())}, {when:%H:%M %Z}"


def utc_text(time: int, *, to_the_day: bool) -> str:
    """A written date, which means UTC wherever its reader is."""
    pattern = _date_pattern() if to_the_day else f"{_date_pattern()}, H:i"
    return date_format(at(time, UTC), pattern)


def _day_pattern() -> str:
    return pgettext("date format of Django: day and month", "j M")


def _date_pattern() -> str:
    return pgettext("date format of Django: day, month and year", "j M Y")


_SPANS = {
    "s": gettext_noop("%(s)s s"),
    "min": gettext_noop("%(min)s min"),
    "min s": gettext_noop("%(min)s min %(s)s s"),
    "h": gettext_noop("%(h)s h"),
    "h min": gettext_noop("%(h)s h %(min)s min"),
    "h min s": gettext_noop("%(h)s h %(min)s min %(s)s s"),
    "d": gettext_noop("%(d)s d"),
    "d h": gettext_noop("%(d)s d %(h)s h"),
}


def span_patterns() -> str:
    """How spans are written, by their units, as JSON: the pages' clocks read it."""
    patterns = {units: _(pattern) for units, pattern in _SPANS.items()}
    return json.dumps(patterns, ensure_ascii=False)


# static/js/site/clocks.js has the same rules: what ticks reads on as it began here.
def duration(length: int) -> str:
    """`4.1 s`, `2 min 05 s`, `18 min`, `1 h 27 min`, `2 d 3 h`: two units at most."""
    if length < 10 * SECOND:
        return _span("s", s=f"{max(length, 0) // 100 / 10:.1f}")
    if length < 10 * MINUTE:
        return exact_duration(length)
    if length < HOUR:
        return _span("min", min=length // MINUTE)
    if length < 2 * DAY:
        return _span("h min", h=length // HOUR, min=f"{length % HOUR // MINUTE:02d}")
    return _span("d h", d=length // DAY, h=length % DAY // HOUR)


def exact_duration(length: int) -> str:
    """To the second: `56 min 14 s`, `1 h 27 min 18 s`."""
    hours, rest = divmod(max(length, 0) // SECOND, 3600)
    minutes, seconds = divmod(rest, 60)
    if hours:
        return _span("h min s", h=hours, min=f"{minutes:02d}", s=f"{seconds:02d}")
    if minutes:
        return _span("min s", min=minutes, s=f"{seconds:02d}")
    return _span("s", s=seconds)


def ago(length: int) -> str:
    """A coarse span: `41 s`, `12 min`, `3 h`, `5 d`."""
    for unit, word in ((DAY, "d"), (HOUR, "h"), (MINUTE, "min")):
        if length >= unit:
            return _span(word, **{word: length // unit})
    return _span("s", s=max(length, 0) // SECOND)


def _span(units: str, **amounts: int | str) -> str:
    return _(_SPANS[units]) % amounts
