"""The run page's tools that change what a run is: archive, how it ended, the lock."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from runs.access import Permission, access, by_method
from runs.actions.run import StatusSource, archive_run, change_status
from runs.actions.run_rows import set_deletion_lock
from runs.models import Run, now_ms
from runs.pages.requests import PageRequest, safe_path
from runs.pages.run.forms import FinishForm, SwitchForm
from runs.pages.run_shell import (
    MANUAL_END_STATUSES,
    find_head,
    finish_refusal,
    head_context,
    undo_path,
)
from runs.render.formats import run_path
from studio.core.errors import InvalidState
from studio.core.statuses import can_follow


@access(Permission.ANNOTATE)
@require_POST
def archive_run_page(request: PageRequest, run_id: str) -> HttpResponse:
    """Into the archive, or with `on=0` out of it."""
    run = find_head(request, run_id).run
    on = SwitchForm(request.POST).check()["on"]
    archive_run(run, on, actor=request.actor, now=now_ms())
    said = _("Archived") if on else _("Unarchived")
    messages.success(request, said, extra_tags=undo_path(request, run))
    return _redirect_back(request, run)


@access(Permission.LOCK)
@require_POST
def lock_run_page(request: PageRequest, run_id: str) -> HttpResponse:
    """Against deletion; with `on=0` no more."""
    run = find_head(request, run_id).run
    on = SwitchForm(request.POST).check()["on"]
    set_deletion_lock(run, on, actor=request.actor, now=now_ms())
    messages.success(request, _("Locked against deletion") if on else _("Unlocked"))
    return _redirect_back(request, run)


@access(Permission.CANCEL)
def _ask_how_it_ended(request: PageRequest, run_id: str) -> HttpResponse:
    """How it ended; as a page of its own where no script opens it as a dialog."""
    head = find_head(request, run_id)
    run = head.run
    context = {
        **head_context(request, head),
        "refusal": finish_refusal(request, run),
        "endings": [
            status for status in MANUAL_END_STATUSES if can_follow(run.state, status)
        ],
    }
    template = "run/_run_finish.html" if request.htmx else "run/run_finish.html"
    return render(request, template, context)


@access(Permission.CANCEL)
def _save_how_it_ended(request: PageRequest, run_id: str) -> HttpResponse:
    run = find_head(request, run_id).run
    values = FinishForm(request.POST).check()
    status = values["status"]
    if refused := finish_refusal(request, run):
        raise InvalidState(refused, run_id=run.run_id)
    change_status(
        run,
        status,
        actor=request.actor,
        now=now_ms(),
        message=values["reason"],
        origin=StatusSource.SERVER,
    )
    messages.success(request, _("Marked as %(status)s") % {"status": status})
    return _redirect_back(request, run)


finish_run = by_method(GET=_ask_how_it_ended, POST=_save_how_it_ended)


def _redirect_back(request: PageRequest, run: Run) -> HttpResponse:
    place = safe_path(request) or run_path(request.workspace.name, run.run_id)
    return redirect(place)
