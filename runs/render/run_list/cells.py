"""A run list's cells as HTML.

A page has hundreds, of few kinds: as template nodes they took half of its time.
Everything that people wrote is escaped here.
"""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from typing import Protocol


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
    told = f' data-label="{escape(label)}"' if label else ""
    if title:
        told += f' title="{escape(title)}"'
    return f'<td class="{css}"{told}>{mark}{shown}</td>'


def ticking_cell(css: str, text: str, since: object) -> str:
    """A duration that the page's clocks let go on."""
    return f'<td class="{css}" data-ticking="{escape(str(since))}">{escape(text)}</td>'


def link_cell(css: str, title: str, link: CellLink) -> str:
    shown = value_link(link, escape(link.text))
    return f'<td class="{css} clip" title="{escape(title)}">{shown}</td>'


def html_cell(css: str, html: str) -> str:
    """Around what is HTML already."""
    return f'<td class="{css}">{html}</td>'


def time_html(iso: str, full: str, short: str) -> str:
    """A time, all of which is in its title."""
    told = f'datetime="{escape(iso)}" title="{escape(full)}"'
    return f"<time {told}>{escape(short)}</time>"


def value_link(link: CellLink, html: str) -> str:
    """Asks for only this value; with Alt, for all but it."""
    only, but = escape(link.only), escape(link.but)
    return f'<a class="value" href="{only}" data-but="{but}">{html}</a>'


def star_button(href: str, mark: str, label: str, icon: str, *, pressed: bool) -> str:
    """Sets or takes away a star, and is drawn anew by the answer; `mark` is its id."""
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
    """The box that selects a run, in the colour of its series; 0: not selected."""
    css = f"pick-box series-{series}" if series else "pick-box"
    return (
        f'<button class="{css}" id="pick-{escape(key)}" form="select-form"'
        f' name="toggle" value="{escape(run_id)}" data-pick role="checkbox"'
        f' aria-checked="{str(bool(series)).lower()}"'
        f' aria-label="{escape(label)}"></button>'
    )


def tags_cell(css: str, links: Iterable[CellLink], more: int, rest: str) -> str:
    """The chips of tags, and how many did not fit, which `rest` names."""
    chips = "".join(map(_chip, links))
    if more:
        chips += f'<span class="chip more" title="{escape(rest)}">+{more}</span>'
    return f'<td class="{css}"><span class="chips">{chips}</span></td>'


def _chip(link: CellLink) -> str:
    key = f'<span class="key">{escape(link.key)}:</span>' if link.key else ""
    return (
        f'<a class="chip" href="{escape(link.only)}" data-but="{escape(link.but)}">'
        f"{key}<span>{escape(link.text)}</span></a>"
    )
