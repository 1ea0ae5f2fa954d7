"""Images, which the browser loads by their own address."""

from __future__ import annotations

from django.utils.translation import gettext_lazy

from runs.pages.previews.kind import PreviewKind, Shown
from runs.pages.previews.reader import PreviewReader
from runs.render.files import (
    IMAGE_TYPES,
    PICTURE_HEAD_BYTES,
    file_extension,
    picture_dimensions,
)


def matches(name: str, _head: bytes) -> bool:
    return file_extension(name) in IMAGE_TYPES


def build(reader: PreviewReader) -> Shown:
    size = picture_dimensions(reader.read(PICTURE_HEAD_BYTES))
    return Shown(None, f"{size[0]} × {size[1]}" if size else "")


IMAGE = PreviewKind(
    "image",
    gettext_lazy("Show image"),
    matches,
    build,
    PICTURE_HEAD_BYTES,
    icon="image",
)
