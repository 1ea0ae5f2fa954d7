"""How single values are shown: numbers, times, paths, browsers.

Run data counts milliseconds since the epoch, UTC.

Cells, axes, tooltips and exports for reading write numbers by these rules. Raw exports
have every digit. The numbers of a column have the same decimals.

| number | cell | axis, tooltip |
|---|---|---|
| whole, below 10¹² | all digits, `1,234,567,894` | the same |
| other, 0.001 to 10¹² | 4 significant digits, `0.8137` | tooltip: 6 |
| smaller or larger | `4.2e-5`, `3.1e+303` | the same notation |
| NaN, Infinity | the word | the word, at the edge |
"""

from __future__ import annotations

import json
import math
import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, date, datetime, tzinfo
from decimal import Decimal
from functools import lru_cache
from typing import Any
from urllib.parse import quote

from django.utils.formats import date_format, number_format
from django.utils.translation import get_language, pgettext, pgettext_lazy
from django.utils.translation import gettext as _

from studio.core.statuses import LABELS


def utf8_text(text: str) -> str:
    """The text with `?` for half a surrogate pair, which JSON can contain."""
    return text if text.isascii() else text.encode(errors="replace").decode()


class TextByLanguage:
    """A text of the interface that is composed once for each language."""

    def __init__(self, compose: Callable[..., str]) -> None:
        self._compose = compose
        self._texts: dict[str | None, str] = {}

    def find(self, *given: object) -> str:
        """Return the text; `given` is for the first use of a language."""
        language = get_language()
        if language not in self._texts:
            self._texts[language] = self._compose(*given)
        return self._texts[language]


#: A name up to this width is shown as it is. A wide letter, as of Chinese, counts 2.
MAX_WHOLE_WIDTH = 24
#: The end of a longer name, which stays. It begins with a word if it can.
END_WIDTH = 16
#: Child runs leave out what their names share, if it is at least this long.
MIN_SHARED = 8
#: A hyphen begins a word only before a letter: `1e-4` is one word.
_WORD_STARTS = re.compile(r"(?<=[\s_,;/|])[^\s_,;/|]|(?<=-)[^\W\d_]")
#: Shown where there is no value.
MISSING = "–"
#: Significant digits in cells, and in tooltips of charts.
DIGITS, TOOLTIP_DIGITS = 4, 6
#: Beyond these a number is written with an exponent.
SMALLEST, LARGEST = 1e-3, 1e12
#: A column gets more decimals for its small numbers only below this size.
LARGEST_WITH_SMALL = 1e3


def number(value: float | int) -> str:
    """Four significant digits without trailing zeros; whole numbers whole."""
    if isinstance(value, float) and not math.isfinite(value):
        return nonfinite_word(value)
    size = abs(value)
    if size == 0:
        return "0"
    if not _needs_no_exponent(value):
        return _with_exponent(value)
    # Large counts keep all their digits, as `1,284` steps.
    if value == int(value):
        return grouped(int(value))
    return number_format(
        _without_trailing_zeros(f"{value:.{_decimal_places(size)}f}"),
        force_grouping=True,
    )


def nonfinite_word(value: float) -> str:
    """`NaN`, `Infinity` or `-Infinity`, spelled as on every wire."""
    if math.isnan(value):
        return "NaN"
    return "Infinity" if value > 0 else "-Infinity"


def align_decimals(values: Sequence[float | int | None]) -> list[str | None]:
    """A column of numbers with the same decimals, so that they compare at a glance."""
    sizes = [abs(v) for v in values if v is not None and _needs_no_exponent(v)]
    decimals = _column_decimals(sizes)
    # Zeros that the whole column would end with say nothing.
    while decimals and all(f"{s:.{decimals}f}".endswith("0") for s in sizes):
        decimals -= 1
    return [None if v is None else _with_decimals(v, decimals) for v in values]


def grouped(count: int) -> str:
    """`1,107`."""
    return number_format(count, force_grouping=True)


