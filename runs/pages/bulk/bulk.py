"""The dialogs of actions on selected runs: archive, delete, star, cancel."""

from __future__ import annotations

from django.http import Http404, HttpResponse

from runs.access import Permission, access, check_role, view_by_method
from runs.pages.bulk.bulk_actions import ACTIONS, BulkAction, with_number
from runs.pages.bulk.bulk_plan import (
    apply_to_target,
    find_target,
    plan_change,
    show_dialog,
    show_result,
)
from runs.pages.lists import ListState, read_part_state
from runs.pages.requests import PageRequest


def _read_request(request: PageRequest, action: str) -> tuple[ListState, BulkAction]:
    if action not in ACTIONS:
        raise Http404(action)
    check_role(ACTIONS[action].need, request.role)
    return read_part_state(request), ACTIONS[action]


@access(Permission.STAR)
def _show_dialog(request: PageRequest, action: str) -> HttpResponse:
    state, kind = _read_request(request, action)
    target = find_target(
        request, state, offers_children=kind.has_children, in_trash=kind.is_of_trash
    )
    plan = plan_change(state, target.all, kind.change(request))
    return show_dialog(
        request,
        state,
        action=action,
        title=with_number(kind.title, len(target.keys)),
        button=with_number(kind.title, plan.changed),
        plan=plan,
        target=target,
        note=kind.note,
        is_danger=kind.is_danger,
    )


@access(Permission.STAR)
def _apply(request: PageRequest, action: str) -> HttpResponse:
    state, kind = _read_request(request, action)
    target = find_target(
        request, state, offers_children=kind.has_children, in_trash=kind.is_of_trash
    )
    change = kind.change(request)
    result = apply_to_target(request, state, target.all, change, kind.need)
    if action == "delete":
        # What is in the trash can't be seen in the list, and so not be selected.
        spec = state.spec.changed(selected=(), only=False)
        state = state.with_spec(spec)
    return show_result(request, state, result, with_number(kind.done, result.changed))


change_selected = view_by_method(GET=_show_dialog, POST=_apply)
