"""Template tags: icons and statuses, and thin filters over `runs.render`."""

from __future__ import annotations

import json
from datetime import datetime
from functools import cache
from typing import Any

from django import template
from django.templatetags.static import static
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from runs.models import Experiment
from runs.render.run_list import cells
from runs.render.text import browsers, numbers, times
from runs.render.text.addresses import experiment_slug
from studio.core.statuses import FACTS

register = template.Library()

GLYPHS = {
    status.value.lower(): facts.icon for status, facts in FACTS.items() if facts.icon
}
MISSING = "–"


@cache
def _symbol(name: str) -> str:
    return f"{static('icons/sprite.svg')}#{name}"


# A page has dozens of these, all alike: each is made once.
@register.simple_tag
@cache
def icon(name: str, style: str = "") -> SafeString:
    """A symbol of the sprite; what it means is said in words beside it."""
    classes = f"icon {style}".strip()
    return format_html(
        '<svg class="{}" width="16" height="16" aria-hidden="true">'
        '<use href="{}"/></svg>',
        classes,
        _symbol(name),
    )


@register.simple_tag
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


@register.simple_tag
def status(word: object) -> SafeString:
    """A status: its disc, then its word."""
    return _status(str(word))


@cache
def _status(word: str) -> SafeString:
    return format_html('<span class="status">{}{}</span>', disc(word), word)


@register.simple_tag
def star(starred: bool, href: str, mark: str) -> SafeString:
    """The star of a run or experiment; `href` takes what it does, `mark` is its id."""
    label = _("Remove the star") if starred else _("Star")
    html = cells.star_button(href, mark, label, icon("star"), pressed=starred)
    return mark_safe(html)  # noqa: S308


@register.simple_tag
def pick(row: Any) -> SafeString:
    """The box that selects a row's run."""
    label = _("Select %(name)s") % {"name": row.run.name}
    series = row.series if row.number else 0
    return mark_safe(cells.pick_box(row.key, row.run.run_id, label, series))  # noqa: S308


@register.simple_tag
def pencil(href: str) -> SafeString:
    """Renames a row's run; `href` is the run's."""
    html = cells.pencil_link(href, _("Rename"), icon("edit"))
    return mark_safe(html)  # noqa: S308


@register.simple_tag
def cell(given: Any) -> SafeString:
    """A cell of the run list but for the first."""
    return mark_safe(_cell(given))  # noqa: S308


def _cell(given: Any) -> str:
    kind, css, links = given.kind, given.css, given.links
    if kind == "tags":
        return cells.tags_cell(css, links, given.more, given.title)
    if kind == "status":
        return cells.html_cell(css, cells.value_link(links[0], status(given.value)))
    if kind == "link":
        return cells.link_cell(css, given.title, links[0])
    link = links[0] if links else None
    if kind == "time":
        shown = moment(given.value)
        return cells.html_cell(css, cells.value_link(link, shown) if link else shown)
    if kind == "ticking":
        return cells.ticking_cell(css, given.text, given.value)
    mark = icon("trophy") if kind == "best" else ""
    return cells.text_cell(css, given.text, given.label, given.title, mark, link)


@register.filter
def moment(time: int | datetime | None) -> SafeString | str:
    """`24 Nov, 09:42` in the reader's time zone; all of it in title and datetime."""
    return _time(time, full=False)


@register.filter
def full_moment(time: int | datetime | None) -> SafeString | str:
    return _time(time, full=True)


def _time(time: int | datetime | None, *, full: bool) -> SafeString | str:
    if time is None:
        return MISSING
    zone = timezone.get_current_timezone()
    when = time.astimezone(zone) if isinstance(time, datetime) else times.at(time, zone)
    shown = times.full_moment(when)
    text = shown if full else times.moment(when, timezone.now().astimezone(zone))
    title = f"{shown} {when.tzname() or ''}"
    html = cells.time_html(when.isoformat(timespec="milliseconds"), title, text)
    return mark_safe(html)  # noqa: S308


@register.filter
def ago(time: int) -> str:
    """How long ago that was, coarsely: `12 min`."""
    return times.ago(int(timezone.now().timestamp() * 1000) - time)


@register.filter
def duration(length: int | None) -> str:
    return MISSING if length is None else times.duration(length)


@register.filter
def exact_duration(length: int | None) -> str:
    return MISSING if length is None else times.exact_duration(length)


@register.simple_tag
def span_patterns() -> str:
    """For the pages' clocks, which write durations as the server does."""
    return json.dumps(times.span_patterns(), ensure_ascii=False)


@register.filter
def number(value: object) -> str:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return MISSING if value is None else str(value)
    return numbers.number(value)


@register.filter
def grouped(count: int) -> str:
    return numbers.grouped(count)


@register.filter
def filesize(size: int | None) -> str:
    return MISSING if size is None else numbers.filesize(size)


@register.filter
def slug(experiment: Experiment) -> str:
    """The last part of the experiment's address."""
    return experiment_slug(experiment.number, experiment.name)


@register.filter
def with_code(text: str) -> SafeString:
    """What stands between backticks, as code."""
    parts = enumerate(text.split("`"))
    return format_html_join(
        "",
        "{}",
        ((format_html("<code>{}</code>", p) if i % 2 else p,) for i, p in parts),
    )


@register.filter
def browser_name(agent: str) -> str:
    return browsers.browser_name(agent)
