"""The dialog that sets and removes tags of the selected runs.

Each tag that some of the runs have is unchanged at first. It can be set on all of them,
if it has one value, or removed from all. New tags are typed and added to a list.
"""

from __future__ import annotations

from collections.abc import Sequence

from django.http import HttpResponse, QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import ngettext_lazy

from runs.access import Permission, access, view_by_method
from runs.actions.bulk import TagChange
from runs.pages.bulk.bulk_actions import with_number
from runs.pages.bulk.bulk_plan import (
    apply_to_target,
    find_target,
    first_planned,
    plan_change,
    show_dialog,
    show_result,
)
from runs.pages.bulk.tag_form import listed_tags, new_tags, read_tag_edit, tag_lines
from runs.pages.lists import ListState, read_matching_bound, read_part_state
from runs.pages.requests import FORM_ERROR_STATUS, PageRequest
from runs.search.run_list import TagUse, count_tags, keys_of_unlocked
from studio.core.errors import InvalidName, InvalidValue

_TITLE = ngettext_lazy("Tag %(number)s run", "Tag %(number)s runs", "n")
_BUTTON = ngettext_lazy("Change %(number)s run", "Change %(number)s runs", "n")
_DONE = ngettext_lazy(
    "Tags of %(number)s run changed", "Tags of %(number)s runs changed", "n"
)


@access(Permission.ANNOTATE)
def _show_dialog(request: PageRequest) -> HttpResponse:
    return _render_dialog(request, read_part_state(request), request.GET)


def _render_dialog(
    request: PageRequest, state: ListState, sent: QueryDict
) -> HttpResponse:
    keys = find_target(request, state, offers_children=False).keys
    planned = first_planned(keys)
    uses = count_tags(planned)
    open_keys = keys_of_unlocked(planned)
    # The preview counts the runs that change.
    open_uses = uses if len(open_keys) == len(planned) else count_tags(open_keys)
    problem, plan, changed = "", None, 0
    added = new_tags(sent, open_uses, len(open_keys))
    listed, typed = listed_tags(sent, added)
    try:
        change = _read_change(sent, uses)
        if change.tags or change.removed:
            plan = plan_change(state, keys, change)
            changed = plan.changed
    except (InvalidName, InvalidValue) as error:
        problem = error.message
    response = show_dialog(
        request,
        state,
        action="tag",
        title=with_number(_TITLE, len(keys)),
        button=with_number(_BUTTON, changed),
        plan=plan,
        changed=changed,
        problem=problem,
        lines=tag_lines(sent, uses, len(planned), open_uses, len(open_keys)),
        added=added,
        listed=listed,
        typed=typed,
        fields_template="bulk/_bulk_tags.html",
        has_panes=True,
        each_href=_tags_of_each(state),
        note=_("Undo restores the tags of all runs at once."),
    )
    if problem and request.method == "POST":
        response.status_code = FORM_ERROR_STATUS
    return response


def _read_change(sent: QueryDict, uses: Sequence[TagUse]) -> TagChange:
    """Read the form; raise InvalidName or InvalidValue."""
    return TagChange(*read_tag_edit(sent, uses)).check()


def _tags_of_each(state: ListState) -> str:
    """The list of only these runs, where each has its tags."""
    if read_matching_bound(state) is not None:
        return state.scope.address_of(state.spec)
    return state.scope.address_of(state.spec.changed(only=True))


@access(Permission.ANNOTATE)
def _tag(request: PageRequest) -> HttpResponse:
    state = read_part_state(request)
    keys = find_target(request, state, offers_children=False).keys
    try:
        change = _read_change(request.POST, count_tags(first_planned(keys)))
    except (InvalidName, InvalidValue):
        return _render_dialog(request, state, request.POST)
    result = apply_to_target(request, state, keys, change)
    return show_result(request, state, result, with_number(_DONE, result.changed))


tag_selected = view_by_method(GET=_show_dialog, POST=_tag)
