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
    """`more_tags` names the tags that are not shown. Times are ms since the epoch."""

    key: int
    name: str
    archived: bool
    starred: bool
    href: str
    star_url: str
    tags: tuple[TagLink, ...]
    more_tags: str
    counts: tuple[StatusCount, ...]
    latest: LatestRun | None
    submitter: str
    submitter_href: str
    activity: int
    created: int


def experiment_rows(lines: Sequence[ExperimentLine], has_tags: bool) -> SafeString:
    """The rows; `has_tags` is whether the table has a column of tags."""
    html = (_experiment_row(line, has_tags=has_tags) for line in lines)
    return mark_safe("\n".join(html))  # noqa: S308


def _experiment_row(line: ExperimentLine, *, has_tags: bool) -> str:
    return (
        f"<tr>{_name_cell(line)}{_tags_cell(line) if has_tags else ''}"
        f"{_counts_cell(line)}{_latest_cell(line.latest)}{_submitter_cell(line)}"
        f'<td class="duration in-card">{moment(line.activity)}</td>'
        f"<td>{moment(line.created)}</td></tr>"
    )


def _name_cell(line: ExperimentLine) -> str:
    name, archived = escape(line.name), ""
    if line.archived:
        archived = (
            f'<span class="chip">{icon("archive", "small")}'
            f"{escape(_('archived'))}</span>"
        )
    # The id stays when htmx swaps the star, so that it keeps the focus.
    star = star_button(line.starred, line.star_url, f"star-{line.key}")
    return (
        f'<td class="name"><div>{star}<a href="{escape(line.href)}" data-plain'
        f' data-row-link title="{name}">{name}</a>{archived}</div></td>'
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
