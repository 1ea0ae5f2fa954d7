"""The versions of a description: their changes word by word, and restoring one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from runs.access import Permission
from runs.models import Run
from runs.pages.descriptions.forms import RestoreForm
from runs.pages.descriptions.references import render_description
from runs.pages.requests import PageRequest
from runs.pages.run_shell import role_refusal
from runs.pages.undo import last_undo_href
from runs.render.compare import word_diff
from runs.search.descriptions import (
    Described,
    find_version_texts,
    list_versions,
)
from studio.core.errors import NotFound


@dataclass(frozen=True)
class DescriptionVersionsPage:
    """The described object; `text` is its current description."""

    home: Described
    text: str
    path: str
    back: str
    write: Callable[[str], object]
    frame: dict[str, Any]
    page: str
    run: Run | None = None


def show_description_versions(
    request: PageRequest, versions: DescriptionVersionsPage
) -> HttpResponse:
    """List the versions, and show the one in the address, else the newest."""
    revisions, more = list_versions(versions.home)
    newest = revisions[0].number if revisions else 0
    number = _read_version_number(request.GET.get("version", ""), newest)
    before, after = find_version_texts(versions.home, number)
    context = {
        **versions.frame,
        "title": _("Versions of the description"),
        "editor_template": "descriptions/_description_versions.html",
        "revisions": revisions,
        "more": more,
        "number": number,
        "versions": versions,
        "parts": word_diff(before, after),
        "preview": render_description(request, after, versions.run),
        "is_now": after == versions.text,
        "can_restore": not role_refusal(request, Permission.ANNOTATE),
    }
    return render(request, versions.page, context)


def restore_description(
    request: PageRequest, versions: DescriptionVersionsPage
) -> HttpResponse:
    """Make a version the current one: a change that can be undone."""
    number = _read_version_number(RestoreForm(request.POST).check()["version"], 0)
    _before, text = find_version_texts(versions.home, number)
    # Without a change, the toast would offer to undo an older one.
    if text != versions.text:
        versions.write(text)
        message = _("Version restored")
        messages.success(request, message, extra_tags=last_undo_href(request))
    return redirect(versions.back)


def _read_version_number(text: str, default: int) -> int:
    if not text:
        return default
    # More digits can exceed 64 bits, which the database refuses.
    if not text.isdecimal() or len(text) > 18:
        raise NotFound(_("This description has no such version."))
    return int(text)
