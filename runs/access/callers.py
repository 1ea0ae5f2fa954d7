"""Who sends a request, and the time zone and language of this account."""

from __future__ import annotations

import zoneinfo
from typing import Any

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.utils import timezone, translation

from runs.access.permissions import Caller, change_way, identify_caller
from runs.actions.actor import Actor
from runs.models import User
from studio.core.errors import StudioError


def set_caller(request: Any, caller: Caller) -> None:
    request.user = caller.user or AnonymousUser()
    request.token = caller.token
    request.actor = Actor(caller.user, caller.token, change_way(request, caller))
    request.workspace = request.member = request.role = None
    request.tree, request.is_limited_to_tree = None, False


def activate_choices(caller: Caller) -> None:
    """Use the account's time zone, and in a browser its language."""
    assert caller.user is not None
    activate_time_zone(caller.user)
    if caller.token is None:
        activate_language(caller.user)


def activate_time_zone(user: User) -> None:
    if not user.time_zone:
        return
    try:
        timezone.activate(zoneinfo.ZoneInfo(user.time_zone))
    except (zoneinfo.ZoneInfoNotFoundError, ValueError):
        # This machine no longer knows the time zone, so times are shown in UTC.
        return


def activate_language(user: User) -> None:
    """Prefer the account's language; scripts get that of their `Accept-Language`."""
    if user.language in dict(settings.LANGUAGES):
        translation.activate(user.language)


def recognize_visitor(request: Any) -> None:
    """Find out who is signed in, for the error page of an address without a view."""
    if not request.COOKIES.get(settings.SESSION_COOKIE_NAME):
        return
    try:
        caller = identify_caller(request)
    except StudioError:
        return
    set_caller(request, caller)
    if caller.user is not None:
        activate_choices(caller)
