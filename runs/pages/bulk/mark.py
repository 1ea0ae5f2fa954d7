"""The dialog that marks the selected runs as completed or failed."""

from __future__ import annotations

from django.http import HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext_lazy

from runs.access import Permission, access, view_by_method
from runs.actions.bulk import MANUAL_END_STATUSES, MarkChange
from runs.models import now_ms
from runs.pages.bulk.bulk_actions import with_number
from runs.pages.bulk.bulk_plan import (
    apply_to_target,
    find_target,
    plan_change,
    show_dialog,
    show_result,
)
from runs.pages.lists import read_part_state
from runs.pages.requests import PageForm, PageRequest, TextField
from runs.pages.run import read_end_status
from runs.render.formats import grouped
from studio.core import names
from studio.core.statuses import RunStatus

_TITLE = ngettext_lazy("Mark %(number)s run", "Mark %(number)s runs", "n")
_DONE = ngettext_lazy(
    "%(number)s run marked as %(status)s", "%(number)s runs marked as %(status)s", "n"
)


class MarkForm(PageForm):
    status = TextField(read_end_status)
    reason = TextField()

    def read(self, request: PageRequest) -> MarkChange:
        """Raise InvalidValue for another status, or a reason that is too long."""
        sent = self.check()
        reason = names.check_text(sent["reason"], "reason", limit=names.MAX_ERROR)
        return MarkChange(sent["status"], request.actor, now_ms(), reason)


@access(Permission.CANCEL)
def _show_dialog(request: PageRequest) -> HttpResponse:
    state = read_part_state(request)
    first = {"status": RunStatus.COMPLETED.value, **request.GET.dict()}
    change = MarkForm(first).read(request)
    keys = find_target(request, state, offers_children=False).keys
    plan = plan_change(state, keys, change)
    return show_dialog(
        request,
        state,
        action="mark",
        title=with_number(_TITLE, len(keys)),
        button=with_number(_TITLE, plan.changed),
        plan=plan,
        endings=MANUAL_END_STATUSES,
        chosen=change.status,
        reason=change.reason,
        fields_template="bulk/_bulk_mark.html",
        note=_(
            "This ends the runs here and can’t be undone. Running scripts are not "
            "stopped. What they log is kept, and the status stays as marked."
        ),
    )


@access(Permission.CANCEL)
def _mark(request: PageRequest) -> HttpResponse:
    state = read_part_state(request)
    change = MarkForm(request.POST).read(request)
    keys = find_target(request, state, offers_children=False).keys
    result = apply_to_target(request, state, keys, change, Permission.CANCEL)
    done = {"n": result.changed, "number": grouped(result.changed)}
    message = str(_DONE % {**done, "status": change.status})
    return show_result(request, state, result, message)


mark_selected = view_by_method(GET=_show_dialog, POST=_mark)
