"""The sweep takes what this database gave up, through quarantine, and no more."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, transaction

from runs.actions.actor import Actor
from runs.actions.expiry.expiry import delete_replaced_files
from runs.actions.files.blob_sweep import DAY_MS, plan_blob_sweep, run_blob_sweep
from runs.actions.files.files import delete_files, save_file
from runs.models import BlobRemoval, File, Run
from runs.storage.files import deletions_allowed, files, hold_deletions
from tests.parts.records import stored_files

pytestmark = pytest.mark.django_db

HOUR = 3_600_000


def write(content: bytes = b"x") -> str:
    return files.write([content], 100).name


def age(path: Path, when: int) -> None:
    os.utime(path, (when / 1000, when / 1000))


def places(files_dir: Path) -> dict[str, str]:
    """Each stored file, and the folder that it is in."""
    return {path.name: path.parent.name for path in stored_files(files_dir)}


@pytest.fixture
def saved(
    run: Run,
    actor: Actor,
    now: int,
    files_dir: Path,
    django_capture_on_commit_callbacks: Any,
) -> File:
    with django_capture_on_commit_callbacks(execute=True):
        return save_file(run, "a", [b"kept"], actor=actor, now=now, limit=9)


def test_an_unfinished_upload_is_moved_to_quarantine_after_a_day(
    saved: File, files_dir: Path, now: int
) -> None:
    old, young = write(), write()
    age(files.incoming_path(old), now - DAY_MS - HOUR)
    age(files.incoming_path(young), now - DAY_MS + HOUR)
    assert run_blob_sweep(now) == 1
    assert places(files_dir) == {
        saved.blob: saved.blob[:2],
        old: "quarantine",
        young: "incoming",
    }


def test_unknown_blobs_are_never_deleted(
    saved: File, files_dir: Path, now: int
) -> None:
    """As where the database is an older copy than the files."""
    unknown = write()
    files.keep(unknown)
    for name in (unknown, saved.blob):
        age(files.path(name), now - 400 * DAY_MS)
    File.objects.all().delete()
    assert run_blob_sweep(now) == 0
    assert set(places(files_dir)) == {unknown, saved.blob}


def test_an_incoming_file_with_a_row_is_moved_to_its_folder(
    saved: File, files_dir: Path, now: int
) -> None:
    """As where the server was killed between the commit and the move."""
    files.path(saved.blob).rename(files.incoming_path(saved.blob))
    age(files.incoming_path(saved.blob), now - 2 * DAY_MS)
    with files.open(saved.blob) as opened:
        assert opened.read() == b"kept"
    assert run_blob_sweep(now) == 1
    assert places(files_dir) == {saved.blob: saved.blob[:2]}


def test_a_file_is_deleted_after_a_week_in_quarantine(
    saved: File, files_dir: Path, now: int
) -> None:
    lost = write()
    age(files.incoming_path(lost), now - 300 * DAY_MS)
    run_blob_sweep(now)
    run_blob_sweep(now + 7 * DAY_MS - HOUR)
    assert places(files_dir)[lost] == "quarantine"
    run_blob_sweep(now + 7 * DAY_MS + HOUR)
    assert places(files_dir) == {saved.blob: saved.blob[:2]}


@pytest.mark.parametrize("days", [1, 8])
def test_a_file_in_quarantine_with_a_row_is_restored(
    saved: File, files_dir: Path, now: int, days: int
) -> None:
    """As where an older copy of the database was restored."""
    (files_dir / "quarantine").mkdir()
    files.path(saved.blob).rename(files_dir / "quarantine" / saved.blob)
    age(files_dir / "quarantine" / saved.blob, now - days * DAY_MS)
    run_blob_sweep(now)
    assert places(files_dir) == {saved.blob: saved.blob[:2]}


def test_a_dry_run_lists_every_step_and_changes_nothing(
    saved: File, files_dir: Path, now: int, caplog: pytest.LogCaptureFixture
) -> None:
    lost, given_up = write(), write()
    files.keep(given_up)
    BlobRemoval.objects.create(blob=given_up, created=now - HOUR)
    age(files.incoming_path(lost), now - 2 * DAY_MS)
    before = places(files_dir)
    lines = plan_blob_sweep(now).lines()
    assert lines == [
        f"quarantine {lost}: unfinished upload",
        f"quarantine {given_up}: deleted file",
    ]
    assert places(files_dir) == before
    with caplog.at_level("INFO", "studio.worker"):
        run_blob_sweep(now)
    assert [record.getMessage() for record in caplog.records] == [
        f"Sweep: {line}" for line in lines
    ]


def test_files_of_other_programs_in_the_folders_are_kept(
    files_dir: Path, now: int
) -> None:
    write()
    for folder in ("incoming", "aa", "quarantine"):
        (files_dir / folder).mkdir(exist_ok=True)
        (files_dir / folder / "notes.txt").touch()
        age(files_dir / folder / "notes.txt", 0)
    run_blob_sweep(now)
    assert len(list(files_dir.rglob("notes.txt"))) == 3


@pytest.mark.parametrize("is_killed", [False, True])
def test_the_blob_of_a_deleted_row_is_removed_even_after_a_crash(
    saved: File,
    run: Run,
    actor: Actor,
    files_dir: Path,
    now: int,
    django_capture_on_commit_callbacks: Any,
    is_killed: bool,
) -> None:
    delete_files(run, ["a"], actor=actor, now=now)
    # A process that is killed after the commit never comes to what follows it.
    with django_capture_on_commit_callbacks(execute=not is_killed):
        delete_replaced_files(now + 31 * DAY_MS)
    assert not File.objects.exists()
    assert places(files_dir) == ({saved.blob: saved.blob[:2]} if is_killed else {})
    assert BlobRemoval.objects.count() == int(is_killed)
    BlobRemoval.objects.update(created=now)
    run_blob_sweep(now + HOUR)
    assert places(files_dir) == ({saved.blob: "quarantine"} if is_killed else {})
    assert not BlobRemoval.objects.exists()


def test_a_rolled_back_deletion_keeps_the_blob(
    saved: File,
    run: Run,
    actor: Actor,
    files_dir: Path,
    now: int,
    django_capture_on_commit_callbacks: Any,
) -> None:
    delete_files(run, ["a"], actor=actor, now=now)
    with django_capture_on_commit_callbacks(execute=True):
        try:
            with transaction.atomic():
                delete_replaced_files(now + 31 * DAY_MS)
                raise KeyboardInterrupt
        except KeyboardInterrupt:
            pass
    assert File.objects.get() == saved
    assert not BlobRemoval.objects.exists()
    assert places(files_dir) == {saved.blob: saved.blob[:2]}


def test_during_a_backup_nothing_is_deleted_or_moved(
    saved: File,
    run: Run,
    actor: Actor,
    files_dir: Path,
    now: int,
    django_capture_on_commit_callbacks: Any,
) -> None:
    lost = write()
    age(files.incoming_path(lost), now - 2 * DAY_MS)
    before = places(files_dir)
    delete_files(run, ["a"], actor=actor, now=now)
    with hold_deletions():
        with deletions_allowed() as is_allowed:
            assert not is_allowed
        with django_capture_on_commit_callbacks(execute=True):
            delete_replaced_files(now + 31 * DAY_MS)
        assert run_blob_sweep(now) == 0
        assert places(files_dir) == before
    BlobRemoval.objects.update(created=now - HOUR)
    run_blob_sweep(now)
    assert set(places(files_dir).values()) == {"quarantine"}


def test_a_recorded_removal_of_a_file_with_a_row_is_dropped(
    saved: File, files_dir: Path, now: int
) -> None:
    BlobRemoval.objects.create(blob=saved.blob, created=now - HOUR)
    run_blob_sweep(now)
    assert places(files_dir) == {saved.blob: saved.blob[:2]}
    assert not BlobRemoval.objects.exists()


def test_deletions_are_recorded_in_few_queries(
    run: Run,
    actor: Actor,
    now: int,
    files_dir: Path,
    django_assert_max_num_queries: Any,
) -> None:
    for number in range(30):
        save_file(run, str(number), [b"x"], actor=actor, now=now, limit=9)
    File.objects.update(replaced=now)
    assert connection.in_atomic_block
    with django_assert_max_num_queries(12):
        delete_replaced_files(now + 31 * DAY_MS)
    assert BlobRemoval.objects.count() == 30
