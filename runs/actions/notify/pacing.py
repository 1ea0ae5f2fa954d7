"""When a person's mails are sent: at once, each hour or day, and not in quiet hours."""

from __future__ import annotations

import zoneinfo
from datetime import datetime, timedelta

from django.conf import settings

from runs.models import MailPace, NotificationSettings, User

MINUTE_MS = 60_000
HOUR_MS = 60 * MINUTE_MS


def zone_of(user: User) -> zoneinfo.ZoneInfo:
    try:
        return zoneinfo.ZoneInfo(user.time_zone or settings.TIME_ZONE)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError):
        # This machine no longer knows the time zone.
        return zoneinfo.ZoneInfo(settings.TIME_ZONE)


def held_until(
    chosen: NotificationSettings, zone: zoneinfo.ZoneInfo, now: int
) -> int | None:
    """Return when a new message is mailed, together with others; None: at once."""
    if chosen.pace == MailPace.HOUR:
        due = now - now % HOUR_MS + HOUR_MS
    elif chosen.pace == MailPace.DAY:
        due = _next(chosen.daily_at, zone, now)
    else:
        return end_of_quiet(chosen, zone, now)
    return end_of_quiet(chosen, zone, due) or due


def end_of_quiet(
    chosen: NotificationSettings, zone: zoneinfo.ZoneInfo, now: int
) -> int | None:
    """Return when the quiet hours end; None if it is not one of them."""
    begin, end = chosen.quiet_from, chosen.quiet_until
    if begin is None or end is None or begin == end:
        return None
    local = datetime.fromtimestamp(now / 1000, zone)
    minute = local.hour * 60 + local.minute
    # From 22:00 until 7:00 is on two days.
    is_quiet = begin <= minute < end if begin < end else not end <= minute < begin
    return _next(end, zone, now) if is_quiet else None


def _next(minutes: int, zone: zoneinfo.ZoneInfo, now: int) -> int:
    """Return when the clock of the zone next shows this time of the day."""
    local = datetime.fromtimestamp(now / 1000, zone)
    found = local.replace(
        hour=minutes // 60, minute=minutes % 60, second=0, microsecond=0
    )
    if found <= local:
        # The same time of the next day, also if a change of the clock is between.
        found += timedelta(days=1)
    return round(found.timestamp() * 1000)
