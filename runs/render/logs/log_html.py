"""A line of a log as HTML."""

from __future__ import annotations

from collections.abc import Iterable

from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from runs.render.formats import filesize, grouped
from runs.render.logs.log_lines import LogLine
from runs.render.logs.terminal_text import TextSpan

Marks = Iterable[tuple[int, int]]


def line_html(
    line: LogLine,
    marks: Marks = (),
    *,
    prefix: str = "L",
    href: str = "#L{}",
    added_class: str = "",
) -> SafeString:
    """Return the line's element; `marks` are the marked parts of its text.

    `prefix` and the line's number are its id. `href` is where its number leads, with
    the number for each pair of braces.
    """
    classes = ["line"]
    if added_class:
        classes.append(added_class)
    if line.level:
        classes.append(f"level-{line.level}")
    if line.in_traceback:
        classes.append("in-traceback")
    time = "" if line.time is None else f' data-time="{line.time}"'
    content = _cells_html(line) if line.cells else spans_html(line.spans, marks)
    target = escape(href.replace("{}", str(line.number)))
    # Each part was escaped where it was made.
    return mark_safe(  # noqa: S308
        f'<div class="{" ".join(classes)}" id="{prefix}{line.number}"{time}>'
        f'<span><a href="{target}">{escape(grouped(line.number))}</a></span>'
        f"<code>{content}{_notes_html(line)}</code></div>"
    )


def unnumbered_line_html(line: LogLine) -> SafeString:
    """Return the element of a line whose number is not known yet."""
    level = f" level-{line.level}" if line.level else ""
    content = f"{spans_html(line.spans)}{_notes_html(line)}"
    # Each part was escaped where it was made.
    return mark_safe(  # noqa: S308
        f'<div class="line{level}"><span></span><code>{content}</code></div>'
    )


def marked_html(text: str, marks: Marks) -> SafeString:
    """Return plain text as HTML with its marks."""
    return mark_safe(_marked_html(text, 0, sorted(marks)))  # noqa: S308


def spans_html(spans: Iterable[TextSpan], marks: Marks = ()) -> SafeString:
    """Return spans with their classes; `marks` are offsets in their joined text."""
    parts, at, marks = [], 0, sorted(marks)
    for span in spans:
        html = _marked_html(span.text, at, marks)
        parts.append(
            f'<span class="{span.classes}">{html}</span>' if span.classes else html
        )
        at += len(span.text)
    return mark_safe("".join(parts))  # noqa: S308


def _marked_html(text: str, at: int, marks: list[tuple[int, int]]) -> str:
    parts, done = [], 0
    for start, stop in marks:
        first = max(start - at, done)
        last = min(stop - at, len(text))
        if first < last:
            parts += [
                escape(text[done:first]),
                f"<mark>{escape(text[first:last])}</mark>",
            ]
            done = last
    return "".join([*parts, escape(text[done:])])


def _cells_html(line: LogLine) -> str:
    return "".join(f'<span class="cell">{escape(cell)}</span>' for cell in line.cells)


def _notes_html(line: LogLine) -> str:
    notes = []
    if line.updates > 0:
        folded = ngettext("%(n)s update folded", "%(n)s updates folded", line.updates)
        notes.append(folded % {"n": grouped(line.updates)})
    elif line.updates < 0:
        notes.append(_("updates folded"))
    if line.cut_bytes:
        notes.append(
            _("cut: the line has %(size)s") % {"size": filesize(line.cut_bytes)}
        )
    return "".join(f' <span class="chip fold">{escape(note)}</span>' for note in notes)
