"""HTML pages, in a sandboxed frame without scripts, and only on request."""

from __future__ import annotations

from django.utils.translation import gettext_lazy

from runs.pages.previews.kind import PreviewKind, Shown
from runs.pages.previews.reader import PreviewReader
from runs.render.files import file_extension


def matches(name: str, _head: bytes) -> bool:
    return file_extension(name) in {"html", "htm"}


def build(_reader: PreviewReader) -> Shown:
    return Shown(None)


HTML_PAGE = PreviewKind(
    "html", gettext_lazy("Preview HTML"), matches, build, on_request=True
)
