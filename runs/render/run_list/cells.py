"""Icons, statuses, times and a run list's cells as HTML.

A page has hundreds of cells of few kinds: as template nodes they took half its time.
Every function escapes the texts that it gets.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import cache
from html import escape
from typing import Protocol

from django.templatetags.static import static
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from runs.render import formats
from runs.render.formats import status_label
from studio.core.statuses import STATUS_TABLE

STATUS_ICONS = {
    status.value.lower(): facts.icon
    for status, facts in STATUS_TABLE.items()
    if facts.icon
}


@cache
def _sprite_address(name: str) -> str:
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
        _sprite_address(name),
    )


def status_disc(status: object) -> SafeString:
    """A status's disc, without its word."""
    return _cached_status_disc(str(status).lower())


@cache
def _cached_status_disc(name: str) -> SafeString:
    glyph = STATUS_ICONS.get(name)
    return disc(name, glyph) if glyph else disc("", "")


@cache
def disc(css: str, glyph: str) -> SafeString:
    """A disc in the color of the class, with a glyph; without a glyph a ring."""
    if not glyph:
        return format_html(
            '<svg class="disc {}" viewBox="0 0 16 16" width="16" height="16" '
            'aria-hidden="true"><circle cx="8" cy="8" r="6.3"/></svg>',
            "ring",
        )
    return format_html(
        '<svg class="disc {}" viewBox="0 0 16 16" width="16" height="16" '
        'aria-hidden="true"><circle cx="8" cy="8" r="8"/><use href="{}"/></svg>',
        css,
        _sprite_address(glyph),
    )


def status_pill(word: object) -> SafeString:
    """A status: its disc, then its word."""
    # The label is an argument, so that the cache has an entry for each language.
    return _cached_status_pill(str(word), status_label(word))


@cache
def _cached_status_pill(word: str, label: str) -> SafeString:
    return format_html('<span class="status">{}{}</span>', status_disc(word), label)


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
