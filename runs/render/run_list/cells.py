"""Icons, statuses, times and a run list's cells as HTML.

A page has hundreds of cells of few kinds: as template nodes they took half its time.
Everything that people wrote is escaped here.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from functools import cache
from html import escape
from typing import Any, Protocol

from django.templatetags.static import static
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from runs.render import formats
from runs.render.formats import status_label
from studio.core.statuses import STATUS_TABLE

GLYPHS = {
    status.value.lower(): facts.icon
    for status, facts in STATUS_TABLE.items()
    if facts.icon
}


@cache
def _symbol(name: str) -> str:
    return f"{static('icons/sprite.svg')}#{name}"


# A page has dozens of the same cells: each is rendered once.
@cache
def icon(name: str, style: str = "") -> SafeString:
    """A symbol of the sprite; words next to it give its meaning."""
    classes = f"icon {style}".strip()
    return format_html(
        '<svg class="{}" width="16" height="16" aria-hidden="true">'
        '<use href="{}"/></svg>',
        classes,
        _symbol(name),
    )


def disc(status: object) -> SafeString:
    """A status's disc, without its word."""
    return _disc(str(status).lower())


@cache
def _disc(name: str) -> SafeString:
    glyph = GLYPHS.get(name)
    if glyph is None:
        return format_html(
            '<svg class="disc {}" viewBox="0 0 16 16" width="16" height="16" '
            'aria-hidden="true"><circle cx="8" cy="8" r="6.3"/></svg>',
            "ring",
        )
    return format_html(
        '<svg class="disc {}" viewBox="0 0 16 16" width="16" height="16" '
        'aria-hidden="true"><circle cx="8" cy="8" r="8"/><use href="{}"/></svg>',
        name,
        _symbol(glyph),
    )


def status(word: object) -> SafeString:
    """A status: its disc, then its word."""
    # The label is an argument, so that the cache has an entry for each language.
    return _status_pill(str(word), status_label(word))


@cache
def _status_pill(word: str, label: str) -> SafeString:
    return format_html('<span class="status">{}{}</span>', disc(word), label)


def star(starred: bool, href: str, mark: str) -> SafeString:
    """The star of a run or experiment; `href` takes what it does, `mark` is its id."""
    label = _("Remove the star") if starred else pgettext("mark a run or view", "Star")
    html = star_button(href, mark, label, icon("star"), pressed=starred)
    return mark_safe(html)  # noqa: S308


def pick(row: Any) -> SafeString:
    """The box that selects a row's run."""
    label = _("Select %(name)s") % {"name": row.run.name}
    # Colors repeat after some runs, so 0 must come from the number itself.
    series = row.series if row.number else 0
    return mark_safe(pick_box(row.key, row.run.run_id, label, series))  # noqa: S308


def pencil(href: str) -> SafeString:
    """Renames a row's run; `href` is the run's."""
    html = pencil_link(href, _("Rename"), icon("edit"))
    return mark_safe(html)  # noqa: S308


def cell(given: Any) -> SafeString:
    """A cell of the run list but for the first."""
    return mark_safe(_cell_content(given))  # noqa: S308


def _cell_content(given: Any) -> str:
    kind, css, links = given.kind, given.css, given.links
    if kind == "tags":
        return tags_cell(css, links, given.more, given.title)
    if kind == "status":
        return html_cell(css, value_link(links[0], status(given.value)))
    if kind == "link":
        return link_cell(css, given.title, links[0])
    link = links[0] if links else None
    if kind == "time":
        shown = moment(given.value)
        return html_cell(css, value_link(link, shown) if link else shown)
    if kind == "ticking":
        return ticking_cell(css, given.text, given.value)
    mark = icon("trophy") if kind == "best" else ""
    return text_cell(css, given.text, given.label, given.title, mark, link)


def moment(time: int | datetime | None) -> SafeString | str:
    """`24 Nov, 09:42` in the reader's time zone; all of it in title and datetime."""
    return _time_cell(time, full=False)


def full_moment(time: int | datetime | None) -> SafeString | str:
    return _time_cell(time, full=True)


