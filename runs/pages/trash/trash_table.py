"""The table of the trash, as part of the page *Storage*."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from runs.access import Permission
from runs.models import Role, now_ms
from runs.pages.requests import CountField, PageForm, PageRequest, TextField
from runs.pages.run_shell import role_refusal
from runs.render.formats import grouped
from runs.search.trash import TRASH_MS, TrashItem, TrashKind, list_trash

DAY_MS = 86_400_000
ICONS = {
    TrashKind.RUNS: "runs",
    TrashKind.EXPERIMENT: "flask",
    TrashKind.VIEW: "star",
    TrashKind.FILES: "file",
}
#: Items that expire in fewer days stand out.
WARNING_DAYS = 3


class TrashQuery(PageForm):
    """`trash` is a part of a name, `before` where an older page begins."""

    trash = TextField()
    before = CountField(max_digits=18)


@dataclass(frozen=True)
class TrashLine:
    item: TrashItem
    icon: str
    name: str
    detail: str
    by: str
    days_left: int

    @property
    def expires_next(self) -> bool:
        return self.days_left <= WARNING_DAYS


def trash_context(request: PageRequest) -> dict[str, Any]:
    """Return what the table shows: owners see all, contributors what they deleted."""
    sent = TrashQuery(request.GET).check()
    words = sent["trash"].strip()[:200]
    page = list_trash(
        request.workspace,
        request.actor.user,
        only_own=request.role < Role.OWNER,
        words=words,
        before=sent["before"] or None,
    )
    now = now_ms()
    kept = {"by": request.GET.get("by", ""), "trash": words}
    kept = {key: value for key, value in kept.items() if value}
    return {
        "trash": [_line(request, item, now) for item in page.items],
        "trash_words": words,
        "trash_older": f"?{urlencode({**kept, 'before': page.before})}#trash"
        if page.before
        else "",
        "trash_newest": f"?{urlencode(kept)}#trash" if sent["before"] else "",
        "restore_refusal": role_refusal(request, Permission.TRASH),
        "purge_refusal": role_refusal(request, Permission.PURGE),
    }


def _line(request: PageRequest, item: TrashItem, now: int) -> TrashLine:
    name, detail = _texts(item)
    by = item.by
    who = _("The server") if by is None else str(by)
    left = max(0, -(-(item.deleted + TRASH_MS - now) // DAY_MS))
    return TrashLine(
        item,
        ICONS[item.kind],
        name,
        detail,
        _("You") if by is not None and by == request.actor.user else who,
        left,
    )


def _texts(item: TrashItem) -> tuple[str, str]:
    """Return the name of an item, and what stands behind it."""
    number = grouped(item.count)
    if item.kind == TrashKind.RUNS:
        text = ngettext("%(number)s run", "%(number)s runs", item.count)
        place = _("of %(name)s") % {"name": item.place} if item.place else ""
        return item.name or text % {"number": number}, place
    if item.kind == TrashKind.EXPERIMENT:
        text = ngettext("%(number)s run", "%(number)s runs", item.count)
        return item.name, text % {"number": number}
    if item.kind == TrashKind.VIEW:
        return item.name, _("view")
    text = ngettext("%(number)s file", "%(number)s files", item.count)
    place = _("of %(name)s") % {"name": item.place} if item.place else ""
    if item.is_replaced:
        place = _("%(place)s, replaced") % {"place": place} if place else _("replaced")
    return item.name or text % {"number": number}, place
