"""Texts that are dates, as microseconds since 1970, UTC.

A column has dates if each of its texts is one. A time without a zone counts as UTC.
`14/03/2026` is read only if the column says which part is the day: it has a day after
the 12th.
"""

from __future__ import annotations

import calendar
import datetime as dt
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from runs.storage.tables.text_order import DistinctTexts

#: Texts that are looked at before all are read, and characters of the longest date.
_SNIFFED_TEXTS, _MAX_CHARS = 50, 40
#: More distinct texts stay texts: each one takes 100 bytes of memory.
_MAX_TEXTS = 2_000_000
_ISO = re.compile(r"\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:[.,]\d{1,9})?)?.{0,9})?")
_PARTS = re.compile(
    r"(\d{1,4})([/.])(\d{1,2})\2(\d{1,4})"
    r"(?:[T ](\d{1,2}):(\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?)?"
)
_PARTIAL = re.compile(r"(\d{4})(?:-(\d\d?)(?:-(\d\d?)(?:[T ](\d\d?)(?::(\d\d?))?)?)?)?")
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_MICROSECOND = dt.timedelta(microseconds=1)

Reader = Callable[[str], dt.datetime]


@dataclass(frozen=True)
class Dates:
    """The date of each distinct text, and its place among the dates."""

    values: NDArray[np.int64]
    ranks: NDArray[np.int32]


def find_dates(texts: DistinctTexts) -> Dates | None:
    """Read the distinct texts of a column; None if one of them is no date."""
    count = len(texts.ends)
    if not 0 < count <= _MAX_TEXTS:
        return None
    if not _look_like_dates(_texts(texts, min(count, _SNIFFED_TEXTS))):
        return None
    whole = _texts(texts, count)
    reader = _reader_of(whole)
    if reader is None:
        return None
    try:
        moments = [_microseconds(reader(text)) for text in whole]
    except (ValueError, OverflowError):
        return None
    values = np.array(moments, np.int64)
    _distinct, ranks = np.unique(values, return_inverse=True)
    return Dates(values, ranks.astype(np.int32))


def _texts(texts: DistinctTexts, count: int) -> list[str]:
    ends = texts.ends[:count].tolist()
    starts = [0, *ends[:-1]]
    data = texts.data[: ends[-1]].tobytes()
    return [
        data[start : min(end, start + _MAX_CHARS)].decode("utf-8", "replace").strip()
        for start, end in zip(starts, ends, strict=True)
    ]


def _look_like_dates(texts: Sequence[str]) -> bool:
    return all(_ISO.fullmatch(each) or _PARTS.fullmatch(each) for each in texts)


def _reader_of(texts: Sequence[str]) -> Reader | None:
    if _ISO.fullmatch(texts[0]):
        return dt.datetime.fromisoformat
    found = [_PARTS.fullmatch(text) for text in texts]
    parts = [match for match in found if match is not None]
    if len(parts) < len(found):
        return None
    first = [match[1] for match in parts]
    if all(len(each) == 4 for each in first):
        return lambda text: _from_parts(text, (1, 3, 4))
    if any(len(match[4]) < 4 for match in parts):
        return None
    day_first = any(int(each) > 12 for each in first) or parts[0][2] == "."
    month_first = any(int(match[3]) > 12 for match in parts)
    if day_first == month_first:
        return None
    order = (4, 3, 1) if day_first else (4, 1, 3)
    return lambda text: _from_parts(text, order)


def _from_parts(text: str, order: tuple[int, int, int]) -> dt.datetime:
    match = _PARTS.fullmatch(text)
    if match is None:
        raise ValueError(text)
    year, month, day = (int(match[at]) for at in order)
    hour, minute, second = (int(match[at] or 0) for at in (5, 6, 7))
    fraction = int((match[8] or "")[:6].ljust(6, "0"))
    return dt.datetime(year, month, day, hour, minute, second, fraction)


def _microseconds(moment: dt.datetime) -> int:
    """Raises OverflowError before the year 1 or after 9999, UTC: it has no text."""
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=dt.UTC)
    return (moment.astimezone(dt.UTC) - _EPOCH) // _MICROSECOND


def date_range(text: str) -> tuple[int, int]:
    """Return the first and last microsecond of a date, which can be a year or month.

    Raises ValueError.
    """
    match = _PARTIAL.fullmatch(text.strip())
    if match is None:
        moment = _microseconds(dt.datetime.fromisoformat(text.strip()))
        return moment, moment + (0 if "." in text else 999_999)
    year, month, day, hour, minute = (
        int(part) if part else None for part in match.groups()
    )
    start = dt.datetime(year or 1, month or 1, day or 1, hour or 0, minute or 0)
    if month is None:
        days = 366 if calendar.isleap(start.year) else 365
    elif day is None:
        days = calendar.monthrange(start.year, month)[1]
    else:
        days = 1
    length = dt.timedelta(days=days)
    if hour is not None:
        length = (
            dt.timedelta(minutes=1) if minute is not None else dt.timedelta(hours=1)
        )
    first = _microseconds(start)
    return first, first + length // _MICROSECOND - 1


def date_text(moment: int, *, has_time: bool) -> str:
    """Return a date in UTC, to the minute if `has_time`."""
    found = _EPOCH + dt.timedelta(microseconds=moment)
    text = found.strftime("%m-%d %H:%M" if has_time else "%m-%d")
    return f"{found.year:04d}-{text}"
