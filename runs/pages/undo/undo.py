"""Undo from a toast, by the key `z`, and from a run's history.

Pages of many runs undo any change of the workspace, the run page those of its run.
"""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from runs.access import Permission, access, check_role, is_permitted_view_change
from runs.actions.background_tasks import LARGE_CHANGE, start_undo
from runs.actions.undo import REDO, UNDO, is_of_stars, undo_change_set
from runs.actions.views import undo_view_change
from runs.models import BackgroundTask, ChangeSet, Role, now_ms
from runs.pages.requests import (
    FORM_ERROR_STATUS,
    FlagField,
    PageForm,
    PageRequest,
    safe_return_path,
)
from runs.pages.run_shell import (
    find_run_head,
    head_context,
    run_undo_path,
    toast_header,
)
from runs.pages.undo.change_lines import change_line
from runs.render.formats import run_path
from runs.search.background_tasks import is_large_change_set
from runs.search.run import (
    RunHead,
    find_change_set_in,
    find_change_set_of,
    last_change_in_workspace_by,
    last_change_of_run_by,
)
from runs.search.views import find_view_change
from studio.core.errors import (
    AlreadyExists,
    Conflict,
    InvalidState,
    NotFound,
    NotSupported,
    PermissionDenied,
)


class UndoForm(PageForm):
    """`anyway` undoes a change although something was changed after it."""

    anyway = FlagField()


#: The element that the dialog replaces, on every page with undo.
DIALOG_ID = "undo-dialog"


# Readers have their own views; other changes need a higher role.
@access(Permission.VIEWS)
@require_POST
def undo_latest(request: PageRequest) -> HttpResponse:
    """Undo the user's own last change in the workspace."""
    change_set = last_change_in_workspace_by(request.workspace, request.actor.user)
    if change_set is None:
        return _show_undo_result(
            request, _run_list_path(request), _("You have no change to undo here.")
        )
    return _undo_change_set(request, change_set)


@access(Permission.VIEWS)
@require_POST
def undo_change(request: PageRequest, number: int) -> HttpResponse:
    try:
        # Changes of views belong to their author alone; all others are the workspace's.
        change_set = find_view_change(request.workspace, request.actor.user, number)
    except NotFound:
        change_set = find_change_set_in(request.workspace, number)
    return _undo_change_set(request, change_set)


def _undo_in_background(
    request: PageRequest, change_set: ChangeSet, anyway: bool
) -> HttpResponse:
    need = Permission.STAR if is_of_stars(change_set) else Permission.ANNOTATE
    check_role(need, request.role)
    try:
        task = start_undo(
            change_set,
            actor=request.actor,
            role=need.role,
            now=now_ms(),
            anyway=anyway,
        )
    except (InvalidState, NotSupported) as error:
        return _show_undo_result(request, _run_list_path(request), error.message)
    text = _("The undo continues in the background")
    if not request.htmx:
        messages.success(request, text, extra_tags=f"task:{task_path(task)}")
        return redirect(safe_return_path(request) or _run_list_path(request))
    response = HttpResponse(status=204)
    label = _("Show progress")
    response["HX-Trigger"] = toast_header(text, label=label, link=task_path(task))
    return response


def task_path(task: BackgroundTask) -> str:
    return f"{reverse('tasks', args=[task.workspace.name])}#task-{task.pk}"


def last_undo_href(request: PageRequest) -> str:
    """Return the address that undoes the user's last change; empty if there is none."""
    change_set = last_change_in_workspace_by(request.workspace, request.actor.user)
    return undo_path_of(request, change_set) if change_set else ""


def undo_path_of(request: PageRequest, change_set: ChangeSet) -> str:
    return reverse("undo-change", args=[request.workspace.name, change_set.pk])


def _run_list_path(request: PageRequest) -> str:
    return reverse("run-list", args=[request.workspace.name])


def _undo_change_set(request: PageRequest, change_set: ChangeSet) -> HttpResponse:
    anyway = UndoForm(request.POST).check()["anyway"]
    if is_large_change_set(change_set, LARGE_CHANGE):
        return _undo_in_background(request, change_set, anyway)
    actor, now = request.actor, now_ms()
    is_of_view = is_permitted_view_change(request, change_set)
    try:
        if is_of_view:
            undo_view_change(change_set, actor=actor, now=now, anyway=anyway)
        else:
            is_owner = request.role == Role.OWNER
            undo_change_set(
                change_set, actor=actor, now=now, anyway=anyway, is_owner=is_owner
            )
    # A name that is taken is a conflict too, but no later change of this value.
    except (AlreadyExists, InvalidState, NotSupported, PermissionDenied) as error:
        return _show_undo_result(request, _run_list_path(request), error.message)
    except Conflict as error:
        return _ask_to_overwrite(request, change_set, error.details.get("later", ()))
    # An undo is a change itself, so the newest one tells whether anything was undone.
    newest = last_change_in_workspace_by(request.workspace, request.actor.user)
    if (
        newest is None
        or newest.action not in (UNDO, REDO)
        or newest.pk <= change_set.pk
    ):
        return _show_undo_result(request, _run_list_path(request), _("No change."))
    back = newest.action == UNDO
    message = _("Undone") if back else _("Redone")
    label = _("Redo") if back else _("Undo")
    return _show_undo_result(
        request, _run_list_path(request), message, undo_path_of(request, newest), label
    )


