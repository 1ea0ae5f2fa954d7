"""A file as the viewer shows it: read no more of it than is shown."""

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
    extension,
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

#: A text up to this is shown whole, of a longer one so much of each end.
MAX_WHOLE_BYTES = 512 * 1024
SHOWN_END_BYTES = 64 * 1024
#: Line ends between the two are counted up to this distance.
MAX_COUNTED_BYTES = 64 * 1024 * 1024
SNIFFED_BYTES = 8 * 1024


@dataclass(frozen=True)
class FileContent:
    """A file to look at, wherever its bytes are kept; `size` in bytes."""

    name: str
    size: int
    open: Callable[[], AbstractContextManager[BinaryIO]]


@dataclass(frozen=True)
class Preview:
    """`kind` names the way of showing; the field of that name holds what is shown."""

    kind: str
    lines: TextLines | None = None
    table: PreviewTable | None = None
    html: SafeString | None = None
    has_source: bool = False


def viewer_context(
    request: HttpRequest, file: FileContent, href: str, raw_href: str
) -> dict[str, Any]:
    """What `_file_view.html` shows of a file at `href`; its bytes are at `raw_href`."""
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
    """How the file is shown; with `source` its text rather than what it means."""
    try:
        with file.open() as handle:
            return _preview(file, handle, source=source)
    except MissingBytes:
        return Preview("missing")


def _preview(file: FileContent, handle: BinaryIO, *, source: bool) -> Preview:
    kind = file_kind(file.name)
    if kind is FileKind.IMAGE and not source:
        return Preview("image", has_source=extension(file.name) == "svg")
    if kind is FileKind.HTML and not source:
        return Preview("frame", has_source=True)
    head = handle.read(min(file.size, MAX_WHOLE_BYTES))
    if is_binary(head[:SNIFFED_BYTES]):
        return Preview("none")
    shown = None if source else _formatted_preview(kind, file, head)
    return shown or Preview("lines", lines=_lines(handle, file, head))


def _formatted_preview(
    kind: FileKind, file: FileContent, head: bytes
) -> Preview | None:
    """What the text means, if it is a text of that kind; None shows it as text."""
    whole = file.size <= len(head)
    text = decode_text(head)
    if kind is FileKind.TABLE:
        delimiter = "\t" if extension(file.name) == "tsv" else ","
        table = csv_table(text, delimiter=delimiter, is_whole=whole)
        if table is None:
            return None
        return Preview("table", table=table, has_source=True)
    if not whole:
        return None
    if kind is FileKind.MARKDOWN:
        return Preview("markdown", html=render_markdown(text), has_source=True)
    if kind is FileKind.JSON:
        return _json(text)
    return None


def _json(text: str) -> Preview | None:
    table = json_table(text)
    if table is not None:
        return Preview("table", table=table, has_source=True)
    pretty = pretty_json(text)
    if pretty is None:
        return None
    shown = TextLines(numbered_lines(pretty))
    return Preview("lines", lines=shown, has_source=True)


def _lines(handle: BinaryIO, file: FileContent, head: bytes) -> TextLines:
    if file.size <= len(head):
        return _whole_lines(file.name, decode_text(head))
    first = _up_to_line_end(head[:SHOWN_END_BYTES])
    handle.seek(file.size - SHOWN_END_BYTES)
    last = _from_line_start(handle.read(SHOWN_END_BYTES))
    skipped = file.size - len(first) - len(last)
    between = None
    if skipped <= MAX_COUNTED_BYTES:
        handle.seek(len(first))
        between = _count_line_ends(handle, skipped)
    return lines_of_both_ends(first, last, skipped, between)


def _whole_lines(name: str, text: str) -> TextLines:
    """Source code with its marks, another text as a terminal shows it."""
    marked = highlighted_lines(name, text) if is_code(name) else None
    return TextLines(
        list(enumerate(marked, start=1)) if marked else numbered_lines(text)
    )


def _up_to_line_end(data: bytes) -> bytes:
    return data[: data.rfind(b"\n") + 1] or data


def _from_line_start(data: bytes) -> bytes:
    return data[data.find(b"\n") + 1 :]


def _count_line_ends(handle: BinaryIO, length: int) -> int:
    count = 0
    for chunk in iter(partial(handle.read, min(length, 1 << 20)), b""):
        count += chunk[:length].count(b"\n")
        length -= len(chunk)
        if length <= 0:
            break
    return count
