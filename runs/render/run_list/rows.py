"""A run list's rows and cells, and times, as HTML.

A page has hundreds of cells of few kinds: as template nodes they took half its time.
The list, its live refresh and open groups show the same rows. Cells get their texts as
they are, and rows get cells that are HTML: what a function gets as text, it escapes.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from html import escape
from typing import Protocol

from django.utils import timezone
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from runs.render import formats
from runs.render.formats import status_label
from runs.render.icons import icon, labeled_status, status_disc


@dataclass(frozen=True)
class ColumnHead:
    """A column's head; `column` is its text in the address."""

    label: str
    css: str
    column: str
    href: str = ""
    order: str = ""
    menu: str = ""


def head_cells(heads: Sequence[ColumnHead]) -> SafeString:
    """The heads of a list's columns."""
    options, options_of = _("Column options"), _("Options of column %(label)s")
    html = []
    for head in heads:
        label, order = escape(head.label), ""
        if head.order:
            order = f' aria-sort="{head.order}"'
        menu = escape(options_of % {"label": head.label})
        html.append(
            f'<th scope="col" class="{head.css}" data-column="{escape(head.column)}"'
            f"{order}>{_sort_link(head, label)}"
            f'<a class="head-menu" href="{escape(head.menu)}" data-plain'
            f' title="{escape(options)}" aria-label="{menu}">'
            f"{icon('chevron-down')}</a></th>"
        )
    return mark_safe("".join(html))  # noqa: S308


def _sort_link(head: ColumnHead, label: str) -> str:
    """The label, which is escaped, and sorts by the column if that is possible."""
    if not head.href:
        return f'<span class="clip" title="{label}">{label}</span>'
    arrow = ""
    if head.order:
        arrow = icon("sort-down" if head.order == "descending" else "sort-up")
    return (
        f'<a href="{escape(head.href)}" title="{label}">'
        f'<span class="clip">{label}</span>{arrow}</a>'
    )


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

    `key` is the primary key: a script finds the row by it after a refresh, and takes a
    larger one for a newer run. `cells` are HTML, empty where the name is shown: that
    cell differs between a list and a group. `rollup` counts child runs by status.
    """

    key: int
    run_id: str
    name: str
    starred: bool
    children: int
    cells: tuple[str, ...]
    href: str
    children_href: str
    rollup: tuple[tuple[str, int], ...] = ()
    branch: TreeBranch | None = None
    #: The color of a selected run; 0 if it is not selected.
    series: int = 0
    #: The color that members gave the run, or 0.
    own_color: int = 0


def list_rows(rows: Sequence[ListRow], can_edit: bool, columns: int) -> SafeString:
    """The rows of a list with this number of columns, or of a tree."""
    labels = _RowLabels.translated()
    depths = [0 if row.branch is None else row.branch.depth for row in rows]
    names = [(row.name, depth) for row, depth in zip(rows, depths, strict=True)]
    html = [
        _list_row(row, shared, labels, can_edit=can_edit)
        + (_more_lines(row.branch, columns) if row.branch else "")
        for row, shared in zip(rows, formats.shared_starts(names), strict=True)
    ]
    return mark_safe("\n".join(html))  # noqa: S308


def member_rows(rows: Sequence[ListRow], blank: int = 0) -> SafeString:
    """The rows of the runs of an open group.

    After the name comes the column of counts, and `blank` more that only groups have.
    """
    labels = _RowLabels.translated()
    found = [_member_row(row, labels, "<td></td>" * (blank + 1)) for row in rows]
    return mark_safe("\n".join(found))  # noqa: S308


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


def _list_row(row: ListRow, shared: int, labels: _RowLabels, *, can_edit: bool) -> str:
    name = _name_cell(row, shared, labels, can_edit=can_edit)
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


def _member_row(row: ListRow, labels: _RowLabels, blank: str) -> str:
    shown = escape(row.name)
    name = (
        f'<td class="name"><a id="run-{row.key}" class="member"'
        f' href="{escape(row.href)}" data-plain data-row-link title="{shown}">'
        f"{shown}</a></td>{blank}"
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
    if row.own_color and not row.series:
        css += f" pinned series-{row.own_color}"
    label = labels.select % {"name": row.name}
    return (
        f'<button class="{css}" id="pick-{row.key}" form="select-form"'
        f' name="toggle" value="{escape(row.run_id)}" data-pick role="checkbox"'
        f' aria-checked="{"true" if row.series else "false"}"'
        f' aria-label="{escape(label)}"></button>'
    )


def _name_cell(row: ListRow, shared: int, labels: _RowLabels, *, can_edit: bool) -> str:
    """The name without its first `shared` characters, and the counts of child runs."""
    shown, href = escape(row.name), escape(row.href)
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
        f'<td class="name" data-id="{escape(row.run_id)}"><div>{chevron}{star}'
        f'<a id="run-{row.key}" href="{href}" data-plain data-row-link'
        f' title="{shown}"{_shortened_name(row.name, shared)}</a>{rename}'
        f"{_child_counts(row, labels)}</div></td>"
    )


def _shortened_name(name: str, shared: int) -> str:
    """The rest of the link's tag and its text: what differs is often the ending."""
    start, end = formats.name_ends(name, shared)
    if not start:
        return f">{escape(name)}"
    return (
        f' class="long" aria-label="{escape(name)}">'
        f"<span>{escape(start)}</span><span>{escape(end)}</span>"
    )


