"""Selecting runs in the list: the form of the checkboxes, and the tray.

The form works with and without a script, so that numbers are assigned in one place. It
redirects to the address of the list, which contains the selection.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any
from urllib.parse import parse_qsl

from django.http import HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, npgettext
from django.views.decorators.http import require_POST

from runs.access import Permission, access, update_if_idle
from runs.actions.run_list import DAY_MS, save_selection
from runs.models import STORED_SELECTION_PREFIX, Run, Selection, now_ms
from runs.pages.compare import CompareState
from runs.pages.lists import (
    ListLinks,
    ListState,
    build_state,
    find_run_page,
    matching_bound_now,
    read_scope,
    select_runs_hint,
)
from runs.pages.requests import PageRequest
from runs.pages.run_list.forms import SelectionForm
from runs.pages.run_list.tray_actions import (
    matching_actions,
    more_tray_actions,
    tray_actions,
)
from runs.render import formats
from runs.search.compare import MAX_COMPARED
from runs.search.query import (
    MAX_IN_ADDRESS,
    MAX_SELECTED,
    SelectedRun,
    VisibleSelection,
    build_query,
    change_selection,
    find_visible_selection,
    read_run_set,
    selected_ids,
    selected_keys,
    selected_runs,
)
from runs.search.run_list import RunPage
from studio.core.errors import InvalidValue
from studio.core.filters.tree import attribute
from studio.core.view_spec import Column, ParameterWarning, ViewSpec, parse_tolerant

#: Maximum number of missing ids to name.
MAX_NAMED = 5


def find_selection(state: ListState) -> VisibleSelection:
    """Find the selected runs; record, once a day, that a stored selection is used."""
    spec = state.spec
    found = find_visible_selection(spec, state.viewer, state.workspace)
    if spec.selected and spec.selected[0].startswith(STORED_SELECTION_PREFIX):
        slug, now = spec.selected[0].removeprefix(STORED_SELECTION_PREFIX), state.now
        own = Selection.objects.filter(workspace=state.workspace, slug=slug)
        # Reading a list must not write each time; a day is exact enough for the
        # cleanup.
        if own.filter(used__lt=now - DAY_MS).exists():
            update_if_idle(own, used=now)
    return found


def selection_notices(chosen: VisibleSelection) -> list[ParameterWarning]:
    """Return notices about selected runs that no longer exist."""
    texts = []
    if chosen.missing:
        some = ", ".join(chosen.missing[:MAX_NAMED])
        left = len(chosen.missing) - MAX_NAMED
        more = (
            " "
            + npgettext("end of a list", "and %(n)s more", "and %(n)s more", left)
            % {"n": left}
            if left > 0
            else ""
        )
        texts.append(_("Selected, but not found: %(runs)s.") % {"runs": some + more})
    if chosen.gone:
        notice = ngettext(
            "%(n)s selected run no longer exists.",
            "%(n)s selected runs no longer exist.",
            chosen.gone,
        )
        texts.append(notice % {"n": formats.grouped(chosen.gone)})
    return [ParameterWarning("selected", text) for text in texts]


def selection_tray_context(
    state: ListState,
    chosen: VisibleSelection,
    page: RunPage,
    links: ListLinks,
    *,
    can_edit: bool,
) -> dict[str, Any]:
    """Return the context of the head's checkbox and of the tray."""
    here = [row.run.pk for row in page.rows]
    count = sum(key in chosen.number_by_key for key in here)
    partly = "mixed" if count else "false"
    tray: dict[str, Any] = {
        "page_chosen": "true" if here and count == len(here) else partly
    }
    if not chosen.total:
        return tray
    runs = selected_runs(chosen, state.viewer, state.workspace)
    spec = state.spec
    # Groups show only some of their runs, so others are not on other pages.
    on_other_pages = 0 if spec.group else chosen.total - count
    place = {"after": spec.after, "before": spec.before}
    return tray | {
        "tray": {
            "total": chosen.total,
            "runs": json.dumps([_script_fields(each) for each in runs]),
            "selected": formats.grouped(chosen.total),
            "elsewhere": formats.grouped(on_other_pages) if on_other_pages else "",
            "match": _select_all_count(page, chosen, spec),
            **_compare_link(state, runs, chosen),
            "differs": links.part_address("differs"),
            "clear": links.query_with(selected=(), only=False, **place),
            **_matching_actions(state, page, links, can_edit=can_edit),
            "most": formats.grouped(MAX_SELECTED),
            "actions": tray_actions(links, chosen, runs) if can_edit else (),
            "more_actions": more_tray_actions(links, chosen, runs, can_edit=can_edit),
        }
    }


def _matching_actions(
    state: ListState, page: RunPage, links: ListLinks, *, can_edit: bool
) -> dict[str, Any]:
    """Return actions on all matching runs, if more match than can be selected."""
    if page.total <= MAX_SELECTED or state.spec.only:
        return {}
    bound = matching_bound_now(state.workspace, state.now)
    total = formats.grouped(page.total) if page.total_is_exact else ""
    return {
        "matching_actions": matching_actions(links, bound.text, can_edit=can_edit),
        "matching_total": total,
    }


