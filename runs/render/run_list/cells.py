"""Times and a run list's cells as HTML.

A page has hundreds of cells of few kinds: as template nodes they took half its time.
Everything that people wrote is escaped here.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from html import escape
from typing import Any, Protocol

from django.utils import timezone
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from runs.render import formats
from runs.render.formats import status_label
from runs.render.icons import icon, labeled_status


def status_pill(word: object) -> SafeString:
    """A status: its disc, then its word."""
    return labeled_status(str(word), status_label(word))


def star_button(starred: bool, href: str, mark: str) -> SafeString:
    """The star of a run or experiment; `href` takes what it does, `mark` is its id."""
    label = _("Remove the star") if starred else pgettext("mark a run or view", "Star")
    html = _star_button_html(href, mark, label, icon("star"), pressed=starred)
    return mark_safe(html)  # noqa: S308


def select_checkbox(row: Any) -> SafeString:
    """The box that selects a row's run."""
    label = _("Select %(name)s") % {"name": row.run.name}
    # Colors repeat after some runs, so 0 must come from the number itself.
    series = row.series if row.number else 0
    return mark_safe(_select_checkbox_html(row.key, row.run.run_id, label, series))  # noqa: S308


def rename_button(href: str) -> SafeString:
    """Renames a row's run; `href` is the run's."""
    html = _rename_button_html(href, _("Rename"), icon("edit"))
    return mark_safe(html)  # noqa: S308


def table_cell(list_cell: Any) -> SafeString:
    """A cell of the run list but for the first."""
    return mark_safe(_cell_content(list_cell))  # noqa: S308


def _cell_content(list_cell: Any) -> str:
    kind, css, links = list_cell.kind, list_cell.css, list_cell.links
    if kind == "tags":
        return _tags_cell_html(css, links, list_cell.more, list_cell.title)
    if kind == "status":
        return _wrap_in_cell(
            css, _value_link_html(links[0], status_pill(list_cell.value))
        )
    if kind == "link":
        return _link_cell_html(css, list_cell.title, links[0])
    link = links[0] if links else None
    if kind == "time":
        shown = moment(list_cell.value)
        return _wrap_in_cell(css, _value_link_html(link, shown) if link else shown)
    if kind == "ticking":
        return _running_duration_cell_html(css, list_cell.text, list_cell.value)
    mark = icon("trophy") if kind == "best" else ""
    return _text_cell_html(
        css, list_cell.text, list_cell.label, list_cell.title, mark, link
    )


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


class CellLink(Protocol):
    @property
    def text(self) -> str: ...
    @property
    def filter_href(self) -> str: ...
    @property
    def exclude_href(self) -> str: ...
    @property
    def key(self) -> str: ...


def _text_cell_html(
    css: str,
    text: str,
    label: str = "",
    title: str = "",
    mark: str = "",
    link: CellLink | None = None,
) -> str:
    """`mark` is a sign before the text, as HTML."""
    shown = escape(text) if link is None else _value_link_html(link, escape(text))
    attributes = f' data-label="{escape(label)}"' if label else ""
    if title:
        attributes += f' title="{escape(title)}"'
    return f'<td class="{css}"{attributes}>{mark}{shown}</td>'


def _running_duration_cell_html(css: str, text: str, since: object) -> str:
    """A duration that the page's clocks update."""
    return f'<td class="{css}" data-ticking="{escape(str(since))}">{escape(text)}</td>'


def _link_cell_html(css: str, title: str, link: CellLink) -> str:
    shown = _value_link_html(link, escape(link.text))
    return f'<td class="{css} clip" title="{escape(title)}">{shown}</td>'


def _wrap_in_cell(css: str, html: str) -> str:
    """Around what is HTML already."""
    return f'<td class="{css}">{html}</td>'


def _time_html(iso: str, full: str, short: str) -> str:
    """A time; its title has the full time."""
    attributes = f'datetime="{escape(iso)}" title="{escape(full)}"'
    return f"<time {attributes}>{escape(short)}</time>"


def _value_link_html(link: CellLink, html: str) -> str:
    """Asks for only this value; with Alt, for all but it."""
    only, but = escape(link.filter_href), escape(link.exclude_href)
    return f'<a class="value" href="{only}" data-but="{but}">{html}</a>'


def _star_button_html(
    href: str, mark: str, label: str, icon: str, *, pressed: bool
) -> str:
    """Sets or takes away a star, and is drawn again by the answer; `mark` is its id."""
    where, given = escape(href), int(not pressed)
    return (
        f'<button class="star" id="{escape(mark)}" form="star-form"'
        f' formaction="{where}" name="starred" value="{given}"'
        f' aria-pressed="{str(pressed).lower()}" aria-label="{escape(label)}"'
        f' hx-post="{where}" hx-target="this" hx-swap="outerHTML">{icon}</button>'
    )


def _rename_button_html(href: str, label: str, icon: str) -> str:
    """Renames the run of a row, in its place where a script runs."""
    return (
        f'<a class="tool only tiny row-edit" href="{escape(href)}name/"'
        f' hx-boost="false" data-row-edit="name" title="{escape(label)} (e)"'
        f' aria-label="{escape(label)}">{icon}</a>'
    )


def _select_checkbox_html(key: str, run_id: str, label: str, series: int) -> str:
    """The box that selects a run, in the color of its series; 0: not selected."""
    css = f"pick-box series-{series}" if series else "pick-box"
    return (
        f'<button class="{css}" id="pick-{escape(key)}" form="select-form"'
        f' name="toggle" value="{escape(run_id)}" data-pick role="checkbox"'
        f' aria-checked="{str(bool(series)).lower()}"'
        f' aria-label="{escape(label)}"></button>'
    )


def _tags_cell_html(css: str, links: Iterable[CellLink], more: int, rest: str) -> str:
    """The chips of tags, and how many did not fit, which `rest` names."""
    chips = "".join(map(_link_chip, links))
    if more:
        chips += f'<span class="chip more" title="{escape(rest)}">+{more}</span>'
    return f'<td class="{css}"><span class="chips">{chips}</span></td>'


def _link_chip(link: CellLink) -> str:
    key = f'<span class="key">{escape(link.key)}:</span>' if link.key else ""
    return (
        f'<a class="chip" href="{escape(link.filter_href)}"'
        f' data-but="{escape(link.exclude_href)}">'
        f"{key}<span>{escape(link.text)}</span></a>"
    )
