"""Save, replace and delete files of runs and logged models.

The bytes are written to the folder of incoming blobs before the row exists. After the
commit they move to their final folder. A refused blob is deleted at once. After any
other failure the outcome is unknown, because a connection can break during a commit. So
the blob stays in `incoming/`: the sweep moves it to its final folder if a row refers to
it, and to quarantine otherwise.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from runs.actions.actor import Actor
from runs.actions.files.blob_deletions import delete_blobs_after_commit
from runs.actions.files.file_changes import record_deleted, record_replaced
from runs.actions.log_index import mark_logs_deleted
from runs.actions.run_rows import (
    begin_edit,
    record_heartbeat,
    refuse_edit_if_locked,
    refuse_if_source_locked,
)
from runs.actions.usage import refuse_if_full
from runs.http import Counted, counters
from runs.models import File, IndexedLog, LoggedModel, Run, in_folder, path_key
from runs.storage.files import Blob, files
from runs.storage.logs import index_uploaded_text
from studio.core import names
from studio.core.batches import batches
from studio.core.errors import (
    AlreadyExists,
    Conflict,
    MissingBytes,
    NotFound,
    StudioError,
)

FileOwner = Run | LoggedModel


def save_file(
    owner: FileOwner,
    path: str,
    chunks: Iterable[bytes],
    *,
    actor: Actor,
    now: int,
    limit: int,
    overwrite: bool = True,
) -> File:
    """Save a file; it replaces the file of the same path, unless the content is the
    same.

    Raises TooLarge, Conflict if the path is a folder or is below a file, AlreadyExists
    if a file would be replaced without `overwrite`, InvalidState for a locked run, and
    QuotaReached if the workspace is full.
    """
    names.check_path(path)
    # Before the bytes arrive, and again with their number.
    refuse_if_full(owner.workspace_id, 0, now)
    # Outside the transaction: a slow upload must not hold the database's lock.
    blob = files.write(chunks, limit)
    try:
        with transaction.atomic():
            file = create_or_replace_file(
                owner, path, blob, now, overwrite, actor=actor
            )
    except StudioError:
        files.discard(blob.name)
        raise
    keep_or_discard_blob(blob, file.blob)
    if file.blob == blob.name:
        index_uploaded_text(blob.name, blob.size)
    return file


def keep_or_discard_blob(blob: Blob, named: str) -> None:
    """Finish a write after its commit: keep the blob, or discard it if unused."""
    if named == blob.name:
        # The caller's transaction may still be open, and its rollback must find the
        # blob unmoved.
        transaction.on_commit(partial(_keep_named_blob, blob.name))
    else:
        files.discard(blob.name)


def _keep_named_blob(name: str) -> None:
    try:
        files.keep(name)
    except MissingBytes:
        # Others can have replaced the file since the commit, which deletes the blob.
        if File.objects.filter(blob=name).exists():
            raise


@transaction.atomic
def delete_files(
    owner: FileOwner, paths: Sequence[str], *, actor: Actor, now: int
) -> int:
    """Delete files and whole folders as one change; return how many files.

    The rows stay, marked as replaced, until they expire. Raises InvalidState for a
    locked run, and for a model that such a run wrote.
    """
    for path in paths:
        names.check_path(path)
    if isinstance(owner, Run):
        begin_edit(owner, actor, now)
    else:
        refuse_if_source_locked(owner)
    deleted: dict[int, File] = {}
    for path in paths:
        below = in_folder(path) | Q(path_key=path_key(path))
        deleted.update((f.pk, f) for f in current_files(owner).filter(below))
    for some in batches(list(deleted)):
        File.objects.filter(pk__in=some).update(replaced=now)
    record_deleted(owner, list(deleted.values()), actor=actor, now=now)
    return len(deleted)


def current_files(owner: FileOwner) -> QuerySet[File]:
    """Return the current files, without replaced ones."""
    rows = File.objects.filter(replaced__isnull=True)
    return (
        rows.filter(run=owner) if isinstance(owner, Run) else rows.filter(model=owner)
    )


def create_or_replace_file(
    owner: FileOwner, path: str, blob: Blob, now: int, overwrite: bool, *, actor: Actor
) -> File:
    """Insert the row of a written blob; in a transaction.

    Returns the old row if its content is the same: then the blob is not needed. Raises
    the errors of `save_file`.
    """
    # Uploads of one owner take turns: otherwise two could both insert the path as new.
    is_locked = lock_owner(owner, actor, now)
    refuse_path_clash(owner, path)
    key = path_key(path)
    old = current_files(owner).filter(path_key=key).first()
    if old is not None:
        is_same = (old.size, old.sha256) == (blob.size, blob.sha256)
        # Saving the same content again repairs a file whose bytes were lost.
        if is_same and files.is_whole(old.blob, old.size):
            return old
        if not overwrite and not is_same:
            raise _already_exists(path)
        # The script of a locked run that has ended still delivers what is missing.
        if is_locked and isinstance(owner, Run):
            refuse_edit_if_locked(owner, actor)
    refuse_if_full(owner.workspace_id, blob.size, now)
    if old is not None:
        _mark_replaced(owner, old, now)
    file = _insert_file(owner, path, blob, now)
    if old is not None:
        record_replaced(owner, old, file, actor=actor, now=now)
    return file


def create_file(owner: FileOwner, path: str, blob: Blob, now: int) -> File:
    """Insert the row of a new file; the caller has locked the owner's row."""
    refuse_path_clash(owner, path)
    return _insert_file(owner, path, blob, now)


