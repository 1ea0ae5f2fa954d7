"""Tables: CSV, TSV, and the JSON that MLflow's `log_table` writes."""

from __future__ import annotations

from django.utils.translation import gettext_lazy

from runs.pages.previews.kind import PreviewKind, Shown
from runs.pages.previews.reader import PreviewReader
from runs.render.files import decode_text, file_extension, is_binary
from runs.render.previews import csv_table, json_table

MAX_TABLE_BYTES = 512 * 1024
_DELIMITERS = {"csv": ",", "tsv": "\t"}


def matches(name: str, head: bytes) -> bool:
    extension = file_extension(name)
    return extension in {*_DELIMITERS, "json"} and not is_binary(head)


def build(reader: PreviewReader) -> Shown | None:
    extension = file_extension(reader.name)
    is_whole = reader.size <= MAX_TABLE_BYTES
    if extension == "json" and not is_whole:
        return None
    text = decode_text(reader.read(MAX_TABLE_BYTES))
    if extension == "json":
        table = json_table(text)
    else:
        table = csv_table(text, delimiter=_DELIMITERS[extension], is_whole=is_whole)
    return None if table is None else Shown(table)


TABLE = PreviewKind(
    "table",
    gettext_lazy("Show table"),
    matches,
    build,
    MAX_TABLE_BYTES,
    can_show=lambda reader: build(reader) is not None,
)
