"""Open, find, abort and expire uploads.

An upload has one blob, into which its pieces are written at their offsets. It is in the
final folder from the start, because its row names it. The file's row takes the blob
over in one transaction, so no crash can leave a part of a file under its path.
"""

from __future__ import annotations

import time

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext as _

from runs.actions.actor import Actor
from runs.actions.files import (
    FileOwner,
    delete_blobs_after_commit,
    keep_or_discard_blob,
    lock_owner,
    refuse_clash,
)
from runs.actions.usage import refuse_if_full
from runs.models import File, Run, Upload, UploadPiece
from runs.storage.files import files
from studio.core import names
from studio.core.batches import SIZE, batches
from studio.core.errors import Conflict, InvalidValue, NotFound, StudioError, TooLarge

DAY_MS = 86_400_000
#: How long an upload is kept after its last piece, and its result after the end.
UPLOAD_DAYS = 7
RESULT_DAYS = 1
#: Expired ones that are deleted at once, and how long a call deletes.
EXPIRED_PER_TRANSACTION = 50
EXPIRY_SECONDS = 20.0
MAX_PIECES = 10_000
MAX_KEY = 64
#: The size of pieces that clients are told to send.
MIN_SUGGESTED_BYTES = 8 * 1024 * 1024
_MIB = 1024 * 1024


def open_upload(
    owner: FileOwner,
    path: str,
    *,
    size: int,
    key: str,
    overwrite: bool,
    actor: Actor,
    now: int,
    limit: int,
) -> Upload:
    """Open an upload of `size` bytes, or return the one that has the key.

    Raises TooLarge, and Conflict if the key belongs to another file, if the path is a
    folder or is below a file, or if a file would be replaced without `overwrite`.
    """
    names.check_path(path)
    names.check_text(key, "key", limit=MAX_KEY)
    if names.check_int64(size, "size") < 0:
        raise InvalidValue(_("The size must not be negative."), field="size")
    if size > limit:
        raise TooLarge(
            _("The file is too large. The maximum is %(limit)s bytes.")
            % {"limit": limit},
            limit=limit,
        )
    known = _find_by_key(owner, key, path, size)
    if known is not None:
        return known
    refuse_clash(owner, path, size, overwrite=overwrite)
    row = Upload(path=path, size=size, key=key, overwrite=overwrite)
    return create_upload(owner, row, actor, now)


def create_upload(owner: FileOwner, row: Upload, actor: Actor, now: int) -> Upload:
    """Save a new upload with its empty blob. Raises QuotaReached."""
    # The size of an MLflow upload is not known yet.
    size = 1 if row.size is None else row.size
    refuse_if_full(owner.workspace_id, size, now)
    blob = files.write((), 0)
    row.blob, row.created, row.updated = blob.name, now, now
    try:
        with transaction.atomic():
            kept = _insert_or_find(owner, row, actor, now)
    except StudioError:
        files.discard(blob.name)
        raise
    keep_or_discard_blob(blob, kept.blob)
    return kept


def _insert_or_find(owner: FileOwner, row: Upload, actor: Actor, now: int) -> Upload:
    # Requests of one owner take turns: two with one key get the same upload.
    lock_owner(owner, actor, now)
    if isinstance(owner, Run):
        row.run = owner
        known = _find_by_key(owner, row.key, row.path, row.size or 0)
        if known is not None:
            return known
    else:
        row.model = owner
    row.save()
    return row


def _find_by_key(owner: FileOwner, key: str, path: str, size: int) -> Upload | None:
    if not key or not isinstance(owner, Run):
        return None
    rows = _uploads_of(owner).filter(key=key)
    found = rows.filter(completed__isnull=True).first()
    if found is None:
        return _find_result(rows, path, size)
    if (found.path, found.size) != (path, size):
        raise Conflict(_("Another upload of this run has the same key."), field="key")
    if files.is_whole(found.blob, 0):
        return found
    # Backups have no uploads under way: after a restore the pieces are lost.
    delete_uploads(Upload.objects.filter(pk=found.pk))
    return None


