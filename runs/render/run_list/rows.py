"""A run list's rows as HTML, with their boxes, stars and places in the tree.

The list, its live refresh and open groups show the same rows. Cells come as HTML from
`cells.py`; every other text is escaped here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from runs.models import Run
from runs.render import formats
from runs.render.formats import status_label
from runs.render.run_list.cells import icon, star_html, star_label, status_disc


@dataclass(frozen=True)
class MoreChildrenLine:
    """The line below the last shown child of a row."""

    depth: int
    href: str
    text: str
    note: str


@dataclass(frozen=True)
class TreeBranch:
    """A row's place in the tree; `toggle` opens or closes a row with children."""

    depth: int
    matches: bool
    is_open: bool
    toggle: str
    more: tuple[MoreChildrenLine, ...]


@dataclass(frozen=True)
class ListRow:
    """What a row shows of its run.

    `cells` are HTML, empty where the name is shown: its cell differs between a list and
    a group. `rollup` counts the child runs by status.
    """

    run: Run
    starred: bool
    children: int
    cells: tuple[str, ...]
    href: str
    children_href: str
    rollup: tuple[tuple[str, int], ...] = ()
    branch: TreeBranch | None = None
    #: The color of a selected run; 0 if it is not selected.
    series: int = 0

    @property
    def key(self) -> str:
        """The key by which a script finds the row after a refresh."""
        # The primary key, because the script takes a larger one for a newer run.
        return str(self.run.pk)


def list_rows(
    rows: Sequence[ListRow], can_edit: bool, show_children: bool, columns: int
) -> SafeString:
    """The rows of a list with this number of columns, or of a tree."""
    labels = _RowLabels.translated()
    width = columns + 1 if show_children else columns
    html = [
        _list_row(row, labels, can_edit=can_edit, show_children=show_children)
        + (_more_lines(row.branch, width) if row.branch else "")
        for row in rows
    ]
    return mark_safe("\n".join(html))  # noqa: S308


def member_rows(rows: Sequence[ListRow]) -> SafeString:
    """The rows of the runs of an open group."""
    labels = _RowLabels.translated()
    return mark_safe("\n".join(_member_row(row, labels) for row in rows))  # noqa: S308


@dataclass(frozen=True)
class _RowLabels:
    """Texts that each row repeats, translated once a page."""

    select: str
    star: str
    remove_star: str
    rename: str
    child_runs: str
    show_children: str
    why_shown: str

    @classmethod
    def translated(cls) -> _RowLabels:
        return cls(
            select=_("Select %(name)s"),
            star=star_label(starred=False),
            remove_star=star_label(starred=True),
            rename=_("Rename"),
            child_runs=_("Child runs of %(name)s"),
            show_children=_("Show child runs"),
            why_shown=_("Shown because child runs match"),
        )


def _list_row(
    row: ListRow, labels: _RowLabels, *, can_edit: bool, show_children: bool
) -> str:
    name = _name_cell(row, labels, can_edit=can_edit)
    if show_children:
        name += _children_cell(row, labels)
    cells = "".join(cell or name for cell in row.cells)
    attributes, branch = "", row.branch
    if branch is not None and not branch.matches:
        attributes = f' title="{escape(labels.why_shown)}"'
    if classes := _row_classes(row):
        attributes = f' class="{classes}"{attributes}'
    return (
        f'<tr data-row="{row.key}"{attributes}>'
        f'<td class="pick">{_select_box(row, labels)}</td>{cells}</tr>'
    )


def _row_classes(row: ListRow) -> str:
    classes = []
    if row.branch is not None:
        classes.append(f"depth-{row.branch.depth}")
        if not row.branch.matches:
            classes.append("path")
    if row.series:
        classes.append("chosen")
    return " ".join(classes)


