"""The dialog that undoes everything a token changed since a time."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_http_methods

from runs.access import Permission, access
from runs.actions.background_tasks import LARGE_CHANGE, start_undo_since
from runs.actions.undo import (
    UndoSinceResult,
    UndoSkip,
    count_changes_since,
    undo_since,
)
from runs.models import ApiToken, Role, now_ms
from runs.pages.requests import FORM_ERROR_STATUS, PageRequest, with_vary_headers
from runs.pages.undo import task_path
from runs.render.formats import grouped, local_time
from runs.search.activity import first_change_of_token
from studio.core.errors import InvalidState, InvalidValue
from studio.core.names import MAX_TIME

REASONS = {
    UndoSkip.SAME: gettext_lazy("already as before"),
    UndoSkip.CHANGED_SINCE: gettext_lazy("changed by someone else since"),
    UndoSkip.LOCKED: gettext_lazy("locked"),
    UndoSkip.LOCKED_BY_OTHERS: gettext_lazy("locked by other members"),
    UndoSkip.TRASHED: gettext_lazy("in the trash"),
    UndoSkip.TREE_LOCKED: gettext_lazy("with a locked run in the tree"),
    UndoSkip.REGISTERED: gettext_lazy("used by a registered model"),
    UndoSkip.EXPERIMENT_DELETED: gettext_lazy("from a deleted experiment"),
    UndoSkip.NAME: gettext_lazy("name is taken"),
    UndoSkip.VERSION_GONE: gettext_lazy("a file’s version no longer exists"),
    UndoSkip.NOT_SUPPORTED: gettext_lazy("can’t be undone"),
}
#: What `<input type="datetime-local">` sends.
_FORMATS = ("%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S")


@access(Permission.ANNOTATE)
@require_http_methods(["GET", "HEAD", "POST"])
def undo_of_token(request: PageRequest, number: int) -> HttpResponse:
    """GET shows what would be undone; POST undoes it."""
    rows = ApiToken.objects.filter(workspace=request.workspace)
    token = get_object_or_404(rows.select_related("user"), pk=number)
    values = request.POST if request.method == "POST" else request.GET
    problem, result, since = "", None, now_ms()
    try:
        given = _read_time(values.get("since", ""))
        if given is None:
            given = first_change_of_token(request.workspace, token)
        since = since if given is None else given
        is_large = count_changes_since(request.workspace, token, since) > LARGE_CHANGE
        if is_large and request.method == "POST":
            return _start(request, token, since)
        result = undo_since(
            request.workspace,
            token,
            since,
            actor=request.actor,
            now=now_ms(),
            is_owner=request.role == Role.OWNER,
            dry_run=request.method != "POST",
        )
    except (InvalidState, InvalidValue) as error:
        problem = error.message
    if request.method == "POST" and result is not None:
        return _report(request, result)
    shown = local_time(since, timezone.get_current_timezone())
    context = {
        "token": token,
        "since": shown.strftime("%Y-%m-%dT%H:%M"),
        "result": result,
        "run_count": len(result.runs) if result else 0,
        "skipped": _skipped(result.skipped) if result else (),
        "problem": problem,
        "path": reverse("activity", args=[request.workspace.name]),
    }
    status = FORM_ERROR_STATUS if problem else 200
    return with_vary_headers(
        render(request, "activity/token_undo.html", context, status=status)
    )


def _start(request: PageRequest, token: ApiToken, since: int) -> HttpResponse:
    task = start_undo_since(
        request.workspace,
        token,
        since,
        actor=request.actor,
        role=Permission.ANNOTATE.role,
        now=now_ms(),
    )
    text = _("The undo continues in the background")
    messages.success(request, text, extra_tags=f"task:{task_path(task)}")
    return redirect("activity", request.workspace.name)


def _read_time(text: str) -> int | None:
    """Milliseconds; a time without an offset is of the reader's zone."""
    for form in _FORMATS:
        try:
            found = datetime.strptime(text, form)
        except ValueError:
            continue
        try:
            since = int(timezone.make_aware(found).timestamp() * 1000)
        except (OverflowError, ValueError):
            break
        # Dates near the ends of the calendar have none in some time zones.
        if 0 <= since <= MAX_TIME:
            return since
        break
    if text:
        raise InvalidValue(_("Enter a date and time."), field="since")
    return None


def _skipped(counts: Mapping[UndoSkip, int]) -> list[tuple[str, str]]:
    return [(grouped(n), str(REASONS[reason])) for reason, n in counts.items() if n]


def _report(request: PageRequest, result: UndoSinceResult) -> HttpResponse:
    text = ngettext(
        "%(n)s value restored.", "%(n)s values restored.", result.changed
    ) % {"n": grouped(result.changed)}
    undo = result.change_set
    tags = (
        reverse("undo-change", args=[request.workspace.name, undo.pk]) if undo else ""
    )
    messages.success(request, text, extra_tags=tags)
    return redirect("activity", request.workspace.name)
