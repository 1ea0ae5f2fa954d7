"""The time stamp of a log line, in milliseconds since the epoch."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

#: A stamp is at the start of a line, after a prefix such as a rank.
_HEAD_CHARS = 100
_CLOCK = r"(\d\d):(\d\d):(\d\d)(?:[.,](\d{1,9}))?"
_ISO = re.compile(
    rf"(?<!\d)(\d{{4}})([-/])(\d\d)\2(\d\d)[T _]{_CLOCK}"
    r"(?: ?(Z|UTC|GMT|[+-]\d\d:?\d\d)(?![\w:]))?"
)
_AMERICAN = re.compile(rf"(?<!\d)(\d\d)/(\d\d)/(\d\d(?:\d\d)?),? {_CLOCK}")
_ABSL = re.compile(
    r"(?:\[\w{1,20}\]:? ?)?\[?"
    rf"[FEWIDV](\d{{4}})?(\d\d)(\d\d) {_CLOCK}"
)
_MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()
_SYSLOG = re.compile(
    rf"\b({'|'.join(_MONTHS)}) {{1,2}}(\d{{1,2}}) {_CLOCK}(?: (\d{{4}}))?"
)
_APACHE = re.compile(
    rf"(\d\d)/({'|'.join(_MONTHS)})/(\d{{4}}):{_CLOCK}(?: ([+-]\d{{4}}))?"
)
_EPOCH = re.compile(r"[\[(]?(\d{10}(?:\d{3})?)(?:\.(\d{1,9}))?(?=[\])\s:,]|$)")
_OFFSET = re.compile(r"([+-])(\d\d):?(\d\d)")
#: Years in which logs are written; other numbers are no times.
_FIRST_MS, _LAST_MS = 946_684_800_000, 4_102_444_800_000


@dataclass(frozen=True)
class LogClock:
    """What stamps leave out: the zone, as minutes east of UTC, and the year."""

    offset_minutes: int = 0
    year: int = 1970


def find_time(text: str, clock: LogClock) -> int | None:
    """Return the time of a line without color codes; None if it has none."""
    head = text[:_HEAD_CHARS]
    # Most lines without a stamp have no clock either.
    for find in _FINDERS if head.count(":") >= 2 else (_find_epoch,):
        found = find(head, clock)
        if found is not None:
            return found
    return None


def find_stamp(text: str) -> tuple[int, int] | None:
    """Return where the time stamp of a line is, as offsets; None if it has none."""
    head = text[:_HEAD_CHARS]
    for find in _PATTERNS if head.count(":") >= 2 else (_EPOCH.match,):
        found = find(head)
        if found is not None:
            # The level of an absl line stands before its first group.
            starts = [found.start(n + 1) for n in range(found.re.groups)]
            return min(start for start in starts if start >= 0), found.end()
    return None


def has_zone(text: str) -> bool:
    """Whether the line's stamp means the same time on each clock."""
    here, there = LogClock(0, 2000), LogClock(60, 2000)
    return find_time(text, here) == find_time(text, there)


def parse_moment(value: object, clock: LogClock) -> int | None:
    """Read the value of a JSON line's time field: a number, or a text with a stamp."""
    if isinstance(value, bool):
        return None
    if isinstance(value, (int, float)):
        return _from_number(value)
    return find_time(value, clock) if isinstance(value, str) else None


def _from_number(value: float) -> int | None:
    """Read seconds, milliseconds, microseconds or nanoseconds since the epoch."""
    # A JSON line can have an integer that no float has.
    if abs(value) > _LAST_MS * 1e6:
        return None
    for unit in (1000.0, 1.0, 1e-3, 1e-6):
        time = value * unit
        if _FIRST_MS <= time < _LAST_MS:
            return int(time)
    return None


def _find_iso(head: str, clock: LogClock) -> int | None:
    found = _ISO.search(head)
    if found is None:
        return None
    year, _dash, month, day = found.group(1, 2, 3, 4)
    return _to_ms((year, month, day), found.group(5, 6, 7, 8), found[9], clock)


def _find_american(head: str, clock: LogClock) -> int | None:
    found = _AMERICAN.search(head)
    if found is None:
        return None
    month, day, year = found.group(1, 2, 3)
    year = year if len(year) == 4 else f"20{year}"
    return _to_ms((year, month, day), found.group(4, 5, 6, 7), None, clock)


def _find_absl(head: str, clock: LogClock) -> int | None:
    found = _ABSL.match(head)
    if found is None:
        return None
    year = found[1] or str(clock.year)
    return _to_ms((year, found[2], found[3]), found.group(4, 5, 6, 7), None, clock)


def _find_syslog(head: str, clock: LogClock) -> int | None:
    found = _SYSLOG.search(head)
    if found is None:
        return None
    day = (found[7] or str(clock.year), str(_MONTHS.index(found[1]) + 1), found[2])
    return _to_ms(day, found.group(3, 4, 5, 6), None, clock)


def _find_apache(head: str, clock: LogClock) -> int | None:
    found = _APACHE.search(head)
    if found is None:
        return None
    day = (found[3], str(_MONTHS.index(found[2]) + 1), found[1])
    return _to_ms(day, found.group(4, 5, 6, 7), found[8], clock)


def _find_epoch(head: str, _clock: LogClock) -> int | None:
    found = _EPOCH.match(head)
    return _from_number(float(f"{found[1]}.{found[2] or 0}")) if found else None


_PATTERNS = (
    _ISO.search,
    _ABSL.match,
    _AMERICAN.search,
    _SYSLOG.search,
    _APACHE.search,
    _EPOCH.match,
)
_FINDERS: tuple[Callable[[str, LogClock], int | None], ...] = (
    _find_iso,
    _find_absl,
    _find_american,
    _find_syslog,
    _find_apache,
    _find_epoch,
)


def _to_ms(
    day: tuple[str, str, str],
    clock_time: tuple[str | None, ...],
    zone: str | None,
    clock: LogClock,
) -> int | None:
    year, month, date = map(int, day)
    hour, minute, second = (int(part or 0) for part in clock_time[:3])
    try:
        local = datetime(year, month, date, hour, minute, second, tzinfo=UTC)
        moment = local - timedelta(minutes=_offset_minutes(zone, clock))
    except (ValueError, OverflowError):
        # 2026-13-45 is a part number or the like, and no zone has a year 0 or 10,000.
        return None
    milliseconds = int((clock_time[3] or "0").ljust(3, "0")[:3])
    return int(moment.timestamp()) * 1000 + milliseconds


def _offset_minutes(zone: str | None, clock: LogClock) -> int:
    if not zone:
        return clock.offset_minutes
    found = _OFFSET.fullmatch(zone)
    if found is None:
        return 0
    minutes = int(found[2]) * 60 + int(found[3])
    return -minutes if found[1] == "-" else minutes
