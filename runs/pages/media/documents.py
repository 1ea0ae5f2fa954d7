"""Tables, texts and histograms of a run's media, as far as the page shows them."""

from __future__ import annotations

import json
from dataclasses import dataclass

from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from runs.models import File
from runs.render.descriptions import render_markdown
from runs.render.files import decode_text, file_extension, is_binary
from runs.render.media import (
    MediaTable,
    histogram_svg,
    parse_histogram,
    range_label,
    read_csv_table,
    read_json_table,
)
from runs.storage.files import files as file_store
from studio.core.errors import MissingBytes
from studio.core.media.media_files import MediaKind

#: A longer text is cut, and a larger table or histogram is only linked.
MAX_TEXT_BYTES, MAX_DOCUMENT_BYTES = 32 * 1024, 2 * 1024 * 1024
SNIFFED_BYTES = 1024


@dataclass(frozen=True)
class MediaDocument:
    """What is shown of a file; one of the first four has the content.

    `note` says why a file is not shown, or what is left out.
    """

    table: MediaTable | None = None
    text: str = ""
    html: SafeString | None = None
    picture: SafeString | None = None
    note: str = ""


def read_document(kind: MediaKind, file: File, label: str) -> MediaDocument:
    """Read a table, text or histogram; `label` names it for screen readers."""
    limit = MAX_TEXT_BYTES if kind is MediaKind.TEXT else MAX_DOCUMENT_BYTES
    if kind is not MediaKind.TEXT and file.size > limit:
        return MediaDocument(note=_("This file is too large to be shown here."))
    try:
        with file_store.open(file.blob, file.size) as handle:
            data = handle.read(min(file.size, limit))
    except MissingBytes:
        return MediaDocument(
            note=_("The content of this file is missing on the server.")
        )
    if is_binary(data[:SNIFFED_BYTES]):
        return MediaDocument(note=_("This file is not text."))
    text = decode_text(data)
    if kind is MediaKind.HISTOGRAM:
        return _histogram(text, label)
    if kind is MediaKind.TABLE:
        return _table(file.name, text)
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


def _table(name: str, text: str) -> MediaDocument:
    ending = file_extension(name)
    if ending in ("csv", "tsv"):
        delimiter = "\t" if ending == "tsv" else ","
        table = read_csv_table(text, delimiter=delimiter)
    else:
        table = read_json_table(text)
    if table is not None:
        note = "" if table.is_whole else _("The file has more rows or columns.")
        return MediaDocument(table=table, note=note)
    # A JSON document of another kind, such as MLflow's log_dict writes.
    shown = _indented_json(text)
    is_cut = len(shown) > MAX_TEXT_BYTES
    note = _("This is the beginning of the text.") if is_cut else ""
    return MediaDocument(text=shown[:MAX_TEXT_BYTES], note=note)


def _indented_json(text: str) -> str:
    try:
        return json.dumps(json.loads(text), indent=2, ensure_ascii=False)
    except (ValueError, RecursionError):
        return text
