"""The preview of a file, which reads only what it shows."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import partial
from typing import Any, BinaryIO

from django.http import HttpRequest
from django.utils.safestring import SafeString

from runs.render.descriptions import render_markdown
from runs.render.files import (
    FileKind,
    PreviewTable,
    TextLines,
    csv_table,
    decode_text,
    file_extension,
    file_icon,
    file_kind,
    highlighted_lines,
    is_binary,
    is_code,
    json_table,
    lines_of_both_ends,
    numbered_lines,
    pretty_json,
)
from studio.core.errors import MissingBytes

#: A text up to this size is shown whole; a longer one shows this much of each end.
MAX_WHOLE_BYTES = 512 * 1024
SHOWN_END_BYTES = 64 * 1024
#: Lines between the two ends are counted if the gap is not larger.
MAX_COUNTED_BYTES = 64 * 1024 * 1024
SNIFFED_BYTES = 8 * 1024


@dataclass(frozen=True)
class FileContent:
    """A file to preview, wherever it is stored; `size` in bytes."""

    name: str
    size: int
    open: Callable[[], AbstractContextManager[BinaryIO]]


@dataclass(frozen=True)
class Preview:
    """What the viewer shows; the field named by `kind` has the content."""

    kind: str
    lines: TextLines | None = None
    table: PreviewTable | None = None
    html: SafeString | None = None
    has_source: bool = False


def file_viewer_context(
    request: HttpRequest, file: FileContent, href: str, raw_href: str
) -> dict[str, Any]:
    """Return the context of `_file_view.html`; `raw_href` has the file's bytes."""
    source = request.GET.get("view") == "source"
    return {
        "file_icon": file_icon(file.name),
        "raw_href": raw_href,
        "file_href": href,
        "source_href": href if source else f"{href}&view=source",
        "is_source": source,
        "preview": preview_file(file, source=source),
    }


def preview_file(file: FileContent, *, source: bool) -> Preview:
    """Build the preview; with `source`, of the text instead of its rendering."""
    try:
        with file.open() as handle:
            return _build_preview(file, handle, source=source)
    except MissingBytes:
        return Preview("missing")


def _build_preview(file: FileContent, handle: BinaryIO, *, source: bool) -> Preview:
    kind = file_kind(file.name)
    # The browser loads images and pages by their own address; no bytes are read here.
    if kind is FileKind.IMAGE and not source:
        return Preview("image", has_source=file_extension(file.name) == "svg")
    if kind is FileKind.HTML and not source:
        return Preview("frame", has_source=True)
    head = handle.read(min(file.size, MAX_WHOLE_BYTES))
    # The start is enough to tell a binary file from text.
    if is_binary(head[:SNIFFED_BYTES]):
        return Preview("none")
    shown = None if source else _formatted_preview(kind, file, head)
    return shown or Preview("lines", lines=_text_lines(handle, file, head))


def _formatted_preview(
    kind: FileKind, file: FileContent, head: bytes
) -> Preview | None:
    """Build a table, Markdown or pretty JSON; None if the text is not valid."""
    whole = file.size <= len(head)
    text = decode_text(head)
    if kind is FileKind.TABLE:
        delimiter = "\t" if file_extension(file.name) == "tsv" else ","
        table = csv_table(text, delimiter=delimiter, is_whole=whole)
        if table is None:
            return None
        return Preview("table", table=table, has_source=True)
    # Half a JSON or Markdown document would be read as something else.
    if not whole:
        return None
    if kind is FileKind.MARKDOWN:
        return Preview("markdown", html=render_markdown(text), has_source=True)
    if kind is FileKind.JSON:
        return _formatted_json(text)
    return None


def _formatted_json(text: str) -> Preview | None:
    table = json_table(text)
    if table is not None:
        return Preview("table", table=table, has_source=True)
    pretty = pretty_json(text)
    if pretty is None:
        return None
    shown = TextLines(numbered_lines(pretty))
    return Preview("lines", lines=shown, has_source=True)


def _text_lines(handle: BinaryIO, file: FileContent, head: bytes) -> TextLines:
    if file.size <= len(head):
        return _whole_lines(file.name, decode_text(head))
    first = _without_partial_last_line(head[:SHOWN_END_BYTES])
    # Logs matter most at their end, and a file of gigabytes opens as fast as a small
    # one.
    handle.seek(file.size - SHOWN_END_BYTES)
    last = _without_partial_first_line(handle.read(SHOWN_END_BYTES))
    skipped = file.size - len(first) - len(last)
    between = None
    if skipped <= MAX_COUNTED_BYTES:
        handle.seek(len(first))
        between = _count_line_ends(handle, skipped)
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


def _count_line_ends(handle: BinaryIO, length: int) -> int:
    count = 0
    for chunk in iter(partial(handle.read, min(length, 1 << 20)), b""):
        # The last chunk can reach into the end that is shown.
        count += chunk[:length].count(b"\n")
        length -= len(chunk)
        if length <= 0:
            break
    return count
