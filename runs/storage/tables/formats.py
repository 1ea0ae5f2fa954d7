"""Which files are tables, and the reader of each format."""

from __future__ import annotations

from enum import StrEnum
from typing import BinaryIO

from runs.storage.tables.arrow_files import ArrowFile
from runs.storage.tables.delimited_text import DelimitedText
from runs.storage.tables.json_documents import JsonDocument, JsonLines
from runs.storage.tables.table_reader import TableReader


class TableFormat(StrEnum):
    CSV = "csv"
    TSV = "tsv"
    JSON = "json"
    JSON_LINES = "jsonl"
    PARQUET = "parquet"
    ARROW = "arrow"

    @property
    def is_binary(self) -> bool:
        return self in {TableFormat.PARQUET, TableFormat.ARROW}


_EXTENSIONS = {
    "csv": TableFormat.CSV,
    "tsv": TableFormat.TSV,
    "tab": TableFormat.TSV,
    "json": TableFormat.JSON,
    "jsonl": TableFormat.JSON_LINES,
    "ndjson": TableFormat.JSON_LINES,
    "parquet": TableFormat.PARQUET,
    "pq": TableFormat.PARQUET,
    "feather": TableFormat.ARROW,
    "arrow": TableFormat.ARROW,
}


def table_format(name: str) -> TableFormat | None:
    """Return the format by the file's name; a JSON document can be no table."""
    return _EXTENSIONS.get(name.rpartition(".")[2].lower())


def open_reader(source: BinaryIO, kind: TableFormat) -> TableReader:
    """Raises UnreadableTable."""
    match kind:
        case TableFormat.CSV:
            return DelimitedText(source)
        case TableFormat.TSV:
            return DelimitedText(source, "\t")
        case TableFormat.JSON:
            return JsonDocument(source)
        case TableFormat.JSON_LINES:
            return JsonLines(source)
        case TableFormat.PARQUET | TableFormat.ARROW:
            return ArrowFile(source, is_parquet=kind is TableFormat.PARQUET)