def axis_format(values: Iterable[object]) -> dict[str, Any]:
    """How Plotly writes the ticks and tooltips of an axis with these values."""
    known = [
        v
        for v in values
        if isinstance(v, (int, float))
        and not isinstance(v, bool)
        and (isinstance(v, int) or math.isfinite(v))
    ]
    largest = max(map(abs, known), default=0)
    exponents = {SMALLEST: math.log10(SMALLEST), LARGEST: math.log10(LARGEST)}
    is_small = 0 < largest < SMALLEST
    # Plotly raises exponents by an inline style, unless they are written `1e-5`. It
    # takes one limit for both ends: an exponent is written where it is exceeded.
    limit = -exponents[SMALLEST] if is_small else exponents[LARGEST] - 1
    return {
        "exponentformat": "e",
        "minexponent": round(limit),
        "separatethousands": True,
        "hoverformat": tooltip_format(known),
    }


def tooltip_format(values: Sequence[float | int]) -> str:
    """The same as a format of d3, which writes the tooltips."""
    largest = max(map(abs, values), default=0)
    if 0 < largest < SMALLEST:
        return f".{TOOLTIP_DIGITS - 1}~e"
    is_whole = all(v == int(v) for v in values if abs(v) < LARGEST)
    if 0 < largest < LARGEST and is_whole:
        return ",d"
    return f",.{TOOLTIP_DIGITS}~g"


def _needs_no_exponent(value: float | int) -> bool:
    """Whether it is written without an exponent or a word."""
    size = abs(value)
    return size == 0 or SMALLEST <= size < LARGEST


def _without_trailing_zeros(digits: str) -> str:
    return digits.rstrip("0").rstrip(".") if "." in digits else digits


def _column_decimals(sizes: Sequence[float | int]) -> int:
    """The decimals of the largest; of the smallest where all have few digits."""
    largest = max(sizes, default=0.0)
    decimals = _decimal_places(largest)
    smallest = min((size for size in sizes if size), default=0.0)
    if smallest and largest < LARGEST_WITH_SMALL and _is_small(smallest, decimals):
        return min(DIGITS, _decimal_places(smallest))
    return decimals


def _with_decimals(value: float | int, decimals: int) -> str:
    if not _needs_no_exponent(value) or _is_small(value, decimals):
        return number(value)
    return number_format(f"{value:.{decimals}f}", force_grouping=True)


def _is_small(value: float | int, decimals: int) -> bool:
    """Whether fewer than two digits would be left, which is another number."""
    return abs(value) < 10.0 ** (1 - decimals) and value != round(value, decimals)


def _decimal_places(size: float) -> int:
    whole_digits = math.floor(math.log10(size)) + 1 if size > 0 else 1
    return max(0, DIGITS - max(whole_digits, 0)) + max(0, -whole_digits)


def _with_exponent(value: float | int) -> str:
    # Decimal, because integers of any size are legal values. The exponent has its
    # sign, as charts and programs write it.
    mantissa, exponent = f"{Decimal(value):.{DIGITS - 1}e}".split("e")
    return f"{_without_trailing_zeros(mantissa)}e{int(exponent):+d}"


def short_hash(text: str) -> str:
    """A commit as people read it; what is no hash stays whole."""
    return text[:7] if re.fullmatch("[0-9a-fA-F]{40,64}", text) else text


def filesize(size: int) -> str:
    """`640 KB`, `97.8 MB`: thousands, three digits at most."""
    amount = float(size)
    for unit in ("bytes", "KB", "MB", "GB", "TB"):
        # From 999.5 on, rounding would show a fourth digit.
        if amount < 999.5 or unit == "TB":
            break
        amount /= 1000
    if unit == "bytes":
        return _("%s bytes") % size
    if amount < 99.95:
        return f"{_without_trailing_zeros(f'{amount:.1f}')} {unit}"
    return f"{amount:.0f} {unit}"


SECOND = 1000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR


def local_time(time: int, zone: tzinfo) -> datetime:
    """The moment `time` (ms since the epoch) on a clock in `zone`."""
    return datetime.fromtimestamp(time / SECOND, UTC).astimezone(zone)


def moment(when: datetime, now: datetime) -> str:
    """`24 Nov, 09:42`, with the year when it is not this one."""
    day = _day_texts(when.date(), get_language())[when.year != now.year]
    return f"{day}, {when.hour:02d}:{when.minute:02d}"


def full_moment(when: datetime) -> str:
    """`24 Nov 2026, 10:31:04`."""
    return f"{_full_day(when)}, {when.hour:02d}:{when.minute:02d}:{when.second:02d}"


def moment_for_print(when: datetime) -> str:
    """`24 Nov 2026, 10:31 CET`, for the foot of a printed page."""
    return f"{_full_day(when)}, {when:%H:%M %Z}"


