"""What a run list shows: the state as far as it can be honoured, and its rows."""

from __future__ import annotations

from dataclasses import dataclass, replace

from django.utils.translation import ngettext

from runs.models import Experiment
from runs.pages import run_table, selecting
from runs.pages.group_table import Grouped, as_list, find_groups, group_complaints
from runs.pages.list_twins import kind_of
from runs.pages.members_only import PageRequest
from runs.search.export import told_columns
from runs.search.find_runs import RunPage
from runs.search.selection import Chosen
from runs.search.tally import StatusCounts
from runs.search.tree_runs import TreePage
from studio.core.errors import InvalidFilter, InvalidValue
from studio.core.viewlenient import Complaint, without
from studio.core.viewspec import Column, ViewSpec


@dataclass
class Found:
    """What is shown: the state as it was honoured, its page, and what was wrong."""

    spec: ViewSpec
    columns: tuple[Column, ...]
    page: RunPage
    counts: StatusCounts
    complaints: list[Complaint]
    chosen: Chosen
    grouped: Grouped | None = None


def find(
    request: PageRequest,
    spec: ViewSpec,
    complaints: list[Complaint],
    experiment: Experiment | None,
) -> Found:
    """The page; a cursor or selection that is none of this list's is left out."""
    columns = run_table.columns_of(request, spec, experiment)
    try:
        selection = selecting.chosen_of(request, spec)
        grouped = find_groups(request, spec, columns, experiment)
        listed = spec if grouped is None else as_list(spec)
        if kind_of(request):
            columns = told_columns(spec, columns)
        page, counts = run_table.find_page(request, listed, columns, experiment)
    except InvalidFilter:
        raise
    except InvalidValue as error:
        wrong = Complaint.about(error)
        if wrong.name not in ("after", "before", "selected", "tree", "group"):
            raise
        spec = without(spec, wrong.name)
        if wrong.name == "selected":
            spec = without(spec, "only")
        return find(request, spec, [*complaints, wrong], experiment)
    spec, complaints = _without_unknown(spec, complaints, page)
    complaints = [*complaints, *selecting.complaints(selection)]
    complaints += group_complaints(spec, grouped)
    return Found(spec, columns, page, counts, complaints, selection, grouped)


def _without_unknown(
    spec: ViewSpec, complaints: list[Complaint], page: RunPage
) -> tuple[ViewSpec, list[Complaint]]:
    """Rows to open that no run is: named, and left out of the page's links."""
    unknown = page.unknown if isinstance(page, TreePage) else ()
    if not unknown:
        return spec, complaints
    known = tuple(each for each in spec.tree if each.run_id not in unknown)
    said = ngettext(
        "tree: there is no run %(ids)s here to open",
        "tree: there are no runs %(ids)s here to open",
        len(unknown),
    ) % {"ids": ", ".join(unknown)}
    return replace(spec, tree=known), [*complaints, Complaint("tree", said)]