def _ask_to_overwrite(
    request: PageRequest, change_set: ChangeSet, later_changes: Any
) -> HttpResponse:
    """Another member changed it since: show both."""
    context = {
        "undo_action": undo_path_of(request, change_set),
        "dialog": DIALOG_ID,
        "later": [
            (change_line(each["field"], each["before"], each["now"]), each)
            for each in later_changes
        ],
        "next": safe_return_path(request),
    }
    if not request.htmx:
        return render(request, "undo/undo.html", context, status=FORM_ERROR_STATUS)
    response = render(request, "undo/_undo.html", context)
    response["HX-Retarget"], response["HX-Reswap"] = f"#{DIALOG_ID}", "outerHTML"
    return response


def _show_undo_result(
    request: PageRequest, path: str, message: str, undo: str = "", label: str = ""
) -> HttpResponse:
    """Show a toast; without a script, redirect to the form's page, else `path`."""
    if request.htmx:
        # 204: htmx swaps nothing, and shows the toast of the header.
        response = HttpResponse(status=204)
        response["HX-Trigger"] = toast_header(message, undo, label)
        return response
    messages.success(request, message, extra_tags=undo)
    return redirect(safe_return_path(request) or path)


@access(Permission.ANNOTATE)
@require_POST
def undo_latest_of_run(request: PageRequest, run_id: str) -> HttpResponse:
    """Undo the user's own last change of the run."""
    head = find_run_head(request, run_id)
    change_set = last_change_of_run_by(head.run, request.actor.user)
    if change_set is None:
        return _show_undo_result(
            request, _run_path(request, head), _("You have no change to undo here.")
        )
    return _undo_in_run(request, head, change_set)


@access(Permission.ANNOTATE)
@require_POST
def undo_change_of_run(request: PageRequest, run_id: str, number: int) -> HttpResponse:
    head = find_run_head(request, run_id)
    return _undo_in_run(request, head, find_change_set_of(head.run, number))


def _undo_in_run(
    request: PageRequest, head: RunHead, change_set: ChangeSet
) -> HttpResponse:
    anyway = UndoForm(request.POST).check()["anyway"]
    if is_large_change_set(change_set, LARGE_CHANGE):
        return _undo_in_background(request, change_set, anyway)
    try:
        undo_change_set(
            change_set,
            actor=request.actor,
            now=now_ms(),
            anyway=anyway,
            is_owner=request.role == Role.OWNER,
        )
    except (InvalidState, PermissionDenied) as error:
        return _show_undo_result(request, _run_path(request, head), error.message)
    except Conflict as error:
        return _ask_to_overwrite_in_run(
            request, head, change_set, error.details.get("later", ())
        )
    newest = last_change_of_run_by(head.run, request.actor.user)
    if (
        newest is None
        or newest.action not in (UNDO, REDO)
        or newest.pk <= change_set.pk
    ):
        return _show_undo_result(request, _run_path(request, head), _("No change."))
    back = newest.action == UNDO
    message = _("Undone") if back else _("Redone")
    label = _("Redo") if back else _("Undo")
    return _show_undo_result(
        request,
        _run_path(request, head),
        message,
        run_undo_path(request, head.run),
        label,
    )


def _ask_to_overwrite_in_run(
    request: PageRequest, head: RunHead, change_set: ChangeSet, later_changes: Any
) -> HttpResponse:
    """Another member changed it since: show both."""
    head_frame = head_context(request, head)
    context = {
        **head_frame,
        "undo_action": f"{head_frame['path']}undo/{change_set.pk}/",
        # The run page has one place for dialogs, which the cancel dialog named.
        "dialog": "run-cancel",
        "later": [
            (change_line(each["field"], each["before"], each["now"]), each)
            for each in later_changes
        ],
        "next": safe_return_path(request) or head_frame["path"],
        "title": _("Undo"),
        "editor_template": "undo/_undo.html",
    }
    if not request.htmx:
        return render(request, "run/run_editor.html", context, status=FORM_ERROR_STATUS)
    response = render(request, "undo/_undo.html", context)
    response["HX-Retarget"], response["HX-Reswap"] = "#run-cancel", "outerHTML"
    return response


def _run_path(request: PageRequest, head: RunHead) -> str:
    return run_path(request.workspace.name, head.run.run_id)