def _insert_file(owner: FileOwner, path: str, blob: Blob, now: int) -> File:
    folder, _slash, name = path.rpartition("/")
    transaction.on_commit(partial(counters.add, Counted.FILE_BYTES, amount=blob.size))
    return File.objects.create(
        run=owner if isinstance(owner, Run) else None,
        model=owner if isinstance(owner, LoggedModel) else None,
        folder=folder,
        name=name,
        path_key=path_key(path),
        blob=blob.name,
        size=blob.size,
        sha256=blob.sha256,
        created=now,
    )


def refuse_clash(owner: FileOwner, path: str, size: int, *, overwrite: bool) -> None:
    """Raise the errors of `save_file` that are certain before the bytes arrive."""
    refuse_path_clash(owner, path)
    old = current_files(owner).filter(path_key=path_key(path)).first()
    if old is not None and not overwrite and old.size != size:
        raise _already_exists(path)


def _already_exists(path: str) -> AlreadyExists:
    return AlreadyExists(
        _("The file %(path)r already exists.") % {"path": path}, field="path"
    )


def lock_owner(owner: FileOwner, actor: Actor, now: int) -> bool:
    """Lock the owner's row in a transaction; return whether it is a locked run.

    Raises NotFound if it was purged since, and InvalidState if the run is locked.
    """
    if isinstance(owner, Run):
        return record_heartbeat(owner, actor, now)
    refuse_if_source_locked(owner, actor)
    if not LoggedModel.objects.filter(pk=owner.pk).update(updated=now):
        raise NotFound(
            _("The model %(model_id)r no longer exists.") % {"model_id": owner.model_id}
        )
    return False


def refuse_path_clash(owner: FileOwner, path: str) -> None:
    # Clients download files into folders, where a path can't be both.
    parts = path.split("/")
    above = ["/".join(parts[:length]) for length in range(1, len(parts))]
    keys = [path_key(folder) for folder in above]
    file = current_files(owner).filter(path_key__in=keys).first()
    if file is not None:
        raise Conflict(
            _("%(path)r can't be saved: %(file)r is a file, not a folder.")
            % {"path": path, "file": file.path},
            field="path",
        )
    if current_files(owner).filter(in_folder(path)).exists():
        raise Conflict(
            _("%(path)r can't be saved: it is a folder.") % {"path": path}, field="path"
        )


def _mark_replaced(owner: FileOwner, old: File, now: int) -> None:
    """Mark `old` as replaced; an active run keeps only the latest replaced version."""
    if isinstance(owner, Run) and owner.state.is_active:
        # A script may overwrite a checkpoint every minute, and each version takes space
        # for 30 days.
        older = File.objects.filter(run=owner, path_key=old.path_key)
        delete_file_rows(older.filter(replaced__isnull=False))
    File.objects.filter(pk=old.pk).update(replaced=now)


def delete_file_rows(rows: QuerySet[File]) -> None:
    """Delete rows, and their blobs after the commit; called in a transaction."""
    blobs = list(rows.values_list("blob", flat=True))
    indexed = IndexedLog.objects.filter(file__in=rows.order_by().values("pk"))
    for workspace in sorted(set(indexed.values_list("workspace", flat=True))):
        mark_logs_deleted(workspace)
    rows.delete()
    delete_blobs_after_commit(blobs)