def _rename_link(href: str, label: str) -> str:
    """Renames a run, in its row where a script runs; both are escaped."""
    return (
        f'<a class="tool only tiny row-edit" href="{href}name/" data-plain'
        f' data-row-edit="name" title="{label} (e)" aria-label="{label}">'
        f"{icon('edit')}</a>"
    )


def _chevron(row: ListRow, branch: TreeBranch, labels: _RowLabels) -> str:
    """Opens or closes a row of the tree."""
    if not branch.toggle:
        return '<span class="chevron"></span>'
    label = labels.child_runs % {"name": row.name}
    return (
        f'<a class="tool only tiny chevron" id="open-{row.key}"'
        f' href="{escape(branch.toggle)}"'
        f' aria-expanded="{"true" if branch.is_open else "false"}"'
        f' aria-label="{escape(label)}">'
        f"{icon('chevron-down' if branch.is_open else 'chevron-right')}</a>"
    )


def _child_counts(row: ListRow, labels: _RowLabels) -> str:
    """The counts of child runs by status, behind the name."""
    if not row.children:
        return ""
    counts = "".join(
        f"<span>{status_disc(word)}"
        f'<span class="hidden-text">{escape(status_label(word))}</span>'
        f"{escape(formats.grouped(count))}</span>"
        for word, count in row.rollup
    )
    return (
        '<a class="value rollup"'
        f' href="{escape(row.children_href)}" title="{escape(labels.show_children)}">'
        f"{counts}</a>"
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


def status_pill(word: object) -> SafeString:
    """A status: its disc, then its word."""
    return labeled_status(str(word), status_label(word))


def star_button(starred: bool, href: str, mark: str) -> SafeString:
    """The star of a run or experiment; `href` takes what it does, `mark` is its id."""
    html = star_html(href, mark, star_label(starred=starred), pressed=starred)
    return mark_safe(html)  # noqa: S308


def star_label(*, starred: bool) -> str:
    return _("Remove the star") if starred else pgettext("mark a run or view", "Star")


def moment(time: int | datetime | None) -> SafeString | str:
    """`24 Nov, 09:42` in the reader's time zone; all of it in title and datetime."""
    return _time_cell(time, full=False)


def full_moment(time: int | datetime | None) -> SafeString | str:
    return _time_cell(time, full=True)


def clock_time(time: int) -> SafeString:
    """`12:54:04` in the reader's time zone, with the date in title and datetime."""
    when = formats.local_time(time, timezone.get_current_timezone())
    title = f"{formats.full_moment(when)} {when.tzname() or ''}"
    html = _time_html(
        when.isoformat(timespec="milliseconds"), title, f"{when:%H:%M:%S}"
    )
    return mark_safe(html)  # noqa: S308


def _time_cell(time: int | datetime | None, *, full: bool) -> SafeString | str:
    if time is None:
        return formats.MISSING
    zone = timezone.get_current_timezone()
    when = (
        time.astimezone(zone)
        if isinstance(time, datetime)
        else formats.local_time(time, zone)
    )
    shown = formats.full_moment(when)
    text = shown if full else formats.moment(when, timezone.now().astimezone(zone))
    title = f"{shown} {when.tzname() or ''}"
    html = _time_html(when.isoformat(timespec="milliseconds"), title, text)
    return mark_safe(html)  # noqa: S308


class LinkedValue(Protocol):
    @property
    def text(self) -> str: ...
    @property
    def filter_href(self) -> str: ...
    @property
    def exclude_href(self) -> str: ...
    @property
    def key(self) -> str: ...


#: Where a value leads: to the runs with it, and to those without it.
ValueHrefs = tuple[str, str]


def text_cell(
    css: str,
    text: str,
    *,
    label: str = "",
    title: str = "",
    is_best: bool = False,
    hrefs: ValueHrefs | None = None,
) -> str:
    """A value as text; `label` names it where a phone shows the row as a card."""
    attributes = f' data-label="{escape(label)}"' if label else ""
    if title:
        attributes += f' title="{escape(title)}"'
    mark = icon("trophy") if is_best else ""
    shown = _linked(escape(text), hrefs)
    return f'<td class="{css}"{attributes}>{mark}{shown}</td>'


def link_cell(css: str, text: str, hrefs: ValueHrefs) -> str:
    """A name that can be too long for its column."""
    name = escape(text)
    return f'<td class="{css} clip" title="{name}">{_linked(name, hrefs)}</td>'


def status_cell(css: str, status: object, hrefs: ValueHrefs) -> str:
    return f'<td class="{css}">{_linked(status_pill(status), hrefs)}</td>'


def time_cell(css: str, time: int, hrefs: ValueHrefs | None) -> str:
    return f'<td class="{css}">{_linked(moment(time), hrefs)}</td>'


def running_duration_cell(css: str, text: str, since: object) -> str:
    """A duration that the page's clocks update."""
    return f'<td class="{css}" data-ticking="{escape(str(since))}">{escape(text)}</td>'


def tags_cell(css: str, chips: Iterable[str], hidden: Sequence[str]) -> str:
    """Chips of tags, and the number of `hidden` ones, which the title names."""
    html = "".join(chips)
    if hidden:
        title = escape("\n".join(hidden))
        html += f'<span class="chip more" title="{title}">+{len(hidden)}</span>'
    return f'<td class="{css}"><span class="chips">{html}</span></td>'


def tag_chip(link: LinkedValue) -> str:
    key = f'<span class="key">{escape(link.key)}:</span>' if link.key else ""
    return (
        f'<a class="chip" href="{escape(link.filter_href)}"'
        f' data-but="{escape(link.exclude_href)}">'
        f"{key}<span>{escape(link.text)}</span></a>"
    )


def _linked(html: str, hrefs: ValueHrefs | None) -> str:
    """A value that shows only the runs with it; with Alt, only those without it."""
    if hrefs is None:
        return html
    only, but = hrefs
    return f'<a class="value" href="{escape(only)}" data-but="{escape(but)}">{html}</a>'


def _time_html(iso: str, full: str, short: str) -> str:
    """A time; its title has the full time."""
    attributes = f'datetime="{escape(iso)}" title="{escape(full)}"'
    return f"<time {attributes}>{escape(short)}</time>"


def star_html(href: str, mark: str, label: str, *, pressed: bool) -> str:
    """Sets or removes a star. The response replaces it; `mark` is its id."""
    where, given = escape(href), int(not pressed)
    return (
        f'<button class="star" id="{escape(mark)}" form="star-form"'
        f' formaction="{where}" name="starred" value="{given}"'
        f' aria-pressed="{str(pressed).lower()}" aria-label="{escape(label)}"'
        f' hx-post="{where}" hx-target="this" hx-swap="outerHTML">'
        f"{icon('star')}</button>"
    )
