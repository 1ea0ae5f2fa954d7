"""Markdown, rendered as descriptions are."""

from __future__ import annotations

from django.utils.translation import gettext_lazy

from runs.pages.previews.kind import PreviewKind, Shown
from runs.pages.previews.reader import PreviewReader
from runs.render.descriptions import render_markdown
from runs.render.files import decode_text, file_extension, is_binary

#: Half a document would be read as something else, so a longer one is shown as text.
MAX_MARKDOWN_BYTES = 512 * 1024


def matches(name: str, head: bytes) -> bool:
    return file_extension(name) in {"md", "markdown"} and not is_binary(head)


def build(reader: PreviewReader) -> Shown | None:
    if reader.size > MAX_MARKDOWN_BYTES:
        return None
    return Shown(render_markdown(decode_text(reader.read())))


MARKDOWN = PreviewKind(
    "markdown",
    gettext_lazy("Show formatted text"),
    matches,
    build,
    MAX_MARKDOWN_BYTES,
)