def _full_day(when: datetime) -> str:
    return _day_texts(when.date(), get_language())[True]


# A page has hundreds of times, of few days.
@lru_cache(1_000)
def _day_texts(day: date, language: str | None) -> tuple[str, str]:
    """Return the day without and with its year."""
    # Only part of the cache's key: patterns and names depend on the active language.
    del language
    return date_format(day, _day_pattern()), date_format(day, _date_pattern())


def utc_text(time: int, *, to_the_day: bool) -> str:
    """A date in a table for papers, which has no reader's time zone."""
    return date_words(time, UTC, to_the_day=to_the_day)


def date_words(time: int, zone: tzinfo, *, to_the_day: bool) -> str:
    """`24 Nov 2026`, or `24 Nov 2026, 10:31`, of a filter."""
    pattern = _date_pattern() if to_the_day else f"{_date_pattern()}, H:i"
    return date_format(local_time(time, zone), pattern)


def _day_pattern() -> str:
    return pgettext("date format of Django: day and month", "j M")


def _date_pattern() -> str:
    return pgettext("date format of Django: day, month and year", "j M Y")


_SPANS = {
    "s": pgettext_lazy("duration", "%(s)s s"),
    "min": pgettext_lazy("duration", "%(min)s min"),
    "min s": pgettext_lazy("duration", "%(min)s min %(s)s s"),
    "h": pgettext_lazy("duration", "%(h)s h"),
    "h min": pgettext_lazy("duration", "%(h)s h %(min)s min"),
    "h min s": pgettext_lazy("duration", "%(h)s h %(min)s min %(s)s s"),
    "d": pgettext_lazy("duration", "%(d)s d"),
    "d h": pgettext_lazy("duration", "%(d)s d %(h)s h"),
}


def span_patterns() -> str:
    """How spans are written, by their units, as JSON: the pages' clocks read it."""
    patterns = {units: str(pattern) for units, pattern in _SPANS.items()}
    return json.dumps(patterns, ensure_ascii=False)


