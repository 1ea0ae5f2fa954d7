"""Restore or purge the chosen items; purging asks first."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from runs.access import Permission, access, check_can_edit_view
from runs.actions.trash import TrashResult, purge_trash, restore_trash
from runs.models import Run, now_ms
from runs.pages.bulk import skip_texts
from runs.pages.requests import PageForm, PageRequest, PresenceField, TextListField
from runs.render.formats import grouped
from runs.search.trash import TrashContents, find_trash
from studio.core.errors import StudioError

MAX_ITEMS = 1_000


class ChosenItems(PageForm):
    """The keys of items of the trash; `sure` once the question is answered."""

    item = TextListField()
    sure = PresenceField()


@access(Permission.TRASH)
@require_POST
def restore_items(request: PageRequest) -> HttpResponse:
    chosen = _chosen(request)
    if chosen is None:
        return _back(request)
    for view in chosen.views:
        check_can_edit_view(view, request.actor.user, request.role)
    try:
        result = restore_trash(
            request.workspace,
            chosen,
            actor=request.actor,
            role=request.role,
            now=now_ms(),
        )
    except StudioError as error:
        messages.error(request, error.message)
        return _back(request)
    text = _("Restored: %(what)s.") % {"what": _counted(result) or _("nothing")}
    _report(request, result, text)
    return _back(request)


@access(Permission.PURGE)
@require_POST
def purge_items(request: PageRequest) -> HttpResponseBase:
    chosen = _chosen(request)
    if chosen is None:
        return _back(request)
    sent = ChosenItems(request.POST).check()
    if not sent["sure"]:
        context = {"items": sent["item"], "parts": _parts(chosen)}
        return render(request, "trash/purge.html", context)
    result = purge_trash(
        request.workspace, chosen, actor=request.actor, role=request.role, now=now_ms()
    )
    text = _("Deleted forever: %(what)s.") % {"what": _counted(result) or _("nothing")}
    _report(request, result, text)
    return _back(request)


def _chosen(request: PageRequest) -> TrashContents | None:
    keys = ChosenItems(request.POST).check()["item"][:MAX_ITEMS]
    if not keys:
        messages.error(request, _("Select something in the trash first."))
        return None
    return find_trash(request.workspace, request.actor.user, keys)


def _parts(chosen: TrashContents) -> list[str]:
    places = [each.pk for each in chosen.experiments]
    below = Run.objects.filter(experiment__in=places).exclude(pk__in=chosen.runs)
    files = sum(each.change_count for each in chosen.file_changes)
    return _texts(
        len(chosen.runs) + below.count(), len(places), len(chosen.views), files
    )


def _counted(result: TrashResult) -> str:
    return ", ".join(
        _texts(result.runs, result.experiments, result.views, result.files)
    )


def _texts(runs: int, experiments: int, views: int, files: int) -> list[str]:
    found = (
        (runs, ngettext("%(number)s run", "%(number)s runs", runs)),
        (
            experiments,
            ngettext("%(number)s experiment", "%(number)s experiments", experiments),
        ),
        (views, ngettext("%(number)s view", "%(number)s views", views)),
        (files, ngettext("%(number)s file", "%(number)s files", files)),
    )
    return [text % {"number": grouped(n)} for n, text in found if n]


def _report(request: PageRequest, result: TrashResult, text: str) -> None:
    skipped = skip_texts(sorted(result.skipped.items()))
    if skipped:
        text = f"{text} {_('Skipped')}: {'; '.join(skipped)}."
    if result.task is not None:
        text += " " + _("The rest follows as a background task.")
    messages.success(request, text)


def _back(request: PageRequest) -> HttpResponseRedirect:
    page = reverse("storage", args=[request.workspace.name])
    return HttpResponseRedirect(f"{page}#trash")
