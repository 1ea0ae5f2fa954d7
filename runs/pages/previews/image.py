"""Images, which the browser loads by their own address."""

from __future__ import annotations

from django.utils.translation import gettext_lazy

from runs.pages.previews.kind import PreviewKind, Shown
from runs.pages.previews.reader import BudgetExceeded, PreviewReader
from runs.render.files import (
    IMAGE_TYPES,
    PICTURE_HEAD_BYTES,
    file_extension,
    picture_dimensions,
)

#: A larger image is not loaded into the page.
MAX_PIXELS = 100_000_000


def matches(name: str, _head: bytes) -> bool:
    return file_extension(name) in IMAGE_TYPES


def build(reader: PreviewReader) -> Shown:
    size = picture_dimensions(reader.read(PICTURE_HEAD_BYTES))
    # A browser needs four bytes for each pixel, however small the file is.
    if size and size[0] * size[1] > MAX_PIXELS:
        raise BudgetExceeded
    return Shown(None, f"{size[0]} × {size[1]}" if size else "")


IMAGE = PreviewKind(
    "image",
    gettext_lazy("Show image"),
    matches,
    build,
    PICTURE_HEAD_BYTES,
    icon="image",
)
