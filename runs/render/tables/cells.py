"""The cells of a table as texts, links to images, and rows of a CSV file."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from runs.render.formats import MISSING, align_decimals, number
from runs.render.run_list import escape_formula

#: Characters of a cell on the page, and of the text that appears on hover.
MAX_CELL_CHARS, MAX_FULL_CHARS = 120, 400
#: Bytes that are read of a cell for these.
MAX_CELL_BYTES = 4 * MAX_FULL_CHARS
#: Endings of images that browsers show.
IMAGE_ENDINGS = (".png", ".jpg", ".jpeg", ".gif", ".webp", ".bmp", ".svg")
MAX_PATH_CHARS = 1024
IMAGE_START = '{"type": "image"'


@dataclass(frozen=True)
class GridCell:
    """`image` is the address of a picture; `full` is the text on hover."""

    text: str
    full: str = ""
    is_number: bool = False
    is_missing: bool = False
    is_nonfinite: bool = False
    image: str = ""


def number_cells(values: Sequence[float | int | None]) -> list[GridCell]:
    """Numbers of one column, with the same decimals."""
    return [
        _number_cell(value, text)
        for value, text in zip(values, align_decimals(values), strict=True)
    ]


def _number_cell(value: float | int | None, text: str | None) -> GridCell:
    if value is None:
        return GridCell(MISSING, is_number=True, is_missing=True)
    if not math.isfinite(value):
        return GridCell(number(value), is_number=True, is_nonfinite=True)
    shown, exact = text or number(value), repr(value)
    return GridCell(shown, "" if shown == exact else exact, is_number=True)


def is_image_name(value: object) -> bool:
    """True of the name or path of an image file, which a cell of a table can have."""
    return (
        isinstance(value, str)
        and len(value) <= MAX_PATH_CHARS
        and value.lower().endswith(IMAGE_ENDINGS)
    )


def text_cells(
    values: Sequence[str | None], files_href: str, images: Mapping[str, str]
) -> list[GridCell]:
    """Texts; what `log_table` writes for an image is shown if `files_href` is given.

    `images` are the addresses of images that texts name.
    """
    return [_text_cell(value, files_href, images) for value in values]


def _text_cell(
    value: str | None, files_href: str, images: Mapping[str, str]
) -> GridCell:
    if value is None:
        return GridCell(MISSING, is_missing=True)
    if value in images:
        name = value.rpartition("/")[2]
        return GridCell(name, "" if name == value else value, image=images[value])
    if files_href and value.startswith(IMAGE_START):
        path = _image_path(value)
        if path:
            href = f"{files_href}{quote(path)}?inline=1"
            return GridCell(path.rpartition("/")[2], path, image=href)
    # One line: a line end in a cell would change the height of its row.
    line = " ".join(value[: MAX_CELL_CHARS + 1].split()) or value[:MAX_CELL_CHARS]
    if len(value) <= MAX_CELL_CHARS:
        return GridCell(line, "" if line == value else value)
    return GridCell(f"{line[:MAX_CELL_CHARS]}…", value[:MAX_FULL_CHARS])


def _image_path(value: str) -> str:
    try:
        found = json.loads(value)
    except (ValueError, RecursionError):
        return ""
    path = found.get("compressed_filepath") or found.get("filepath")
    is_inside = isinstance(path, str) and ".." not in path.split("/")
    return path.lstrip("/") if is_inside else ""


def csv_row(cells: Sequence[Any]) -> list[str]:
    """Cells with all their digits; a text is kept from becoming a formula."""
    return [_csv_cell(cell) for cell in cells]


def _csv_cell(cell: Any) -> str:
    if cell is None:
        return ""
    return escape_formula(cell) if isinstance(cell, str) else repr(cell)
