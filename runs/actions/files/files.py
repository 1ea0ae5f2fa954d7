"""Keeping and removing files of runs and logged models.

The bytes are on the disk, in the folder of incoming blobs, before the row says that the
file is there; after the commit they move to their final folder. A blob that we refuse
is removed at once. After any other failure the outcome is unknown (a connection can
break while it commits), so the blob stays in `incoming/`: the sweep moves it home if a
row names it, and to quarantine otherwise.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial

from django.db import transaction
from django.db.models import Q, QuerySet

from runs.actions.actor import Actor
from runs.actions.files.blob_deletions import delete_blobs_after_commit
from runs.actions.run_rows import (
    bump_revision,
    record_heartbeat,
    refuse_if_locked,
    refuse_if_source_locked,
)
from runs.models import File, LoggedModel, Run, path_key
from runs.storage.files import Blob, files
from studio.core import names
from studio.core.batches import batches
from studio.core.errors import AlreadyExists, Conflict, StudioError

FileOwner = Run | LoggedModel


def save_file(
    home: FileOwner,
    path: str,
    chunks: Iterable[bytes],
    *,
    actor: Actor,
    now: int,
    limit: int,
    overwrite: bool = True,
) -> File:
    """Keep a file; one of the same path is replaced, the very same one is kept.

    Raises TooLarge, Conflict where the path is a folder or lies below a file, and
    AlreadyExists where a file would be replaced without `overwrite`.
    """
    names.check_path(path)
    # Outside the transaction: a slow upload must not hold the database's lock.
    blob = files.write(chunks, limit)
    try:
        with transaction.atomic():
            file = _store_file(home, path, blob, now, overwrite)
    except StudioError:
        files.discard(blob.name)
        raise
    finish_blob(blob, file.blob)
    return file


def finish_blob(blob: Blob, named: str) -> None:
    """Finish a write, after its commit: the row names this blob, or an older one."""
    if named == blob.name:
        transaction.on_commit(partial(files.keep, blob.name))
    else:
        files.discard(blob.name)


@transaction.atomic
def delete_file(home: FileOwner, path: str, *, actor: Actor, now: int) -> int:
    """Take a file, or all of a folder, away; returns how many there were.

    The rows stay as replaced ones until their time is over. Raises InvalidState for a
    run that is locked against deletion, and for a model that such a run wrote.
    """
    names.check_path(path)
    if isinstance(home, Run):
        bump_revision(home, now)
        refuse_if_locked(home)
    else:
        refuse_if_source_locked(home)
    below = [
        file.pk
        for file in _files_in_folder(home, path).only("pk", "folder")
        if _is_in_folder(file.folder, path)
    ]
    gone = current_files(home).filter(path_key=path_key(path)).update(replaced=now)
    for some in batches(below):
        gone += File.objects.filter(pk__in=some).update(replaced=now)
    return gone


def current_files(home: FileOwner) -> QuerySet[File]:
    """The files that are there now, without replaced ones."""
    rows = File.objects.filter(replaced__isnull=True)
    return rows.filter(run=home) if isinstance(home, Run) else rows.filter(model=home)


def _store_file(
    home: FileOwner, path: str, blob: Blob, now: int, overwrite: bool
) -> File:
    _lock_owner(home, now)
    _refuse_path_clash(home, path)
    key = path_key(path)
    old = current_files(home).filter(path_key=key).first()
    if old is not None:
        is_same = (old.size, old.sha256) == (blob.size, blob.sha256)
        # The same content again repairs a file whose bytes were lost.
        if is_same and files.is_whole(old.blob, old.size):
            return old
        if not overwrite and not is_same:
            raise AlreadyExists(f"There is a file {path!r} already", field="path")
        _mark_replaced(home, old, now)
    return _insert_file(home, path, blob, now)


def create_file(home: FileOwner, path: str, blob: Blob, now: int) -> File:
    """The row of a new file; the caller holds the home, and nothing is there yet."""
    _refuse_path_clash(home, path)
    return _insert_file(home, path, blob, now)


def _insert_file(home: FileOwner, path: str, blob: Blob, now: int) -> File:
    folder, _, name = path.rpartition("/")
    return File.objects.create(
        run=home if isinstance(home, Run) else None,
        model=home if isinstance(home, LoggedModel) else None,
        folder=folder,
        name=name,
        path_key=path_key(path),
        blob=blob.name,
        size=blob.size,
        sha256=blob.sha256,
        created=now,
    )


def _lock_owner(home: FileOwner, now: int) -> None:
    if isinstance(home, Run):
        record_heartbeat(home, now)
    else:
        LoggedModel.objects.filter(pk=home.pk).update(updated=now)


def _refuse_path_clash(home: FileOwner, path: str) -> None:
    parts = path.split("/")
    above = ["/".join(parts[:length]) for length in range(1, len(parts))]
    keys = [path_key(folder) for folder in above]
    file = current_files(home).filter(path_key__in=keys).first()
    if file is not None:
        raise Conflict(
            f"{path!r} cannot be kept: {file.path!r} is a file, not a folder",
            field="path",
        )
    # SQLite's LIKE takes no notice of case, so each hit is looked at again.
    if any(
        _is_in_folder(row.folder, path)
        for row in _files_in_folder(home, path).only("folder")
    ):
        raise Conflict(f"{path!r} cannot be kept: it is a folder", field="path")


def _files_in_folder(home: FileOwner, path: str) -> QuerySet[File]:
    return current_files(home).filter(Q(folder=path) | Q(folder__startswith=f"{path}/"))


def _is_in_folder(folder: str, path: str) -> bool:
    return folder == path or folder.startswith(f"{path}/")


def _mark_replaced(home: FileOwner, old: File, now: int) -> None:
    """Keep `old` as the replaced one; while the run is active only the latest stays."""
    if isinstance(home, Run) and home.state.is_active:
        older = File.objects.filter(run=home, path_key=old.path_key)
        delete_file_rows(older.filter(replaced__isnull=False))
    File.objects.filter(pk=old.pk).update(replaced=now)


def delete_file_rows(rows: QuerySet[File]) -> None:
    """Remove rows, and their blobs once that is committed; in a transaction."""
    blobs = list(rows.values_list("blob", flat=True))
    rows.delete()
    delete_blobs_after_commit(blobs)
