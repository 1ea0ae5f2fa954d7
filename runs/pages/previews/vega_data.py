"""Data of a Vega-Lite chart that are in another file of the same run.

Nothing is fetched: an address is a path, next to the chart or in the run.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Mapping
from itertools import islice
from posixpath import normpath
from typing import Any
from urllib.parse import unquote, urlsplit

from runs.pages.previews.reader import PreviewReader
from runs.render.previews import InvalidContent, is_vega, load_json
from studio.core.errors import InvalidValue
from studio.core.names import check_path

#: What a chart can have of other files.
MAX_FILES, MAX_FILE_BYTES, MAX_ROWS, MAX_VALUES = 8, 4 << 20, 50_001, 1_000_000
MAX_DEPTH = 8
_NUMBER = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?")
_DELIMITERS = {"csv": ",", "tsv": "\t"}


def chart_document(reader: PreviewReader) -> Any:
    """Return the document in the file, where a chart has its data from other files.

    Raises InvalidContent, BudgetExceeded.
    """
    document = reader.json()
    if not is_vega(document) or reader.file.read_other is None:
        return document
    if reader.chart is None:
        reader.chart = [_Loader(reader).filled(document, 0)]
    return reader.chart[0]


def run_paths(address: str, folder: str) -> list[str]:
    """Return the paths in the run that an address of a chart in a folder can mean."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return []
    if parts.scheme or parts.netloc or address.startswith("/"):
        return []
    path = unquote(parts.path)
    found = []
    for each in dict.fromkeys((f"{folder}/{path}" if folder else path, path)):
        try:
            found.append(check_path(normpath(each)))
        except InvalidValue:
            continue
    return found


class _Loader:
    def __init__(self, reader: PreviewReader) -> None:
        self._read = reader.file.read_other
        self._rows: dict[tuple[str, str], Any] = {}

    def filled(self, part: Any, depth: int) -> Any:
        """Return a part of the chart with rows instead of addresses."""
        if not isinstance(part, dict) or depth > MAX_DEPTH:
            return part
        found = dict(part)
        data = part.get("data")
        if isinstance(data, dict) and isinstance(data.get("url"), str):
            rows = self._load(data)
            found["data"] = data if rows is None else {"values": rows}
        if "spec" in part:
            found["spec"] = self.filled(part["spec"], depth + 1)
        for name in ("layer", "concat", "hconcat", "vconcat"):
            if isinstance(part.get(name), list):
                found[name] = [self.filled(each, depth + 1) for each in part[name]]
        return found

    def _load(self, data: Mapping[str, Any]) -> list[Any] | None:
        form = data.get("format")
        form = form if isinstance(form, dict) else {}
        address = str(data["url"])
        key = (address, repr(form))
        if key not in self._rows:
            if len(self._rows) >= MAX_FILES or self._read is None:
                return None
            content = self._read(address, MAX_FILE_BYTES)
            self._rows[key] = None if content is None else _rows(address, form, content)
        rows: list[Any] | None = self._rows[key]
        return rows


def _rows(address: str, form: Mapping[str, Any], content: bytes) -> list[Any] | None:
    ending = urlsplit(address).path.rpartition(".")[2].lower()
    kind = str(form.get("type", ending if ending in _DELIMITERS else "json"))
    try:
        if kind in _DELIMITERS:
            return _delimited(content.decode("utf-8-sig"), _DELIMITERS[kind])
        if kind != "json":
            return None
        found = load_json(content, max_values=MAX_VALUES)
    except (InvalidContent, UnicodeDecodeError, csv.Error):
        return None
    names = form.get("property")
    for name in names.split(".") if isinstance(names, str) and names else ():
        found = found.get(name) if isinstance(found, dict) else None
    return found if isinstance(found, list) else None


def _delimited(text: str, delimiter: str) -> list[Any]:
    """Return rows whose columns are numbers, truths or texts, as Vega reads them."""
    lines = csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter)
    rows = list(islice(lines, MAX_ROWS))
    columns: dict[str, list[Any]] = {}
    for name in lines.fieldnames or ():
        values = [row.get(name) or "" for row in rows]
        columns[name] = _typed(values)
    cells = zip(*columns.values(), strict=True)
    return [dict(zip(columns, row, strict=True)) for row in cells]


def _typed(values: list[str]) -> list[Any]:
    given = [value for value in values if value]
    if given and all(_NUMBER.fullmatch(value) for value in given):
        return [float(value) if value else None for value in values]
    if given and all(value in ("true", "false") for value in given):
        return [value == "true" if value else None for value in values]
    return [value or None for value in values]
