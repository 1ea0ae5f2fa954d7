"""Large tables are parsed by a process, and kept next to their blob within limits."""

from __future__ import annotations

import contextlib
import datetime as dt
import importlib.util
import io
import os
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.feather as feather
import pyarrow.parquet as parquet
import pytest

from runs.models import now_ms
from runs.storage.files import files, move_to_quarantine
from runs.storage.tables import (
    StoredTable,
    TableFault,
    TableFormat,
    TableProgress,
    TableSource,
    UnreadableTable,
    open_table,
    table_cache,
)
from runs.storage.tables.build_process import take_slot
from studio.core.errors import MissingBytes
from tests.parts.needs import missing
from tests.parts.waiting import becomes
from tests.storage.tables.parsed import kinds_of, rows_of

NESTED: dict[str, Any] = {
    "n": pa.array([1, None, 3], pa.int32()),
    "f": pa.array([1.5, None, float("inf")], pa.float32()),
    "big": pa.array([2**63 - 1, 1, 2], pa.uint64()),
    "s": pa.array(["é", None, ""]).dictionary_encode(),
    "at": pa.array([dt.datetime(2026, 1, 2, 3, 4), None, None], pa.timestamp("us")),
    "ok": [True, False, None],
    "list": [[1, 2], None, []],
    "struct": [{"a": 1}, {"a": None}, None],
    "bytes": [b"ab", b"\xff\x00", None],
}


@pytest.fixture
def arrow_reader() -> None:
    if importlib.util.find_spec("arro3") is None:
        missing("arro3", "pip install -e '.[tables]'")


@pytest.fixture(autouse=True)
def home(tmp_path: Path, settings: Any) -> Path:
    settings.FILES_DIR = tmp_path / "files"
    return tmp_path / "files"


def stored(content: bytes, kind: TableFormat) -> TableSource:
    blob = files.write([content], 1 << 40)
    files.keep(blob.name)
    opened = partial(files.open, blob.name, blob.size)
    return TableSource(blob.name, blob.size, kind, opened)


def opened(source: TableSource) -> StoredTable:
    found: list[StoredTable] = []

    def is_open() -> bool:
        table = open_table(source)
        if isinstance(table, StoredTable):
            found.append(table)
        return bool(found)

    assert becomes(is_open)
    return found[0]


def parquet_bytes(columns: dict[str, Any], **options: Any) -> bytes:
    output = io.BytesIO()
    parquet.write_table(pa.table(columns), output, **options)
    return output.getvalue()


def arrow_bytes(columns: dict[str, Any]) -> bytes:
    output = io.BytesIO()
    feather.write_feather(pa.table(columns), output)
    return output.getvalue()


def csv_bytes(rows: int = 50_000) -> bytes:
    return b"name,number,step\n" + b"a long enough text,1.25,7\n" * rows


@pytest.mark.usefixtures("arrow_reader")
@pytest.mark.parametrize("kind", [TableFormat.PARQUET, TableFormat.ARROW])
def test_typed_files_are_read(kind: TableFormat) -> None:
    write = parquet_bytes if kind is TableFormat.PARQUET else arrow_bytes
    table = opened(stored(write(NESTED), kind))
    assert kinds_of(table)[:3] == ["number"] * 3
    rows = rows_of(table)
    assert [row[:6] for row in rows] == [
        [1, 1.5, 2**63 - 1, "é", "2026-01-02 03:04:00", "true"],
        [None, None, 1, None, None, "false"],
        [3, float("inf"), 2, "", None, None],
    ]
    assert [row[6:] for row in rows] == [
        ["[1, 2]", '{"a": 1}', "ab"],
        [None, '{"a": null}', "0xff00"],
        ["[]", None, None],
    ]


