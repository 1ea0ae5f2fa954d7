"""Tables, texts and histograms of a run's media, as far as the page shows them."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace

from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from runs.models import File
from runs.pages.media.tables import TableAddress
from runs.pages.tables import TableGrid, fault_text
from runs.render.descriptions import render_markdown
from runs.render.files import decode_text, file_extension, is_binary
from runs.render.media import (
    histogram_svg,
    parse_histogram,
    range_label,
)
from runs.storage.files import files as file_store
from runs.storage.tables import TableProgress, UnreadableTable, table_format
from studio.core.errors import MissingBytes
from studio.core.media.media_files import MediaKind

#: A longer text is cut, and a larger table or histogram is only linked.
MAX_TEXT_BYTES, MAX_DOCUMENT_BYTES = 32 * 1024, 2 * 1024 * 1024
SNIFFED_BYTES = 1024


@dataclass(frozen=True)
class MediaDocument:
    """What is shown of a file; one of the first five has the content.

    `note` says why a file is not shown, or what is left out. `place` is the id of a
    table's element on the page, whatever it shows: it is replaced once it is read.
    """

    grid: TableGrid | None = None
    progress: ShownProgress | None = None
    text: str = ""
    html: SafeString | None = None
    picture: SafeString | None = None
    note: str = ""
    place: str = ""


@dataclass(frozen=True)
class ShownProgress:
    """How far a table is read.

    `again` is the address of the page that shows it afterwards, `poll` that of a
    smaller part which has it, too.
    """

    id: str
    rows: int | None
    again: str
    poll: str


def read_document(
    kind: MediaKind, file: File, label: str, address: TableAddress
) -> MediaDocument:
    """Read a table, text or histogram; `label` names it for screen readers."""
    if kind is MediaKind.TABLE:
        place = address.place(file)
        return replace(_table(file, label, address, place), place=place)
    limit = MAX_TEXT_BYTES if kind is MediaKind.TEXT else MAX_DOCUMENT_BYTES
    if kind is not MediaKind.TEXT and file.size > limit:
        return MediaDocument(note=_("This file is too large to be shown here."))
    try:
        data = _read(file, limit)
    except MissingBytes:
        return _missing()
    if is_binary(data[:SNIFFED_BYTES]):
        return _not_text()
    text = decode_text(data)
    if kind is MediaKind.HISTOGRAM:
        return _histogram(text, label)
    return _text(file.name, text, is_cut=file.size > len(data))


def _text(name: str, text: str, *, is_cut: bool) -> MediaDocument:
    if file_extension(name) == "md" and not is_cut:
        return MediaDocument(html=render_markdown(text))
    note = _("This is the beginning of the text.") if is_cut else ""
    return MediaDocument(text=text, note=note)


def _histogram(text: str, label: str) -> MediaDocument:
    histogram = parse_histogram(text)
    if histogram is None:
        return MediaDocument(note=_("This file is not a valid histogram."))
    ends = range_label(histogram)
    return MediaDocument(
        picture=histogram_svg(histogram, f"{label}: {ends}"), note=ends
    )


def _read(file: File, limit: int) -> bytes:
    with file_store.open(file.blob, file.size) as handle:
        return handle.read(min(file.size, limit))


def _missing() -> MediaDocument:
    return MediaDocument(note=_("The content of this file is missing on the server."))


def _not_text() -> MediaDocument:
    return MediaDocument(note=_("This file is not text."))


def _table(file: File, label: str, address: TableAddress, place: str) -> MediaDocument:
    kind = table_format(file.name)
    try:
        if kind and not kind.is_binary and is_binary(_read(file, SNIFFED_BYTES)):
            return _not_text()
        found = address.file_grid(file, label)
    except MissingBytes:
        return _missing()
    except UnreadableTable as error:
        return _other_json(file) or MediaDocument(note=fault_text(error))
    if isinstance(found, TableProgress):
        again = address.waiting()
        poll = address.outside.part if address.outside else again
        return MediaDocument(progress=ShownProgress(place, found.rows, again, poll))
    return MediaDocument(grid=found)


def _other_json(file: File) -> MediaDocument | None:
    """Show a document of another kind, such as MLflow's log_dict writes."""
    if file_extension(file.name) != "json" or file.size > MAX_DOCUMENT_BYTES:
        return None
    shown = _indented_json(decode_text(_read(file, MAX_DOCUMENT_BYTES)))
    is_cut = len(shown) > MAX_TEXT_BYTES
    note = _("This is the beginning of the text.") if is_cut else ""
    return MediaDocument(text=shown[:MAX_TEXT_BYTES], note=note)


def _indented_json(text: str) -> str:
    try:
        return json.dumps(json.loads(text), indent=2, ensure_ascii=False)
    except (ValueError, RecursionError):
        return text
