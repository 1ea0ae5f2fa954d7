"""A row of the table of experiments as HTML. Every text is escaped here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from runs.render import formats
from runs.render.formats import MISSING, status_label
from runs.render.icons import icon, status_disc
from runs.render.run_list import moment, star_button


@dataclass(frozen=True)
class TagLink:
    """A tag that filters the table; `key` is empty if `text` is a tag without value."""

    key: str
    text: str
    href: str


@dataclass(frozen=True)
class StatusCount:
    """How many runs have a status or one of a group, and a link to them."""

    label: str
    status: str
    count: int
    href: str


@dataclass(frozen=True)
class LatestRun:
    name: str
    status: str
    href: str


@dataclass(frozen=True)
class ExperimentLine:
    """`more_tags` names the tags that are not shown. Times are ms since the epoch.

    `href` is what the name links to, `path` the experiment's own address. Number 0 is
    the experiment *Default*, which can't be deleted.
    """

    key: int
    number: int
    name: str
    archived: bool
    starred: bool
    href: str
    path: str
    tags: tuple[TagLink, ...]
    more_tags: str
    counts: tuple[StatusCount, ...]
    latest: LatestRun | None
    submitter: str
    submitter_href: str
    activity: int
    created: int
    deleted: bool = False


@dataclass(frozen=True)
class _MenuLabels:
    """The escaped words of the rows' menus, looked up once for all of them."""

    more: str
    rename: str
    tags: str
    describe: str
    history: str
    archive: str
    unarchive: str
    delete: str
    restore: str
    select: str

    @classmethod
    def read(cls) -> _MenuLabels:
        return cls(
            escape(_("Actions for %(name)s")),
            escape(_("Rename")),
            escape(_("Edit tags")),
            escape(_("Edit description")),
            escape(_("History")),
            escape(_("Archive")),
            escape(_("Unarchive")),
            escape(_("Delete")),
            escape(_("Restore")),
            escape(_("Select %(name)s")),
        )


def experiment_rows(
    lines: Sequence[ExperimentLine], has_tags: bool, can_edit: bool = False
) -> SafeString:
    """The rows; `has_tags` is whether the table has a column of tags."""
    labels = _MenuLabels.read() if can_edit else None
    html = (_experiment_row(line, labels, has_tags=has_tags) for line in lines)
    return mark_safe("\n".join(html))  # noqa: S308


def _experiment_row(
    line: ExperimentLine, labels: _MenuLabels | None, *, has_tags: bool
) -> str:
    # No editor opens in the row of an experiment in the trash.
    row = "" if line.deleted else f' data-row="{line.key}"'
    return (
        f"<tr{row}>{_pick_cell(line, labels) if labels else ''}"
        f"{_name_cell(line, labels)}"
        f"{_tags_cell(line) if has_tags else ''}"
        f"{_counts_cell(line)}{_latest_cell(line.latest)}{_submitter_cell(line)}"
        f'<td class="duration in-card">{moment(line.activity)}</td>'
        f"<td>{moment(line.created)}</td></tr>"
    )


def _pick_cell(line: ExperimentLine, labels: _MenuLabels) -> str:
    label = labels.select % {"name": escape(line.name)}
    return (
        '<td class="pick"><label class="check"><input type="checkbox" name="e"'
        f' value="{line.number}" form="pick-form" autocomplete="off"'
        f' aria-label="{label}"></label></td>'
    )


def _name_cell(line: ExperimentLine, labels: _MenuLabels | None) -> str:
    name, chip, rename = escape(line.name), "", ""
    if line.deleted:
        chip = _state_chip("trash", _("in the trash"))
    elif line.archived:
        chip = _state_chip("archive", _("archived"))
    if labels and not line.deleted:
        rename = (
            f'<a class="tool only tiny row-edit" href="{escape(line.path)}name/"'
            f' data-plain data-row-edit="name" title="{labels.rename} (e)"'
            f' aria-label="{labels.rename}">{icon("edit")}</a>'
        )
    # The id stays when htmx swaps the star, so that it keeps the focus.
    star = star_button(line.starred, f"{line.path}star/", f"star-{line.key}")
    return (
        f'<td class="name"><div>{"" if line.deleted else star}'
        f'<a href="{escape(line.href)}" data-plain data-row-link'
        f' data-row-path="{escape(line.path)}" title="{name}">{name}</a>'
        f"{chip}{rename}{_menu(line, labels) if labels else ''}</div></td>"
    )


