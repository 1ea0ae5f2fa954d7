"""The tabs of *Alerts*, and how its pages are paged."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from runs.access import Permission
from runs.notify import is_mail_configured
from runs.pages.requests import PageRequest
from runs.pages.run_shell import role_refusal
from runs.render.formats import grouped
from runs.search.notify import MAX_COUNT, count_alerts, count_waiting_mails

#: Digits of a key: longer numbers can exceed 64 bits, which both databases refuse.
_MAX_DIGITS = 18


@dataclass(frozen=True)
class AlertTab:
    label: str
    href: str
    is_here: bool
    #: How many it has; empty without a count.
    count: str = ""


def alert_tabs(request: PageRequest, here: str) -> list[AlertTab]:
    labels = {
        "": _("Rules"),
        "fired": pgettext("alerts", "Fired"),
        "deliveries": _("Deliveries"),
        "channels": _("Channels"),
        "events": _("Events"),
    }
    space = request.workspace.name
    counts = count_alerts(request.workspace)
    shown = {
        "": grouped(counts.rules),
        "fired": _limited(counts.fired),
        "deliveries": _limited(counts.deliveries),
        "channels": grouped(counts.channels),
    }
    return [
        AlertTab(
            label,
            reverse(f"alerts-{name}" if name else "alerts", args=[space]),
            name == here,
            shown.get(name, ""),
        )
        for name, label in labels.items()
    ]


def _limited(count: int) -> str:
    return f"{grouped(count)}+" if count >= MAX_COUNT else grouped(count)


def alert_frame(request: PageRequest, here: str) -> dict[str, Any]:
    """Return the context of `_alert_head.html`."""
    refusal = role_refusal(request, Permission.ALERTS)
    return {
        "tabs": alert_tabs(request, here),
        "refusal": refusal,
        "can_edit_rules": not refusal,
        "mails_wait": count_waiting_mails(request.workspace),
        "has_mail_server": is_mail_configured(),
    }


def read_before(request: PageRequest) -> int | None:
    """The key to continue before; None for the newest."""
    text = request.GET.get("before", "")
    return int(text) if text.isdecimal() and len(text) <= _MAX_DIGITS else None