def _find_result(rows: QuerySet[Upload], path: str, size: int) -> Upload | None:
    """Return a completed upload whose file is still the current one."""
    current = File.objects.filter(pk=OuterRef("file_key"), replaced__isnull=True)
    found = rows.filter(Exists(current), path=path, size=size)
    return found.order_by("-completed").first()


def find_upload(owner: FileOwner, upload_id: str, *, in_parts: bool = False) -> Upload:
    """Return the owner's upload: one of pieces by offset, or of numbered parts.

    Raises NotFound, also if its bytes are lost.
    """
    names.check_text(upload_id, "upload", limit=MAX_KEY)
    rows = _uploads_of(owner).filter(parts__isnull=not in_parts)
    found = rows.filter(blob=upload_id).first()
    is_lost = found and found.completed is None and not files.is_whole(found.blob, 0)
    if found is None or is_lost:
        raise upload_not_found()
    return found


def upload_not_found() -> NotFound:
    return NotFound(
        _("This upload does not exist: it expired, or it was aborted. Start it again.")
    )


def _uploads_of(owner: FileOwner) -> QuerySet[Upload]:
    rows = Upload.objects.all()
    return (
        rows.filter(run=owner) if isinstance(owner, Run) else rows.filter(model=owner)
    )


def stored_pieces(upload: Upload) -> list[UploadPiece]:
    """Return the stored pieces in order."""
    return list(upload.pieces.order_by("number"))


def suggest_piece_size(size: int) -> int:
    """Return the size of pieces, in whole MiB, that makes at most MAX_PIECES."""
    wanted = -(-size // MAX_PIECES)
    return max(MIN_SUGGESTED_BYTES, -(-wanted // _MIB) * _MIB)


@transaction.atomic
def abort_upload(upload: Upload, *, actor: Actor) -> None:
    """Delete an upload and its pieces; the result of a completed one stays."""
    delete_uploads(Upload.objects.filter(pk=upload.pk, completed__isnull=True))


@transaction.atomic
def delete_uploads(rows: QuerySet[Upload]) -> int:
    """Delete rows of uploads, and the blobs of unfinished ones; return how many."""
    keys = list(rows.values_list("pk", flat=True))
    # The values of a query are limited.
    for some in batches(keys):
        found = Upload.objects.filter(pk__in=some)
        pieces = UploadPiece.objects.filter(upload__in=some).exclude(blob="")
        unfinished = found.filter(completed__isnull=True)
        blobs = [
            *unfinished.values_list("blob", flat=True),
            *pieces.values_list("blob", flat=True),
        ]
        found.delete()
        delete_blobs_after_commit(blobs)
    return len(keys)


def delete_expired_uploads(now: int, *, seconds: float = EXPIRY_SECONDS) -> int:
    """Delete uploads without a new piece for a week, and old results.

    In small transactions, since SQLite has one writer at a time. What is left after
    `seconds` is deleted by the next call.
    """
    old = Q(completed__isnull=True, updated__lt=now - UPLOAD_DAYS * DAY_MS)
    results = Q(completed__lt=now - RESULT_DAYS * DAY_MS)
    expired = Upload.objects.filter(old | results)
    deleted, deadline = 0, time.monotonic() + seconds
    while keys := list(expired.values_list("pk", flat=True)[:EXPIRED_PER_TRANSACTION]):
        deleted += _delete_some(expired.filter(pk__in=keys))
        if time.monotonic() >= deadline:
            break
    return deleted


@transaction.atomic
def _delete_some(expired: QuerySet[Upload]) -> int:
    """Delete a part of the pieces, or the uploads once none has pieces.

    A client that has continued an upload since then keeps it: it has a new piece, so
    it is not found here. Without its old pieces a client sends them again.
    """
    keys = [upload.pk for upload in expired.select_for_update()]
    pieces = UploadPiece.objects.filter(upload__in=keys)
    some = list(pieces.values_list("pk", "blob")[:SIZE])
    if not some:
        return delete_uploads(Upload.objects.filter(pk__in=keys))
    UploadPiece.objects.filter(pk__in=[key for key, _blob in some]).delete()
    delete_blobs_after_commit([blob for _key, blob in some if blob])
    return 0
