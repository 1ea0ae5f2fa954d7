"""The index follows the logs: they grow, end, are replaced, deleted and purged."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from runs.actions.actor import Actor
from runs.actions.expiry import delete_replaced_files
from runs.actions.files import delete_files, save_file
from runs.actions.log_index import (
    LogIndexer,
    index_lock,
    indexing,
    merging,
    new_logs,
    switch_log_index,
)
from runs.actions.log_index.new_logs import OVERLAP, find_new_logs
from runs.actions.run.purge import purge_run
from runs.models import File, IndexedLog, LogIndexSettings, LogSegment, Run
from runs.search.log_index import count_unsearched, read_index_state
from runs.search.log_index.log_text import BLOCK_BYTES
from runs.storage.log_index import segments
from studio.core.errors import InvalidFilter
from studio.core.statuses import RunStatus
from tests.parts.records import NOON
from tests.search.library import Library, empty_library
from tests.search.log_index.logs import LOG, append, index, indexed_bytes, write_log

pytestmark = pytest.mark.django_db
MINUTE = 60_000
LINES = "".join(f"epoch {n} loss={n / 7}\n" for n in range(8_000))


def segment_files(folder: Path) -> list[Path]:
    return sorted((folder / "log-index").rglob("*.grams"))


def test_a_growing_log_is_indexed_once_a_minute(shelf: Library) -> None:
    run = write_log(shelf, "a", LINES, status=RunStatus.RUNNING)
    index(NOON)
    append(run, "needle\n", actor=Actor(shelf.ada))
    index(NOON + MINUTE - 1)
    assert shelf.find("log:needle") == []
    found = count_unsearched(shelf.workspace)
    assert (found.runs, found.bytes) == (1, len("needle\n"))
    index(NOON + MINUTE)
    assert shelf.find("log:needle") == ["a"]
    assert not count_unsearched(shelf.workspace)


def test_a_log_is_indexed_at_the_end_of_its_run(shelf: Library) -> None:
    run = write_log(shelf, "a", "epoch 1\n", status=RunStatus.RUNNING)
    index(NOON)
    append(run, "needle\n", actor=Actor(shelf.ada))
    Run.objects.filter(pk=run.pk).update(status=RunStatus.FAILED.code)
    index(NOON + 1)
    assert shelf.find("log:needle") == ["a"]


def test_a_log_that_grows_long_after_its_end_is_found_again(shelf: Library) -> None:
    run = write_log(shelf, "a", "epoch 1\n")
    index(NOON)
    index(NOON + indexing.LATE_MS + MINUTE)
    assert IndexedLog.objects.get().is_complete
    append(run, "needle\n", actor=Actor(shelf.ada))
    index(NOON + 3 * indexing.LATE_MS)
    assert shelf.find("log:needle") == ["a"]


def test_a_log_grows_by_pieces_and_is_found_whole(shelf: Library) -> None:
    run = write_log(shelf, "a", "start\n", status=RunStatus.RUNNING)
    for n in range(12):
        append(run, f"word{n}x " + "padding " * 700, actor=Actor(shelf.ada))
        index(NOON + n * MINUTE)
    missing = [n for n in range(12) if shelf.find(f"log:word{n}x") != ["a"]]
    assert missing == []
    assert LogSegment.objects.count() < 10
    state = read_index_state(shelf.workspace)
    assert state.size < state.text_size / 2


@pytest.mark.usefixtures("log_folders")
def test_segments_are_merged_and_deleted_logs_leave_them(
    shelf: Library, log_folders: Path
) -> None:
    for n in range(10):
        write_log(shelf, f"r{n}", f"needle{n}x\n{LINES[: n * 1000]}")
        index(NOON + n)
    assert len(segment_files(log_folders)) == LogSegment.objects.count() < 10
    assert sorted(shelf.find("log:needle")) == sorted(f"r{n}" for n in range(10))
    run = Run.objects.get(run_id="r3")
    Run.objects.filter(pk=run.pk).update(deleted=NOON)
    assert shelf.find("log:needle3x") == []
    assert shelf.find("log:needle3x deleted:true") == ["r3"]
    blocks = sum(LogSegment.objects.values_list("blocks", flat=True))
    purge_run(run, actor=Actor(shelf.ada), now=NOON)
    assert shelf.find("log:needle3x deleted:true") == []
    index(NOON + 100)
    assert sum(LogSegment.objects.values_list("blocks", flat=True)) == blocks - 1
    assert len(shelf.find("log:needle")) == 9


def test_replaced_and_deleted_logs_have_no_hits(shelf: Library) -> None:
    run = write_log(shelf, "a", "needle\n")
    other = write_log(shelf, "b", "needle\n")
    index()
    more: Any = {"actor": Actor(shelf.ada), "now": NOON}
    save_file(run, LOG, [b"haystack\n"], limit=1000, **more)
    delete_files(other, [LOG], **more)
    assert shelf.find("log:needle") == []
    index(NOON + 1)
    assert shelf.find("log:haystack") == ["a"]


def test_readers_find_only_runs_of_their_workspace(shelf: Library) -> None:
    other = empty_library("other", "eve", "mallory")
    write_log(shelf, "a", "needle\n")
    write_log(other, "b", "needle\n")
    index()
    assert shelf.find("log:needle") == ["a"]
    assert other.find("log:needle") == ["b"]
    assert shelf.find("log:needle", viewer=other.ada) == []


@pytest.mark.parametrize("harm", ["missing", "cut", "garbage"])
def test_a_damaged_index_is_built_again(
    shelf: Library, log_folders: Path, harm: str
) -> None:
    write_log(shelf, "a", "needle\n")
    index()
    [path] = segment_files(log_folders)
    if harm == "missing":
        path.unlink()
    else:
        path.write_bytes(path.read_bytes()[:50] if harm == "cut" else b"x" * 500)
    assert shelf.find("log:needle") == []
    index()
    index(NOON + 1)
    assert shelf.find("log:needle") == ["a"]


def test_files_that_a_crash_left_are_removed(
    shelf: Library, log_folders: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_log(shelf, "a", "needle\n")
    monkeypatch.setattr(indexing, "_save_rows", lambda *_given: os._exit)
    index()
    [left] = segment_files(log_folders)
    monkeypatch.undo()
    os.utime(left, (0, 0))
    index(NOON + 1)
    assert not left.exists()


def test_two_workers_index_a_log_once(shelf: Library) -> None:
    write_log(shelf, "a", "needle\n")
    first, second = read_logs(shelf), read_logs(shelf)
    indexing._save(shelf.workspace, first, NOON)
    indexing._save(shelf.workspace, second, NOON)
    assert LogSegment.objects.count() == 1
    assert shelf.find("log:needle") == ["a"]


def read_logs(shelf: Library) -> indexing._Pass:
    """What a worker has in its memory before it saves it."""
    find_new_logs(shelf.workspace)
    work = indexing._Pass()
    for row in indexing._due_logs(shelf.workspace, NOON):
        indexing._read_log(row, work, NOON, float("inf"))
    return work


def blocks_on_disk(folder: Path) -> int:
    names = [path.stem for path in segment_files(folder)]
    workspaces = [int(path.parent.name) for path in segment_files(folder)]
    count = 0
    for workspace, name in zip(workspaces, names, strict=True):
        with segments.open(workspace, name) as segment:
            count += len(segment.blocks)
    return count


def index_without_check(now: int) -> None:
    """A pass that is told of deletions, and looks for none by itself."""
    indexer = LogIndexer(seconds=60.0)
    indexer._check_due = now + 1
    indexer(now)


def put_in_trash_and_purge(run: Run, actor: Actor) -> None:
    Run.objects.filter(pk=run.pk).update(deleted=NOON)
    purge_run(run, actor=actor, now=NOON)


def test_a_log_that_is_purged_while_it_is_indexed_leaves_the_disk(
    shelf: Library, log_folders: Path
) -> None:
    run = write_log(shelf, "a", "needle\n")
    write_log(shelf, "b", "needle\n")
    work = read_logs(shelf)
    put_in_trash_and_purge(run, Actor(shelf.ada))
    indexing._save(shelf.workspace, work, NOON)
    index_without_check(NOON + 1)
    assert blocks_on_disk(log_folders) == 1
    assert shelf.find("log:needle") == ["b"]


def test_a_log_that_is_purged_while_segments_are_merged_leaves_the_disk(
    shelf: Library, log_folders: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for n in range(7):
        write_log(shelf, f"r{n}", "needle\n" * 9000)
        index(NOON + n)
    write_log(shelf, "r7", "needle\n" * 9000)
    merge = segments.merge

    def purge_afterwards(*given: Any) -> Any:
        merged = merge(*given)
        if run := Run.objects.filter(run_id="r3").first():
            put_in_trash_and_purge(run, Actor(shelf.ada))
        return merged

    monkeypatch.setattr(segments, "merge", purge_afterwards)
    index(NOON + 8)
    assert not Run.objects.filter(run_id="r3").exists()
    index_without_check(NOON + 9)
    assert blocks_on_disk(log_folders) == 7
    assert len(shelf.find("log:needle")) == 7


def test_a_replaced_log_leaves_the_disk_with_its_bytes(
    shelf: Library, log_folders: Path
) -> None:
    run = write_log(shelf, "a", "needle\n")
    index()
    delete_files(run, [LOG], actor=Actor(shelf.ada), now=NOON)
    delete_replaced_files(NOON + 31 * 24 * 60 * MINUTE)
    index_without_check(NOON + 1)
    assert blocks_on_disk(log_folders) == 0


def test_deleted_logs_leave_the_disk_without_a_mark(
    shelf: Library, log_folders: Path
) -> None:
    for name in ("a", "b"):
        write_log(shelf, name, "needle\n")
    index()
    IndexedLog.objects.filter(file__run__run_id="a").delete()
    File.objects.filter(run__run_id="a").delete()
    index(NOON + 1)
    assert blocks_on_disk(log_folders) == 1


def test_a_log_that_was_committed_late_is_found(shelf: Library) -> None:
    write_log(shelf, "a", "needle\n")
    newest = File.objects.latest("pk").pk
    rows = LogIndexSettings.objects.filter(workspace=shelf.workspace)
    LogIndexSettings.objects.get_or_create(workspace=shelf.workspace)
    rows.update(last_file=newest + 10 * OVERLAP)
    index()
    assert shelf.find("log:needle") == ["a"]


def test_a_pass_that_meets_the_switch_leaves_no_index(
    shelf: Library, log_folders: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_log(shelf, "a", "needle\n")
    actor = Actor(shelf.ada)
    work = read_logs(shelf)
    switch_log_index(shelf.workspace, is_on=False, actor=actor, now=NOON)
    indexing._save(shelf.workspace, work, NOON)
    assert segment_files(log_folders) == []
    assert not LogSegment.objects.exists()
    switch_log_index(shelf.workspace, is_on=True, actor=actor, now=NOON)
    lock = index_lock.lock_index

    def lock_after_the_switch(workspace: int) -> bool:
        monkeypatch.undo()
        for is_on in (False, True):
            switch_log_index(shelf.workspace, is_on=is_on, actor=actor, now=NOON)
        return lock(workspace)

    write_log(shelf, "b", "needle\n")
    index(NOON + 1)
    write_log(shelf, "c", "needle\n")
    monkeypatch.setattr(new_logs, "lock_index", lock_after_the_switch)
    assert not find_new_logs(shelf.workspace)
    assert not IndexedLog.objects.exists()
    index(NOON + 2)
    assert shelf.find("log:needle") == ["a", "b", "c"]


def test_segments_that_fit_no_further_are_merged(
    shelf: Library, log_folders: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(merging, "MAX_SEGMENT_BLOCKS", 5)
    for n in range(6):
        write_log(shelf, f"r{n}", "needle\n" * 14_000)
        index(NOON + n)
    assert LogSegment.objects.count() == len(segment_files(log_folders)) <= 4
    assert len(shelf.find("log:needle")) == 6


def test_switching_off_deletes_the_index(shelf: Library, log_folders: Path) -> None:
    write_log(shelf, "a", "needle\n")
    index()
    actor = Actor(shelf.ada)
    switch_log_index(shelf.workspace, is_on=False, actor=actor, now=NOON)
    assert segment_files(log_folders) == []
    index(NOON + 1)
    with pytest.raises(InvalidFilter, match="off in this workspace"):
        shelf.find("log:needle")
    switch_log_index(shelf.workspace, is_on=True, actor=actor, now=NOON)
    assert count_unsearched(shelf.workspace).bytes == len("needle\n")
    index(NOON + 2)
    assert shelf.find("log:needle") == ["a"]


@pytest.mark.usefixtures("log_folders")
def test_the_index_takes_at_most_half_of_the_text(shelf: Library) -> None:
    for n in range(16):
        write_log(shelf, f"r{n}", LINES[n * 4000 : n * 4000 + 5000])
        index(NOON + n)
    write_log(shelf, "long", LINES)
    index(NOON + 50)
    state = read_index_state(shelf.workspace)
    assert state.logs == 17
    assert 0 < state.size < state.text_size / 2


def test_a_pass_ends_in_time_and_the_next_continues(shelf: Library) -> None:
    run = write_log(shelf, "a", LINES * 4)
    indexer = LogIndexer(seconds=0)
    indexer(NOON)
    assert 0 < indexed_bytes(run) <= 2 * BLOCK_BYTES
    for n in range(40):
        indexer(NOON + n)
    assert indexed_bytes(run) == len(LINES) * 4


def test_a_pass_without_news_costs_few_statements(shelf: Library) -> None:
    for n in range(3):
        write_log(shelf, f"r{n}", "epoch 1\n")
    index()
    with CaptureQueriesContext(connection) as captured:
        LogIndexer(seconds=60.0)(NOON + 1)
    few = len(captured)
    for n in range(3, 9):
        write_log(shelf, f"r{n}", "epoch 1\n")
    index(NOON + 2)
    with CaptureQueriesContext(connection) as captured:
        LogIndexer(seconds=60.0)(NOON + 3)
    assert len(captured) == few
