"""Image files as the browser loads them, unless they are too large."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote

from django.utils.translation import gettext as _

from runs.models import File
from runs.render.files import (
    IMAGE_TYPES,
    PICTURE_HEAD_BYTES,
    begins_picture,
    file_extension,
    picture_dimensions,
)
from runs.render.formats import filesize
from runs.storage.files import files as file_store
from studio.core.errors import MissingBytes

#: Larger images are not loaded by the page, only linked.
MAX_PIXELS = 40_000_000
MAX_BYTES = 25_000_000


@dataclass(frozen=True)
class ImageFile:
    """An image file; `shown` is its address, or empty if the page can't show it."""

    path: str
    href: str
    shown: str
    size: str


def is_picture(name: str) -> bool:
    return file_extension(name) in IMAGE_TYPES


def image_file(base: str, file: File) -> ImageFile:
    """Return the image of a file; `base` is the address of the run page."""
    href = f"{base}files/raw/{quote(file.path)}"
    is_named, is_svg = is_picture(file.name), file_extension(file.name) == "svg"
    try:
        head, is_there = _head(file) if is_named else b"", True
    except MissingBytes:
        head, is_there = b"", False
    pixels = None if is_svg else picture_dimensions(head)
    is_image = is_svg or begins_picture(head)
    words = [f"{pixels[0]} × {pixels[1]}"] if pixels else []
    if is_named and is_there and not is_image:
        words = [_("not an image")]
    fits = is_named and is_there and is_image and file.size <= MAX_BYTES
    if fits and pixels and pixels[0] * pixels[1] > MAX_PIXELS:
        fits = False
    size = ", ".join([*words, filesize(file.size)])
    return ImageFile(file.path, href, f"{href}?inline=1" if fits else "", size)


def _head(file: File) -> bytes:
    """Read the first bytes; raises MissingBytes."""
    with file_store.open(file.blob, file.size) as handle:
        return handle.read(min(file.size, PICTURE_HEAD_BYTES))