def _state_chip(name: str, label: str) -> str:
    return f'<span class="chip">{icon(name, "small")}{escape(label)}</span>'


def _menu(line: ExperimentLine, labels: _MenuLabels) -> str:
    more = labels.more % {"name": escape(line.name)}
    if line.deleted:
        items = _menu_button(line, "restore/", "undo", labels.restore)
    else:
        items = _menu_items(line, labels)
    return (
        f'<details class="menu" id="menu-{line.key}">'
        f'<summary class="tool only tiny" title="{more}" aria-label="{more}">'
        f'{icon("more")}</summary><div class="menu-body">{items}</div>'
        "</details>"
    )


def _menu_items(line: ExperimentLine, labels: _MenuLabels) -> str:
    archive = labels.unarchive if line.archived else labels.archive
    value = f' name="on" value="{0 if line.archived else 1}"'
    items = [
        _menu_link(line, "name/", "edit", labels.rename, ' data-row-edit="name"'),
        _menu_link(line, "tags/", "tag", labels.tags, ' data-row-edit="tags"'),
        _menu_link(line, "description/", "file", labels.describe),
        _menu_link(line, "history/", "history", labels.history),
        _menu_button(line, "archive/", "archive", archive, value),
    ]
    if line.number != 0:
        items.append(_menu_button(line, "trash/", "trash", labels.delete))
    return "".join(items)


def _menu_link(
    line: ExperimentLine, what: str, name: str, label: str, more: str = ""
) -> str:
    return (
        f'<a class="menu-item" href="{escape(line.path)}{what}" data-plain{more}>'
        f"{icon(name)}{label}</a>"
    )


def _menu_button(
    line: ExperimentLine, what: str, name: str, label: str, more: str = ""
) -> str:
    return (
        f'<button class="menu-item" form="star-form"'
        f' formaction="{escape(line.path)}{what}"{more}>{icon(name)}{label}</button>'
    )


def _tags_cell(line: ExperimentLine) -> str:
    title = escape(_("Only experiments with this tag"))
    chips = "".join(_chip(tag, title) for tag in line.tags)
    if line.more_tags:
        chips += f'<span class="chip more" title="{escape(line.more_tags)}">…</span>'
    css = "tags in-card" if line.tags else "tags"
    return f'<td class="{css}"><span class="chips">{chips}</span></td>'


def _chip(tag: TagLink, title: str) -> str:
    """`title` is escaped."""
    key = f'<span class="key">{escape(tag.key)}:</span>' if tag.key else ""
    return (
        f'<a class="chip" href="{escape(tag.href)}" title="{title}">'
        f"{key}<span>{escape(tag.text)}</span></a>"
    )


def _counts_cell(line: ExperimentLine) -> str:
    counts = "".join(map(_count_link, line.counts))
    counts = counts or f'<span class="quiet">{MISSING}</span>'
    return f'<td class="children in-card"><span class="rollup">{counts}</span></td>'


def _count_link(count: StatusCount) -> str:
    label, number = escape(count.label), escape(formats.grouped(count.count))
    return (
        f'<a class="value" href="{escape(count.href)}" data-plain'
        f' title="{label}: {number}">{status_disc(count.status)}'
        f'<span class="hidden-text">{label}</span>{number}</a>'
    )


def _latest_cell(latest: LatestRun | None) -> str:
    if latest is None:
        return f'<td class="latest"><span class="quiet">{MISSING}</span></td>'
    name, status = escape(latest.name), escape(status_label(latest.status))
    return (
        f'<td class="latest"><a href="{escape(latest.href)}" data-plain'
        f' title="{name} ({status})">{status_disc(latest.status)}'
        f'<span class="hidden-text">{status}</span>'
        f'<span class="clip">{name}</span></a></td>'
    )


def _submitter_cell(line: ExperimentLine) -> str:
    if not line.submitter:
        return f'<td class="clip who">{MISSING}</td>'
    title = escape(_("Only experiments with my latest run"))
    return (
        f'<td class="clip who"><a class="value" href="{escape(line.submitter_href)}"'
        f' title="{title}">{escape(line.submitter)}</a></td>'
    )
