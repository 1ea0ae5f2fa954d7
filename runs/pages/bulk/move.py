"""The dialog that moves the selected runs to another experiment."""

from __future__ import annotations

from django.http import HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext_lazy

from runs.access import Permission, access, view_by_method
from runs.actions.bulk import MoveChange, create_move_target, find_move_target
from runs.models import Experiment, now_ms
from runs.pages.bulk.bulk_actions import with_number
from runs.pages.bulk.bulk_plan import (
    BulkTarget,
    apply_to_target,
    find_target,
    first_planned,
    plan_change,
    show_dialog,
    show_result,
)
from runs.pages.lists import ListState, read_part_state
from runs.pages.requests import FORM_ERROR_STATUS, PageForm, PageRequest, TextField
from studio.core.errors import InvalidName, InvalidState, InvalidValue

#: Experiments that the dialog suggests, the newest first.
MAX_SUGGESTED = 500
_TITLE = ngettext_lazy("Move %(number)s run", "Move %(number)s runs", "n")
_DONE = ngettext_lazy("%(number)s run moved", "%(number)s runs moved", "n")


class MoveForm(PageForm):
    to = TextField()


@access(Permission.ANNOTATE)
def _show_dialog(request: PageRequest) -> HttpResponse:
    return _render_dialog(request, read_part_state(request), MoveForm(request.GET))


def _render_dialog(
    request: PageRequest, state: ListState, form: MoveForm
) -> HttpResponse:
    keys = find_target(request, state, offers_children=False).keys
    name = form.check()["to"].strip()
    problem, plan, target = "", None, BulkTarget(keys, (), False)
    is_new = False
    if name or request.method == "POST":
        try:
            experiment = find_move_target(state.workspace, name)
            change = MoveChange(experiment)
            is_new = experiment.pk is None
            # Very many runs are not looked at in the dialog, so neither their trees.
            is_small = first_planned(keys) == keys
            found = change.affected(keys) if is_small else keys
            plan = plan_change(state, found, change)
            below = tuple(key for key in found if key not in set(keys))
            target = BulkTarget(keys, below, True)
        except (InvalidName, InvalidState, InvalidValue) as error:
            problem = error.message
    response = show_dialog(
        request,
        state,
        action="move",
        title=with_number(_TITLE, len(keys)),
        button=with_number(_TITLE, plan.changed if plan else 0),
        plan=plan,
        problem=problem,
        new_experiment=name if is_new and plan else "",
        moved_below=len(target.below),
        to=name,
        experiments=_suggested(state),
        fields_template="bulk/_bulk_move.html",
        note=_(
            "A root takes all its child runs along. Each run gets the next number "
            "there. IDs and links stay. Undo brings back experiments and numbers."
        ),
    )
    if problem and request.method == "POST":
        response.status_code = FORM_ERROR_STATUS
    return response


def _suggested(state: ListState) -> list[str]:
    rows = Experiment.objects.filter(workspace=state.workspace, deleted=None)
    found = rows.filter(archived=None).order_by("-pk")
    return list(found.values_list("name", flat=True)[:MAX_SUGGESTED])


@access(Permission.ANNOTATE)
def _move(request: PageRequest) -> HttpResponse:
    state = read_part_state(request)
    form = MoveForm(request.POST)
    try:
        name = form.check()["to"].strip()
        target = create_move_target(
            state.workspace, name, actor=request.actor, now=now_ms()
        )
    except (InvalidName, InvalidState, InvalidValue):
        return _render_dialog(request, state, form)
    keys = find_target(request, state, offers_children=False).keys
    change = MoveChange(target)
    result = apply_to_target(request, state, change.affected(keys), change)
    return show_result(request, state, result, with_number(_DONE, result.changed))


move_selected = view_by_method(GET=_show_dialog, POST=_move)
