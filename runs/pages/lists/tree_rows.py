"""The tree in a run list: the depth of rows, links that open them, and roll-ups."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import ngettext, npgettext, pgettext

from runs.pages.lists.list_links import ListLinks
from runs.render import formats
from runs.render.run_list import MoreChildrenLine, TreeBranch
from runs.search.run_list import (
    MORE_CHILDREN,
    MoreChildren,
    RunPage,
    RunRow,
    TreePage,
    TreePlace,
)
from studio.core.filters import Field
from studio.core.filters.tree import METRICS, attribute
from studio.core.view_text import MAX_OPEN_CHILDREN, RowExpansion

#: Deeper rows are indented no further.
MAX_INDENT = 8


@dataclass(frozen=True)
class RolledUpValue:
    """A value of a root's descendants; `words` tells which one it is."""

    value: float
    words: str


def build_branch(row: RunRow, links: ListLinks) -> TreeBranch | None:
    """Return the place of the row; None in a flat list."""
    place = row.place
    if place is None:
        return None
    return TreeBranch(
        min(place.depth, MAX_INDENT),
        place.matches,
        place.is_open,
        _href_that_toggles_row(row.run.run_id, place, links)
        if row.children or place.is_open
        else "",
        tuple(_more_children_line(line, links) for line in place.after),
    )


def _href_that_toggles_row(run_id: str, place: TreePlace, links: ListLinks) -> str:
    # The address has each row once, or opening and closing would make it grow.
    others = tuple(o for o in links.spec.tree if o.run_id != run_id)
    if not place.is_open:
        return _href_with_open_rows(links, (*others, RowExpansion(run_id)))
    is_named = any(o.run_id == run_id for o in links.spec.tree)
    if place.matches and is_named:
        return _href_with_open_rows(links, others)
    # The row is open by default, so the address must name it as closed.
    return _href_with_open_rows(links, (*others, RowExpansion(run_id, 0)))


def rolled_up_value(
    field: Field, row: RunRow, links: ListLinks, goals: Mapping[Field, bool]
) -> RolledUpValue | None:
    """Return the value of descendants to show for a root that has none.

    It is the value that the list sorts by, else the best value if the metric has a
    goal, else None.
    """
    place = row.place
    # A value of its own wins over those of descendants.
    if place is None or field not in place.best or field in row.values:
        return None
    sort, goal = links.spec.sort, goals.get(field)
    is_higher = sort.descending if sort.field == field else goal
    if is_higher is None:
        return None
    low, high = place.best[field]
    if is_higher is goal:
        words = _("best value of all child runs")
    elif is_higher:
        words = _("max of all child runs")
    else:
        words = _("min of all child runs")
    return RolledUpValue(high if is_higher else low, words)


def tree_totals(page: RunPage, shown: str) -> dict[str, str]:
    """Return `1,107 runs under 212 root runs`, and the range of roots on the page."""
    assert isinstance(page, TreePage)
    runs = npgettext("after a number", "run", "runs", page.total)
    if page.roots is None:
        return {"total_noun": runs, "range": shown}
    count = formats.grouped(page.roots) + ("" if page.roots_are_exact else "+")
    roots = npgettext("after a number", "root run", "root runs", page.roots)
    counts = {"count": count, "roots": roots, "shown": shown}
    return {
        "total_noun": runs,
        "total_under": pgettext(
            "number of runs in the tree", "under %(count)s %(roots)s"
        )
        % counts,
        "range": _("%(shown)s of %(count)s %(roots)s") % counts,
    }


def _href_with_open_rows(links: ListLinks, opened: tuple[RowExpansion, ...]) -> str:
    """Link to the same page with other rows open."""
    spec = links.spec
    return links.query_with(tree=opened, after=spec.after, before=spec.before)


def _more_children_line(line: MoreChildren, links: ListLinks) -> MoreChildrenLine:
    hidden = line.total - line.shown
    if not line.total:
        return MoreChildrenLine(line.depth, "", "", _("No matching child runs"))
    more = RowExpansion(line.run_id, min(line.shown + MORE_CHILDREN, MAX_OPEN_CHILDREN))
    named = {o.run_id: o for o in links.spec.tree} | {line.run_id: more}
    opened = tuple(named.values())
    href = _href_with_open_rows(links, opened)
    # A page can't show more children of a row; their own list has pages.
    if line.shown >= MAX_OPEN_CHILDREN:
        href = links.children_address(line.run_id)
    text = ngettext(
        "Show %(n)s more child run", "Show %(n)s more child runs", hidden
    ) % {"n": formats.grouped(hidden)}
    note = pgettext("row of child runs", "%(order)s · %(shown)s of %(total)s shown") % {
        "order": _child_order_text(links),
        "shown": formats.grouped(line.shown),
        "total": formats.grouped(line.total),
    }
    return MoreChildrenLine(min(line.depth, MAX_INDENT), href, text, note)


def _child_order_text(links: ListLinks) -> str:
    sort = links.spec.sort
    if sort.field.kind == METRICS:
        return pgettext("order of child runs", "best first")
    if sort.field == attribute("created"):
        return _("newest first") if sort.descending else _("oldest first")
    return pgettext("order of child runs", "sorted like the list")
