"""The table of groups of a run list."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import npgettext

from runs.models import Experiment, User, Workspace
from runs.pages.groups.group_rows import (
    GroupTableBuilder,
    chosen_group_sort,
    link_too_long_text,
    seen_heads,
)
from runs.pages.lists import ListLinks, ListState
from runs.pages.requests import PageRequest
from runs.render import formats
from runs.render.filters import field_label
from runs.search.groups import Grouping, ListGroup, list_groups
from runs.search.values import MAX_ARRAY_RUNS
from studio.core.filters import Field, field_text
from studio.core.view_spec import Column, ParameterWarning, ViewSpec

#: Maximum groups to copy; more would not be readable.
MAX_COPIED_GROUPS = 2000


@dataclass(frozen=True)
class GroupPage:
    """The groups of one page; `grouping` is None if too many runs match."""

    grouping: Grouping | None
    start: int = 0
    stop: int = 0

    @property
    def groups(self) -> list[ListGroup]:
        return (
            self.grouping.groups_between(self.start, self.stop) if self.grouping else []
        )


def find_groups(state: ListState, columns: Sequence[Column]) -> GroupPage | None:
    """Find the groups of the page, sorted; None if the list is not grouped.

    Raises the errors of `list_groups`.
    """
    spec, fields = state.spec, [column.field for column in columns]
    if spec.group is None:
        return None
    who, now = (state.viewer, state.workspace), state.now
    return find_groups_for_viewer(spec, fields, *who, state.experiment, now=now)


def find_groups_for_viewer(
    spec: ViewSpec,
    fields: Sequence[Field],
    viewer: User,
    workspace: Workspace,
    experiment: Experiment | None,
    *,
    now: int | None = None,
) -> GroupPage:
    """Like `find_groups`, without a request, for a spec with groups."""
    grouping = list_groups(
        spec, viewer, workspace, fields, experiment=experiment, now=now
    )
    if grouping is None:
        return GroupPage(None)
    rank = chosen_group_sort(spec, grouping)
    grouping.sort(rank.stat, rank.field, descending=rank.descending)
    # All groups are in memory, so a cursor is just an index.
    start = int(spec.after) if spec.after.isdecimal() and len(spec.after) < 8 else 0
    # The list can have shrunk since the link was written.
    start = min(start, max(len(grouping) - 1, 0))
    return GroupPage(grouping, start, min(start + spec.rows, len(grouping)))


def group_sort_notices(spec: ViewSpec, group_page: GroupPage) -> list[ParameterWarning]:
    """Return a notice if the groups can't be sorted by the chosen field."""
    grouping = group_page.grouping
    chosen = spec.group.by if spec.group else None
    field = chosen.field if chosen else None
    if grouping is None or field is None or field in grouping.numbers:
        return []
    name = field_text(field)
    text = _("group: no column %(name)s to sort the groups by") % {"name": name}
    return [ParameterWarning("group", text)]


def with_all_rows_closed(spec: ViewSpec) -> ViewSpec:
    """Return the spec with no child runs open: a grouped list has no rows of runs."""
    return spec.changed(tree=())


def grouping_label(spec: ViewSpec) -> str:
    assert spec.group is not None
    names = ", ".join(map(field_label, spec.group.fields))
    if spec.group.all_but:
        return _("all parameters except %(names)s") % {"names": names}
    return names


def too_many_runs_text() -> str:
    """Return the message that too many runs match, and what to do."""
    return _(
        "More than %(most)s runs match. Groups need all of them. Narrow the list: "
        "choose an experiment, a status or a shorter time."
    ) % {"most": formats.grouped(MAX_ARRAY_RUNS)}


def copy_limit_note(grouping: Grouping) -> str:
    """Return a note if copies do not have every group, else an empty text."""
    if len(grouping) <= MAX_COPIED_GROUPS:
        return ""
    return _("the first %(most)s of %(total)s groups") % {
        "most": formats.grouped(MAX_COPIED_GROUPS),
        "total": formats.grouped(len(grouping)),
    }


def group_context(
    request: PageRequest, group_page: GroupPage, links: ListLinks
) -> dict[str, Any]:
    spec = links.spec
    context: dict[str, Any] = {
        "label": grouping_label(spec),
        "ungroup": links.query_with(group=None),
        "too_many": group_page.grouping is None,
        "sentence": too_many_runs_text(),
        "too_long": link_too_long_text(),
    }
    grouping = group_page.grouping
    if grouping is None:
        return context
    builder = GroupTableBuilder(request, grouping, group_page.groups, links)
    total = len(grouping)
    count = formats.grouped(total)
    shown = count
    if total:
        first, last = (
            formats.grouped(group_page.start + 1),
            formats.grouped(group_page.stop),
        )
        shown = f"{first}–{last}"
    noun = npgettext("after a number", "group", "groups", total)
    before = max(group_page.start - spec.rows, 0)
    return context | {
        "heads": builder.heads(),
        "rows": builder.rows(),
        "seen": len(seen_heads()) if grouping.is_by_cause else 0,
        "span": len(builder.heads()) + 1,
        "size": len(grouping.runs),
        "range": _("%(shown)s of %(total)s %(noun)s")
        % {"shown": shown, "total": count, "noun": noun},
        "previous": links.query_with(after=str(before)) if group_page.start else "",
        "next": links.query_with(after=str(group_page.stop))
        if group_page.stop < total
        else "",
        "copied_note": copy_limit_note(grouping),
        "copies": [
            (name, form, links.part_address("groups", form=form))
            for name, form in (
                ("CSV", "csv"),
                ("Markdown", "markdown"),
                ("LaTeX", "latex"),
            )
        ],
    }
