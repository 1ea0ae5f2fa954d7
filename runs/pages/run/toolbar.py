"""The buttons of the run page: cancel, force, end by hand, archive, lock, trash."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from runs.access import Permission, access, view_by_method
from runs.actions.bulk import MANUAL_END_STATUSES
from runs.actions.run import (
    StatusReporter,
    archive_run,
    change_status,
    force_cancel,
    pin_run_color,
    request_cancel,
    request_force_stop,
    restore_run,
    trash_run,
)
from runs.actions.run_rows import lock_run, unlock_run
from runs.models import Role, Run, now_ms
from runs.pages.requests import PageRequest, safe_return_path
from runs.pages.run.forms import CancelForm, ColorForm, FinishForm, OnOffForm
from runs.pages.run_shell import (
    can_force_cancel,
    can_receive_cancel,
    cancel_refusal,
    find_run_head,
    finish_refusal,
    head_context,
    run_undo_path,
)
from runs.render.formats import run_path
from runs.search.run import count_descendants, find_cancel_request
from studio.core.errors import InvalidState
from studio.core.statuses import RunStatus, can_follow


@access(Permission.CANCEL)
def _show_cancel_form(request: PageRequest, run_id: str) -> HttpResponse:
    """Show the dialog, or without a script a page of its own."""
    head = find_run_head(request, run_id)
    context = {
        **head_context(request, head),
        "refusal": cancel_refusal(request, head.run),
        "below": count_descendants(head.run),
        "silent": head.run.state is RunStatus.NOT_RESPONDING,
        "can_hear": can_receive_cancel(head.run),
        "can_force": can_force_cancel(request, head.run, find_cancel_request(head.run)),
    }
    template = "run/_run_cancel.html" if request.htmx else "run/run_cancel.html"
    return render(request, template, context)


@access(Permission.CANCEL)
def _cancel_run(request: PageRequest, run_id: str) -> HttpResponse:
    run = find_run_head(request, run_id).run
    children = CancelForm(request.POST).check()["children"]
    request_cancel(run, actor=request.actor, now=now_ms(), children=children)
    # The run can have ended since the page was shown; then nothing was requested.
    messages.success(request, _cancel_result_message(run))
    return _redirect_to_origin(request, run)


cancel_run = view_by_method(GET=_show_cancel_form, POST=_cancel_run)


@access(Permission.CANCEL)
@require_POST
def force_cancel_run(request: PageRequest, run_id: str) -> HttpResponse:
    run = find_run_head(request, run_id).run
    force_cancel(run, actor=request.actor, now=now_ms())
    messages.success(request, _("Run ended as %(status)s") % {"status": run.state})
    return _redirect_to_origin(request, run)


@access(Permission.CANCEL)
@require_POST
def force_stop_run(request: PageRequest, run_id: str) -> HttpResponse:
    """Ask the run's process for SIGKILL, which its next heartbeat tells it."""
    run = find_run_head(request, run_id).run
    request_force_stop(run, actor=request.actor, now=now_ms())
    is_over = run.state.is_final
    message = _cancel_result_message(run) if is_over else _("SIGKILL requested")
    messages.success(request, message)
    return _redirect_to_origin(request, run)


@access(Permission.TRASH)
@require_POST
def move_run_to_trash(request: PageRequest, run_id: str) -> HttpResponse:
    run = find_run_head(request, run_id).run
    trash_run(run, actor=request.actor, now=now_ms())
    message = _("Moved to the trash. You can restore it.")
    messages.success(request, message, extra_tags=run_undo_path(request, run))
    return _redirect_to_origin(request, run)


@access(Permission.TRASH)
@require_POST
def restore_run_from_trash(request: PageRequest, run_id: str) -> HttpResponse:
    run = find_run_head(request, run_id).run
    restore_run(run, actor=request.actor, now=now_ms())
    messages.success(request, _("Restored"), extra_tags=run_undo_path(request, run))
    return _redirect_to_origin(request, run)


def _cancel_result_message(run: Run) -> str:
    if run.state.is_final:
        return _("This run ended as %(status)s.") % {"status": run.state}
    return _("Cancel requested")


def _redirect_to_origin(request: PageRequest, run: Run) -> HttpResponse:
    place = safe_return_path(request) or run_path(request.workspace.name, run.run_id)
    return redirect(place)


@access(Permission.ANNOTATE)
@require_POST
def archive_run_page(request: PageRequest, run_id: str) -> HttpResponse:
    """Archive the run; with `on=0`, unarchive it."""
    run = find_run_head(request, run_id).run
    on = OnOffForm(request.POST).check()["on"]
    archive_run(run, on, actor=request.actor, now=now_ms())
    message = _("Archived") if on else _("Unarchived")
    messages.success(request, message, extra_tags=run_undo_path(request, run))
    return _redirect_to_origin(request, run)


@access(Permission.ANNOTATE)
@require_POST
def pin_color_of_run(request: PageRequest, run_id: str) -> HttpResponse:
    """Give the run a color; without one, remove its own."""
    run = find_run_head(request, run_id).run
    color = ColorForm(request.POST).check()["color"]
    pin_run_color(run, color, actor=request.actor, now=now_ms())
    message = _("Color changed") if color else _("Color removed")
    messages.success(request, message, extra_tags=run_undo_path(request, run))
    return _redirect_to_origin(request, run)


@access(Permission.LOCK)
@require_POST
def lock_run_page(request: PageRequest, run_id: str) -> HttpResponse:
    """Lock the run; with `on=0`, unlock it."""
    run = find_run_head(request, run_id).run
    on = OnOffForm(request.POST).check()["on"]
    if on:
        lock_run(run, actor=request.actor, now=now_ms())
    else:
        is_owner = request.role == Role.OWNER
        unlock_run(run, actor=request.actor, now=now_ms(), is_owner=is_owner)
    message = _("Locked") if on else _("Unlocked")
    messages.success(request, message, extra_tags=run_undo_path(request, run))
    return _redirect_to_origin(request, run)


@access(Permission.CANCEL)
def _show_finish_form(request: PageRequest, run_id: str) -> HttpResponse:
    """Show the dialog, or without a script a page of its own."""
    head = find_run_head(request, run_id)
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
def _finish_run(request: PageRequest, run_id: str) -> HttpResponse:
    run = find_run_head(request, run_id).run
    values = FinishForm(request.POST).check()
    status = values["status"]
    # The state machine alone would allow it, even if a launcher ends the run.
    if refused := finish_refusal(request, run):
        raise InvalidState(refused, run_id=run.run_id)
    change_status(
        run,
        status,
        actor=request.actor,
        now=now_ms(),
        message=values["reason"],
        origin=StatusReporter.SERVER,
    )
    messages.success(request, _("Marked as %(status)s") % {"status": status})
    return _redirect_to_origin(request, run)


finish_run = view_by_method(GET=_show_finish_form, POST=_finish_run)
