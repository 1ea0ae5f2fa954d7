"""Save pieces of uploads: each at its offset, once, with its hash."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable

from django.db import transaction
from django.utils.translation import gettext as _

from runs.actions.actor import Actor
from runs.actions.uploads.uploads import MAX_PIECES, upload_not_found
from runs.models import Upload, UploadPiece
from runs.storage.files import BlobPiece, files, write_piece
from studio.core import names
from studio.core.errors import (
    Conflict,
    InvalidValue,
    MissingBytes,
    TooLarge,
    Unavailable,
)

_SHA256 = re.compile(r"[0-9a-f]{64}")
RETRY_AFTER_SECONDS = 2


def save_piece(
    upload: Upload,
    offset: int,
    chunks: Iterable[bytes],
    *,
    sha256: str,
    actor: Actor,
    now: int,
) -> UploadPiece:
    """Save the bytes from `offset` on; saving the same piece again changes nothing.

    Raises InvalidValue if the bytes have another hash than `sha256` (empty: unchecked),
    TooLarge beyond the end of the file, Conflict for bytes that another piece has, and
    NotFound if the upload was aborted.
    """
    check_sha256(sha256)
    refuse_completed(upload)
    size = upload.size or 0
    if not 0 <= names.check_int64(offset, "offset") < max(size, 1):
        raise InvalidValue(
            _("The offset must be within the file, which has %(size)s bytes.")
            % {"size": size},
            field="offset",
        )
    known = upload.pieces.filter(number=offset).first()
    if known is not None:
        return same_piece(known, chunks)
    end = _free_until(upload, offset)
    try:
        piece = write(upload, offset, chunks, end - offset)
    except TooLarge as error:
        if end == size:
            raise
        raise _stored_already(end) from error
    refuse_other_hash(piece, sha256)
    return _record_piece(upload, piece, now)


def write(
    upload: Upload, offset: int, chunks: Iterable[bytes], limit: int
) -> BlobPiece:
    """Write bytes of an upload. Raises the errors of `save_piece`."""
    try:
        with files.open_to_fill(upload.blob) as handle:
            # The blob of a completed upload is a file, which must not change. It can't
            # be completed while this request has the blob open.
            upload.refresh_from_db(fields=["completed"])
            refuse_completed(upload)
            return write_piece(handle, offset, chunks, limit)
    except Upload.DoesNotExist as error:
        raise upload_not_found() from error
    except BlockingIOError as error:
        raise being_completed() from error
    except MissingBytes as error:
        raise upload_not_found() from error


def being_completed() -> Unavailable:
    return Unavailable(
        _("This upload is being completed. Try again soon."),
        retry_after=RETRY_AFTER_SECONDS,
    )


def refuse_completed(upload: Upload) -> None:
    if upload.completed is not None:
        raise Conflict(_("This upload is complete."))


def check_sha256(text: str) -> None:
    if text and not _SHA256.fullmatch(text):
        raise InvalidValue(
            _("sha256 must be 64 hexadecimal digits in lower case."), field="sha256"
        )


def refuse_other_hash(piece: BlobPiece, sha256: str) -> None:
    if sha256 and piece.sha256 != sha256:
        raise InvalidValue(
            _("The bytes changed on their way: they have another SHA-256."),
            field="sha256",
        )


def same_piece(known: UploadPiece, chunks: Iterable[bytes]) -> UploadPiece:
    """Return the stored piece if `chunks` are its bytes, else raise Conflict."""
    digest, size = hashlib.sha256(), 0
    for chunk in chunks:
        digest.update(chunk)
        size += len(chunk)
    if (size, digest.hexdigest()) != (known.size, known.sha256):
        raise Conflict(_("This piece was stored with other bytes. Abort the upload."))
    return known


def _free_until(upload: Upload, offset: int) -> int:
    """Return where the next stored piece begins, else the end of the file.

    Checked before the bytes are written: they must not damage those of another piece.
    Raises Conflict for an offset inside of one.
    """
    before = upload.pieces.filter(number__lt=offset).order_by("-number").first()
    if before is not None and before.number + before.size > offset:
        raise _stored_already(before.number)
    after = upload.pieces.filter(number__gt=offset).order_by("number").first()
    return upload.size or 0 if after is None else after.number


def _stored_already(offset: int) -> Conflict:
    return Conflict(
        _("Bytes from %(offset)s on are stored already.") % {"offset": offset},
        field="offset",
    )


@transaction.atomic
def _record_piece(upload: Upload, piece: BlobPiece, now: int) -> UploadPiece:
    touch(upload, now)
    known = upload.pieces.filter(number=piece.offset).first()
    # The same request was repeated while the first one still ran.
    if known is not None and known.sha256 == piece.sha256:
        return known
    end = piece.offset + piece.size
    before = upload.pieces.filter(number__lt=end).order_by("-number").first()
    if before is not None and before.number + before.size > piece.offset:
        raise _stored_already(before.number)
    return insert(upload, piece.offset, piece)


def touch(upload: Upload, now: int) -> None:
    """Lock the row of an unfinished upload, in a transaction; raise NotFound."""
    rows = Upload.objects.filter(pk=upload.pk, completed__isnull=True)
    if not rows.update(updated=now):
        raise upload_not_found()


def insert(
    upload: Upload, number: int, piece: BlobPiece, blob: str = ""
) -> UploadPiece:
    if not piece.size:
        raise InvalidValue(_("A piece must have bytes."))
    if upload.pieces.count() >= MAX_PIECES:
        raise InvalidValue(
            _("An upload has at most %(limit)s pieces. Send larger ones.")
            % {"limit": MAX_PIECES},
            limit=MAX_PIECES,
        )
    return UploadPiece.objects.create(
        upload=upload, number=number, size=piece.size, sha256=piece.sha256, blob=blob
    )
