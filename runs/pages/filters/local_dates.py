"""Dates of a form are on the reader's clock; filters have them with their offset."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.utils import timezone
from django.utils.translation import gettext as _

from runs.render import formats
from runs.render.filters import local_day
from studio.core.filters.fields import moment_text, read_time
from studio.core.filters.tree import Ago, Moment


def date_input_text(value: Moment) -> str:
    """Return the date or time in the reader's time zone, as inputs of browsers have it.

    Months, and days of another time zone, stay as they are written.
    """
    local = formats.local_time(value.start, timezone.get_current_timezone())
    if value.unit == "month":
        return moment_text(value)
    if value.unit == "day":
        is_local_day = local.hour == local.minute == 0
        return f"{local:%Y-%m-%d}" if is_local_day else moment_text(value)[:10]
    precision = {"minute": "minutes", "second": "seconds", "ms": "milliseconds"}
    return local.replace(tzinfo=None).isoformat(timespec=precision[value.unit])


def read_date_input(text: str) -> Moment | Ago | None:
    """Read a date or time without an offset on the reader's clock."""
    try:
        given = datetime.fromisoformat(text)
    except ValueError:
        return read_time(text)
    if given.tzinfo is not None:
        return read_time(text)
    here = given.replace(tzinfo=timezone.get_current_timezone())
    return read_time(text + _offset_text(here))


def recent_days() -> list[tuple[str, str]]:
    """Days on the reader's clock as filters have them, and what each of them is."""
    now = timezone.localtime()
    today, yesterday, monday = (
        moment_text(local_day(now - timedelta(days=days)))
        for days in (0, 1, now.weekday())
    )
    return [
        (today, _("today")),
        (yesterday, _("yesterday")),
        (f"{monday}..", _("this week")),
    ]


def _offset_text(when: datetime) -> str:
    digits = f"{when:%z}"
    return f"{digits[:3]}:{digits[3:5]}"
