"""Parts of MLflow clients: numbered, and of the same size, except the last."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import transaction
from django.utils.translation import gettext as _

from runs.actions.actor import Actor
from runs.actions.files import FileOwner, keep_or_discard_blob, refuse_clash
from runs.actions.uploads.pieces import (
    insert,
    refuse_completed,
    same_piece,
    touch,
    write,
)
from runs.actions.uploads.uploads import MAX_PIECES, create_upload
from runs.models import Upload, UploadPiece
from runs.storage.files import Blob, BlobPiece, files
from studio.core import names
from studio.core.errors import InvalidValue, StudioError, TooLarge


def open_multipart_upload(
    owner: FileOwner, path: str, parts: int, *, actor: Actor, now: int
) -> Upload:
    """Open an upload of `parts` parts. Raises InvalidValue, and Conflict for a path
    that is a folder or is below a file.
    """
    names.check_path(path)
    if not 0 <= parts <= MAX_PIECES:
        raise InvalidValue(
            _("num_parts must be between 0 and %(limit)s.") % {"limit": MAX_PIECES},
            field="num_parts",
            limit=MAX_PIECES,
        )
    refuse_clash(owner, path, 0, overwrite=True)
    return create_upload(owner, Upload(path=path, parts=parts), actor, now)


def save_part(
    upload: Upload,
    number: int,
    chunks: Iterable[bytes],
    *,
    size: int,
    now: int,
    limit: int,
) -> UploadPiece:
    """Save the part with this number, from 1 on, which has `size` bytes.

    Raises InvalidValue for another number, or another size than the parts before had;
    TooLarge if the file would exceed `limit` bytes.
    """
    refuse_completed(upload)
    parts = upload.parts or 0
    if not 1 <= number <= parts:
        raise InvalidValue(
            _("This upload has %(parts)s parts.") % {"parts": parts}, field="part"
        )
    known = upload.pieces.filter(number=number).first()
    if known is not None:
        return same_piece(known, chunks)
    _check_size(upload, number, size)
    full = upload.part_size if number == parts else size
    if number > 1 and full is None:
        return _hold_last_part(upload, chunks, size, now, limit)
    offset = (number - 1) * (full or 0)
    if offset + size > limit:
        raise TooLarge(
            _("The file is too large. The maximum is %(limit)s bytes.")
            % {"limit": limit},
            limit=limit,
        )
    return _record_part(upload, number, write(upload, offset, chunks, size), now)


def _check_size(upload: Upload, number: int, size: int) -> None:
    full = upload.part_size
    is_last = number == upload.parts
    if full is not None and (size > full if is_last else size != full):
        raise InvalidValue(
            _("All parts but the last must have the same size: %(size)s bytes.")
            % {"size": full}
        )


def _hold_last_part(
    upload: Upload, chunks: Iterable[bytes], size: int, now: int, limit: int
) -> UploadPiece:
    """Keep the last part in a blob of its own: its offset is not known yet."""
    blob = files.write(chunks, min(size, limit))
    piece = BlobPiece(0, blob.size, blob.sha256)
    try:
        found = _record_part(upload, upload.parts or 0, piece, now, blob.name)
    except StudioError:
        files.discard(blob.name)
        raise
    keep_or_discard_blob(Blob(blob.name, blob.size, blob.sha256), found.blob)
    return found


@transaction.atomic
def _record_part(
    upload: Upload, number: int, piece: BlobPiece, now: int, blob: str = ""
) -> UploadPiece:
    touch(upload, now)
    upload.refresh_from_db(fields=["part_size"])
    known = upload.pieces.filter(number=number).first()
    if known is not None and known.sha256 == piece.sha256:
        return known
    _check_size(upload, number, piece.size)
    if number < (upload.parts or 0) and upload.part_size is None:
        upload.part_size = piece.size
        upload.save(update_fields=["part_size"])
    return insert(upload, number, piece, blob)