def _time_cell(time: int | datetime | None, *, full: bool) -> SafeString | str:
    if time is None:
        return formats.MISSING
    zone = timezone.get_current_timezone()
    when = (
        time.astimezone(zone) if isinstance(time, datetime) else formats.at(time, zone)
    )
    shown = formats.full_moment(when)
    text = shown if full else formats.moment(when, timezone.now().astimezone(zone))
    title = f"{shown} {when.tzname() or ''}"
    html = time_html(when.isoformat(timespec="milliseconds"), title, text)
    return mark_safe(html)  # noqa: S308


class CellLink(Protocol):
    @property
    def text(self) -> str: ...
    @property
    def only(self) -> str: ...
    @property
    def but(self) -> str: ...
    @property
    def key(self) -> str: ...


def text_cell(
    css: str,
    text: str,
    label: str = "",
    title: str = "",
    mark: str = "",
    link: CellLink | None = None,
) -> str:
    """`mark` is a sign before the text, as HTML."""
    shown = escape(text) if link is None else value_link(link, escape(text))
    attributes = f' data-label="{escape(label)}"' if label else ""
    if title:
        attributes += f' title="{escape(title)}"'
    return f'<td class="{css}"{attributes}>{mark}{shown}</td>'


def ticking_cell(css: str, text: str, since: object) -> str:
    """A duration that the page's clocks update."""
    return f'<td class="{css}" data-ticking="{escape(str(since))}">{escape(text)}</td>'


def link_cell(css: str, title: str, link: CellLink) -> str:
    shown = value_link(link, escape(link.text))
    return f'<td class="{css} clip" title="{escape(title)}">{shown}</td>'


def html_cell(css: str, html: str) -> str:
    """Around what is HTML already."""
    return f'<td class="{css}">{html}</td>'


def time_html(iso: str, full: str, short: str) -> str:
    """A time; its title has the full time."""
    attributes = f'datetime="{escape(iso)}" title="{escape(full)}"'
    return f"<time {attributes}>{escape(short)}</time>"


def value_link(link: CellLink, html: str) -> str:
    """Asks for only this value; with Alt, for all but it."""
    only, but = escape(link.only), escape(link.but)
    return f'<a class="value" href="{only}" data-but="{but}">{html}</a>'


def star_button(href: str, mark: str, label: str, icon: str, *, pressed: bool) -> str:
    """Sets or takes away a star, and is drawn again by the answer; `mark` is its id."""
    where, given = escape(href), int(not pressed)
    return (
        f'<button class="star" id="{escape(mark)}" form="star-form"'
        f' formaction="{where}" name="starred" value="{given}"'
        f' aria-pressed="{str(pressed).lower()}" aria-label="{escape(label)}"'
        f' hx-post="{where}" hx-target="this" hx-swap="outerHTML">{icon}</button>'
    )


def pencil_link(href: str, label: str, icon: str) -> str:
    """Renames the run of a row, in its place where a script runs."""
    return (
        f'<a class="tool only tiny row-edit" href="{escape(href)}name/"'
        f' hx-boost="false" data-row-edit="name" title="{escape(label)} (e)"'
        f' aria-label="{escape(label)}">{icon}</a>'
    )


def pick_box(key: str, run_id: str, label: str, series: int) -> str:
    """The box that selects a run, in the color of its series; 0: not selected."""
    css = f"pick-box series-{series}" if series else "pick-box"
    return (
        f'<button class="{css}" id="pick-{escape(key)}" form="select-form"'
        f' name="toggle" value="{escape(run_id)}" data-pick role="checkbox"'
        f' aria-checked="{str(bool(series)).lower()}"'
        f' aria-label="{escape(label)}"></button>'
    )


def tags_cell(css: str, links: Iterable[CellLink], more: int, rest: str) -> str:
    """The chips of tags, and how many did not fit, which `rest` names."""
    chips = "".join(map(_link_chip, links))
    if more:
        chips += f'<span class="chip more" title="{escape(rest)}">+{more}</span>'
    return f'<td class="{css}"><span class="chips">{chips}</span></td>'


def _link_chip(link: CellLink) -> str:
    key = f'<span class="key">{escape(link.key)}:</span>' if link.key else ""
    return (
        f'<a class="chip" href="{escape(link.only)}" data-but="{escape(link.but)}">'
        f"{key}<span>{escape(link.text)}</span></a>"
    )
