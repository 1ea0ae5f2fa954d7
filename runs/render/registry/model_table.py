"""A row of the table of models as HTML. Every text is escaped here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from runs.render import formats
from runs.render.formats import MISSING
from runs.render.run_list import moment, star_button


@dataclass(frozen=True)
class ModelLink:
    """A text that leads to an address."""

    text: str
    href: str


@dataclass(frozen=True)
class ModelTagLink:
    """A tag that filters the table; a tag without a value shows its key alone."""

    key: str
    text: str
    href: str


@dataclass(frozen=True)
class ModelLine:
    """`more_tags` and `more_aliases` name those that are not shown.

    Times are ms since the epoch. `latest` is None for a model without versions.
    """

    key: int
    name: str
    starred: bool
    href: str
    tags: tuple[ModelTagLink, ...]
    more_tags: str
    latest: ModelLink | None
    aliases: tuple[ModelLink, ...]
    more_aliases: str
    versions: int
    updated: int
    registered_by: ModelLink | None


def model_rows(lines: Sequence[ModelLine], has_tags: bool) -> SafeString:
    """The rows; `has_tags` is whether the table has a column of tags."""
    html = (_model_row(line, has_tags=has_tags) for line in lines)
    return mark_safe("\n".join(html))  # noqa: S308


def _model_row(line: ModelLine, *, has_tags: bool) -> str:
    return (
        f"<tr>{_name_cell(line)}{_tags_cell(line) if has_tags else ''}"
        f"{_latest_cell(line.latest)}{_aliases_cell(line)}"
        f'<td class="number">{escape(formats.grouped(line.versions))}</td>'
        f'<td class="duration in-card">{moment(line.updated)}</td>'
        f"{_member_cell(line.registered_by)}</tr>"
    )


def _name_cell(line: ModelLine) -> str:
    name, href = escape(line.name), escape(line.href)
    # The id stays when htmx swaps the star, so that it keeps the focus.
    star = star_button(line.starred, f"{line.href}star/", f"star-{line.key}")
    return (
        f'<td class="name"><div>{star}<a href="{href}" data-plain data-row-link'
        f' title="{name}">{name}</a></div></td>'
    )


def _tags_cell(line: ModelLine) -> str:
    title = escape(_("Only models with this tag"))
    chips = "".join(_tag_chip(tag, title) for tag in line.tags)
    css = "tags in-card" if line.tags else "tags"
    return (
        f'<td class="{css}"><span class="chips">{chips}{_more_chip(line.more_tags)}'
        "</span></td>"
    )


def _tag_chip(tag: ModelTagLink, title: str) -> str:
    """`title` is escaped."""
    key = f'<span class="key">{escape(tag.key)}:</span>' if tag.text else ""
    return (
        f'<a class="chip" href="{escape(tag.href)}" title="{title}">'
        f"{key}<span>{escape(tag.text or tag.key)}</span></a>"
    )


def _more_chip(names: str) -> str:
    return f'<span class="chip more" title="{escape(names)}">…</span>' if names else ""


def _latest_cell(latest: ModelLink | None) -> str:
    if latest is None:
        return f'<td class="latest quiet">{MISSING}</td>'
    return (
        f'<td class="latest in-card"><a href="{escape(latest.href)}" data-plain>'
        f"{escape(latest.text)}</a></td>"
    )


def _aliases_cell(line: ModelLine) -> str:
    chips = "".join(
        f'<a class="chip alias" href="{escape(alias.href)}" data-plain>'
        f"{escape(alias.text)}</a>"
        for alias in line.aliases
    )
    css = "aliases in-card" if line.aliases else "aliases"
    return (
        f'<td class="{css}"><span class="chips">{chips}{_more_chip(line.more_aliases)}'
        "</span></td>"
    )


def _member_cell(member: ModelLink | None) -> str:
    if member is None:
        return f'<td class="clip who">{MISSING}</td>'
    title = escape(_("Only models of this member"))
    return (
        f'<td class="clip who"><a class="value" href="{escape(member.href)}"'
        f' title="{title}">{escape(member.text)}</a></td>'
    )
