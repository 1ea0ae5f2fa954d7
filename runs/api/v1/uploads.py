"""REST: upload a file in pieces, and continue after a broken connection."""

from __future__ import annotations

from django.conf import settings

from runs.access import Permission, StudioRequest
from runs.actions import uploads as upload_actions
from runs.actions.uploads import find_upload
from runs.api.request_bodies import read_chunks
from runs.api.v1.endpoints import endpoint
from runs.api.v1.lookups import find_run
from runs.api.v1.replies import file_info
from runs.api.v1.schemas import (
    FileInfo,
    NewUpload,
    PieceInfo,
    PieceQuery,
    Removed,
    UploadEnd,
    UploadInfo,
)
from runs.models import Upload, UploadPiece, now_ms


@endpoint("POST", Permission.LOG, body=NewUpload, reply=UploadInfo, scoped_tokens=True)
def open_upload(request: StudioRequest, run_id: str, body: NewUpload) -> UploadInfo:
    """Start to upload a file in pieces, or continue the upload with the same `key`.

    The reply lists the pieces that are stored. Send the others, then complete the
    upload. The file is in the run only then. Without a new piece for a week, an upload
    is deleted.
    """
    upload = upload_actions.open_upload(
        find_run(request, run_id),
        body.path,
        size=body.size,
        key=body.key,
        overwrite=body.overwrite,
        actor=request.actor,
        now=now_ms(),
        limit=settings.MAX_UPLOAD,
    )
    return _upload_info(upload)


@endpoint("GET", Permission.READ, reply=UploadInfo)
def get_upload(request: StudioRequest, run_id: str, upload: str) -> UploadInfo:
    """Read which pieces of an upload are stored."""
    return _upload_info(find_upload(find_run(request, run_id), upload))


@endpoint(
    "PUT",
    Permission.LOG,
    query=PieceQuery,
    reply=PieceInfo,
    streams_body=True,
    scoped_tokens=True,
)
def upload_piece(
    request: StudioRequest, run_id: str, upload: str, offset: int, query: PieceQuery
) -> PieceInfo:
    """Upload a piece: the body is the file's bytes from `offset` on.

    Pieces can arrive in any order. Sending a piece again changes nothing. The error is
    a Conflict if it has bytes that are stored as part of another piece.
    """
    found = find_upload(find_run(request, run_id), upload)
    piece = upload_actions.save_piece(
        found,
        offset,
        read_chunks(request, limit=settings.MAX_UPLOAD),
        sha256=query.sha256,
        actor=request.actor,
        now=now_ms(),
    )
    return _piece_info(piece)


@endpoint("POST", Permission.LOG, body=UploadEnd, reply=FileInfo, scoped_tokens=True)
def complete_upload(
    request: StudioRequest, run_id: str, upload: str, body: UploadEnd
) -> FileInfo:
    """Verify the pieces of an upload and make them a file of the run.

    If a piece is missing or damaged, the error is a Conflict. Its `missing` is the
    offset to send. Completing an upload again returns the same file.
    """
    run = find_run(request, run_id)
    file = upload_actions.complete_upload(
        run,
        find_upload(run, upload),
        sha256=body.sha256,
        actor=request.actor,
        now=now_ms(),
    )
    return file_info(file)


@endpoint("DELETE", Permission.LOG, reply=Removed, scoped_tokens=True)
def abort_upload(request: StudioRequest, run_id: str, upload: str) -> Removed:
    """Delete an upload with its pieces. A file that it became stays."""
    found = find_upload(find_run(request, run_id), upload)
    upload_actions.abort_upload(found, actor=request.actor)
    return Removed(0 if found.completed else 1)


def _upload_info(upload: Upload) -> UploadInfo:
    size = upload.size or 0
    return UploadInfo(
        upload.blob,
        upload.path,
        size,
        upload_actions.suggest_piece_size(size),
        upload.completed is not None,
        [_piece_info(piece) for piece in upload_actions.stored_pieces(upload)],
    )


def _piece_info(piece: UploadPiece) -> PieceInfo:
    return PieceInfo(piece.number, piece.size, piece.sha256)
