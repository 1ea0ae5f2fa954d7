"""Complete an upload: verify its pieces, and make them a file in one transaction."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import transaction
from django.utils.translation import gettext as _

from runs.actions.actor import Actor
from runs.actions.files import (
    FileOwner,
    create_or_replace_file,
    delete_blobs_after_commit,
)
from runs.actions.uploads.pieces import being_completed, check_sha256
from runs.actions.uploads.uploads import stored_pieces, upload_not_found
from runs.models import File, Upload, UploadPiece
from runs.storage.files import (
    Blob,
    BlobPiece,
    JoinedPieces,
    copy_piece,
    files,
    join_pieces,
)
from runs.storage.logs import index_uploaded_text
from studio.core.errors import Conflict, InvalidValue, MissingBytes


def complete_upload(
    owner: FileOwner, upload: Upload, *, sha256: str, actor: Actor, now: int
) -> File:
    """Make the upload a file; completing it again returns the same file.

    All bytes are read back and compared with the hashes of their pieces. Raises
    Conflict with `missing`, the offset or number of the first piece that is missing or
    damaged; InvalidValue if the whole has another hash than `sha256` (empty:
    unchecked); Unavailable while another request completes it; and the errors of
    `save_file`.
    """
    check_sha256(sha256)
    if upload.completed is not None:
        return _result(upload)
    try:
        with files.open_to_fill(upload.blob, alone=True) as handle:
            return _complete(owner, upload, handle, sha256, actor, now)
    except BlockingIOError as error:
        raise being_completed() from error
    except MissingBytes as error:
        raise upload_not_found() from error


def _complete(
    owner: FileOwner,
    upload: Upload,
    handle: int,
    sha256: str,
    actor: Actor,
    now: int,
) -> File:
    # Nothing else changes it now, since this request has the blob alone.
    found = Upload.objects.filter(pk=upload.pk).first()
    if found is None:
        raise upload_not_found()
    if found.completed is not None:
        return _result(found)
    rows = stored_pieces(found)
    _refuse_missing(found, rows)
    joined = _join(found, rows, handle)
    if sha256 and joined.sha256 != sha256:
        raise InvalidValue(
            _("The file has another SHA-256 than it should have. Abort the upload."),
            field="sha256",
        )
    file = _insert_file(owner, found, joined, actor, now)
    if file.blob == found.blob:
        index_uploaded_text(found.blob, joined.size)
    return file


def _result(upload: Upload) -> File:
    file = File.objects.filter(pk=upload.file_key or 0).first()
    if file is None:
        raise upload_not_found()
    return file


def _refuse_missing(upload: Upload, rows: Sequence[UploadPiece]) -> None:
    if upload.parts is not None:
        wanted = set(range(1, upload.parts + 1)) - {row.number for row in rows}
        if wanted:
            raise _missing_piece(min(wanted))
        return
    end = 0
    for row in rows:
        if row.number != end:
            break
        end += row.size
    if end != upload.size:
        raise _missing_piece(end)


def _missing_piece(number: int) -> Conflict:
    return Conflict(
        _("The upload is not complete: the piece %(number)s is missing.")
        % {"number": number},
        missing=number,
    )


def _join(upload: Upload, rows: Sequence[UploadPiece], handle: int) -> JoinedPieces:
    pieces = [BlobPiece(_offset(upload, row), row.size, row.sha256) for row in rows]
    for row, piece in zip(rows, pieces, strict=True):
        if row.blob:
            copy_piece(row.blob, handle, piece.offset, piece.size)
    joined = join_pieces(handle, pieces)
    if joined.damaged:
        damaged = [rows[pieces.index(piece)] for piece in joined.damaged]
        _forget(damaged)
        raise _missing_piece(damaged[0].number)
    return joined


def _offset(upload: Upload, row: UploadPiece) -> int:
    if upload.parts is None:
        return row.number
    return (row.number - 1) * (upload.part_size or 0)


@transaction.atomic
def _forget(rows: Sequence[UploadPiece]) -> None:
    """Delete damaged pieces, so that the client can send them again."""
    UploadPiece.objects.filter(pk__in=[row.pk for row in rows]).delete()
    delete_blobs_after_commit([row.blob for row in rows if row.blob])


@transaction.atomic
def _insert_file(
    owner: FileOwner, upload: Upload, joined: JoinedPieces, actor: Actor, now: int
) -> File:
    blob = Blob(upload.blob, joined.size, joined.sha256)
    file = create_or_replace_file(
        owner, upload.path, blob, now, upload.overwrite, actor=actor
    )
    # It can have been aborted during the check, which deletes its blob.
    done = Upload.objects.filter(pk=upload.pk, completed__isnull=True).update(
        completed=now, file_key=file.pk
    )
    if not done:
        raise upload_not_found()
    pieces = UploadPiece.objects.filter(upload=upload)
    blobs = list(pieces.exclude(blob="").values_list("blob", flat=True))
    pieces.delete()
    if file.blob != upload.blob:
        blobs.append(upload.blob)
    delete_blobs_after_commit(blobs)
    return file
