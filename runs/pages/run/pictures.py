"""A picture of a run as a page shows it: by itself only if a browser can bear it."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote

from runs.models import File
from runs.render.files import IMAGE_TYPES, PICTURE_HEAD_BYTES, extension, picture_size
from runs.render.formats import filesize
from runs.storage.files import files as file_store
from studio.core.errors import MissingBytes

#: Pictures of more pixels or bytes are named, and opened only by who asks.
MAX_PIXELS = 40_000_000
MAX_BYTES = 25_000_000


@dataclass(frozen=True)
class Picture:
    """`shown` is empty where the file is no picture that a page can show by default."""

    path: str
    href: str
    shown: str
    size: str


def is_picture(name: str) -> bool:
    return extension(name) in IMAGE_TYPES


def picture_of(base: str, file: File) -> Picture:
    """`base` is the address of the run's page."""
    href = f"{base}files/raw/{quote(file.path)}"
    try:
        pixels, is_there = _pixel_size(file), True
    except MissingBytes:
        pixels, is_there = None, False
    words = [f"{pixels[0]} × {pixels[1]}"] if pixels else []
    fits = is_there and is_picture(file.name) and file.size <= MAX_BYTES
    if fits and pixels and pixels[0] * pixels[1] > MAX_PIXELS:
        fits = False
    size = ", ".join([*words, filesize(file.size)])
    return Picture(file.path, href, f"{href}?inline=1" if fits else "", size)


def _pixel_size(file: File) -> tuple[int, int] | None:
    """None for drawings (SVG) and whatever is no picture; raises MissingBytes."""
    if not is_picture(file.name):
        return None
    with file_store.open(file.blob, file.size) as handle:
        if extension(file.name) == "svg":
            return None
        return picture_size(handle.read(min(file.size, PICTURE_HEAD_BYTES)))
