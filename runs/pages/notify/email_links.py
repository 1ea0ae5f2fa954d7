"""The links of mails. They work signed out, and only POST changes anything.

Mail programs and scanners open links by themselves. For *List-Unsubscribe* a mail
program sends a POST without cookies (RFC 8058), so this needs no CSRF token: the signed
address is the permission.
"""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from runs.access import PUBLIC, StudioRequest, access
from runs.actions.notify import (
    Subscription,
    confirm_address,
    find_subscription,
    mute_subscription,
    read_confirmation,
    unsubscribe,
)
from runs.models import now_ms

_METHODS = ["GET", "HEAD", "POST"]


@access(PUBLIC)
@require_http_methods(_METHODS)
def confirm_email(request: StudioRequest, signed: str) -> HttpResponse:
    if request.method == "POST":
        user = confirm_address(signed)
        text = _("%(address)s gets your notifications from now on.")
        return _show_done(
            request, _("Address confirmed"), text % {"address": user.email}
        )
    user = read_confirmation(signed)
    text = _("Notifications of %(name)s will be sent to %(address)s.")
    text %= {"name": user, "address": user.email}
    return _ask(request, _("Confirm address"), text, _("Confirm address"))


@csrf_exempt
@access(PUBLIC)
@require_http_methods(_METHODS)
def unsubscribe_from_mail(request: StudioRequest, signed: str) -> HttpResponse:
    found = find_subscription(signed)
    text = _("You will get no more notifications about %(name)s.")
    return _apply(request, found, unsubscribe, _("Unsubscribe"), text)


@csrf_exempt
@access(PUBLIC)
@require_http_methods(_METHODS)
def mute_from_mail(request: StudioRequest, signed: str) -> HttpResponse:
    def mute(found: Subscription) -> None:
        mute_subscription(found, now=now_ms())

    text = _("You will get no mails about %(name)s for 24 hours.")
    found = find_subscription(signed)
    return _apply(request, found, mute, _("Mute for 24 hours"), text)


def _apply(
    request: StudioRequest,
    found: Subscription,
    action: Callable[[Subscription], None],
    title: str,
    text: str,
) -> HttpResponse:
    text %= {"name": found.name}
    if request.method != "POST":
        return _ask(request, title, text, title)
    action(found)
    return _show_done(request, title, text)


def _ask(request: StudioRequest, title: str, text: str, button: str) -> HttpResponse:
    context = {"title": title, "text": text, "button": button}
    return render(request, "notify/email_link.html", context)


def _show_done(request: StudioRequest, title: str, text: str) -> HttpResponse:
    return render(request, "notify/email_link.html", {"title": title, "text": text})
