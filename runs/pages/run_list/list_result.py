"""What a run list shows: the state as far as it can be honoured, and its rows."""

from __future__ import annotations

from dataclasses import dataclass, replace

from django.utils.translation import ngettext

from runs.pages.groups.group_table import (
    Grouped,
    as_list,
    find_groups,
    group_complaints,
)
from runs.pages.lists import run_table
from runs.pages.lists.list_formats import kind_of
from runs.pages.lists.list_state import ListState
from runs.pages.requests.page_request import PageRequest
from runs.pages.run_list import selection_form as selecting
from runs.search.query.selection import Chosen
from runs.search.query.status_counts import StatusCounts
from runs.search.run_list.export import told_columns
from runs.search.run_list.find_runs import RunPage
from runs.search.run_list.tree_runs import TreePage
from studio.core.errors import InvalidFilter, InvalidValue
from studio.core.viewlenient import Complaint, without
from studio.core.viewspec import Column, ViewSpec


@dataclass(frozen=True)
class Found:
    """What is shown: the state as it was honoured, its page, and what was wrong."""

    state: ListState
    columns: tuple[Column, ...]
    page: RunPage
    counts: StatusCounts
    chosen: Chosen
    grouped: Grouped | None = None

    @property
    def spec(self) -> ViewSpec:
        return self.state.spec


def find(request: PageRequest, state: ListState) -> Found:
    """The page; a cursor or selection that is none of this list's is left out."""
    columns, spec = run_table.columns_of(state), state.spec
    try:
        selection = selecting.chosen_of(state)
        grouped = find_groups(state, columns)
        listed = state if grouped is None else state.showing(as_list(spec))
        if kind_of(request):
            columns = told_columns(spec, columns)
        page, counts = run_table.find_page(listed, columns)
    except InvalidFilter:
        raise
    except InvalidValue as error:
        wrong = Complaint.about(error)
        if wrong.name not in ("after", "before", "selected", "tree", "group"):
            raise
        spec = without(spec, wrong.name)
        if wrong.name == "selected":
            spec = without(spec, "only")
        return find(request, state.showing(spec, wrong))
    state = _without_unknown(state, page)
    wrongs = [*selecting.complaints(selection), *group_complaints(spec, grouped)]
    state = state.showing(state.spec, *wrongs)
    return Found(state, columns, page, counts, selection, grouped)


def _without_unknown(state: ListState, page: RunPage) -> ListState:
    """Rows to open that no run is: named, and left out of the page's links."""
    unknown = page.unknown if isinstance(page, TreePage) else ()
    if not unknown:
        return state
    spec = state.spec
    known = tuple(each for each in spec.tree if each.run_id not in unknown)
    said = ngettext(
        "tree: there is no run %(ids)s here to open",
        "tree: there are no runs %(ids)s here to open",
        len(unknown),
    ) % {"ids": ", ".join(unknown)}
    return state.showing(replace(spec, tree=known), Complaint("tree", said))
