"""Uploads in pieces: a file is whole when its last piece is verified, or absent."""

from __future__ import annotations

from runs.actions.uploads.completion import complete_upload
from runs.actions.uploads.parts import open_multipart_upload, save_part
from runs.actions.uploads.pieces import save_piece
from runs.actions.uploads.uploads import (
    MAX_PIECES,
    abort_upload,
    delete_expired_uploads,
    delete_uploads,
    find_upload,
    open_upload,
    stored_pieces,
    suggest_piece_size,
)

__all__ = [
    "MAX_PIECES",
    "abort_upload",
    "complete_upload",
    "delete_expired_uploads",
    "delete_uploads",
    "find_upload",
    "open_multipart_upload",
    "open_upload",
    "save_part",
    "save_piece",
    "stored_pieces",
    "suggest_piece_size",
]