def _member_row(row: ListRow, labels: _RowLabels) -> str:
    shown = escape(row.run.name)
    # The column after the name counts a group's runs.
    name = (
        f'<td class="name"><a id="run-{row.key}" class="member"'
        f' href="{escape(row.href)}" hx-boost="false" data-row-link title="{shown}">'
        f"{shown}</a></td><td></td>"
    )
    chosen = ' class="chosen"' if row.series else ""
    cells = "".join(cell or name for cell in row.cells)
    return (
        f'<tr data-row="{row.key}"{chosen}>'
        f'<td class="pick">{_select_box(row, labels)}</td>{cells}</tr>'
    )


def _select_box(row: ListRow, labels: _RowLabels) -> str:
    """The box that selects a run, in the color of its series."""
    css = f"pick-box series-{row.series}" if row.series else "pick-box"
    label = labels.select % {"name": row.run.name}
    return (
        f'<button class="{css}" id="pick-{row.key}" form="select-form"'
        f' name="toggle" value="{escape(row.run.run_id)}" data-pick role="checkbox"'
        f' aria-checked="{"true" if row.series else "false"}"'
        f' aria-label="{escape(label)}"></button>'
    )


def _name_cell(row: ListRow, labels: _RowLabels, *, can_edit: bool) -> str:
    shown, href = escape(row.run.name), escape(row.href)
    star = star_html(
        f"{row.href}star/",
        # The id stays when htmx swaps the star, so that it keeps the focus.
        f"star-{row.key}",
        labels.remove_star if row.starred else labels.star,
        pressed=row.starred,
    )
    rename = _rename_link(href, escape(labels.rename)) if can_edit else ""
    chevron = "" if row.branch is None else _chevron(row, row.branch, labels)
    return (
        f'<td class="name" data-id="{escape(row.run.run_id)}"><div>{chevron}{star}'
        f'<a id="run-{row.key}" href="{href}" hx-boost="false" data-row-link'
        f' title="{shown}">{shown}</a>{rename}</div></td>'
    )


def _rename_link(href: str, label: str) -> str:
    """Renames a run, in its row where a script runs; both are escaped."""
    return (
        f'<a class="tool only tiny row-edit" href="{href}name/" hx-boost="false"'
        f' data-row-edit="name" title="{label} (e)" aria-label="{label}">'
        f"{icon('edit')}</a>"
    )


def _chevron(row: ListRow, branch: TreeBranch, labels: _RowLabels) -> str:
    """Opens or closes a row of the tree."""
    if not branch.toggle:
        return '<span class="chevron"></span>'
    label = labels.child_runs % {"name": row.run.name}
    return (
        f'<a class="tool only tiny chevron" id="open-{row.key}"'
        f' href="{escape(branch.toggle)}"'
        f' aria-expanded="{"true" if branch.is_open else "false"}"'
        f' aria-label="{escape(label)}">'
        f"{icon('chevron-down' if branch.is_open else 'chevron-right')}</a>"
    )


def _children_cell(row: ListRow, labels: _RowLabels) -> str:
    """The counts of child runs by status."""
    if not row.children:
        return '<td class="children"></td>'
    counts = "".join(
        f"<span>{status_disc(word)}"
        f'<span class="hidden-text">{escape(status_label(word))}</span>'
        f"{escape(formats.grouped(count))}</span>"
        for word, count in row.rollup
    )
    return (
        '<td class="children in-card"><a class="value rollup"'
        f' href="{escape(row.children_href)}" title="{escape(labels.show_children)}">'
        f"{counts}</a></td>"
    )


def _more_lines(branch: TreeBranch, width: int) -> str:
    return "".join(_more_line(line, width) for line in branch.more)


def _more_line(line: MoreChildrenLine, width: int) -> str:
    link = (
        f'<a href="{escape(line.href)}">{escape(line.text)}</a> ' if line.href else ""
    )
    return (
        f'<tr class="more depth-{line.depth}"><td class="pick"></td>'
        f'<td class="name" colspan="{width}"><div>{link}'
        f'<span class="quiet">{escape(line.note)}</span></div></td></tr>'
    )
