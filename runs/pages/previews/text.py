"""Text and source: whole if short, else both ends."""

from __future__ import annotations

from functools import partial

from django.utils.translation import gettext_lazy, ngettext

from runs.pages.logs import UncountedLog
from runs.pages.previews.kind import PreviewKind, Shown
from runs.pages.previews.reader import PreviewReader
from runs.render.files import (
    TextLines,
    decode_text,
    highlighted_lines,
    is_binary,
    is_code,
    lines_of_both_ends,
    numbered_lines,
)
from runs.render.formats import grouped

#: A text up to this size is shown whole; a longer one shows this much of each end.
MAX_WHOLE_BYTES = 512 * 1024
SHOWN_END_BYTES = 64 * 1024
#: Lines between the two ends are counted if the gap is not larger.
MAX_COUNTED_BYTES = 64 * 1024 * 1024


def matches(_name: str, head: bytes) -> bool:
    # The start is enough to tell a binary file from text.
    return not is_binary(head)


def build(reader: PreviewReader) -> Shown:
    is_short_code = is_code(reader.name) and reader.size <= MAX_WHOLE_BYTES
    if reader.read_log is not None and not is_short_code:
        return _shown_as_log(reader.read_log())
    head = reader.read(MAX_WHOLE_BYTES)
    if reader.size <= len(head):
        return _shown_whole(_whole_lines(reader.name, decode_text(head)))
    return Shown(_both_ends(reader, head))


def _shown_as_log(log: object) -> Shown:
    if isinstance(log, UncountedLog):
        return Shown(log, template="logs/_log_uncounted.html")
    return Shown(log, template="logs/_log_view.html", head="logs/_log_head.html")


def _shown_whole(lines: TextLines) -> Shown:
    count = len(lines.first)
    words = ngettext("%(n)s line", "%(n)s lines", count) % {"n": grouped(count)}
    return Shown(lines, words)


def _both_ends(reader: PreviewReader, head: bytes) -> TextLines:
    first = _without_partial_last_line(head[:SHOWN_END_BYTES])
    # Logs matter most at their end, and a file of gigabytes opens as fast as a small
    # one.
    end = reader.read_at(reader.size - SHOWN_END_BYTES, SHOWN_END_BYTES)
    last = _without_partial_first_line(end)
    skipped = reader.size - len(first) - len(last)
    between = None
    if skipped <= MAX_COUNTED_BYTES:
        reader.seek(len(first))
        between = _count_line_ends(reader, skipped)
    return lines_of_both_ends(first, last, skipped, between)


def _whole_lines(name: str, text: str) -> TextLines:
    """Return lines: highlighted for source code, else as a terminal shows them."""
    marked = highlighted_lines(name, text) if is_code(name) else None
    return TextLines(
        list(enumerate(marked, start=1)) if marked else numbered_lines(text)
    )


def _without_partial_last_line(data: bytes) -> bytes:
    # Cut at a line end, so that no line is shown in two halves.
    return data[: data.rfind(b"\n") + 1] or data


def _without_partial_first_line(data: bytes) -> bytes:
    return data[data.find(b"\n") + 1 :]


def _count_line_ends(reader: PreviewReader, length: int) -> int:
    count = 0
    for chunk in iter(partial(reader.read, min(length, 1 << 20)), b""):
        # The last chunk can reach into the end that is shown.
        count += chunk[:length].count(b"\n")
        length -= len(chunk)
        if length <= 0:
            break
    return count


TEXT = PreviewKind(
    "text",
    gettext_lazy("Show source"),
    matches,
    build,
    # Both ends, and what is counted between them.
    MAX_WHOLE_BYTES + 2 * SHOWN_END_BYTES + MAX_COUNTED_BYTES + (1 << 20),
    view="source",
    icon="code",
    tools="previews/_text_tools.html",
)
