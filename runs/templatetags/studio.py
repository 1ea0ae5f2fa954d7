"""Template tags: names in templates for functions of `runs.render`."""

from __future__ import annotations

from django import template
from django.templatetags.i18n import do_translate
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from runs.bundles import scripts, styles
from runs.models import Experiment
from runs.render import formats
from runs.render.experiments import experiment_rows
from runs.render.formats import experiment_slug, status_label
from runs.render.icons import icon, status_disc
from runs.render.registry import model_rows
from runs.render.run_list import (
    clock_time,
    column_boxes,
    full_moment,
    head_cells,
    list_rows,
    member_rows,
    moment,
    star_button,
    status_pill,
)
from runs.templatetags.constant_nodes import render_once, translate_once
from studio.core.messages import translated

register = template.Library()
# Labels in modules are marked, not translated: the language is known per request.
register.filter("translated", formats.translate_label)

for tag in (
    scripts,
    styles,
    icon,
    status_disc,
    status_pill,
    star_button,
    column_boxes,
    experiment_rows,
    head_cells,
    list_rows,
    member_rows,
    model_rows,
    formats.span_patterns,
):
    register.simple_tag(tag)
register.tags["icon"] = render_once(register.tags["icon"])
register.tags["translate"] = translate_once(do_translate)
for filter_function in (
    moment,
    full_moment,
    clock_time,
    formats.grouped,
    formats.browser_name,
    status_label,
):
    register.filter(filter_function.__name__, filter_function)


@register.filter
def ago(time: int) -> str:
    """How long ago that was, coarsely: `12 min`."""
    return formats.ago(int(timezone.now().timestamp() * 1000) - time)


@register.filter
def time_left(time: int) -> int:
    """Milliseconds from now until that time; 0 once it has passed."""
    return max(0, time - int(timezone.now().timestamp() * 1000))


@register.filter
def duration(length: int | None) -> str:
    return formats.MISSING if length is None else formats.duration(length)


@register.filter
def exact_duration(length: int | None) -> str:
    return formats.MISSING if length is None else formats.exact_duration(length)


@register.filter
def number(value: object) -> str:
    # A metric can hold text, and a boolean is an `int` to Python.
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return formats.MISSING if value is None else str(value)
    return formats.number(value)


@register.filter
def filesize(size: int | None) -> str:
    return formats.MISSING if size is None else formats.filesize(size)


@register.filter
def slug(experiment: Experiment) -> str:
    """The last part of the experiment's address."""
    return experiment_slug(experiment.number, experiment.name)


@register.filter
def with_code(text: str) -> SafeString:
    """What stands between backticks, as code."""
    # Every second part stood between two backticks.
    parts = enumerate(translated(text).split("`"))
    return format_html_join(
        "",
        "{}",
        ((format_html("<code>{}</code>", p) if i % 2 else p,) for i, p in parts),
    )
