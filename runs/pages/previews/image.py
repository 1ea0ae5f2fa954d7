"""Images, which the browser loads by their own address."""

from __future__ import annotations

from django.utils.translation import gettext_lazy

from runs.pages.previews.kind import PreviewKind, Shown
from runs.pages.previews.reader import BudgetExceeded, PreviewReader
from runs.render.files import (
    IMAGE_TYPES,
    PICTURE_HEAD_BYTES,
    begins_picture,
    file_extension,
    picture_dimensions,
)
from runs.render.previews import InvalidContent

#: A larger image is not loaded into the page.
MAX_PIXELS = 100_000_000


def matches(name: str, _head: bytes) -> bool:
    return file_extension(name) in IMAGE_TYPES


def build(reader: PreviewReader) -> Shown:
    head = reader.read(PICTURE_HEAD_BYTES)
    if file_extension(reader.name) != "svg" and not begins_picture(head):
        raise InvalidContent
    size = picture_dimensions(head)
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
