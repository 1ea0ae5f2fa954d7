"""NumPy arrays (.npy), and archives of them (.npz)."""

from __future__ import annotations

import io

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext

from runs.pages.previews.kind import PreviewKind, Shown
from runs.pages.previews.reader import PreviewReader
from runs.render.files import file_extension
from runs.render.formats import grouped
from runs.render.previews import (
    ArrayHeader,
    FactSheet,
    FactTable,
    InvalidContent,
    array_picture,
    array_statistics,
    array_table,
    is_picture,
    open_zip,
    read_array_header,
    read_zip_member,
    shape_text,
)

MAX_ARRAYS = 200
MAX_HEADER_BYTES = 16 * 1024
#: Header, statistics, table.
MAX_ARRAY_BYTES = 100 << 20


class _Bytes(io.BytesIO):
    """The beginning of an array in an archive."""

    def __init__(self, data: bytes) -> None:
        super().__init__(data)
        self.size = len(data)

    def read_at(self, offset: int, length: int) -> bytes:
        self.seek(offset)
        return self.read(length)


def is_array(_name: str, head: bytes) -> bool:
    return head.startswith(b"\x93NUMPY")


def build_array(reader: PreviewReader) -> Shown:
    header = read_array_header(reader)
    facts = [
        *_header_facts(header),
        *_statistics_facts(reader, header),
    ]
    notes = []
    if header.dtype.hasobject:
        notes.append(_("Its values are pickled objects, which are not loaded."))
    elif header.count * header.dtype.itemsize > reader.size - header.start:
        notes.append(_("The file ends before its last value."))
    table = array_table(reader, header)
    has_picture = is_picture(header) and not notes
    return Shown(
        FactSheet(
            facts,
            [table] if table else [],
            notes,
            ["array"] if has_picture else [],
        ),
        f"{header.dtype}, {shape_text(header.shape)}"[:200],
    )


def _header_facts(header: ArrayHeader) -> list[tuple[str, str]]:
    order = _("by column") if header.is_fortran else _("by row")
    return [
        (_("Type"), str(header.dtype)[:500]),
        (_("Shape"), shape_text(header.shape)),
        (_("Values"), grouped(header.count)),
        (pgettext("of an array", "Order"), order),
    ]


def _statistics_facts(
    reader: PreviewReader, header: ArrayHeader
) -> list[tuple[str, str]]:
    found = array_statistics(reader, header)
    if found is None:
        return []
    facts = [
        (pgettext("statistics", "Min"), f"{found.minimum:.6g}"),
        (pgettext("statistics", "Max"), f"{found.maximum:.6g}"),
        (pgettext("statistics", "Mean"), f"{found.mean:.6g}"),
        (_("Standard deviation"), f"{found.deviation:.6g}"),
    ]
    if found.missing:
        facts.append((_("Not finite"), grouped(found.missing)))
    if found.count < header.count:
        facts.append((_("Statistics of the first"), grouped(found.count)))
    return facts


def respond(_request: HttpRequest, reader: PreviewReader) -> HttpResponse:
    picture = array_picture(reader, read_array_header(reader))
    response = HttpResponse(picture, content_type="image/png")
    response["Cache-Control"] = "private, no-cache"
    return response


def is_array_archive(name: str, head: bytes) -> bool:
    return file_extension(name) == "npz" and head.startswith(b"PK")


def build_archive(reader: PreviewReader) -> Shown:
    with open_zip(reader) as archive:
        names = archive.namelist()
        rows = [
            [name.removesuffix(".npy"), *_array_cells(archive_bytes)]
            for name in names[:MAX_ARRAYS]
            for archive_bytes in [read_zip_member(archive, name, MAX_HEADER_BYTES)]
        ]
    heads = [pgettext("of a tensor", "Name"), _("Type"), _("Shape")]
    table = FactTable(_("Arrays"), heads, rows, len(names))
    return Shown(FactSheet([(_("Arrays"), grouped(len(names)))], [table]))


def _array_cells(data: bytes) -> list[str]:
    try:
        header = read_array_header(_Bytes(data))
    except InvalidContent:
        return ["", ""]
    return [str(header.dtype)[:100], shape_text(header.shape)]


ARRAY = PreviewKind(
    "array",
    gettext_lazy("Show array"),
    is_array,
    build_array,
    MAX_ARRAY_BYTES,
    icon="cube",
    shared_template="facts",
    respond=respond,
)
ARRAY_ARCHIVE = PreviewKind(
    "arrays",
    gettext_lazy("Show arrays"),
    is_array_archive,
    build_archive,
    32 << 20,
    icon="cube",
    shared_template="facts",
)