def _compare_link(
    state: ListState, runs: Sequence[SelectedRun], chosen: VisibleSelection
) -> dict[str, str]:
    """Return the link that compares the selected runs, or why there is none."""
    if chosen.total < 2:
        return {"compare": "", "compare_title": select_runs_hint()}
    if chosen.total > MAX_COMPARED:
        most = {"n": formats.grouped(MAX_COMPARED)}
        text = _("You can compare up to %(n)s runs at once") % most
        return {"compare": "", "compare_title": text}
    compared = CompareState(tuple(each.run.run_id for each in runs))
    address = reverse("compare", args=[state.workspace.name])
    return {
        "compare": f"{address}?{compared.query()}",
        "compare_title": _("Compare the selected runs (c)"),
    }


def _script_fields(selected_run: SelectedRun) -> dict[str, Any]:
    """Return the fields of a selected run that scripts need."""
    run = selected_run.run
    return {
        "id": run.run_id,
        "name": run.name,
        "number": selected_run.number,
        "series": selected_run.series,
    }


def _select_all_count(page: RunPage, chosen: VisibleSelection, spec: ViewSpec) -> str:
    """Return how many runs *Select all* selects; empty if it is not offered."""
    total = page.total
    if spec.only or not page.total_is_exact or not 0 < total <= MAX_SELECTED:
        return ""
    if total <= len(page.rows) and all(
        r.run.pk in chosen.number_by_key for r in page.rows
    ):
        return ""
    return formats.grouped(total)


@access(Permission.READ)
@require_POST
def select_runs(request: PageRequest) -> HttpResponse:
    """Redirect to the list with other runs selected.

    `add`, `drop` and `toggle` are run IDs, separated by commas. `page` means the rows
    of the page (1: all, 0: none), `all` every matching run that is not dropped. `none`
    clears the selection before that.
    """
    state = build_state(request, read_scope(request), _read_posted_spec(request))
    spec = state.spec
    keys = (
        []
        if SelectionForm(request.POST).check()["none"]
        else list(find_visible_selection(spec, state.viewer, state.workspace).keys)
    )
    add, drop = _read_changes(request, state, keys)
    keys = change_selection(keys, add, drop)
    spec = spec.changed(
        selected=_selection_parameter(request, keys),
        only=spec.only and any(keys),
        after=spec.after,
        before=spec.before,
    )
    return HttpResponseRedirect(state.scope.address_of(spec))


def _read_posted_spec(request: PageRequest) -> ViewSpec:
    """Read the list's state; an unknown selection counts as empty."""
    query = SelectionForm(request.POST).check()["query"]
    # The list named invalid parameters already; they must not prevent a selection.
    spec, _wrong = parse_tolerant(dict(parse_qsl(query, keep_blank_values=True)))
    try:
        # A stored selection can expire while its page is open.
        selected_keys(spec, request.workspace)
    except InvalidValue:
        spec = spec.changed(
            selected=(), only=False, after=spec.after, before=spec.before
        )
    return spec


def _read_changes(
    request: PageRequest, state: ListState, keys: Sequence[int]
) -> tuple[list[int], list[int]]:
    """Return the keys of runs to select, and to deselect."""
    sent = SelectionForm(request.POST).check()
    add = _keys_of_run_ids(request, sent["add"])
    drop = _keys_of_run_ids(request, sent["drop"])
    toggled = _keys_of_run_ids(request, sent["toggle"])
    # Another tab can have changed the selection, so only the server knows what a toggle
    # does.
    add += [key for key in toggled if key not in keys]
    drop += [key for key in toggled if key in keys]
    if sent["page"] is not None:
        # Only the keys of the rows count, and the name costs no further query.
        columns = (Column(attribute("name")),)
        page, _counts = find_run_page(state, columns)
        of_page = [row.run.pk for row in page.rows]
        if sent["page"] == "1":
            add += of_page
        else:
            drop += of_page
    if sent["all"]:
        dropped = set(drop)
        add += [key for key in _keys_of_matching_runs(state) if key not in dropped]
    return add, drop


def _keys_of_matching_runs(state: ListState) -> list[int]:
    """Return the keys of all matching runs, newest first."""
    run_query = build_query(
        state.spec,
        state.viewer,
        state.workspace,
        now=state.now,
        experiment=state.experiment,
    )
    found = read_run_set(run_query)
    if not found.exact:
        raise InvalidValue(
            _("You can select at most %(limit)s runs at once.")
            % {"limit": f"{MAX_SELECTED:,}"},
            field="selected",
        )
    return found.ids


def _keys_of_run_ids(request: PageRequest, text: str) -> list[int]:
    """Return the keys of visible runs, in the order of their IDs in the text."""
    ids = [each for each in text.split(",") if each][:MAX_SELECTED]
    if not ids:
        return []
    visible = Run.objects.visible_to(request.actor.user)
    # IDs of runs that can't be seen are ignored, so that the form reveals nothing.
    runs = visible.in_workspace(request.workspace).filter(run_id__in=ids)
    found = dict(runs.values_list("run_id", "pk"))
    return [found[each] for each in ids if each in found]


def _selection_parameter(request: PageRequest, keys: Sequence[int]) -> tuple[str, ...]:
    """Return the selection for the address; a large one is stored under a slug."""
    if sum(map(bool, keys)) <= MAX_IN_ADDRESS and len(keys) <= MAX_NUMBERS_IN_ADDRESS:
        return selected_ids(keys)
    kept = save_selection(request.workspace, keys, now=now_ms())
    return (STORED_SELECTION_PREFIX + kept.slug,)


#: With more numbers, including unused ones, the selection is stored.
MAX_NUMBERS_IN_ADDRESS = 2 * MAX_IN_ADDRESS