@pytest.mark.usefixtures("arrow_reader")
@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"PAR1",
        b"PAR1" + b"\xff" * 100 + b"PAR1",
        parquet_bytes(NESTED)[:-300] + b"PAR1",
        parquet_bytes(NESTED)[:4] + bytes(4_000) + parquet_bytes(NESTED)[4_004:],
    ],
)
def test_a_damaged_file(content: bytes) -> None:
    source = stored(content, TableFormat.PARQUET)
    for _again in range(2):
        with pytest.raises(UnreadableTable) as caught:
            opened(source)
        assert caught.value.fault is TableFault.CORRUPT


@pytest.mark.usefixtures("arrow_reader")
def test_a_file_that_needs_more_memory_than_allowed() -> None:
    # 4 GB of text in a file of some kilobytes.
    cell = pa.array(["x" * 1_000_000], pa.string()).dictionary_encode()
    many = pa.DictionaryArray.from_arrays(pa.array([0] * 4_000), cell.dictionary)
    content = parquet_bytes({"a": many}, compression="zstd")
    assert len(content) < 100_000
    with pytest.raises(UnreadableTable) as caught:
        opened(stored(content, TableFormat.PARQUET))
    assert caught.value.fault is TableFault.LIMITS


def test_a_large_text_is_parsed_once() -> None:
    source = stored(csv_bytes(), TableFormat.CSV)
    table = opened(source)
    assert table.rows == 50_000
    assert open_table(source) is table


def test_a_request_does_not_wait_for_long() -> None:
    source = stored(csv_bytes(), TableFormat.CSV)
    assert isinstance(open_table(source, wait_seconds=0), TableProgress)
    assert opened(source).rows == 50_000


def test_only_some_processes_parse_at_the_same_time(home: Path) -> None:
    (home / "derived").mkdir(parents=True)
    slots = [take_slot(home / "derived") for _ in range(2)]
    source = stored(csv_bytes(), TableFormat.CSV)
    assert open_table(source) == TableProgress(None)
    for slot in slots:
        assert slot is not None
        os.close(slot)
    assert opened(source).rows == 50_000


def test_a_file_that_stopped_its_process_twice_is_not_read_again() -> None:
    source = stored(csv_bytes(), TableFormat.CSV)
    source.folder.mkdir(parents=True)
    (source.folder / "attempts").write_bytes(b"..")
    with pytest.raises(UnreadableTable) as caught:
        open_table(source)
    assert caught.value.fault is TableFault.LIMITS


def test_what_was_appended_later_is_not_read() -> None:
    source = stored(csv_bytes(), TableFormat.CSV)
    with files.open_to_append(source.blob) as write_at:
        write_at(source.size, b"more,2,3\n" * 100)
    assert opened(source).rows == 50_000


@pytest.mark.parametrize("is_removed", [True, False])
def test_a_parsed_table_is_deleted_with_its_blob(is_removed: bool, home: Path) -> None:
    source = stored(csv_bytes(), TableFormat.CSV)
    opened(source)
    if is_removed:
        files.delete(source.blob)
    else:
        move_to_quarantine(source.blob, now_ms())
    assert not list(home.rglob("table.bin"))


def test_a_small_table_whose_blob_is_deleted() -> None:
    source = stored(b"a,b\n1,2\n", TableFormat.CSV)
    assert isinstance(open_table(source), StoredTable)
    files.delete(source.blob)
    with pytest.raises(MissingBytes):
        open_table(source)


def test_the_tables_opened_longest_ago_are_deleted_first() -> None:
    sources = [stored(csv_bytes(), TableFormat.CSV) for _ in range(3)]
    size = 0
    for age, source in enumerate(sources):
        opened(source)
        os.utime(source.folder / "table.json", (age, age))
        size = sum(path.stat().st_size for path in source.folder.iterdir())
    table_cache.delete_oldest(2 * size)
    kept = [(source.folder / "table.json").exists() for source in sources]
    assert kept == [False, True, True]


def test_a_file_in_an_archive() -> None:
    blob = files.write([b"archive"], 100)
    source = TableSource(
        blob.name,
        len(csv_bytes()),
        TableFormat.CSV,
        lambda: contextlib.nullcontext(io.BytesIO(csv_bytes())),
        part="data/x.csv",
    )
    assert opened(source).rows == 50_000
