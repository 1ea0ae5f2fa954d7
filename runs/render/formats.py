"""How single values are shown: numbers, times, paths, browsers.

Run data counts milliseconds since the epoch, UTC.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import UTC, date, datetime, tzinfo
from functools import lru_cache
from urllib.parse import quote

from django.utils.formats import date_format
from django.utils.translation import get_language, pgettext, pgettext_lazy
from django.utils.translation import gettext as _

from runs.render import numbers
from studio.core.statuses import LABELS

number = numbers.number
nonfinite_word = numbers.nonfinite_word
align_decimals = numbers.align_decimals
grouped = numbers.grouped
LARGEST = numbers.LARGEST


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


#: Shown where there is no value.
MISSING = "–"


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
        return f"{numbers.without_trailing_zeros(f'{amount:.1f}')} {unit}"
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
    """A written date, which means UTC wherever its reader is."""
    pattern = _date_pattern() if to_the_day else f"{_date_pattern()}, H:i"
    return date_format(local_time(time, UTC), pattern)


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
