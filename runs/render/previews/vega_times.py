"""Times of Vega-Lite charts: parts of them, and units that they are grouped by.

A time is drawn as it is written. One with an offset, and a number of milliseconds, is
shown in UTC, so that each reader sees the same chart.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SLASHES = re.compile(r"(\d{4})/(\d{1,2})/(\d{1,2})")
#: Months and days of the week as charts write them, in the language of the chart.
MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()
DAYS = "Sun Mon Tue Wed Thu Fri Sat".split()


def _day_of_week(time: datetime) -> int:
    """Count from Sunday, as JavaScript does."""
    return time.isoweekday() % 7


TIME_PARTS: Mapping[str, Callable[[datetime], int]] = {
    "year": lambda time: time.year,
    "quarter": lambda time: (time.month - 1) // 3 + 1,
    # From 0, as JavaScript counts them.
    "month": lambda time: time.month - 1,
    "date": lambda time: time.day,
    "day": _day_of_week,
    "hours": lambda time: time.hour,
    "minutes": lambda time: time.minute,
    "seconds": lambda time: time.second,
    "milliseconds": lambda time: time.microsecond // 1000,
}


def read_time(value: object) -> datetime | None:
    """Return the time in UTC; None if the value is none."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        try:
            return _EPOCH + timedelta(milliseconds=value)
        except (OverflowError, ValueError):
            return None
    if not isinstance(value, str) or len(value) > 40:
        return None
    text = value.strip()
    if match := _SLASHES.match(text):
        year, month, day = match.groups()
        text = f"{year}-{month:0>2}-{day:0>2}{text[match.end() :]}"
    if re.fullmatch(r"\d{4}", text):
        text = f"{text}-01-01"
    elif re.fullmatch(r"\d{4}-\d{2}", text):
        text = f"{text}-01"
    try:
        time = datetime.fromisoformat(text)
        return time.astimezone(UTC) if time.tzinfo else time.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None


@dataclass(frozen=True)
class TimeUnit:
    """`group` gives the value of a time; `labels` are all values in their order.

    Without labels the values are times themselves.
    """

    group: Callable[[datetime], str]
    labels: tuple[str, ...] = ()


_CYCLES: Mapping[str, tuple[str, ...]] = {
    "quarter": tuple(f"Q{n}" for n in range(1, 5)),
    "month": tuple(MONTHS),
    "date": tuple(str(n) for n in range(1, 32)),
    "day": tuple(DAYS),
    "hours": tuple(f"{n:02}:00" for n in range(24)),
    "minutes": tuple(f"{n:02}" for n in range(60)),
    "seconds": tuple(f"{n:02}" for n in range(60)),
}
_FORMATS = {
    "year": "%Y-01-01",
    "yearmonth": "%Y-%m-01",
    "yearmonthdate": "%Y-%m-%d",
    "yearmonthdatehours": "%Y-%m-%dT%H:00",
    "yearmonthdatehoursminutes": "%Y-%m-%dT%H:%M",
    "yearmonthdatehoursminutesseconds": "%Y-%m-%dT%H:%M:%S",
}


def find_time_unit(name: object) -> TimeUnit | None:
    """Return a unit of Vega-Lite, such as `yearmonth` or `hours`; None if unknown."""
    if isinstance(name, dict):
        # Steps of a unit, such as of 15 minutes, are not known here.
        name = name.get("unit") if name.keys() <= {"unit", "utc"} else None
    if not isinstance(name, str):
        return None
    name = name.removeprefix("utc")
    if name in _FORMATS:
        return TimeUnit(_formatted(_FORMATS[name]))
    if name == "yearquarter":
        return TimeUnit(
            lambda time: f"{time.year:04}-{time.month - (time.month - 1) % 3:02}-01"
        )
    if name in _CYCLES:
        labels, part = _CYCLES[name], TIME_PARTS[name]
        first = 1 if name in ("quarter", "date") else 0
        return TimeUnit(lambda time: labels[part(time) - first], labels)
    return None


def _formatted(form: str) -> Callable[[datetime], str]:
    # Years before 1000 would have fewer digits.
    return lambda time: time.strftime(form.replace("%Y", f"{time.year:04}"))