# static/js/site/clocks.js has the same rules: what ticks reads on as it began here.
def duration(length: int) -> str:
    """`4.1 s`, `2 min 05 s`, `18 min`, `1 h 27 min`, `2 d 3 h`: two units at most."""
    if length < 10 * SECOND:
        return _duration_text("s", s=f"{max(length, 0) // 100 / 10:.1f}")
    if length < 10 * MINUTE:
        return exact_duration(length)
    if length < HOUR:
        return _duration_text("min", min=length // MINUTE)
    if length < 2 * DAY:
        return _duration_text(
            "h min", h=length // HOUR, min=f"{length % HOUR // MINUTE:02d}"
        )
    return _duration_text("d h", d=length // DAY, h=length % DAY // HOUR)


def exact_duration(length: int) -> str:
    """To the second: `56 min 14 s`, `1 h 27 min 18 s`."""
    hours, rest = divmod(max(length, 0) // SECOND, 3600)
    minutes, seconds = divmod(rest, 60)
    if hours:
        return _duration_text(
            "h min s", h=hours, min=f"{minutes:02d}", s=f"{seconds:02d}"
        )
    if minutes:
        return _duration_text("min s", min=minutes, s=f"{seconds:02d}")
    return _duration_text("s", s=seconds)


def ago(length: int) -> str:
    """A coarse span: `41 s`, `12 min`, `3 h`, `5 d`."""
    for unit, word in ((DAY, "d"), (HOUR, "h"), (MINUTE, "min")):
        if length >= unit:
            return _duration_text(word, **{word: length // unit})
    return _duration_text("s", s=max(length, 0) // SECOND)


def _duration_text(units: str, **amounts: int | str) -> str:
    return _span_pattern(units, get_language()) % amounts


@lru_cache
def _span_pattern(units: str, language: str | None) -> str:
    # Only part of the cache's key.
    del language
    return str(_SPANS[units])


_FITS = re.compile(r"(?![.~])[^/\\\x00-\x1f]{1,200}")


def experiment_slug(number: int, name: str) -> str:
    """An experiment's name, or `~<id>` where the name does not fit a path."""
    # A leading `~` or `.` would be read as an ID, or as a relative path.
    return name if _FITS.fullmatch(name) else f"~{number}"


def experiment_path(workspace: str, number: int, name: str) -> str:
    slug = quote(experiment_slug(number, name), safe="~")
    return f"/w/{workspace}/experiments/{slug}/"


def run_path(workspace: str, run_id: str) -> str:
    return f"/w/{workspace}/runs/{quote(run_id)}/"


def logged_model_path(workspace: str, model_id: str) -> str:
    return f"/w/{workspace}/logged-models/{quote(model_id)}/"


def dataset_path(workspace: str, key: int) -> str:
    return f"/w/{workspace}/datasets/{key}/"


def registered_model_path(workspace: str, name: str) -> str:
    return f"/w/{workspace}/models/{quote(name, safe='')}/"


def model_version_path(workspace: str, name: str, number: int) -> str:
    return f"{registered_model_path(workspace, name)}{number}/"


#: The first found decides: browsers also name those that they imitate.
_BROWSERS = {
    "Edg/": "Edge",
    "OPR/": "Opera",
    "Firefox/": "Firefox",
    "Chrome/": "Chrome",
    "Safari/": "Safari",
}
_SYSTEMS = {
    "Android": "Android",
    "iPhone": "iPhone",
    "iPad": "iPad",
    "Windows": "Windows",
    "Mac OS X": "macOS",
    "Linux": "Linux",
}


def browser_name(agent: str) -> str:
    """`Firefox on Linux`; the agent's own beginning where it is none of these."""
    browser = next((name for mark, name in _BROWSERS.items() if mark in agent), "")
    system = next((name for mark, name in _SYSTEMS.items() if mark in agent), "")
    if browser and system:
        return _("%(browser)s on %(system)s") % {"browser": browser, "system": system}
    return browser or agent[:40] or _("Unknown browser")


def status_label(word: object) -> str:
    """Return the label of a status or group; a word that is neither stays."""
    label = LABELS.get(str(word))
    return str(word) if label is None else translate_label(label)


def translate_label(text: str) -> str:
    """Translate a label that the source marks, by its context if it has one."""
    context = getattr(text, "context", "")
    if context:
        return pgettext(context, text)
    return _(text) if text else ""


def shared_starts(rows: Sequence[tuple[str, int]]) -> list[int]:
    """How many characters each name shares with the names of the rows next to it.

    Rows are names with their depths in a tree, as they are listed. Only child runs of
    one parent, two or more of them, leave out a start, and it ends with a word.
    """
    shared = [0] * len(rows)
    for group in _groups_of_children([depth for _name, depth in rows]):
        start = _shared_start([rows[each][0] for each in group])
        for each in group:
            shared[each] = start
    return shared


def _groups_of_children(depths: Sequence[int]) -> list[list[int]]:
    """The numbers of the rows that have one parent, for each parent."""
    groups: list[list[int]] = []
    #: The group of each depth that a row could still belong to.
    current: list[list[int]] = []
    for number, depth in enumerate(depths):
        del current[depth:]
        while len(current) < depth:
            current.append([])
            groups.append(current[-1])
        if depth:
            current[-1].append(number)
    return groups


def _shared_start(names: Sequence[str]) -> int:
    if len(names) < 2 or any(_width(name) <= MAX_WHOLE_WIDTH for name in names):
        return 0
    # Of all names, these two share the least.
    first, last = min(names), max(names)
    pairs = enumerate(zip(first, last, strict=False))
    common = next((at for at, (one, other) in pairs if one != other), len(first))
    ends = [found.start() for found in _WORD_STARTS.finditer(first)]
    length = max((end for end in ends if end <= common), default=0)
    return length if length >= MIN_SHARED else 0


def name_ends(name: str, shared: int = 0) -> tuple[str, str]:
    """The start of a name, to be shortened where room is short, and the end that stays.

    The start is empty if the name is short; else the first `shared` characters are
    left out.
    """
    rest = name[shared:]
    if not shared and _width(name) <= MAX_WHOLE_WIDTH:
        return "", name
    cut = _start_of_end(rest)
    return ("… " if shared else "") + rest[:cut], rest[cut:]


def _start_of_end(name: str) -> int:
    width, earliest = 0, len(name)
    while earliest and width + _width(name[earliest - 1]) <= END_WIDTH:
        earliest -= 1
        width += _width(name[earliest])
    if not earliest:
        return 0
    starts = [found.start() for found in _WORD_STARTS.finditer(name)]
    return next((start for start in starts if start >= earliest), earliest)


def _width(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(one) in "WF" else 1 for one in text)
